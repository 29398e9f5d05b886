use super::per_second;
use crate::figures::{NOTHING, milliseconds, percent, printable, words};
use crate::history::{History, of_operation};
use crate::sheet::{Column, Row, Sheet, Tone};
use crate::tide::Operation;

const COLUMNS: &[Column] = &[
    Column::text("operation", Column::REST, 0),
    Column::number("asked/s", 8, 0),
    Column::number("kept %", 6, 0),
    Column::number("hit %", 5, 0),
    Column::number("gate ms", 7, 80),
    Column::number("Redis ms", 8, 90),
    Column::number("database ms", 12, 0),
    Column::number("failed/s", 9, 0),
    Column::text("misses mostly", 16, 110),
];

/// By what the operations are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OperationOrder {
    /// The most asked for first.
    #[default]
    Asked,
    /// Those first that have kept the database busiest.
    Database,
    /// Those first that have failed most.
    Failed,
}

/// What an operation has done lately.
struct Lately<'a> {
    operation: &'a Operation,
    count: u64,
    remembered: u64,
    failed: u64,
    cached: u64,
    loaded: u64,
    database_seconds: f64,
}

impl OperationOrder {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Asked => Self::Database,
            Self::Database => Self::Failed,
            Self::Failed => Self::Asked,
        }
    }

    fn column(self) -> usize {
        match self {
            Self::Asked => 1,
            Self::Database => 6,
            Self::Failed => 7,
        }
    }
}

/// The busiest operations. Times are what one of them waits for on average.
pub(super) fn sheet(history: &History, order: OperationOrder) -> Sheet {
    let operations = history.latest().map_or(&[][..], |sample| &sample.tide.operations[..]);
    let mut operations: Vec<_> = operations.iter().map(|operation| lately(history, operation)).collect();
    operations.sort_by(|one, other| {
        let ordered = match order {
            OperationOrder::Asked => other.count.cmp(&one.count),
            OperationOrder::Database => other.database_seconds.total_cmp(&one.database_seconds),
            OperationOrder::Failed => other.failed.cmp(&one.failed),
        };
        ordered.then_with(|| other.operation.count.cmp(&one.operation.count))
    });
    Sheet {
        columns: COLUMNS,
        rows: operations.iter().map(|lately| row(history, lately)).collect(),
        order: Some(order.column()),
        holds_counts: history.has_no_past(),
        empty: "no operation has been executed yet".to_owned(),
    }
}

fn lately<'a>(history: &History, operation: &'a Operation) -> Lately<'a> {
    let count = |number: fn(&Operation) -> u64| history.lately(of_operation(operation, number));
    Lately {
        operation,
        count: count(|operation| operation.count),
        remembered: count(|operation| operation.remembered),
        failed: count(|operation| operation.failed),
        cached: count(|operation| operation.cached),
        loaded: count(|operation| operation.database),
        database_seconds: history.lately_seconds(of_operation(operation, |operation| operation.database_seconds)),
    }
}

fn row(history: &History, lately: &Lately<'_>) -> Row {
    let Lately { operation, count, remembered, failed, cached, loaded, database_seconds } = *lately;
    let average = |seconds: f64| match count {
        0 => NOTHING.to_owned(),
        count => milliseconds(seconds / count as f64),
    };
    let seconds = |number: fn(&Operation) -> f64| average(history.lately_seconds(of_operation(operation, number)));
    let mostly = operation.misses.iter().max_by_key(|misses| misses.count);
    let cells = vec![
        name(operation),
        per_second(history, of_operation(operation, |operation| operation.count)),
        percent(remembered, count),
        percent(cached, cached + loaded),
        seconds(|operation| operation.gate_seconds),
        seconds(|operation| operation.redis_seconds),
        average(database_seconds),
        per_second(history, of_operation(operation, |operation| operation.failed)),
        mostly.map_or_else(|| NOTHING.to_owned(), |misses| words(&misses.reason)),
    ];
    Row { cells, tone: if failed > 0 { Tone::Notable } else { Tone::Plain } }
}

/// Its name, or else the beginning of its document's hash.
fn name(operation: &Operation) -> String {
    match &operation.name {
        Some(name) => printable(name),
        None => format!("(document {})", printable(&operation.document.chars().take(8).collect::<String>())),
    }
}
