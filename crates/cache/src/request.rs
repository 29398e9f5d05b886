use std::sync::Arc;
use std::time::Instant;

/// One request, for as long as it is answered: no read made for it is older than its arrival. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Request(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    _arrived: Instant,
}

impl Request {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner { _arrived: Instant::now() }))
    }
}
