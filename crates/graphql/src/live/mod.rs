//! Live queries: `query @live { … }` is answered again whenever its answer has become another one.
//!
//! An answer rests on what was read for it. When something of that has changed, and only then, the query is executed again, and if the
//! answer differs, it is told. So whoever writes need not know who looks; a row that was changed by hand in psql shows as soon as any
//! other.
//!
//! What is told is always the whole answer, as of the newest change: changes that come while it is computed, or while the client takes
//! its time, come together in the next one. So nothing can be lost but what is out of date, and a client that comes again begins with
//! the answer as it is; if it says what it was [shown](Shown) last, nothing older, and nothing at all while that is still the answer.
//!
//! An answer of which it is not known what it rests on is computed again each second; so is one that failed for a reason that passes,
//! less and less often, and one that exceeded a limit of rates when that allows it again. Live queries of one viewer that ask for the
//! same share their answers with each other.

mod directive;
mod query;
mod quota;
mod shown;

pub(crate) use directive::{LiveDirective, Terms, is_live};

pub use quota::LiveQuota;
pub use shown::Shown;

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::settings::LiveQueries;

/// How many live queries are executed at a time in one process: when something changes that very many rest on, others get their turn.
const AT_ONCE: usize = 64;

/// What all live queries of one API share.
#[derive(Debug)]
pub(crate) struct Live {
    quota: LiveQuota,
    turns: Semaphore,
    time_limit: Duration,
}

impl Live {
    pub(crate) fn new(LiveQueries { most, time_limit }: LiveQueries) -> Self {
        Self { quota: LiveQuota::new(most), turns: Semaphore::new(AT_ONCE), time_limit }
    }
}
