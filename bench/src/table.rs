//! The cells as Markdown, one table for each workload.

use std::fmt::Write;

use crate::measurement::Measurement;
use crate::results::Cell;

const WORKLOADS: [(&str, &str); 7] = [
    ("W1", "a todo with its owner, 200 hot ids"),
    ("W2", "a list of 20 todos with owners and profiles, 50 hot users"),
    ("W3", "W1 and W2 with 5 % changes of what they show"),
    ("W4", "todos that are in no cache, each once"),
    ("W5", "changes only, with and without the change log"),
    ("W6", "200 hot ids once after a restart, with Redis kept and flushed"),
    ("W7", "W1 over 16 connections, alone and beside 1,000 hostile requests"),
];

const HEAD: &str = "| system | kind | requests/s (min–max) | of static | of best peer | p50 ms | p99 ms | server µs | PostgreSQL µs | \
                    Redis µs | generator µs | polls/s | statements | stale | faults | memory MiB |\n\
                    | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n";

/// All tables. Microseconds are processor time for each answer; everything is the median over the rounds.
pub(crate) fn render(cells: &[Cell]) -> String {
    let mut text = String::new();
    for (workload, title) in WORKLOADS {
        let cells: Vec<&Cell> = cells.iter().filter(|cell| cell.workload == workload).collect();
        if cells.is_empty() {
            continue;
        }
        let limit = cells.iter().find(|cell| cell.system == "static").and_then(|cell| rate(cell));
        let peers = cells.iter().filter(|cell| cell.category.starts_with("peer"));
        let best_peer = peers.filter_map(|cell| rate(cell)).max_by(f64::total_cmp);
        // Writing to a String cannot fail.
        let _ = write!(text, "### {workload}: {title}\n\n{HEAD}");
        for cell in &cells {
            let _ = writeln!(text, "{}", row(cell, limit, best_peer));
        }
        if let Some(ratio) = ratio_of(&cells, "logged", "unlogged") {
            let _ = write!(
                text,
                "\nWith the change log there are {ratio} of the changes a second that there are without.\n"
            );
        }
        text.push('\n');
    }
    text
}

fn row(cell: &Cell, limit: Option<f64>, best_peer: Option<f64>) -> String {
    let median = |number: fn(&Measurement) -> Option<f64>| cell.spread(number).map(|spread| spread.median);
    let with =
        |digits: usize, number: Option<f64>| number.map_or("–".to_owned(), |number| format!("{number:.digits$}"));
    let milliseconds = |number: Option<f64>| with(2, number.map(|number| number / 1000.0));
    let throughput = cell.throughput().map_or("–".to_owned(), |spread| {
        format!("{} ({}–{})", grouped(spread.median), grouped(spread.minimum), grouped(spread.maximum))
    });
    let ratio = |to: Option<f64>| rate(cell).zip(to).map(|(rate, to)| rate / to);
    let columns = [
        cell.system.clone(),
        cell.category.to_owned(),
        throughput,
        ratio(limit).map_or("–".to_owned(), |ratio| format!("{:.0} %", ratio * 100.0)),
        ratio(best_peer).map_or("–".to_owned(), |ratio| format!("{ratio:.2} ×")),
        milliseconds(median(|measurement| measurement.p50_microseconds)),
        milliseconds(median(|measurement| measurement.p99_microseconds)),
        with(1, median(|measurement| measurement.server_microseconds)),
        with(1, median(|measurement| measurement.postgres_microseconds)),
        with(1, median(|measurement| measurement.redis_microseconds)),
        with(1, median(|measurement| measurement.generator_microseconds)),
        with(0, median(|measurement| measurement.polls_per_second)),
        with(0, median(|measurement| Some(measurement.statements? as f64))),
        cell.total(|measurement| measurement.stale).to_string(),
        cell.faults().to_string(),
        with(0, median(|measurement| Some(measurement.memory_bytes? as f64 / 1_048_576.0))),
    ];
    format!("| {} |", columns.join(" | "))
}

fn rate(cell: &Cell) -> Option<f64> {
    cell.throughput().map(|spread| spread.median)
}

fn ratio_of(cells: &[&Cell], one: &str, other: &str) -> Option<String> {
    let rate_of = |name: &str| cells.iter().find(|cell| cell.system == name).and_then(|cell| rate(cell));
    Some(format!("{:.0} %", rate_of(one)? / rate_of(other)? * 100.0))
}

/// A whole number with its thousands apart.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(workload: &'static str, system: &str, category: &'static str, rates: &[f64]) -> Cell {
        let rounds = rates.iter().map(|rate| Measurement {
            requests_per_second: *rate,
            p99_microseconds: Some(1_250.0),
            stale: 1,
            ..Measurement::default()
        });
        Cell { rounds: rounds.collect(), ..Cell::new(workload, system, category, false) }
    }

    #[test]
    fn a_row_relates_the_median_to_the_limit_and_to_the_best_peer() {
        let cells = [
            cell("W1", "static", "limit", &[100_000.0]),
            cell("W1", "responses", "tidewater", &[90_000.0, 1_234.0, 50_000.0]),
            cell("W1", "slow", "peer, expires", &[10_000.0]),
            cell("W1", "fast", "peer, uncached", &[20_000.0]),
        ];
        let text = render(&cells);
        let row = text.lines().find(|line| line.starts_with("| responses")).unwrap();
        let begin = "| responses | tidewater | 50,000 (1,234–90,000) | 50 % | 2.50 × | – | 1.25 | –";
        assert!(row.starts_with(begin), "{row}");
        assert!(row.ends_with("| 3 | 0 | – |"), "{row}");
        let columns: Vec<usize> =
            text.lines().filter(|line| line.starts_with('|')).map(|line| line.matches(" | ").count()).collect();
        assert_eq!(columns, [15; 6]);
        assert!(!text.contains("### W2"));
    }

    #[test]
    fn the_price_of_the_change_log_is_said() {
        let cells = [cell("W5", "logged", "tidewater", &[800.0]), cell("W5", "unlogged", "tidewater", &[1_000.0])];
        assert!(render(&cells).contains("there are 80 % of the changes"));
    }
}
