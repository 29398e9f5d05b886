use super::per_second;
use crate::figures::{bars, percent, printable};
use crate::history::{History, of_space};
use crate::sheet::{Column, Row, Sheet};
use crate::tide::Space;

const COLUMNS: &[Column] = &[
    Column::text("kind", Column::REST, 0),
    Column::number("hit %", 6, 0),
    Column::number("memory %", 8, 0),
    Column::number("Redis %", 7, 0),
    Column::number("lookups/s", 10, 0),
    Column::number("misses/s", 9, 0),
    Column::number("changed/s", 10, 80),
    Column::number("fills/s", 8, 90),
    Column::text("lookups lately", BARS as u16, 115),
];

const BARS: usize = 24;

/// By what the kinds of values are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ValueOrder {
    /// The most looked for first.
    #[default]
    Lookups,
    /// The most missed first.
    Misses,
    /// The least hit first.
    Hits,
    /// By name.
    Kind,
}

impl ValueOrder {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Lookups => Self::Misses,
            Self::Misses => Self::Hits,
            Self::Hits => Self::Kind,
            Self::Kind => Self::Lookups,
        }
    }

    fn column(self) -> usize {
        match self {
            Self::Kind => 0,
            Self::Hits => 1,
            Self::Lookups => 4,
            Self::Misses => 5,
        }
    }
}

/// What was served of each kind of value, and from where.
pub(super) fn sheet(history: &History, order: ValueOrder) -> Sheet {
    let spaces = history.latest().map_or(&[][..], |sample| &sample.tide.spaces[..]);
    let lately = |space: &Space, count: fn(&Space) -> u64| history.lately(of_space(&space.name, count));
    let mut spaces: Vec<_> = spaces
        .iter()
        .map(|space| (space, lately(space, Space::lookups), lately(space, Space::hits)))
        // What was never looked for is not there to be looked at.
        .filter(|(space, ..)| space.lookups() > 0)
        .collect();
    spaces.sort_by(|(one, lookups, hits), (other, other_lookups, other_hits)| {
        let ordered = match order {
            ValueOrder::Lookups => other_lookups.cmp(lookups),
            ValueOrder::Misses => (other_lookups - other_hits).cmp(&(lookups - hits)),
            ValueOrder::Hits => share(*hits, *lookups).total_cmp(&share(*other_hits, *other_lookups)),
            ValueOrder::Kind => one.name.cmp(&other.name),
        };
        ordered.then_with(|| one.name.cmp(&other.name))
    });
    let rows = spaces.into_iter().map(|(space, lookups, hits)| {
        let rate = |count: fn(&Space) -> u64| per_second(history, of_space(&space.name, count));
        Row::new(vec![
            printable(&space.name),
            percent(hits, lookups),
            percent(lately(space, |space| space.memory_hits), lookups),
            percent(lately(space, |space| space.redis_hits), lookups),
            rate(Space::lookups),
            rate(Space::missed),
            rate(|space| space.invalidations),
            rate(|space| space.fills),
            bars(&history.rates(BARS, of_space(&space.name, Space::lookups))),
        ])
    });
    Sheet {
        columns: COLUMNS,
        rows: rows.collect(),
        order: Some(order.column()),
        holds_counts: history.has_no_past(),
        empty: "nothing has been looked for yet".to_owned(),
    }
}

fn share(hits: u64, lookups: u64) -> f64 {
    if lookups == 0 { 1.0 } else { hits as f64 / lookups as f64 }
}
