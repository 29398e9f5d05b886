use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use crate::tally::{Refused, Written};
use crate::violation::Example;

/// What was checked, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The run, as its texts and e-mail addresses name it.
    pub run: String,
    /// What ids and choices followed from.
    pub seed: u64,
    /// The servers.
    pub urls: Vec<String>,
    /// Whether the database was written to and read directly.
    pub with_database: bool,
    /// How many clients wrote through the servers.
    pub writers: usize,
    /// How many clients wrote in SQL.
    pub sql_writers: usize,
    /// How many clients read.
    pub readers: usize,
    /// How many rows were changed in bulk.
    pub bulk_rows: usize,
    /// How long each writer waited between two writes.
    pub pause_seconds: f64,
    /// How old the answers were allowed to be.
    pub max_staleness_seconds: f64,
    /// The age that some requests accepted.
    pub max_age_seconds: Option<u64>,
    /// How long there was load.
    pub load_seconds: f64,
    /// How long the run took in all.
    pub duration_seconds: f64,
    /// How many requests were sent.
    pub requests: u64,
    /// How many facts were judged.
    pub reads: u64,
    /// How many facts were judged, by kind.
    pub reads_by_kind: BTreeMap<&'static str, u64>,
    /// How many facts were judged in a second of load.
    pub reads_per_second: f64,
    /// How many writes were acknowledged.
    pub writes: u64,
    /// How many versions of rows were written, by the kind of write and how it ended.
    pub writes_by_kind: BTreeMap<&'static str, Written>,
    /// How many writes were acknowledged in a second of load.
    pub writes_per_second: f64,
    /// How many answers came with a mark that was sent back.
    pub marks: u64,
    /// Requests and statements that were not answered, by kind.
    pub refused: BTreeMap<String, Refused>,
    /// Answers that no server may give, by their text.
    pub unexpected: BTreeMap<String, u64>,
    /// How many violations there were.
    pub violations: u64,
    /// How many violations there were, by kind.
    pub violations_by_kind: BTreeMap<&'static str, u64>,
    /// The first violations of each kind in full.
    pub examples: Vec<Example>,
    /// The servers that did not answer when nothing was written any more.
    pub silent: Vec<String>,
    /// What was made and not removed.
    pub left: Vec<String>,
    /// The rate of violations that this run excludes at 95 %, where there was none: 3 / N.
    pub below: Option<f64>,
    /// The rate of violations, where there were some.
    pub rate: Option<f64>,
}

impl Report {
    /// 0 if something was checked and nothing was wrong, else 1. A check that could not be run is
    /// [`Error::EXIT_CODE`](crate::Error::EXIT_CODE).
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.is_good())
    }

    /// Whether something was checked and nothing was wrong.
    pub fn is_good(&self) -> bool {
        self.violations == 0
            && self.unexpected.is_empty()
            && self.silent.is_empty()
            && self.reads > 0
            && self.writes > 0
    }

    /// The report in plain words.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![self.load(), self.result()];
        let examples = self.examples.iter().map(|example| {
            format!(
                "{} at {} ({:.6} s to {:.6} s, bound {} s): {}; right would have been {}.",
                example.kind.name(),
                example.url,
                example.sent_seconds,
                example.received_seconds,
                example.bound_seconds,
                example.fact,
                example.admissible
            )
        });
        sentences.extend(examples);
        for (what, count) in &self.unexpected {
            sentences.push(format!("{count} times an answer was unexpected: {what}."));
        }
        for (kind, Refused { count, first_seconds, last_seconds }) in &self.refused {
            sentences.push(format!(
                "{count} requests were refused, which is no violation: {kind}, from {first_seconds:.1} s to {last_seconds:.1} s."
            ));
        }
        for url in &self.silent {
            sentences.push(format!("{url} did not answer in the end, so it is not known to have come to rest."));
        }
        if self.marks == 0 {
            sentences.push(
                "The servers offered no marks, so no client could hold them to what it had been shown.".to_owned(),
            );
        }
        if !self.left.is_empty() {
            sentences.push(format!("Left behind: {}.", self.left.join("; ")));
        }
        sentences
    }

    fn load(&self) -> String {
        let unknown: u64 = self.writes_by_kind.values().map(|written| written.unknown).sum();
        let unknown = if unknown == 0 { String::new() } else { format!(" ({unknown} more ended nobody knows how)") };
        let servers = if self.urls.len() == 1 { "1 server".to_owned() } else { format!("{} servers", self.urls.len()) };
        format!(
            "{} facts in {} answers of {servers} were judged in {:.1} s of load ({:.0}/s), against {} acknowledged writes{unknown} \
             ({:.0}/s) by {} writers through the servers and {} in SQL; seed {}.",
            self.reads,
            self.requests,
            self.load_seconds,
            self.reads_per_second,
            self.writes,
            self.writes_per_second,
            self.writers,
            self.sql_writers,
            self.seed
        )
    }

    fn result(&self) -> String {
        if self.reads == 0 || self.writes == 0 {
            return "Nothing was checked, which is no success.".to_owned();
        }
        let bound = match self.max_staleness_seconds {
            0.0 => "older than what was acknowledged when its request was sent".to_owned(),
            bound => format!("older than the {bound} s that are allowed"),
        };
        match (self.below, self.rate) {
            (Some(below), _) => format!(
                "0 of {} were wrong: none was {bound}, and none was of what was not in force. With 95 % confidence, fewer than one in \
                 {:.0} is.",
                self.reads,
                1.0 / below
            ),
            (None, rate) => {
                let kinds = self.violations_by_kind.iter().map(|(kind, count)| format!("{count} {kind}"));
                let kinds = kinds.collect::<Vec<_>>().join(", ");
                format!("{} of {} were wrong ({:.2e}): {kinds}.", self.violations, self.reads, rate.unwrap_or(0.0))
            }
        }
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        for sentence in self.sentences() {
            writeln!(formatter, "{sentence}")?;
        }
        Ok(())
    }
}
