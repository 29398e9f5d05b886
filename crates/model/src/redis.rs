use crate::Protections;
use crate::contract::Content;
use crate::snapshot::Snapshot;

/// Redis as an adversary: it answers a GET with anything that was ever to be stored under the key, or with nothing.
///
/// That covers writes that are delivered late or never, keys that are lost, evicted or unlinked, replicas that lag, and old
/// dumps that are put back, without a step for any of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Redis(Vec<Envelope>);

/// A memo as Redis holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Envelope {
    /// A part of the key.
    pub generation: u8,
    /// What was visible to the process that filled it, before it read the source.
    pub mark: Snapshot,
    /// What the source answered.
    pub value: Content,
}

impl Redis {
    /// A write is queued.
    pub fn write(&mut self, envelope: Envelope) {
        if let Err(place) = self.0.binary_search(&envelope) {
            self.0.insert(place, envelope);
        }
    }

    /// What may be found under the key of a generation.
    pub fn found(&self, generation: u8, protections: &Protections) -> impl Iterator<Item = Envelope> {
        let any = !protections.keys_carry_the_generation;
        self.0.iter().copied().filter(move |envelope| any || envelope.generation == generation)
    }
}
