//! The cells and what their rounds measured.

use serde::Serialize;

use crate::measurement::Measurement;
use crate::statistics::Spread;

/// One system under one workload.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Cell {
    /// The workload, W1 to W7.
    pub(crate) workload: &'static str,
    /// The system.
    pub(crate) system: String,
    /// What kind of system that is.
    pub(crate) category: &'static str,
    /// Whether a stale answer is a failure.
    pub(crate) must_be_fresh: bool,
    /// One for each round.
    pub(crate) rounds: Vec<Measurement>,
}

/// All cells, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Results {
    cells: Vec<Cell>,
}

impl Results {
    /// Adds what a round of a cell measured, and says so on standard error.
    pub(crate) fn add(&mut self, cell: Cell, measurement: Measurement) {
        eprintln!(
            "  {}/{}: {:.0} requests/s, {} errors, {} wrong, {} stale{}",
            cell.workload,
            cell.system,
            measurement.requests_per_second,
            measurement.errors,
            measurement.wrong,
            measurement.stale,
            measurement.complaint.as_deref().map(|complaint| format!(" ({complaint})")).unwrap_or_default()
        );
        let known = self.cells.iter_mut().find(|known| known.workload == cell.workload && known.system == cell.system);
        match known {
            Some(known) => known.rounds.push(measurement),
            None => self.cells.push(Cell { rounds: vec![measurement], ..cell }),
        }
    }

    /// The cells, by workload, and within each in the order of `systems`; what is not there comes last.
    pub(crate) fn into_cells(self, systems: &[String]) -> Vec<Cell> {
        let mut cells = self.cells;
        let place = |cell: &Cell| systems.iter().position(|name| *name == cell.system).unwrap_or(usize::MAX);
        cells.sort_by(|one, other| {
            (one.workload, place(one), &one.system).cmp(&(other.workload, place(other), &other.system))
        });
        cells
    }
}

impl Cell {
    /// A cell without rounds yet.
    pub(crate) fn new(workload: &'static str, system: &str, category: &'static str, must_be_fresh: bool) -> Self {
        Self { workload, system: system.to_owned(), category, must_be_fresh, rounds: Vec::new() }
    }

    /// One number over all rounds that have it.
    pub(crate) fn spread(&self, number: impl Fn(&Measurement) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.rounds.iter().filter_map(number))
    }

    /// Answers in a second.
    pub(crate) fn throughput(&self) -> Option<Spread> {
        self.spread(|measurement| Some(measurement.requests_per_second))
    }

    /// How often something happened in all rounds together.
    pub(crate) fn total(&self, number: impl Fn(&Measurement) -> u64) -> u64 {
        self.rounds.iter().map(number).sum()
    }

    /// What keeps the cell from counting.
    pub(crate) fn faults(&self) -> u64 {
        let stale = if self.must_be_fresh { self.total(|measurement| measurement.stale) } else { 0 };
        self.total(|measurement| measurement.errors + measurement.wrong) + stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(requests_per_second: f64, stale: u64) -> Measurement {
        Measurement { requests_per_second, stale, ..Measurement::default() }
    }

    #[test]
    fn rounds_of_one_cell_come_together_and_systems_in_their_order() {
        let mut results = Results::default();
        for (workload, system, rate) in [("W2", "b", 1.0), ("W1", "b", 3.0), ("W1", "a", 5.0), ("W1", "b", 9.0)] {
            results.add(Cell::new(workload, system, "peer", false), measured(rate, 0));
        }
        let cells = results.into_cells(&["b".to_owned(), "a".to_owned()]);
        let names: Vec<_> = cells.iter().map(|cell| (cell.workload, cell.system.as_str(), cell.rounds.len())).collect();
        assert_eq!(names, [("W1", "b", 2), ("W1", "a", 1), ("W2", "b", 1)]);
        assert_eq!(cells[0].throughput().map(|spread| spread.median), Some(6.0));
    }

    #[test]
    fn staleness_is_a_fault_only_of_who_promises_otherwise() {
        for (must_be_fresh, faults) in [(true, 2), (false, 0)] {
            let mut cell = Cell::new("W3", "a", "peer", must_be_fresh);
            cell.rounds = vec![measured(1.0, 2), measured(1.0, 0)];
            assert_eq!(cell.faults(), faults);
        }
    }
}
