use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::Sketch;

/// Batches that are older are dropped instead of flushed: seven days. Whoever applies batches has to know their ids for longer.
pub const REFUSED_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What was counted in some time, by one process. It does not change any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// What it is known by: a UUIDv7 of the time when it was opened. No other batch has it, and the same batch always.
    pub id: Uuid,
    /// One for each subject and day.
    pub counts: Vec<Count>,
}

/// What was counted of one subject on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// What was seen.
    pub subject: Uuid,
    /// On which day, in UTC.
    pub day: NaiveDate,
    /// How often.
    pub views: u64,
    /// By whom.
    pub viewers: Sketch,
}

/// Whether the batch of that id is too old to be flushed.
pub(crate) fn is_refused(id: Uuid) -> bool {
    let opened = id.get_timestamp().map_or(UNIX_EPOCH, |timestamp| {
        let (seconds, nanoseconds) = timestamp.to_unix();
        UNIX_EPOCH + Duration::new(seconds, nanoseconds)
    });
    SystemTime::now().duration_since(opened).is_ok_and(|age| age > REFUSED_AFTER)
}

#[cfg(test)]
mod tests {
    use uuid::{NoContext, Timestamp};

    use super::*;

    fn opened(ago: Duration) -> Uuid {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - ago;
        Uuid::new_v7(Timestamp::from_unix(NoContext, at.as_secs(), at.subsec_nanos()))
    }

    #[test]
    fn a_batch_is_refused_when_it_is_old_or_has_no_age() {
        assert!(!is_refused(Uuid::now_v7()) && !is_refused(opened(REFUSED_AFTER - Duration::from_secs(60))));
        assert!(is_refused(opened(REFUSED_AFTER + Duration::from_secs(60))) && is_refused(Uuid::nil()));
    }
}
