//! The lines above the lists: how the server does as a whole.

use std::time::Duration;

use crate::figures::{NOTHING, bars, bytes, date, duration, milliseconds, number, percent, printable, whole};
use crate::history::{History, of_spaces};
use crate::sheet::Tone;
use crate::state::State;
use crate::tide::{Jobs, Space, Tide};

/// How many values a line has bars for.
const BARS: usize = 24;

/// A line: what it is about, and parts of which the first matter most.
pub(crate) struct Line {
    pub(crate) title: &'static str,
    pub(crate) parts: Vec<Part>,
}

/// A part of a line.
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

impl Part {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    fn faint(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Faint }
    }

    fn bad(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Bad }
    }
}

/// The lines, `now` being the time since this program began; none where it only looks once.
pub(crate) fn lines(state: &State, now: Option<Duration>) -> Vec<Line> {
    let mut lines = vec![Line { title: "server", parts: server(state, now) }];
    if let Some(sample) = state.history.latest() {
        lines.push(Line { title: "source", parts: source(&sample.tide) });
        lines.push(Line { title: "gate", parts: gate(&state.history) });
        lines.push(Line { title: "times", parts: times(&state.history) });
        lines.push(Line { title: "hits", parts: hits(&state.history) });
        lines.push(Line { title: "jobs", parts: jobs(&sample.jobs) });
    }
    for line in &mut lines {
        line.parts.retain(|part| !part.text.is_empty());
    }
    lines
}

fn server(state: &State, now: Option<Duration>) -> Vec<Part> {
    let mut parts = vec![Part::plain(&state.url)];
    if let Some(sample) = state.history.latest() {
        parts.push(match (&state.asking, now) {
            (Some(_), Some(now)) => Part::bad(format!("as it was {} ago", duration(now.saturating_sub(state.told_at)))),
            _ => Part::plain(format!("{} UTC", date(sample.tide.now))),
        });
        parts.push(Part::plain(format!("#{}", printable(&sample.tide.server))));
    }
    parts.extend(now.map(|now| Part::faint(format!("watched for {}", duration(now)))));
    parts
}

fn source(tide: &Tide) -> Vec<Part> {
    let mut parts = vec![match tide.polls.is_failing {
        false => Part::plain("database answers"),
        true => Part::bad("database does not answer"),
    }];
    parts.push(match &tide.redis {
        None => Part::faint("no Redis"),
        Some(redis) if redis.is_reachable => Part::plain("Redis answers"),
        Some(_) => Part::bad("Redis does not answer"),
    });
    parts.push(Part::plain(format!("position {}", whole(tide.mark.position))));
    parts.push(Part::plain(format!("{} in memory", bytes(tide.memory_bytes))));
    if let Some(redis) = tide.redis.as_ref().filter(|redis| redis.dropped_writes > 0) {
        parts.push(Part::plain(format!("{} writes to Redis dropped", whole(redis.dropped_writes))));
    }
    parts.push(Part::plain(format!("{} followers", whole(tide.polls.followers))));
    parts
}

fn gate(history: &History) -> Vec<Part> {
    let passes = |tide: &Tide| tide.polls.passes;
    let polls = |tide: &Tide| tide.polls.polls;
    let mut parts = match (history.rate(passes), history.rate(polls)) {
        (Some(asked), Some(polled)) => {
            vec![Part::plain(format!("{} asked/s", number(asked))), Part::plain(format!("{} polls/s", number(polled)))]
        }
        _ => vec![
            Part::plain(format!("{} asked", whole(history.lately(passes)))),
            Part::plain(format!("{} polls", whole(history.lately(polls)))),
        ],
    };
    // The server tells how long operations have waited, and this of the busiest.
    let waited = history.lately_seconds(|tide| tide.operations.iter().map(|operation| operation.gate_seconds).sum());
    let waiters = history.lately(|tide| tide.operations.iter().map(|operation| operation.count).sum());
    if waiters > 0 {
        parts.push(Part::plain(format!("{} ms waited by an operation", milliseconds(waited / waiters as f64))));
    }
    parts.push(Part::faint(bars(&history.rates(BARS, passes))));
    parts
}

/// How long was waited for what.
fn times(history: &History) -> Vec<Part> {
    let gate = history.lately_lasted(|tide| Some(&tide.polls.waits));
    let database = history.lately_lasted(|tide| Some(&tide.database.latency));
    let redis = history.lately_lasted(|tide| tide.redis.as_ref().map(|redis| &redis.latency));
    let mut parts = Vec::new();
    for (name, durations) in [("gate", gate), ("database", database), ("Redis", redis)] {
        let Some(durations) = durations else { continue };
        let quantiles = [0.5, 0.95, 0.99].map(|share| durations.quantile(share).map(milliseconds));
        let text = match quantiles {
            [Some(half), Some(most), Some(nearly_all)] => format!("{name} {half}/{most}/{nearly_all} ms"),
            _ => format!("{name} {NOTHING}"),
        };
        parts.push(Part::plain(text));
    }
    let of = if history.has_no_past() { "since its start" } else { "of the last minute" };
    parts.push(Part::faint(format!("p50/p95/p99 {of}")));
    parts
}

fn hits(history: &History) -> Vec<Part> {
    let lookups = of_spaces(Space::is_of_values, Space::lookups);
    let share = |which: fn(&Space) -> bool| {
        percent(history.lately(of_spaces(which, Space::hits)), history.lately(of_spaces(which, Space::lookups)))
    };
    let looked = match history.rate(&lookups) {
        Some(rate) => format!("{} lookups/s", number(rate)),
        None => format!("{} lookups", whole(history.lately(&lookups))),
    };
    vec![
        Part::plain(format!("values {} %", share(Space::is_of_values))),
        Part::plain(format!("responses {} %", share(Space::is_of_responses))),
        Part::plain(looked),
        Part::faint(bars(&history.rates(BARS, &lookups))),
    ]
}

fn jobs(jobs: &Result<Jobs, String>) -> Vec<Part> {
    let counts = match jobs {
        Ok(jobs) => &jobs.counts,
        Err(sentence) => return vec![Part::bad(sentence)],
    };
    let dead = format!("{} dead", whole(counts.dead));
    vec![
        Part::plain(format!("{} queued", whole(counts.queued))),
        Part::plain(format!("{} running", whole(counts.running))),
        Part::plain(format!("{} scheduled", whole(counts.scheduled))),
        if counts.dead > 0 { Part::bad(dead) } else { Part::plain(dead) },
    ]
}
