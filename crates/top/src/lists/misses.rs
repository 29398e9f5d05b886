use std::cmp::Reverse;

use super::per_second;
use crate::figures::{NOTHING, percent, printable, whole, words};
use crate::history::{History, missed_because, of_space, of_spaces};
use crate::sheet::{Column, Row, Sheet};
use crate::tide::Space;

const COLUMNS: &[Column] = &[
    Column::text("reason", 18, 0),
    Column::number("misses/s", 9, 0),
    Column::number("lately", 9, 0),
    Column::number("%", 5, 0),
    Column::text("mostly of", Column::REST, 0),
];

/// Why lookups went to the database, the most frequent reason first.
pub(super) fn sheet(history: &History) -> Sheet {
    let spaces = history.latest().map_or(&[][..], |sample| &sample.tide.spaces[..]);
    let mut reasons: Vec<_> =
        spaces.iter().flat_map(|space| &space.misses).map(|misses| misses.reason.as_str()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let of_all = |reason| of_spaces(|_| true, missed_because(reason));
    let mut reasons: Vec<_> = reasons.into_iter().map(|reason| (reason, history.lately(of_all(reason)))).collect();
    reasons.sort_by_key(|(_, count)| Reverse(*count));
    let all = reasons.iter().map(|(_, count)| count).sum();
    let rows = reasons.into_iter().map(|(reason, count)| {
        let of = |space: &Space| history.lately(of_space(&space.name, missed_because(reason)));
        let most = spaces.iter().max_by_key(|space| of(space)).filter(|space| of(space) > 0);
        Row::new(vec![
            words(reason),
            per_second(history, of_all(reason)),
            whole(count),
            percent(count, all),
            most.map_or_else(|| NOTHING.to_owned(), |space| printable(&space.name)),
        ])
    });
    Sheet {
        columns: COLUMNS,
        rows: rows.collect(),
        order: None,
        holds_counts: history.has_no_past(),
        empty: "nothing has been missed yet".to_owned(),
    }
}
