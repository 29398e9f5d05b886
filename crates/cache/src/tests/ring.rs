use proptest::prelude::*;
use tidewater_changelog::{Generation, Mark, Snapshot};

use crate::Position;
use crate::ring::Ring;

fn generation() -> Generation {
    Generation::new("one")
}

fn ring(length: u64) -> Ring {
    Ring::new(generation(), (1..=length).map(|number| (Position::new(number), Mark::Sequence(number * 10))))
}

#[test]
fn a_mark_is_placed_at_the_newest_position_that_it_includes() {
    let ring = ring(3);
    let place = |sequence| ring.newest_included_in(&generation(), &Mark::Sequence(sequence)).map(Position::get);
    assert_eq!([9, 10, 19, 20, 35].map(place), [None, Some(1), Some(1), Some(2), Some(3)]);
}

#[test]
fn a_mark_of_another_generation_or_kind_has_no_place() {
    let ring = ring(3);
    assert_eq!(ring.newest_included_in(&Generation::new("two"), &Mark::Sequence(20)), None);
    assert_eq!(ring.newest_included_in(&generation(), &Mark::Snapshot(Snapshot::below(99))), None);
}

#[test]
fn a_transaction_that_was_running_keeps_a_mark_below_the_position_that_saw_it() {
    let running = Snapshot { xmin: 5, xmax: 9, running: vec![5] };
    let marks = [Snapshot::below(5), running.clone(), Snapshot::below(9)];
    let entries =
        marks.into_iter().zip(1..).map(|(snapshot, number)| (Position::new(number), Mark::Snapshot(snapshot)));
    let ring = Ring::new(generation(), entries);
    assert_eq!(ring.newest_included_in(&generation(), &Mark::Snapshot(running)), Some(Position::new(2)));
}

proptest! {
    #[test]
    fn thinning_places_a_mark_never_later_and_recent_ones_exactly(length in 1..20_000_u64, back in 0..20_000_u64) {
        let sequence = length.saturating_sub(back).max(1);
        let placed = ring(length).newest_included_in(&generation(), &Mark::Sequence(sequence * 10)).unwrap().get();
        prop_assert!(placed <= sequence);
        if back < 256 {
            prop_assert_eq!(placed, sequence);
        }
        prop_assert!(sequence - placed <= (length - placed) / 32, "{sequence} placed at {placed} of {length}");
    }
}

#[test]
fn it_is_bounded() {
    let mut ring = ring(1);
    // Positions so far apart that nothing can be dropped by age alone.
    for exponent in 0..2_000_u64 {
        let position = 2 + exponent * exponent * exponent;
        ring.push(Position::new(position), Mark::Sequence(position * 10));
        assert!(ring.len() <= 1_024);
    }
    assert!(ring.newest_included_in(&generation(), &Mark::Sequence(15)).is_some());
}
