use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

/// How many live queries may be open at once, of all who share it. Clones are the same.
#[derive(Clone, Debug)]
pub struct LiveQuota(Arc<Semaphore>);

impl LiveQuota {
    /// At most `most`.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))))
    }

    /// Leave for one more, as long as it is held.
    ///
    /// # Errors
    /// `UNAVAILABLE` when as many are open as there may be.
    pub(super) fn take(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.0).try_acquire_owned().map_err(|_| Error::Unavailable)
    }
}
