use crate::figures::{date, printable, whole};
use crate::history::History;
use crate::sheet::{Column, Row, Sheet, Tone};

const COLUMNS: &[Column] =
    &[Column::text("job", Column::REST, 0), Column::number("attempts", 8, 0), Column::text("given up at", 19, 0)];

/// The background jobs that were given up, the latest first.
pub(super) fn sheet(history: &History) -> Sheet {
    let (dead, empty) = match history.latest().map(|sample| &sample.jobs) {
        Some(Ok(jobs)) => (&jobs.dead[..], "no job is dead".to_owned()),
        Some(Err(sentence)) => (&[][..], sentence.clone()),
        None => (&[][..], "nothing is known of jobs yet".to_owned()),
    };
    let rows = dead.iter().map(|job| {
        let cells = vec![printable(&job.name), whole(job.attempts), date(job.died_at)];
        Row { cells, tone: Tone::Bad }
    });
    Sheet { columns: COLUMNS, rows: rows.collect(), order: None, holds_counts: false, empty }
}
