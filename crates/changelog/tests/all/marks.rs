//! Marks against what they mean, by brute force.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use tidewater_changelog::{Mark, Snapshot};

/// Small enough that relations between two of them happen by chance.
const XIDS: u64 = 12;

fn snapshot() -> impl Strategy<Value = Snapshot> {
    (1..XIDS, 0..XIDS).prop_flat_map(|(xmin, width)| {
        let xmax = xmin + width;
        btree_set(xmin..=xmax, 0..6).prop_map(move |mut running| {
            running.remove(&xmax);
            Snapshot { xmin, xmax, running: running.into_iter().collect() }
        })
    })
}

fn visible(snapshot: &Snapshot) -> BTreeSet<u64> {
    (0..snapshot.xmax).filter(|xid| !snapshot.running.contains(xid)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn includes_is_inclusion_of_what_is_visible(a in snapshot(), b in snapshot()) {
        let expected = visible(&a).is_superset(&visible(&b));
        prop_assert_eq!(Mark::Snapshot(a).includes(&Mark::Snapshot(b)), expected);
    }

    #[test]
    fn sees_is_membership(a in snapshot()) {
        for xid in 0..3 * XIDS {
            prop_assert_eq!(a.sees(xid), visible(&a).contains(&xid));
        }
    }

    #[test]
    fn below_sees_everything_below(xid in 0..XIDS) {
        prop_assert_eq!(visible(&Snapshot::below(xid)), (0..xid).collect());
    }

    #[test]
    fn text_round_trips(a in snapshot(), sequence: u64) {
        for mark in [Mark::Snapshot(a), Mark::Sequence(sequence)] {
            prop_assert_eq!(mark.to_string().parse(), Ok(mark));
        }
    }

    #[test]
    fn what_parses_prints_a_mark_of_the_same_meaning(text in "[PSx]?[0-9:,+ -]{0,12}") {
        if let Ok(mark) = text.parse::<Mark>() {
            prop_assert_eq!(mark.to_string().parse(), Ok(mark));
        }
    }

    #[test]
    fn rubbish_is_refused(bytes in vec(any::<char>(), 0..8)) {
        let text: String = bytes.into_iter().filter(|c| !matches!(c, 'S' | 'P')).collect();
        prop_assert!(text.parse::<Mark>().is_err());
    }
}

#[test]
fn near_marks_are_refused() {
    for text in [
        "",
        "P",
        "S",
        "S-1",
        "S+1",
        "S 1",
        "S1 ",
        "P1",
        "P1:2",
        "P1:2:3:4",
        "P3:2:",
        "P1:2:,",
        "P1:3:2,2",
        "P1:4:3,2",
        "P1:3:3",
        "P2:3:1",
        "P1:3:1,",
        "P+1:3:",
        "P:3:",
        "P1::",
        "S18446744073709551616",
        "é1",
        "s1",
    ] {
        assert!(text.parse::<Mark>().is_err(), "{text}");
    }
}

#[test]
fn marks_of_different_kinds_are_unrelated() {
    let (snapshot, sequence) = (Mark::Snapshot(Snapshot::below(9)), Mark::Sequence(1));
    assert!(!snapshot.includes(&sequence) && !sequence.includes(&snapshot));
    assert!(Mark::Sequence(2).includes(&sequence) && !sequence.includes(&Mark::Sequence(2)));
}
