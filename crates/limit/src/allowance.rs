use std::fmt;
use std::sync::Arc;

use crate::limiter::Inner;
use crate::meter::{Meter, Resource};
use crate::{Attempt, Exceeded, Network, Purpose, Standing, Subject};

/// What whoever sends one request may do. Cheap to clone. The default is anything.
#[derive(Clone, Default)]
pub struct Allowance(Option<Counted>);

#[derive(Clone)]
struct Counted {
    limiter: Arc<Inner>,
    meter: Arc<Meter>,
    network: Network,
}

impl Allowance {
    pub(crate) fn new(limiter: Arc<Inner>, meter: Arc<Meter>, network: Network) -> Self {
        Self(Some(Counted { limiter, meter, network }))
    }

    /// Counts a request. Waits for Redis only if this server holds nothing of the quota. Answers where the limit stands, if more than
    /// half of it is used.
    ///
    /// # Errors
    /// When there were too many.
    pub async fn request(&self) -> Result<Option<Standing>, Exceeded> {
        let Some(Counted { limiter, meter, .. }) = &self.0 else { return Ok(None) };
        limiter.refusals.count(limiter.count(meter, Resource::Requests, 1).await)
    }

    /// Counts what a request costs, before it is carried out. Waits like [`request`](Self::request).
    ///
    /// # Errors
    /// When the requests cost too much together.
    pub async fn cost(&self, units: u64) -> Result<(), Exceeded> {
        let Some(Counted { limiter, meter, .. }) = &self.0 else { return Ok(()) };
        limiter.refusals.count(limiter.count(meter, Resource::Cost, units).await).map(|_| ())
    }

    /// Counts an attempt at the account that `account` names, in whatever form, before it is made. Waits for Redis.
    ///
    /// # Errors
    /// When there were too many; then it must not be made.
    pub async fn attempt(&self, purpose: Purpose, account: &str) -> Result<Attempt, Exceeded> {
        let Some(Counted { limiter, network, .. }) = &self.0 else { return Ok(Attempt::default()) };
        // Asking Redis takes a lot of state, which whoever waits need not carry.
        limiter.refusals.count(Box::pin(limiter.attempt(purpose, account, *network)).await)
    }

    /// Tells whom the request's credential, that `credential` stands for, turned out to show: from now on, it counts for that viewer,
    /// or for nobody.
    pub fn shows(&self, credential: u128, viewer: Option<u128>) {
        let Some(Counted { limiter, meter, .. }) = &self.0 else { return };
        match (meter.subject, viewer) {
            (Subject::Viewer(known), Some(viewer)) if known == viewer => {}
            (_, Some(viewer)) => limiter.know(credential, viewer),
            (Subject::Viewer(_), None) => limiter.forget(credential),
            (Subject::Network(_), None) => {}
        }
    }
}

impl fmt::Debug for Allowance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.0.as_ref().map(|counted| counted.meter.subject);
        formatter.debug_tuple("Allowance").field(&subject).finish()
    }
}
