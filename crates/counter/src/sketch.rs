use crate::Viewer;

mod estimate;
mod hash;
mod redis;

/// How many registers there are: 2^14.
const REGISTERS: usize = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 14;

/// How many bits of a hash say how rare it is.
const RANK_BITS: u32 = 64 - INDEX_BITS;

/// Up to so many registers are kept one by one, which then takes no more than keeping all.
const FEW: usize = REGISTERS / 4;

/// How registers are written; the first byte says which. Both are for registers by [`hash`], as Redis has them.
const FORM_FEW: u8 = 1;
const FORM_ALL: u8 = 2;

/// How many bytes all registers take, of six bits each.
const PACKED: usize = REGISTERS * 6 / 8;

/// Who has seen something, as far as it takes to tell how many: a HyperLogLog with the registers that Redis would have for the same
/// viewers. Of 1,000 viewers it takes 4 kB; never more than 16 kB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch(Registers);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Registers {
    /// Those that are not zero, in the order of their indices.
    Few(Vec<(u16, u8)>),
    All(Box<[u8]>),
}

impl Default for Sketch {
    /// Of nobody.
    fn default() -> Self {
        Self(Registers::Few(Vec::new()))
    }
}

impl Sketch {
    /// Adds a viewer. That it is new to the sketch cannot be told.
    pub fn add(&mut self, viewer: Viewer) {
        let hash = hash::of(viewer.0);
        let index = (hash & (REGISTERS as u64 - 1)) as u16;
        // The bit beyond bounds the rank.
        let rank = ((hash >> INDEX_BITS) | 1 << RANK_BITS).trailing_zeros() as u8 + 1;
        self.raise(index, rank);
    }

    /// Adds all viewers of `other`.
    pub fn merge(&mut self, other: &Self) {
        other.registers().for_each(|(index, rank)| self.raise(index, rank));
    }

    /// About how many viewers it has: what Redis's `PFCOUNT` would answer.
    pub fn count(&self) -> u64 {
        estimate::of(self.registers().map(|(_, rank)| rank))
    }

    /// The sketch in bytes: up to 12,289 of them, the first of which says of which form they are.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Registers::Few(few) => {
                let few = few.iter().flat_map(|(index, rank)| {
                    let [high, low] = index.to_be_bytes();
                    [high, low, *rank]
                });
                std::iter::once(FORM_FEW).chain(few).collect()
            }
            Registers::All(all) => std::iter::once(FORM_ALL).chain(packed(all)).collect(),
        }
    }

    /// The sketch that [`to_bytes`](Self::to_bytes) made these bytes of. None if they are of an unknown form, or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.split_first()? {
            (&FORM_FEW, few) => {
                let (few, rest) = few.as_chunks::<3>();
                let few = few.iter().map(|[high, low, rank]| (u16::from_be_bytes([*high, *low]), *rank));
                rest.is_empty().then(|| Self::of(few))?
            }
            (&FORM_ALL, all) => Self::of_packed(all),
            _ => None,
        }
    }

    /// The sketch of viewers that Redis keeps as `value`. None if that is no HyperLogLog.
    pub(crate) fn from_redis(value: &[u8]) -> Option<Self> {
        redis::read(value)
    }

    /// Of these registers and zeros, if such can be.
    fn of(registers: impl Iterator<Item = (u16, u8)>) -> Option<Self> {
        let mut sketch = Self::default();
        for (index, rank) in registers {
            if usize::from(index) >= REGISTERS || !(1..=RANK_BITS + 1).contains(&rank.into()) {
                return None;
            }
            sketch.raise(index, rank);
        }
        Some(sketch)
    }

    fn of_packed(packed: &[u8]) -> Option<Self> {
        if packed.len() != PACKED {
            return None;
        }
        let (threes, _) = packed.as_chunks::<3>();
        let all = threes.iter().flat_map(|[one, two, three]| {
            [one & 63, one >> 6 | (two & 15) << 2, two >> 4 | (three & 3) << 4, three >> 2]
        });
        Self::of((0..).zip(all).filter(|(_, rank)| *rank > 0))
    }

    fn raise(&mut self, index: u16, rank: u8) {
        match &mut self.0 {
            Registers::All(all) => {
                let register = &mut all[usize::from(index)];
                *register = rank.max(*register);
            }
            Registers::Few(few) => match few.binary_search_by_key(&index, |(index, _)| *index) {
                Ok(place) => few[place].1 = rank.max(few[place].1),
                Err(place) if few.len() < FEW => few.insert(place, (index, rank)),
                Err(_) => {
                    let mut all = vec![0; REGISTERS].into_boxed_slice();
                    few.iter().for_each(|(index, rank)| all[usize::from(*index)] = *rank);
                    self.0 = Registers::All(all);
                    self.raise(index, rank);
                }
            },
        }
    }

    /// Those that are not zero.
    fn registers(&self) -> impl Iterator<Item = (u16, u8)> {
        let (few, all) = match &self.0 {
            Registers::Few(few) => (few.as_slice(), &[][..]),
            Registers::All(all) => (&[][..], &**all),
        };
        few.iter().copied().chain((0..).zip(all.iter().copied()).filter(|(_, rank)| *rank > 0))
    }
}

/// Registers in six bits each, the lowest first, as Redis has them.
fn packed(all: &[u8]) -> impl Iterator<Item = u8> {
    let (fours, _) = all.as_chunks::<4>();
    fours.iter().flat_map(|[one, two, three, four]| [one | two << 6, two >> 2 | three << 4, three >> 4 | four << 2])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn viewer(number: u64) -> Viewer {
        Viewer(u128::from(number).to_be_bytes())
    }

    fn of(viewers: std::ops::Range<u64>) -> Sketch {
        let mut sketch = Sketch::default();
        viewers.for_each(|number| sketch.add(viewer(number)));
        sketch
    }

    #[test]
    fn the_error_is_as_stated() {
        let (mut within_one, mut within_three, mut samples) = (0, 0, 0);
        for first in (0..50).map(|sample| sample << 32) {
            for viewers in [100, 1_000, 5_000, 20_000, 60_000] {
                let error = of(first..first + viewers).count() as f64 / viewers as f64 - 1.0;
                within_one += usize::from(error.abs() <= 0.0081);
                within_three += usize::from(error.abs() <= 0.0243);
                samples += 1;
            }
        }
        assert!(within_one * 3 >= samples * 2 - samples / 5, "{within_one} of {samples}");
        assert!(within_three * 100 >= samples * 99, "{within_three} of {samples}");
    }

    #[test]
    fn few_are_exact_but_for_one_now_and_then() {
        for viewers in 0..50 {
            assert!(of(0..viewers).count().abs_diff(viewers) <= 1, "{viewers}");
        }
    }

    #[test]
    fn a_viewer_counts_once_however_often_and_wherever() {
        let mut sketch = of(0..10_000);
        let count = sketch.count();
        sketch.merge(&of(0..10_000));
        sketch.merge(&of(0..10));
        assert_eq!((sketch.count(), sketch), (count, of(0..10_000)));
    }

    proptest! {
        #[test]
        fn the_order_of_merging_does_not_matter(cuts in prop::collection::vec(0u64..20_000, 1..5)) {
            let mut parts: Vec<_> = cuts.iter().map(|cut| of(0..*cut)).collect();
            let mut forwards = Sketch::default();
            parts.iter().for_each(|part| forwards.merge(part));
            let mut backwards = parts.pop().unwrap();
            parts.iter().rev().for_each(|part| backwards.merge(part));
            prop_assert_eq!(&forwards, &backwards);
            prop_assert_eq!(forwards.count(), of(0..*cuts.iter().max().unwrap()).count());
        }

        #[test]
        fn bytes_hold_a_sketch(viewers in 0u64..20_000) {
            let sketch = of(0..viewers);
            let bytes = sketch.to_bytes();
            prop_assert!(bytes.len() <= 1 + PACKED);
            prop_assert_eq!(Sketch::from_bytes(&bytes), Some(sketch));
        }

        #[test]
        fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Some(sketch) = Sketch::from_bytes(&bytes) {
                sketch.count();
            }
            let value = [b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0", bytes.as_slice()].concat();
            prop_assert!(Sketch::from_redis(&bytes).is_none());
            if let Some(sketch) = Sketch::from_redis(&value) {
                sketch.count();
            }
        }
    }

    #[test]
    fn what_is_no_sketch_is_refused() {
        for bytes in
            [&[][..], &[0], &[FORM_FEW, 0, 1], &[FORM_FEW, 64, 0, 1], &[FORM_FEW, 0, 0, 52], &[FORM_ALL, 0], &[3]]
        {
            assert_eq!(Sketch::from_bytes(bytes), None, "{bytes:?}");
        }
        assert_eq!(Sketch::from_bytes(&[FORM_FEW]), Some(Sketch::default()));
    }
}
