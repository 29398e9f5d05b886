use std::time::{Duration, Instant};

use super::Breaker;

fn open(breaker: &Breaker, now: Instant) {
    for _ in 0..3 {
        breaker.admit(now).unwrap().failed(now, &"down");
    }
    assert!(!breaker.is_closed());
}

#[test]
fn it_opens_after_three_failures_in_a_row_only() {
    let (breaker, now) = (Breaker::new("waiting"), Instant::now());
    for _ in 0..5 {
        breaker.admit(now).unwrap().failed(now, &"down");
        breaker.admit(now).unwrap().failed(now, &"down");
        breaker.admit(now).unwrap().answered();
    }
    assert!(breaker.is_closed());
    assert_eq!(breaker.openings(), 0);
    open(&breaker, now);
    assert!(breaker.admit(now).is_none());
    assert_eq!(breaker.openings(), 1);
}

#[test]
fn it_lets_one_probe_through_after_a_pause_and_closes_when_that_is_answered() {
    let (breaker, now) = (Breaker::new("waiting"), Instant::now());
    open(&breaker, now);
    let later = now + Duration::from_millis(100);
    let probe = breaker.admit(later).unwrap();
    assert!(breaker.admit(later).is_none());
    probe.answered();
    assert!(breaker.is_closed());
}

#[test]
fn a_dropped_probe_makes_room_for_the_next() {
    let (breaker, now) = (Breaker::new("waiting"), Instant::now());
    open(&breaker, now);
    let later = now + Duration::from_millis(100);
    drop(breaker.admit(later).unwrap());
    assert!(breaker.admit(later).is_some());
}

#[test]
fn pauses_double_to_five_seconds() {
    let (breaker, mut now) = (Breaker::new("waiting"), Instant::now());
    open(&breaker, now);
    for expected in [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].map(Duration::from_millis) {
        assert!(breaker.admit(now + expected / 2 - Duration::from_millis(1)).is_none());
        now += expected;
        breaker.admit(now).unwrap().failed(now, &"down");
    }
}

#[test]
fn what_was_sent_before_it_opened_neither_closes_nor_prolongs_it() {
    let (breaker, now) = (Breaker::new("waiting"), Instant::now());
    let (one, other) = (breaker.admit(now).unwrap(), breaker.admit(now).unwrap());
    open(&breaker, now);
    one.answered();
    assert!(!breaker.is_closed());
    other.failed(now + Duration::from_secs(9), &"down");
    assert!(breaker.admit(now + Duration::from_millis(100)).is_some());
}
