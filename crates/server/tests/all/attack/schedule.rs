use std::time::Duration;

/// How long a fault lasts, and how long all is well before the next in a short attack.
pub(super) const A_WHILE: Duration = Duration::from_millis(700);

/// Faults, one after the other, round and round.
pub(super) trait Schedule {
    /// Lets the next fault happen, and mends it. Returns what it was.
    async fn next(&mut self) -> &'static str;
}

/// Delays at every step of a read and of a poll, for some of them.
pub(super) const SLOW: &str = "before_source=4%return(15);after_source=4%return(25);before_publish=2%return(5)";
