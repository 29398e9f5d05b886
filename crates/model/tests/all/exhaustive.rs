//! Every state within the bounds keeps the contract.

use std::collections::BTreeSet;

use stateright::{Checker, Model};
use tidewater_model::phenomena::{CONTRACT, JOINED, MEMORY, NEW_GENERATION, OUT_OF_ORDER, REDIS, SOURCE, STARTED_OVER};
use tidewater_model::{Bounds, Protocol};

/// Visits every state; the contract holds in each, and what else is found in them is `phenomena`.
#[track_caller]
fn check(bounds: Bounds, states: usize, phenomena: &[&str]) {
    let checker = Protocol::new(bounds).checker().spawn_bfs().join();
    assert!(checker.is_done());
    if let Some(path) = checker.discovery(CONTRACT) {
        panic!("the contract is broken by {:#?}", path.into_actions());
    }
    let found: BTreeSet<_> = checker.discoveries().into_keys().collect();
    assert_eq!((checker.unique_state_count(), found), (states, phenomena.iter().copied().collect()));
}

#[test]
fn readers_may_share_flights() {
    check(Bounds::FLIGHTS, 1_273_529, &[MEMORY, REDIS, SOURCE, JOINED, OUT_OF_ORDER]);
}

#[test]
fn polls_may_fail_and_leaders_may_be_dropped() {
    check(Bounds::FAULTS, 50_266, &[MEMORY, REDIS, SOURCE, JOINED]);
}

#[test]
fn transactions_may_commit_in_any_order() {
    check(Bounds::ORDER, 839_257, &[MEMORY, REDIS, SOURCE, JOINED, OUT_OF_ORDER]);
}

#[test]
fn servers_may_read_what_others_left_in_redis() {
    check(Bounds::SERVERS, 838_213, &[REDIS, SOURCE, OUT_OF_ORDER]);
}

#[test]
fn memory_may_hold_what_came_from_another_server() {
    check(Bounds::SHARING, 315_826, &[MEMORY, REDIS, SOURCE, JOINED]);
}

#[test]
fn a_server_may_pause_past_a_pruning() {
    check(Bounds::PRUNING, 348_754, &[MEMORY, REDIS, SOURCE, JOINED, OUT_OF_ORDER, STARTED_OVER]);
}

#[test]
fn servers_may_pause_past_a_pruning_or_start_after_it() {
    check(Bounds::SERVERS_PRUNING, 81_996, &[REDIS, SOURCE, STARTED_OVER]);
}

#[test]
fn a_poll_may_see_too_much_to_hand_over() {
    check(Bounds::OVERFLOW, 59_625, &[MEMORY, REDIS, SOURCE, JOINED, OUT_OF_ORDER, STARTED_OVER]);
}

#[test]
fn a_backup_may_be_put_back() {
    check(Bounds::RESTORE, 166_032, &[MEMORY, REDIS, SOURCE, JOINED, NEW_GENERATION]);
}

#[test]
fn a_backup_may_be_put_back_under_two_servers() {
    check(Bounds::SERVERS_RESTORE, 1_664_147, &[REDIS, SOURCE, NEW_GENERATION]);
}
