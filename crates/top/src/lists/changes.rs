use crate::changes::{Changes, Entry};
use crate::figures::{NOTHING, clock, printable, words};
use crate::sheet::{Column, Row, Sheet, Tone};
use crate::tide::Change;

const COLUMNS: &[Column] = &[
    Column::text("seen at", 8, 0),
    Column::text("by", 11, 0),
    Column::text("what", 7, 0),
    Column::text("row", Column::REST, 0),
    Column::text("columns", 24, 90),
    Column::text("writer", 20, 130),
    Column::number("transaction", 11, 145),
];

/// The changes of the database, the latest first.
pub(super) fn sheet(changes: &Changes) -> Sheet {
    let rows = changes.entries().iter().map(|entry| match entry {
        Entry::Changed(change) => changed(change),
        Entry::Gap(what) => gap(what),
    });
    Sheet {
        columns: COLUMNS,
        rows: rows.collect(),
        order: None,
        holds_counts: false,
        empty: "nothing has changed yet".to_owned(),
    }
}

fn changed(change: &Change) -> Row {
    let (by, tone) = match change.writer.as_str() {
        "THIS_SERVER" => ("this server".to_owned(), Tone::Plain),
        "ANOTHER_SERVER" => ("another".to_owned(), Tone::Plain),
        "OUTSIDE" => ("outside".to_owned(), Tone::Notable),
        other => (words(other), Tone::Plain),
    };
    let or_nothing = |text: Option<&str>| text.map_or_else(|| NOTHING.to_owned(), printable);
    let cells = vec![
        clock(change.seen_at),
        by,
        words(&change.operation),
        printable(&change.row),
        or_nothing(change.columns.as_ref().map(|columns| columns.join(" ")).as_deref()),
        or_nothing(change.writer_name.as_deref()),
        or_nothing(change.transaction.as_deref()),
    ];
    Row { cells, tone }
}

fn gap(what: &str) -> Row {
    let mut cells = vec![String::new(); COLUMNS.len()];
    cells[3] = format!("({what})");
    Row { cells, tone: Tone::Bad }
}
