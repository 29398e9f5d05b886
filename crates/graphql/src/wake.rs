use std::fmt;
use std::sync::Arc;

use async_graphql::Context;
use tidewater_jobs::Scheduled;

use crate::Error;

/// Whoever runs jobs in the background, told which have just come to be, so that they begin promptly.
///
/// The rows that the jobs stand for are committed by then. So what is told may be lost: the next sweep finds it in the rows.
pub trait Wake: fmt::Debug + Send + Sync {
    /// A job has come to be. Returns at once, whatever becomes of it.
    fn wake(&self, job: Scheduled);
}

/// Leaves all jobs to the sweep.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeaveToSweep;

impl Wake for LeaveToSweep {
    fn wake(&self, _: Scheduled) {}
}

/// Whoever runs the jobs of the server that answers this request.
///
/// # Errors
/// `INTERNAL` when the schema was built without.
pub(crate) fn wake<'a>(context: &Context<'a>) -> Result<&'a dyn Wake, Error> {
    let wake = context.data::<Arc<dyn Wake>>().map_err(|_| Error::internal("a schema that wakes nobody"))?;
    Ok(&**wake)
}
