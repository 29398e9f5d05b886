use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

/// A new primary key: a UUIDv7, so that keys made later sort later (to the millisecond, between processes).
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The current time in whole microseconds, which is what both databases store: a row read back equals the row written.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// `moment` less `duration`, or the beginning of time.
pub(crate) fn earlier(moment: DateTime<Utc>, duration: Duration) -> DateTime<Utc> {
    let earlier = TimeDelta::from_std(duration).ok().and_then(|duration| moment.checked_sub_signed(duration));
    earlier.unwrap_or(DateTime::UNIX_EPOCH)
}

/// The form in which e-mail addresses are stored and looked up: without surrounding white space, in lower case.
pub fn normalised_email(email: &str) -> String {
    email.trim().to_lowercase()
}
