use std::time::Duration;

/// The shortest and the longest time between two questions.
pub(crate) const INTERVALS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(60));

/// Which server is looked at, as whom, and how often.
#[derive(Clone)]
pub struct Settings {
    /// The server, by the address that `/graphql` comes after; by http.
    pub url: String,
    /// A session's token; none where the server tells everybody.
    pub token: Option<String>,
    /// The time between two questions, 200 ms to a minute.
    pub interval: Duration,
    /// Whether colours may be used.
    pub is_coloured: bool,
}
