use std::time::{Duration, Instant};

use crate::ledger::{Ledger, Times};
use crate::{MissReason, Position};

fn ledger() -> Ledger {
    Ledger::new(0)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}

fn at(number: u64) -> Position {
    Position::new(number)
}

fn times(as_of: u64, expires_at: Instant) -> Times {
    Times { as_of: at(as_of), read_at: Instant::now(), expires_at }
}

/// The hash of the key numbered `number`, all of which share a bucket.
fn hash(number: u64) -> u64 {
    number << 57 | 1 << 10
}

#[test]
fn what_was_never_stored_was_never_filled() {
    let ledger = ledger();
    ledger.stored(hash(1), times(5, soon()));
    assert_eq!(ledger.why(hash(2), at(5)), MissReason::NeverFilled);
    assert_eq!(ledger.why(0, at(5)), MissReason::NeverFilled);
}

#[test]
fn what_was_stored_and_could_have_stayed_was_evicted() {
    let ledger = ledger();
    ledger.stored(hash(1), times(5, soon()));
    assert_eq!(ledger.why(hash(1), at(5)), MissReason::Evicted);
}

#[test]
fn what_could_not_stay_any_longer_has_expired() {
    let ledger = ledger();
    ledger.stored(hash(1), times(5, Instant::now()));
    assert_eq!(ledger.why(hash(1), at(5)), MissReason::Expired);
    ledger.stored(hash(1), times(5, soon()));
    assert_eq!(ledger.why(hash(1), at(5)), MissReason::Evicted, "the last time counts");
}

#[test]
fn what_was_removed_as_changed_has_changed_until_it_is_stored_again() {
    let ledger = ledger();
    ledger.stored(hash(1), times(5, Instant::now()));
    ledger.changed(hash(1));
    assert_eq!(ledger.why(hash(1), at(5)), MissReason::Changed);
    ledger.changed(hash(2));
    assert_eq!(ledger.why(hash(2), at(5)), MissReason::NeverFilled);
    ledger.stored(hash(1), times(6, soon()));
    assert_eq!(ledger.why(hash(1), at(5)), MissReason::Evicted);
}

#[test]
fn what_was_removed_for_another_reason_was_dropped() {
    let ledger = ledger();
    ledger.stored(hash(1), times(5, soon()));
    ledger.dropped(hash(1));
    assert_eq!(ledger.why(hash(1), at(5)), MissReason::Dropped);
}

#[test]
fn what_was_read_before_the_floor_went_with_a_restart() {
    let ledger = ledger();
    ledger.stored(hash(1), times(5, soon()));
    ledger.stored(hash(2), times(5, soon()));
    ledger.changed(hash(2));
    assert_eq!(ledger.why(hash(1), at(6)), MissReason::Restarted);
    assert_eq!(ledger.why(hash(2), at(6)), MissReason::Restarted);
}

#[test]
fn what_may_have_been_forgotten_is_unknown_and_what_cannot_have_been_is_not() {
    let ledger = ledger();
    for number in 0..20 {
        ledger.stored(hash(number), times(5, soon()));
    }
    for number in 0..12 {
        assert_eq!(ledger.why(hash(number), at(5)), MissReason::Unknown, "{number}");
    }
    for number in 12..20 {
        assert_eq!(ledger.why(hash(number), at(5)), MissReason::Evicted, "{number}");
    }
    for number in 20..100 {
        assert_eq!(ledger.why(hash(number), at(5)), MissReason::NeverFilled, "{number}");
    }
}

#[test]
fn what_is_stored_again_is_forgotten_last() {
    let ledger = ledger();
    for number in 0..8 {
        ledger.stored(hash(number), times(5, soon()));
    }
    ledger.stored(hash(0), times(5, soon()));
    ledger.stored(hash(8), times(5, soon()));
    assert_eq!(ledger.why(hash(0), at(5)), MissReason::Evicted);
    assert_eq!(ledger.why(hash(1), at(5)), MissReason::Unknown);
    assert_eq!(ledger.why(hash(0), at(6)), MissReason::Restarted);
}

#[test]
fn times_are_told_of_what_was_stored_last_until_it_is_removed_or_forgotten() {
    let ledger = ledger();
    assert_eq!(ledger.times(hash(1)), None);
    let (first, last) = (times(5, soon()), times(6, soon()));
    ledger.stored(hash(1), first);
    ledger.stored(hash(1), last);
    assert_eq!(ledger.times(hash(1)), Some(last));
    ledger.stored(hash(2), first);
    ledger.changed(hash(1));
    ledger.dropped(hash(2));
    assert_eq!((ledger.times(hash(1)), ledger.times(hash(2))), (None, None));
    for number in 0..20 {
        ledger.stored(hash(number), first);
    }
    assert_eq!((ledger.times(hash(0)), ledger.times(hash(19))), (None, Some(first)));
}
