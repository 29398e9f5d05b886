//! How far a client has come with each key.

use std::cmp::Ordering;

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
        entry.seen = higher(entry.seen, Floor { version, own });
        if marked {
            entry.marked = higher(entry.marked, Floor { version, own });
        }
    }
}

/// What a client wrote stays its own when it is shown to it, too.
fn higher(before: Floor, now: Floor) -> Floor {
    match before.version.cmp(&now.version) {
        Ordering::Less => now,
        Ordering::Equal => Floor { own: before.own || now.own, ..now },
        Ordering::Greater => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_ones_own_whenever_it_is_shown() {
        for own in [[true, false], [false, true]] {
            let mut floors = Floors::default();
            for own in own {
                floors.raise(3, 7, own, true);
            }
            assert_eq!(floors.get(3, Memory::All), Floor { version: 7, own: true });
            assert_eq!(floors.get(3, Memory::Marked), Floor { version: 7, own: true });
        }
    }

    #[test]
    fn a_floor_only_rises_and_a_mark_holds_what_came_with_marks() {
        let mut floors = Floors::default();
        floors.raise(0, 5, false, true);
        floors.raise(0, 6, false, false);
        floors.raise(0, 4, true, true);
        assert_eq!(floors.get(0, Memory::All), Floor { version: 6, own: false });
        assert_eq!(floors.get(0, Memory::Marked), Floor { version: 5, own: false });
        assert_eq!(floors.get(0, Memory::None), Floor::default());
    }
}
