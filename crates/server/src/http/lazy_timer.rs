use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;
use tokio::time::sleep_until;

/// The timer of one connection of HTTP/1.1, for limits that are nearly always kept.
///
/// hyper makes a time limit for each header and drops it when the header has come, which is felt where an answer takes microseconds. What it
/// drops here is a number: one alarm is set for the whole connection, rings too early, and only then is set for the limit that holds by now.
#[derive(Clone, Debug, Default)]
pub(super) struct LazyTimer(Alarm);

/// Polled by the connection's own task alone, which is whom it wakes.
type Alarm = Arc<Mutex<Option<Pin<Box<tokio::time::Sleep>>>>>;

#[derive(Debug)]
struct LazySleep {
    alarm: Alarm,
    deadline: Instant,
}

impl Timer for LazyTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(Instant::now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(LazySleep { alarm: Arc::clone(&self.0), deadline })
    }
}

impl Sleep for LazySleep {}

impl Future for LazySleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline.into();
        let mut alarm = self.alarm.lock();
        let alarm = alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if alarm.deadline() > deadline {
            alarm.as_mut().reset(deadline);
        }
        loop {
            ready!(alarm.as_mut().poll(context));
            if alarm.deadline() >= deadline {
                return Poll::Ready(());
            }
            alarm.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::poll;

    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_millis(100);

    #[tokio::test]
    async fn it_sleeps_as_long_as_it_is_told() {
        let timer = LazyTimer::default();
        // Also after longer and shorter ones that were dropped while they slept.
        for dropped in [None, Some(LONG * 10), Some(SHORT)] {
            if let Some(dropped) = dropped {
                assert!(poll!(timer.sleep(dropped)).is_pending());
            }
            let begun = Instant::now();
            timer.sleep(LONG).await;
            assert!(begun.elapsed() >= LONG && begun.elapsed() < LONG * 10, "{:?}", begun.elapsed());
        }
    }
}
