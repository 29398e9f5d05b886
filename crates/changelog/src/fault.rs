//! Delays on demand, and protections switched off: for tests that force a race, or that show what a protection is for. Built
//! only with the feature `fault-points`; without it nothing ever waits, and nothing is off.
//!
//! Set by the variable `FAILPOINTS` in the form of the crate `fail`: `before_source=25%return(40);flight_age=return` lets one
//! call of a loader in four wait for 40 ms, and switches off a protection.

#[cfg(feature = "fault-points")]
mod points {
    use std::time::Duration;

    /// Reads the variable. Once, when the process starts.
    pub fn arm() {
        std::mem::forget(fail::FailScenario::setup());
    }

    /// Waits for as many milliseconds as this point is set to.
    pub async fn hold(point: &str) {
        if let Some(pause) = pause(point) {
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether this protection is switched off.
    pub fn is_off(protection: &str) -> bool {
        fail::fail_point!(protection, |_| true);
        false
    }

    fn pause(point: &str) -> Option<Duration> {
        fail::fail_point!(point, |milliseconds| Some(Duration::from_millis(milliseconds?.parse().ok()?)));
        None
    }
}

#[cfg(not(feature = "fault-points"))]
mod points {
    /// Does nothing.
    pub const fn arm() {}

    /// Does not wait.
    pub async fn hold(_: &str) {}

    /// No.
    pub const fn is_off(_: &str) -> bool {
        false
    }
}

pub use points::*;
