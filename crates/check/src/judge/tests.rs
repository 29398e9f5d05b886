use proptest::prelude::*;

use super::*;
use crate::state::Row;

fn row(stamp: u64) -> Row {
    Row { id: None, owner: 0, flag: false, stamp }
}

fn shown(stamp: u64) -> Shown {
    Shown { id: None, owner: None, flag: None, stamp }
}

fn ruling(sent: Nanos, received: Nanos, bound: Nanos) -> Ruling {
    Ruling { window: Window { sent, received, bound }, floor: Floor::default() }
}

/// A key with a version for each pair of times of beginning and acknowledgement; the stamps count from 1, version 0 is absent.
fn history(versions: &[(Nanos, Nanos)]) -> History {
    let mut history = History::new(None);
    for (stamp, (begun, acknowledged)) in (1..).zip(versions) {
        let number = history.add(Some(row(stamp)));
        history.begin_commit(number, *begun);
        history.end(number, Outcome::Committed, *acknowledged);
    }
    history
}

fn judge(history: &History, ruling: Ruling, stamp: u64) -> Result<u32, Kind> {
    ruling.judge_shown(history, &shown(stamp), None)
}

#[test]
fn what_was_acknowledged_before_the_request_must_be_shown() {
    let history = history(&[(10, 20), (30, 40)]);
    assert_eq!(judge(&history, ruling(25, 28, 0), 1), Ok(1));
    assert_eq!(judge(&history, ruling(35, 50, 0), 1), Ok(1));
    assert_eq!(judge(&history, ruling(35, 50, 0), 2), Ok(2));
    assert_eq!(judge(&history, ruling(41, 50, 0), 1), Err(Kind::Stale));
    assert_eq!(judge(&history, ruling(41, 50, 0), 2), Ok(2));
}

#[test]
fn a_bound_shifts_what_must_be_shown_and_not_what_may_be() {
    let history = history(&[(10, 20), (30, 40)]);
    assert_eq!(judge(&history, ruling(45, 50, 10), 1), Ok(1));
    assert_eq!(judge(&history, ruling(51, 60, 10), 1), Err(Kind::Bound));
    assert_eq!(judge(&history, ruling(20, 29, 10), 2), Err(Kind::Future));
}

#[test]
fn what_has_not_begun_or_was_rolled_back_must_not_be_shown() {
    let mut history = history(&[(10, 20)]);
    let pending = history.add(Some(row(2)));
    assert_eq!(judge(&history, ruling(30, 40, 0), 2), Err(Kind::Future));
    history.end(pending, Outcome::RolledBack, 50);
    assert_eq!(judge(&history, ruling(60, 70, 0), 2), Err(Kind::RolledBack));
    assert_eq!(judge(&history, ruling(60, 70, 0), 9), Err(Kind::Future), "a stamp that nobody has written");
}

#[test]
fn what_nobody_knows_may_be_shown_or_not() {
    let mut history = history(&[(10, 20)]);
    let number = history.add(None);
    history.begin_commit(number, 30);
    history.end(number, Outcome::Unknown, 40);
    let scope = Scope { viewer: Some(0), ..Scope::default() };
    for sent in [35, 50, 5_000] {
        let ruling = ruling(sent, sent + 10, 0);
        assert_eq!(judge(&history, ruling, 1), Ok(1));
        assert_eq!(ruling.judge_absence(&history, None, Family::Todo, &scope), Ok(2));
        assert_eq!(ruling.membership(&history, Family::Todo, &scope), (true, true));
    }
}

#[test]
fn a_client_does_not_go_back() {
    let history = history(&[(10, 20), (30, 100)]);
    let mut ruling = ruling(50, 60, 0);
    ruling.floor = Floor { version: 2, own: false };
    assert_eq!(judge(&history, ruling, 1), Err(Kind::Backwards));
    assert_eq!(judge(&history, ruling, 2), Ok(2));
    ruling.floor.own = true;
    assert_eq!(judge(&history, ruling, 1), Err(Kind::OwnWrite));
}

#[test]
fn absence_is_judged_like_presence() {
    let mut history = history(&[(10, 20)]);
    let scope = Scope { viewer: Some(0), ..Scope::default() };
    let absence =
        |history: &History, sent| ruling(sent, sent + 5, 0).judge_absence(history, None, Family::Todo, &scope);
    assert_eq!(absence(&history, 12), Ok(0));
    assert_eq!(absence(&history, 21), Err(Kind::Stale));
    let number = history.add(None);
    assert_eq!(absence(&history, 21), Err(Kind::Stale));
    history.begin_commit(number, 30);
    history.end(number, Outcome::Committed, 40);
    assert_eq!(absence(&history, 31), Ok(2));
    assert_eq!(judge(&history, ruling(41, 45, 0), 1), Err(Kind::Stale));
}

#[test]
fn a_row_that_was_made_again_under_an_unknown_id_is_not_the_one_before() {
    let id = Some(uuid::Uuid::from_u128(1));
    let mut history = History::new(None);
    let rows = [Some(Row { id, ..row(1) }), None, Some(row(3))];
    let outcomes = [Outcome::Committed, Outcome::Committed, Outcome::Unknown];
    for ((row, outcome), time) in rows.into_iter().zip(outcomes).zip([10, 20, 30]) {
        let number = history.add(row);
        history.begin_commit(number, time);
        history.end(number, outcome, time + 5);
    }
    let scope = Scope { viewer: Some(0), ..Scope::default() };
    // A list has shown it, so it is there, and the one before is not.
    let ruling = Ruling { floor: Floor { version: 3, own: false }, ..ruling(50, 60, 0) };
    assert_eq!(ruling.judge_absence(&history, id, Family::Todo, &scope), Ok(3));
    assert_eq!(ruling.judge_absence(&history, None, Family::Todo, &scope), Err(Kind::Backwards));
}

#[test]
fn a_mixture_and_a_double_are_told_apart() {
    let mut history = History::new(None);
    let (id, other) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    for (stamp, flag) in [(1, false), (2, true)] {
        let number = history.add(Some(Row { id: Some(id), owner: 0, flag, stamp }));
        history.begin_commit(number, stamp * 10);
        history.end(number, Outcome::Committed, stamp * 10 + 1);
    }
    let ruling = ruling(50, 60, 0);
    let shows = |id, flag, stamp| {
        let shown = Shown { id: Some(id), owner: Some(0), flag: Some(flag), stamp };
        ruling.judge_shown(&history, &shown, None)
    };
    assert_eq!(shows(id, true, 2), Ok(2));
    assert_eq!(shows(id, false, 2), Err(Kind::Torn));
    assert_eq!(shows(other, true, 2), Err(Kind::Doubled));
    assert_eq!(shows(id, false, 1), Err(Kind::Stale));
}

#[test]
fn what_was_forgotten_is_stale() {
    let times: Vec<(Nanos, Nanos)> = (1..=200).map(|number| (number * 10, number * 10 + 5)).collect();
    let mut history = history(&times);
    history.prune(|| 1_500);
    assert_eq!(judge(&history, ruling(1_600, 1_610, 0), 3), Err(Kind::Stale));
    let scope = Scope { viewer: Some(0), ..Scope::default() };
    let absent = ruling(1_600, 1_610, 0).judge_absence(&history, None, Family::Todo, &scope);
    assert_eq!(absent, Err(Kind::Stale));
}

#[test]
fn a_todo_is_its_owners_and_a_public_note_is_everybodys() {
    let row = Row { id: None, owner: 1, flag: true, stamp: 1 };
    let seen = |family, viewer, flag| Scope { viewer, flag, owner: None }.contains(family, &row);
    assert!(seen(Family::Todo, Some(1), None) && seen(Family::Todo, Some(1), Some(true)));
    assert!(!seen(Family::Todo, Some(2), None) && !seen(Family::Todo, None, None));
    assert!(!seen(Family::Todo, Some(1), Some(false)));
    assert!(seen(Family::Note, None, None) && seen(Family::Note, Some(2), Some(true)));
}

/// A version of a simulated key: its steps' durations, and whether it is rolled back.
#[derive(Clone, Debug)]
struct Step {
    rest: u64,
    commit: u64,
    effect: u64,
    is_rolled_back: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_u64..30, 2_u64..20, 0_u64..100, prop::bool::weighted(0.2));
    let step = step.prop_map(|(rest, commit, effect, is_rolled_back)| Step { rest, commit, effect, is_rolled_back });
    prop::collection::vec(step, 1..40)
}

/// A key, and for each version that came into force, when it did. Each took effect between its beginning and acknowledgement.
fn simulate(steps: &[Step]) -> (History, Vec<(Nanos, u32)>) {
    let mut history = History::new(Some(row(0)));
    let mut effects = vec![(0, 0)];
    let mut now = 1;
    for (step, stamp) in steps.iter().zip(1..) {
        now += step.rest + 1;
        let number = history.add(Some(row(stamp)));
        history.begin_commit(number, now);
        let effect = now + step.effect % (step.commit + 1);
        now += step.commit;
        let outcome = if step.is_rolled_back { Outcome::RolledBack } else { Outcome::Committed };
        history.end(number, outcome, now);
        if !step.is_rolled_back {
            effects.push((effect, number));
        }
    }
    (history, effects)
}

fn in_force(effects: &[(Nanos, u32)], time: Nanos) -> u32 {
    effects.iter().rev().find(|(effect, _)| *effect <= time).map_or(0, |(_, number)| *number)
}

proptest! {
    #[test]
    fn no_answer_of_a_server_that_keeps_its_bound_is_a_violation(
        steps in steps(),
        reads in prop::collection::vec((0_u64..1_500, 0_u64..40, 0_u64..50, 0_u64..10_000), 50),
        pruned_at in 0_u64..1_500,
    ) {
        let (mut history, effects) = simulate(&steps);
        let pruned_at = Some(pruned_at).filter(|time| time % 2 == 0);
        if let Some(time) = pruned_at {
            history.prune(|| time);
        }
        for (sent, takes, bound, point) in reads {
            if pruned_at.is_some_and(|time| sent.saturating_sub(bound) < time) {
                continue;
            }
            let received = sent + takes;
            let looked = sent.saturating_sub(bound) + point % (received - sent.saturating_sub(bound) + 1);
            let version = in_force(&effects, looked);
            let ruling = ruling(sent, received, bound);
            prop_assert_eq!(judge(&history, ruling, u64::from(version)), Ok(version));
        }
    }

    #[test]
    fn exactly_what_some_correct_server_could_answer_is_accepted(
        steps in steps(),
        reads in prop::collection::vec((0_u64..1_500, 0_u64..40, 0_u64..50), 20),
    ) {
        let (history, _) = simulate(&steps);
        let versions: Vec<Version> = history.versions().cloned().collect();
        for (sent, takes, bound) in reads {
            let (from, received) = (sent.saturating_sub(bound), sent + takes);
            for (place, version) in versions.iter().enumerate() {
                let mut successors = versions[place + 1..].iter();
                let successor = successors.find(|next| next.outcome == Outcome::Committed);
                let possible = version.outcome == Outcome::Committed
                    && version.begun <= received
                    && successor.is_none_or(|next| next.acknowledged >= from);
                let stamp = u64::from(version.number);
                let judged = judge(&history, ruling(sent, received, bound), stamp);
                prop_assert_eq!(judged.is_ok(), possible, "{:?} of {:?} at {} to {}", judged, version, sent, received);
                match judged {
                    Ok(_) => {}
                    Err(kind) => {
                        let expected = match () {
                            () if version.outcome == Outcome::RolledBack => Kind::RolledBack,
                            () if version.begun > received => Kind::Future,
                            () if bound == 0 => Kind::Stale,
                            () => Kind::Bound,
                        };
                        prop_assert_eq!(kind, expected);
                    }
                }
            }
        }
    }

    #[test]
    fn a_client_that_is_never_sent_back_is_not_said_to_be(
        steps in steps(),
        pauses in prop::collection::vec((0_u64..40, 0_u64..40, 0_u64..10_000), 40),
    ) {
        let (history, effects) = simulate(&steps);
        let (mut now, mut floor) = (0, Floor::default());
        for (pause, takes, point) in pauses {
            let (sent, received) = (now + pause, now + pause + takes);
            now = received + 1;
            let version = in_force(&effects, sent + point % (takes + 1));
            let ruling = Ruling { floor, ..ruling(sent, received, 0) };
            let judged = judge(&history, ruling, u64::from(version));
            prop_assert_eq!(judged, Ok(version));
            floor.version = version;
            // The one before has an end that may not have been acknowledged, and still may not be shown.
            if let Some((_, before)) = effects.iter().rev().find(|(_, number)| *number < version) {
                let later = Ruling { floor, ..self::ruling(now, now + 1, 0) };
                prop_assert!(judge(&history, later, u64::from(*before)).is_err());
            }
        }
    }

    #[test]
    fn a_count_is_between_the_fewest_and_the_most(
        keys in prop::collection::vec(steps(), 1..6),
        reads in prop::collection::vec((0_u64..1_500, 0_u64..40, 0_u64..50, 0_u64..10_000), 20),
    ) {
        let keys: Vec<_> = keys.iter().map(|steps| simulate(steps)).collect();
        // Rows with even stamps are in the set.
        let is_in = |number: u32| number.is_multiple_of(2);
        for (sent, takes, bound, point) in reads {
            let from = sent.saturating_sub(bound);
            let (mut fewest, mut most, mut count) = (0, 0, 0);
            for (place, (history, effects)) in keys.iter().enumerate() {
                let window = ruling(sent, sent + takes, bound);
                let (mut can_be_in, mut can_be_out) = (false, false);
                for version in window.window.admissible(history) {
                    if is_in(version.number) { can_be_in = true } else { can_be_out = true }
                }
                most += u32::from(can_be_in);
                fewest += u32::from(!can_be_out);
                let looked = from + (point + place as u64) % (sent + takes - from + 1);
                count += u32::from(is_in(in_force(effects, looked)));
            }
            prop_assert!((fewest..=most).contains(&count));
        }
    }
}
