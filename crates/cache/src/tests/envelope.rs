use std::time::Duration;

use proptest::prelude::*;
use tidewater_changelog::{Mark, Snapshot, Value};

use crate::envelope::{Envelope, now, whole};
use crate::{Dependency, Footprint};

fn envelope(value: &[u8]) -> Envelope<'_> {
    Envelope {
        mark: Mark::Snapshot(Snapshot { xmin: 3, xmax: 9, running: vec![4, 7] }),
        footprint: Footprint::from(Dependency::row("todo", &[Value::Integer(1)])),
        filled_at: now(),
        lifetime: 60_000,
        value,
    }
}

/// As whoever writes the checksum, but not the rest, right.
fn sealed(key: &[u8], rest: &[u8]) -> Vec<u8> {
    let seed = xxhash_rust::xxh3::xxh3_64_with_seed(key, 1);
    [&[1], xxhash_rust::xxh3::xxh3_64_with_seed(rest, seed).to_le_bytes().as_slice(), rest].concat()
}

proptest! {
    #[test]
    fn what_was_stored_is_read_back(value in prop::collection::vec(any::<u8>(), 0..200)) {
        let stored = envelope(&value).encode(b"key").unwrap();
        let read = Envelope::decode(b"key", &stored).unwrap();
        prop_assert_eq!(read.value, &*value);
        prop_assert_eq!(&read.mark, &envelope(&value).mark);
        prop_assert_eq!(&read.footprint, &envelope(&value).footprint);
    }

    #[test]
    fn no_single_wrong_byte_goes_unnoticed(at in 0..60_usize, flip in 1..=255_u8) {
        let mut stored = envelope(b"a value").encode(b"key").unwrap();
        let at = at % stored.len();
        stored[at] ^= flip;
        prop_assert!(Envelope::decode(b"key", &stored).is_none());
    }

    #[test]
    fn rubbish_is_refused_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Envelope::decode(b"key", &bytes).is_none());
        // Decoding may succeed here, but it must neither panic nor allocate what a length in the rubbish asks for.
        let _ = Envelope::decode(b"key", &sealed(b"key", &bytes));
        let _ = whole::<Vec<String>>(&bytes);
        let _ = whole::<Option<(Mark, Vec<Vec<u64>>)>>(&bytes);
    }
}

#[test]
fn a_huge_length_allocates_nothing_huge() {
    let length = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert!(whole::<Vec<u64>>(&length).is_none());
    assert!(whole::<String>(&length).is_none());
    assert!(whole::<Footprint>(&length).is_none());
}

#[test]
fn a_value_under_another_key_or_cut_short_or_prolonged_is_refused() {
    let stored = envelope(b"a value").encode(b"key").unwrap();
    assert!(Envelope::decode(b"other", &stored).is_none());
    assert!(Envelope::decode(b"key", &stored[..stored.len() - 1]).is_none());
    assert!(Envelope::decode(b"key", &[&*stored, &[0]].concat()).is_none());
    assert!(Envelope::decode(b"key", &[]).is_none());
}

#[test]
fn what_remains_is_the_rest_of_the_shorter_time_to_live() {
    let minute = Duration::from_secs(60);
    let aged = |age: u64| Envelope { filled_at: now() - age, ..envelope(b"") };
    assert!(aged(20_000).remaining(minute) <= Duration::from_secs(40));
    assert!(aged(20_000).remaining(minute) > Duration::from_secs(30));
    assert!(aged(20_000).remaining(Duration::from_secs(25)) <= Duration::from_secs(5));
    assert_eq!(aged(60_000).remaining(minute * 9), Duration::ZERO);
    // A filler whose clock is ahead.
    let ahead = Envelope { filled_at: now() + 50_000, ..envelope(b"") };
    assert!(ahead.remaining(minute) <= minute);
}
