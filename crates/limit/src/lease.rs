use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// What this process holds of a quota that servers share, and what it knows of the rest.
#[derive(Debug, Default)]
pub(crate) struct Lease {
    /// How many units are held.
    balance: AtomicU64,
    /// How many units requests wait for.
    wanted: AtomicU64,
    /// Whether Redis is being asked for more.
    renewing: AtomicBool,
    renewed: Notify,
    /// How often Redis did not answer.
    failures: AtomicU64,
    refusal: Mutex<Option<Refusal>>,
}

/// So many units could not be had, until then.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    units: u64,
    until: u64,
}

/// A request that waits for units.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    lease: &'a Lease,
    units: u64,
}

/// Redis is being asked. Ends when it is dropped, and lets those go on who wait.
#[derive(Debug)]
pub(crate) struct Renewal<L: AsRef<Lease>>(L);

impl Lease {
    /// Spends `units`, if they are held; answers how many are left.
    pub(crate) fn take(&self, units: u64) -> Option<u64> {
        let spend = |balance: u64| balance.checked_sub(units);
        self.balance.fetch_update(Ordering::AcqRel, Ordering::Acquire, spend).ok().map(|before| before - units)
    }

    pub(crate) fn balance(&self) -> u64 {
        self.balance.load(Ordering::Acquire)
    }

    /// Holds `units` more.
    pub(crate) fn add(&self, units: u64) {
        self.balance.fetch_add(units, Ordering::AcqRel);
    }

    /// How many units to ask for, where a batch is held usually.
    pub(crate) fn missing(&self, batch: u64) -> u64 {
        batch.max(self.wanted.load(Ordering::Acquire)).saturating_sub(self.balance())
    }

    /// How long `units` cannot be had, as far as is known at `now`.
    pub(crate) fn refusal(&self, units: u64, now: u64) -> Option<Duration> {
        let refusal = (*self.refusal.lock()).filter(|refusal| units >= refusal.units)?;
        refusal.until.checked_sub(now).filter(|left| *left > 0).map(Duration::from_nanos)
    }

    /// `units` cannot be had until then.
    pub(crate) fn refuse(&self, units: u64, until: u64) {
        *self.refusal.lock() = Some(Refusal { units, until });
    }

    /// Redis did not answer.
    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Acquire)
    }

    /// A request waits for units, until what this answers is dropped.
    pub(crate) fn want(&self, units: u64) -> Waiting<'_> {
        self.wanted.fetch_add(units, Ordering::AcqRel);
        Waiting { lease: self, units }
    }

    /// The end of the renewal that is under way, or of the next one. To be enabled before the balance is looked at.
    pub(crate) fn renewed(&self) -> Notified<'_> {
        self.renewed.notified()
    }

    /// Leave to ask Redis, if nobody does.
    pub(crate) fn renew<L: AsRef<Self>>(lease: L) -> Option<Renewal<L>> {
        let asks = lease.as_ref().renewing.swap(true, Ordering::AcqRel);
        // Not made in vain: its end is the end of the renewal.
        (!asks).then(|| Renewal(lease))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.lease.wanted.fetch_sub(self.units, Ordering::AcqRel);
    }
}

impl<L: AsRef<Lease>> Renewal<L> {
    pub(crate) fn leased(&self) -> &L {
        &self.0
    }

    pub(crate) fn lease(&self) -> &Lease {
        self.0.as_ref()
    }
}

impl<L: AsRef<Lease>> Drop for Renewal<L> {
    fn drop(&mut self) {
        // In this order: who finds that nobody asks may ask, and who waits for the end is told of it.
        self.lease().renewing.store(false, Ordering::Release);
        self.lease().renewed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_held_is_spent() {
        let lease = Lease::default();
        assert_eq!(lease.take(1), None);
        lease.add(5);
        assert_eq!((lease.take(3), lease.take(3), lease.take(2), lease.take(1)), (Some(2), None, Some(0), None));
    }

    #[test]
    fn a_batch_is_filled_up_or_what_is_waited_for() {
        let lease = Lease::default();
        lease.add(4);
        assert_eq!(lease.missing(10), 6);
        let waiting = [lease.want(20), lease.want(1)];
        assert_eq!(lease.missing(10), 17);
        drop(waiting);
        lease.add(10);
        assert_eq!(lease.missing(10), 0);
    }

    #[test]
    fn what_is_refused_is_as_much_or_more_and_not_for_ever() {
        let lease = Lease::default();
        lease.refuse(5, 100);
        assert_eq!((lease.refusal(4, 50), lease.refusal(5, 100)), (None, None));
        assert_eq!(
            (lease.refusal(5, 99), lease.refusal(9, 50)),
            (Some(Duration::from_nanos(1)), Some(Duration::from_nanos(50)))
        );
    }

    #[test]
    fn one_asks_at_a_time() {
        let lease = &std::sync::Arc::new(Lease::default());
        let shared = || std::sync::Arc::clone(lease);
        let first = Lease::renew(shared());
        assert!(first.is_some() && (0..3).all(|_| Lease::renew(shared()).is_none()));
        drop(first);
        assert!(Lease::renew(shared()).is_some());
    }
}
