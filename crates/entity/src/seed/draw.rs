/// Numbers that look random and are the same everywhere: SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom
/// number generators"). Generators of the common libraries may change with a version, and every row and id with them.
pub(super) struct Draw(u64);

impl Draw {
    /// The sequence of `number` among those of `subject` under `seed`.
    pub(super) fn new(seed: u64, subject: u64, number: u32) -> Self {
        let subject = Self(seed ^ subject).next();
        Self(subject ^ u64::from(number))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` - 1. The bound is small, so that the bias towards small numbers is not seen.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.next() % u64::from(bound.max(1))).unwrap_or_default()
    }

    /// One of `choices`, which has some.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.next() % choices.len() as u64;
        choices[usize::try_from(index).unwrap_or_default()]
    }

    /// Ten bytes.
    pub(super) fn bytes(&mut self) -> [u8; 10] {
        std::array::from_fn(|_| self.next().to_le_bytes()[0])
    }
}
