//! Without any one protection the checker finds an answer that breaks the contract.

use stateright::{Checker, HasDiscoveries, Model};
use tidewater_model::phenomena::CONTRACT;
use tidewater_model::{Bounds, Protections, Protocol};

/// Breaks the contract within `bounds` in `steps` steps.
#[track_caller]
fn breaks(bounds: Bounds, steps: usize, switch_off: fn(&mut Protections)) {
    let mut protections = Protections::ALL;
    switch_off(&mut protections);
    assert_ne!(protections, Protections::ALL);
    let checker =
        Protocol { bounds, protections }.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let path = checker.discovery(CONTRACT).expect("a counterexample");
    assert_eq!(path.into_actions().len(), steps);
}

#[test]
fn a_poll_under_way_at_arrival_would_not_do() {
    breaks(Bounds::ORDER, 15, |off| off.gate_waits_for_a_later_poll = false);
}

#[test]
fn a_position_must_not_be_published_before_its_changes_are_noted() {
    breaks(Bounds::ORDER, 15, |off| off.noted_before_published = false);
}

#[test]
fn the_ring_must_not_hold_marks_before_their_changes_are_noted() {
    breaks(Bounds::OVERFLOW, 24, |off| off.noted_before_ring = false);
}

#[test]
fn the_highest_id_seen_does_not_tell_what_is_running() {
    breaks(Bounds::ORDER, 17, |off| off.marks_tell_what_is_running = false);
}

#[test]
fn a_floor_past_the_last_mark_must_not_go_unnoticed() {
    breaks(Bounds::PRUNING, 17, |off| off.floor_is_checked = false);
}

#[test]
fn a_new_generation_must_not_go_unnoticed() {
    breaks(Bounds::RESTORE, 17, |off| off.generation_is_checked = false);
}

#[test]
fn keys_without_a_generation_mix_two_histories() {
    breaks(Bounds::RESTORE, 21, |off| off.keys_carry_the_generation = false);
}

#[test]
fn as_of_must_not_be_taken_after_the_read() {
    breaks(Bounds::SHARING, 17, |off| off.as_of_before_read = false);
}

#[test]
fn the_mark_in_redis_must_not_be_taken_after_the_read() {
    breaks(Bounds::SERVERS, 24, |off| off.mark_before_read = false);
}

#[test]
fn an_older_flight_must_not_be_joined() {
    breaks(Bounds::FLIGHTS, 17, |off| off.joins_only_later_flights = false);
}

#[test]
fn memory_must_be_validated_at_use() {
    breaks(Bounds::SHARING, 17, |off| off.memory_is_validated = false);
}

#[test]
fn redis_must_be_validated_at_use() {
    breaks(Bounds::SERVERS, 19, |off| off.redis_is_validated = false);
}

#[test]
fn starting_over_must_void_what_was_read_before() {
    breaks(Bounds::PRUNING, 19, |off| off.restart_forgets = false);
}
