use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tidewater_changelog::Mark;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::Footprint;

/// Changes with everything that a stored memo's meaning hangs on: this file and the hashes of footprints.
const FORMAT: u8 = 1;
const CHECKSUM: usize = size_of::<u64>();

/// A memo as Redis holds it: the format byte, a checksum over the key and the rest, the rest in postcard.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope<'a> {
    /// What was visible to the process that filled it, before it read the source.
    pub mark: Mark,
    /// What it depends on.
    pub footprint: Footprint,
    /// When it was filled, in milliseconds since 1970 by the filler's clock. Tells its age, and nothing about its freshness.
    pub filled_at: u64,
    /// How long it was to be kept then, in milliseconds.
    pub lifetime: u64,
    /// The value in postcard.
    pub value: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// None if there is no way to write it down, which no mark and no footprint gives cause for.
    pub fn encode(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = vec![FORMAT];
        bytes.extend([0; CHECKSUM]);
        let mut bytes = postcard::to_extend(self, bytes).ok()?;
        let checksum = checksum(key, &bytes[1 + CHECKSUM..]);
        bytes[1..=CHECKSUM].copy_from_slice(&checksum);
        Some(bytes)
    }

    /// None if `bytes` is anything else than what [`Self::encode`] gave for this key.
    pub fn decode(key: &[u8], bytes: &'a [u8]) -> Option<Self> {
        let (format, rest) = bytes.split_first()?;
        let (expected, rest) = rest.split_at_checked(CHECKSUM)?;
        if *format != FORMAT || checksum(key, rest) != *expected {
            return None;
        }
        whole(rest)
    }

    /// How much longer it may be kept, if `policy` allows as much; zero if no longer.
    pub(crate) fn remaining(&self, policy: Duration) -> Duration {
        policy.min(Duration::from_millis(self.lifetime)).saturating_sub(self.age())
    }

    /// How long ago it was filled, by the clocks of this machine and the filler's.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(now().saturating_sub(self.filled_at))
    }
}

/// Reads a value that takes all of `bytes`.
pub(crate) fn whole<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn checksum(key: &[u8], rest: &[u8]) -> [u8; CHECKSUM] {
    xxh3_64_with_seed(rest, xxh3_64_with_seed(key, u64::from(FORMAT))).to_le_bytes()
}
