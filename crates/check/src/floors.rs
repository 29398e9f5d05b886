//! How far a client has come with each key.

use crate::judge::Floor;

/// How far one client has come with each key.
#[derive(Default)]
pub(crate) struct Floors {
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    /// By everything that the client wrote or was shown.
    seen: Floor,
    /// By what came with a mark that the client sends back.
    marked: Floor,
}

/// Which of its past a client may hold a server to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// All of it: the answer may not be older than its request.
    All,
    /// What the mark in the request stands for.
    Marked,
    /// Nothing.
    None,
}

impl Floors {
    pub(crate) fn get(&self, serial: u32, memory: Memory) -> Floor {
        let entry = self.entries.get(serial as usize).copied().unwrap_or_default();
        match memory {
            Memory::All => entry.seen,
            Memory::Marked => entry.marked,
            Memory::None => Floor::default(),
        }
    }

    /// The client wrote, or was shown, `version`; `marked` if a mark came with it that the client will send back.
    pub(crate) fn raise(&mut self, serial: u32, version: u32, own: bool, marked: bool) {
        if version == 0 {
            return;
        }
        let place = serial as usize;
        if self.entries.len() <= place {
            self.entries.resize(place + 1, Entry::default());
        }
        let entry = &mut self.entries[place];
        let floor = Floor { version, own };
        if entry.seen.version < version {
            entry.seen = floor;
        }
        if marked && entry.marked.version < version {
            entry.marked = floor;
        }
    }
}
