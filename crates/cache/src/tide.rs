use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;
use tidewater_changelog::{Change, Generation, Mark, fault};

use crate::ring::Ring;
use crate::tide_table::{TideTable, TideTableWriter};
use crate::tracked::Tracked;
use crate::{Footprint, HistoryMark, MissReason, Position};

/// What this process knows of the database's changes.
#[derive(Debug)]
pub(crate) struct Tide {
    table: Arc<TideTable>,
    ring: RwLock<Ring>,
    now: RwLock<Arc<Now>>,
}

/// What was known at the end of the last successful poll. Whatever is read from the database later includes it.
#[derive(Clone, Debug)]
pub(crate) struct Now {
    pub(crate) position: Position,
    pub(crate) mark: Mark,
    pub(crate) generation: Generation,
    told: OnceLock<HistoryMark>,
}

/// The poller's side of the tide: the only one that moves it.
#[derive(Debug)]
pub(crate) struct TideWriter {
    tide: Arc<Tide>,
    table: TideTableWriter,
    tracked: Arc<Tracked>,
    started: bool,
    /// Never anything, unless a protection is switched off.
    late: Vec<Change>,
}

impl Now {
    fn new(position: Position, mark: Mark, generation: Generation) -> Self {
        Self { position, mark, generation, told: OnceLock::new() }
    }

    /// The mark as clients are told it.
    pub(crate) fn history_mark(&self) -> &HistoryMark {
        self.told.get_or_init(|| HistoryMark::new(self.generation.clone(), self.mark.clone()))
    }
}

impl Tide {
    /// Whether nothing in `footprint` is known to have changed after `as_of`.
    pub(crate) fn valid(&self, footprint: &Footprint, as_of: Position) -> bool {
        self.table.valid(footprint, as_of)
    }

    /// Nothing that was read before this position is valid.
    pub(crate) fn floor(&self) -> Position {
        self.table.floor()
    }

    /// Why what was read as of `as_of` is not valid.
    pub(crate) fn why_not(&self, as_of: Position) -> MissReason {
        if as_of < self.floor() { MissReason::Restarted } else { MissReason::Changed }
    }

    /// Whether what was read as of `as_of`, and is not valid, would be if the table had not had to forget.
    pub(crate) fn is_only_forgotten(&self, footprint: &Footprint, as_of: Position) -> bool {
        self.table.is_only_forgotten(footprint, as_of)
    }

    /// How many changes the table knows, how many it can know, and how many it had to forget.
    pub(crate) fn occupancy(&self) -> (u64, u64, u64) {
        self.table.occupancy()
    }

    pub(crate) fn now(&self) -> Arc<Now> {
        Arc::clone(&self.now.read())
    }

    /// The newest position of which everything is visible at `mark`.
    pub(crate) fn place(&self, generation: &Generation, mark: &Mark) -> Option<Position> {
        self.ring.read().newest_included_in(generation, mark)
    }
}

impl TideWriter {
    /// A tide of which nothing is known yet.
    pub(crate) fn new(table_bytes: usize, tracked: Arc<Tracked>) -> (Arc<Tide>, Self) {
        let (table, writer) = TideTable::new(table_bytes);
        let generation = Generation::new("");
        let now = Now::new(Position::default(), Mark::Sequence(0), generation.clone());
        let ring = RwLock::new(Ring::new(generation, []));
        let tide = Arc::new(Tide { table, ring, now: RwLock::new(Arc::new(now)) });
        (Arc::clone(&tide), Self { tide, table: writer, tracked, started: false, late: Vec::new() })
    }

    /// Notes what a poll saw newly. What it returns is to be published now that everything is noted. None if there is nothing
    /// to go on from.
    pub(crate) fn note(&mut self, mark: Mark, changes: &[Change]) -> Option<Now> {
        if !self.started {
            return None;
        }
        let before = self.tide.now();
        let mut position = before.position;
        if !changes.is_empty() {
            position = position.next();
            if fault::is_off("note_before_publish") {
                self.late.extend_from_slice(changes);
            } else {
                self.raise(changes, position);
            }
            self.tide.ring.write().push(position, mark.clone());
        }
        Some(Now::new(position, mark, before.generation.clone()))
    }

    /// Notes what a broken protection has left out.
    pub(crate) async fn note_late(&mut self) {
        if !self.late.is_empty() {
            fault::hold("before_late_note").await;
            let changes = std::mem::take(&mut self.late);
            self.raise(&changes, self.tide.now().position);
        }
    }

    /// Makes a position known to all readers, with its mark.
    pub(crate) fn publish(&self, now: Now) -> Position {
        let position = now.position;
        *self.tide.now.write() = Arc::new(now);
        position
    }

    /// Starts over: nothing read before is valid, and each step of `history` becomes a position. None if there is no step.
    pub(crate) fn start_over(&mut self, generation: Generation, history: Vec<(Mark, Vec<Change>)>) -> Option<Position> {
        let mut position = self.tide.now().position;
        self.table.forget_before(position.next());
        let mut marks = Vec::with_capacity(history.len());
        for (mark, changes) in history {
            position = position.next();
            self.raise(&changes, position);
            marks.push((position, mark));
        }
        let (_, mark) = marks.last()?.clone();
        // A mark may be placed as soon as the ring holds it, so the ring comes after all that is noted.
        *self.tide.ring.write() = Ring::new(generation.clone(), marks);
        self.started = true;
        Some(self.publish(Now::new(position, mark, generation)))
    }

    pub(crate) fn now(&self) -> Arc<Now> {
        self.tide.now()
    }

    pub(crate) fn tracked(&self) -> &Tracked {
        &self.tracked
    }

    fn raise(&mut self, changes: &[Change], at: Position) {
        for change in changes {
            self.tracked.keys(change, |key| self.table.raise(key, at));
        }
    }
}
