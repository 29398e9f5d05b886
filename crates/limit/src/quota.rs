use std::time::Duration;

/// So many units, which come back evenly over a window.
///
/// All of them can be taken at once. From then on another one can be taken each time that a unit's share of the window is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    units: u64,
    window: Duration,
}

/// Why numbers are no [`Quota`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// No unit at all.
    #[error("a quota has at least one unit")]
    Empty,
    /// A window of no time, or of more than 30 days.
    #[error("a quota's window is longer than nothing and at most 30 days")]
    Window,
    /// More units than can be told apart in time.
    #[error("a quota has at most one unit for each nanosecond of its window")]
    TooMany,
}

const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Quota {
    /// `units` for each `window`.
    ///
    /// # Errors
    /// When there is no unit, the window is nothing or longer than 30 days, or there are more units than nanoseconds.
    pub fn new(units: u64, window: Duration) -> Result<Self, QuotaError> {
        match units {
            0 => Err(QuotaError::Empty),
            _ if window.is_zero() || window > LONGEST => Err(QuotaError::Window),
            _ if u128::from(units) > window.as_nanos() => Err(QuotaError::TooMany),
            _ => Ok(Self { units, window }),
        }
    }

    /// How many units there are.
    pub fn units(&self) -> u64 {
        self.units
    }

    /// The time in which all of them come back.
    pub fn window(&self) -> Duration {
        self.window
    }
}
