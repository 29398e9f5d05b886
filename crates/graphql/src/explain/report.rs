use std::time::Instant;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tidewater_cache::{
    AnsweredBy, Cause, Culprit, Explanation, Footprint, MissReason, Missed, Position, RedisTold, Request, Step,
};
use tidewater_changelog::{Change, Columns, Operation, RowChange, Tracking};

use super::name;
use super::writer::{WriterKind, WriterName};
use crate::store::{Ground, Reader, Store};

/// What is told of how a request was answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// What answered it.
    served_by: ServedBy,
    /// What is kept of whole responses.
    response: ResponseMemo,
    /// How long it waited for polls of the change log.
    gate_milliseconds: f64,
    /// How much older than its arrival the answer may be.
    age_milliseconds: f64,
    /// The reads that it was made of. Where the response was kept, or made for another request: those of the same request, made
    /// again to tell what the response rests on.
    reads: Vec<Read>,
    /// Whether the reads were made again.
    is_replayed: bool,
    /// How many reads are left out of `reads`.
    omitted_reads: usize,
    /// The calls of the database.
    loads: Vec<LoadTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ServedBy {
    /// A response that is kept.
    Response,
    /// Another request with the same bytes, which was being answered.
    Joined,
    /// Its own execution.
    Execution,
    Memory,
    Redis,
    Database,
}

/// Why no kept response was looked for, and none is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Bypass {
    /// No responses are kept.
    Off,
    /// The request accepts the database's own answer only.
    FromSource,
    /// It is a mutation, or excluded by the configuration, or cannot be parsed.
    NotKept,
    /// It made its document known, so that the next one with these bytes has to do so again.
    MakesKnown,
    /// The response was verified by it.
    Verified,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseMemo {
    #[serde(skip_serializing_if = "Option::is_none")]
    bypassed: Option<Bypass>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<MissReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_milliseconds: Option<f64>,
    /// What it rests on, without what comes twice.
    dependencies: Vec<String>,
    /// How many more hashes it rests on that none of these names stands for.
    unnamed_dependencies: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    /// The kind of what was read: the table, and `list` or `count` where it is no row.
    space: String,
    served_by: ServedBy,
    as_of: u64,
    /// How long ago it was read from the database, whoever read it.
    age_milliseconds: f64,
    dependencies: Vec<String>,
    /// How many more hashes it depends on that were found while it was read, such as rows that links lead to.
    unnamed_dependencies: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<MissReport>,
    /// The index in `loads`.
    #[serde(skip_serializing_if = "Option::is_none")]
    load: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MissReport {
    /// The one that it is counted by.
    reason: String,
    memory: String,
    redis: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<ChangeReport>,
}

/// What is known of the change that made something invalid.
#[derive(Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "known")]
enum ChangeReport {
    /// This one did.
    Change(ChangeDetails),
    /// It is older than what is remembered.
    Older,
    /// There was none: the table of known changes has forgotten when the dependency last changed, and took that for a change.
    Forgotten,
    /// The change log cannot be asked.
    Unavailable,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeDetails {
    dependency: String,
    row: String,
    operation: &'static str,
    columns: Option<Vec<String>>,
    /// A number that may be larger than what JavaScript can count.
    transaction: Option<String>,
    writer: WriterKind,
    writer_name: Option<String>,
    /// When the poll began that saw it.
    seen_at: DateTime<Utc>,
    position: u64,
    /// Whether no earlier change can have been the cause.
    is_first: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LoadTime {
    space: String,
    /// How many values it was for.
    reads: usize,
    /// How many statements were sent for it, those of which the connection was lost included; other requests may have shared them.
    statements: usize,
    milliseconds: f64,
}

/// What names are made of.
struct Naming<'a> {
    tracking: &'a [Tracking],
    writer: &'a WriterName,
}

impl Report {
    /// Of the request that was answered, with as many of its reads at most. `replay` is the reader that made its reads again, if they
    /// were.
    pub(crate) async fn new(
        request: &Request,
        reader: &Reader,
        replay: Option<&Reader>,
        bypassed: Option<Bypass>,
        writer: &WriterName,
        most: usize,
    ) -> Option<Self> {
        let provenance = request.provenance();
        let explanation = request.explanation()?;
        let made = replay.unwrap_or(reader);
        let mut reads = match replay {
            Some(replay) => replay.request().explanation()?,
            None => explanation.clone(),
        };
        reads.keep(most);
        let naming = Naming { tracking: reader.store().all_tracking(), writer };
        let mut told = Vec::with_capacity(reads.steps.len());
        for step in &reads.steps {
            told.push(naming.read(made, step).await);
        }
        let derived = explanation.derived.as_ref().filter(|_| bypassed.is_none());
        let served_by = match derived.and_then(|step| step.answered_by) {
            Some(AnsweredBy::Memory | AnsweredBy::Redis) => ServedBy::Response,
            Some(AnsweredBy::Joined) => ServedBy::Joined,
            _ => ServedBy::Execution,
        };
        Some(Self {
            served_by,
            response: naming.response(made, &reads, derived, bypassed).await,
            gate_milliseconds: milliseconds(provenance.gate_time),
            age_milliseconds: milliseconds(provenance.age),
            reads: told,
            is_replayed: replay.is_some(),
            omitted_reads: reads.omitted,
            loads: loads(&reads),
        })
    }
}

impl Naming<'_> {
    async fn response(
        &self,
        reader: &Reader,
        reads: &Explanation,
        derived: Option<&Step>,
        bypassed: Option<Bypass>,
    ) -> ResponseMemo {
        let mut grounds: Vec<Ground> = Vec::new();
        for step in &reads.steps {
            for ground in reader.noted().grounds(&step.space, &step.key) {
                if !grounds.contains(&ground) {
                    grounds.push(ground);
                }
            }
        }
        let mut memo = ResponseMemo {
            bypassed,
            missed: None,
            as_of: None,
            age_milliseconds: None,
            dependencies: grounds.iter().map(|ground| name::of_ground(self.tracking, ground)).collect(),
            unnamed_dependencies: 0,
        };
        let Some(step) = derived else { return memo };
        let named = grounds.iter().map(|ground| Footprint::from(ground.dependency())).collect::<Vec<_>>();
        memo.unnamed_dependencies = step.footprint.beyond(&named);
        memo.as_of = Some(step.as_of.get());
        memo.age_milliseconds = Some(age(step.sourced_at));
        if let Some(missed) = &step.missed {
            memo.missed = Some(self.missed(reader, missed, &grounds).await);
        }
        memo
    }

    async fn read(&self, reader: &Reader, step: &Step) -> Read {
        let grounds = reader.noted().grounds(&step.space, &step.key);
        let named = grounds.iter().map(|ground| Footprint::from(ground.dependency())).collect::<Vec<_>>();
        let mut missed = match &step.missed {
            Some(missed) => Some(self.missed(reader, missed, &grounds).await),
            None => None,
        };
        if let (Some(AnsweredBy::Redis), Some(missed)) = (step.answered_by, &mut missed) {
            missed.redis = "ANSWERED".to_owned();
        }
        let (served_by, load) = match step.answered_by {
            Some(AnsweredBy::Memory) | None => (ServedBy::Memory, None),
            Some(AnsweredBy::Redis) => (ServedBy::Redis, None),
            Some(AnsweredBy::Joined) => (ServedBy::Joined, None),
            Some(AnsweredBy::Source(load)) => (ServedBy::Database, load),
        };
        Read {
            space: step.space.to_string(),
            served_by,
            as_of: step.as_of.get(),
            age_milliseconds: age(step.sourced_at),
            dependencies: grounds.iter().map(|ground| name::of_ground(self.tracking, ground)).collect(),
            unnamed_dependencies: step.footprint.beyond(&named),
            missed,
            load,
        }
    }

    async fn missed(&self, reader: &Reader, missed: &Missed, grounds: &[Ground]) -> MissReport {
        let has_changed =
            missed.memory == MissReason::Changed || missed.redis == RedisTold::Missed(MissReason::Changed);
        let change = match missed.invalid.as_ref().filter(|_| has_changed) {
            Some((footprint, as_of)) => Some(self.change(reader, footprint, *as_of, grounds).await),
            None => None,
        };
        let redis = match missed.redis {
            RedisTold::NotAsked => "NOT_ASKED".to_owned(),
            RedisTold::Nothing => "NOTHING".to_owned(),
            RedisTold::Missed(reason) => reason.as_str().to_ascii_uppercase(),
        };
        MissReport {
            reason: missed.reason.as_str().to_ascii_uppercase(),
            memory: missed.memory.as_str().to_ascii_uppercase(),
            redis,
            change,
        }
    }

    async fn change(
        &self,
        reader: &Reader,
        footprint: &Footprint,
        as_of: Position,
        grounds: &[Ground],
    ) -> ChangeReport {
        match reader.store().cache().cause(footprint, as_of).await {
            Ok(Cause::Change(culprit)) => ChangeReport::Change(self.details(reader.store(), &culprit, grounds)),
            Ok(Cause::Older) => ChangeReport::Older,
            Ok(Cause::Forgotten) => ChangeReport::Forgotten,
            Err(_) => ChangeReport::Unavailable,
        }
    }

    fn details(&self, store: &Store, culprit: &Culprit, grounds: &[Ground]) -> ChangeDetails {
        let declared = grounds.iter().find(|ground| culprit.is_in(&ground.dependency().into()));
        let dependency = match declared {
            Some(ground) => name::of_ground(self.tracking, ground),
            None => name::of_part(self.tracking, &culprit.part),
        };
        let writer_name = culprit.origin.writer.as_deref();
        let Told { row, operation, columns } = Told::of(self.tracking, &culprit.change);
        ChangeDetails {
            dependency,
            row,
            operation,
            columns,
            transaction: culprit.origin.transaction.map(|number| number.to_string()),
            writer: self.writer.kind_of(&culprit.origin, store.has_made(&culprit.origin)),
            writer_name: writer_name.map(str::to_owned),
            seen_at: culprit.seen_at.into(),
            position: culprit.position.get(),
            is_first: culprit.is_first,
        }
    }
}

/// A change in words.
pub(crate) struct Told {
    /// The row, or the table if it is a change of the whole.
    pub(crate) row: String,
    pub(crate) operation: &'static str,
    /// The columns that changed of a row that stayed; none where it is not known which.
    pub(crate) columns: Option<Vec<String>>,
}

impl Told {
    pub(crate) fn of(tracking: &[Tracking], change: &Change) -> Self {
        let row = match change {
            Change::Table { table } => return Self { row: table.to_string(), operation: "TABLE", columns: None },
            Change::Row(row) => row,
        };
        let RowChange { table, operation, old, new, changed } = row;
        let length =
            tracking.iter().find(|tracking| *tracking.table == **table).map_or(0, |tracking| tracking.key.len());
        let values = if new.is_empty() { old } else { new };
        let operation = match operation {
            Operation::Insert => "INSERT",
            Operation::Update => "UPDATE",
            Operation::Delete => "DELETE",
            Operation::Replace => "REPLACE",
        };
        let columns = match changed {
            Columns::Named(columns) => Some(columns.iter().map(|column| column.to_string()).collect()),
            Columns::All => None,
        };
        Self { row: name::of_key(tracking, table, values.get(..length).unwrap_or_default()), operation, columns }
    }
}

fn loads(reads: &Explanation) -> Vec<LoadTime> {
    let loads = reads.loads.iter().map(|load| LoadTime {
        space: load.space.to_string(),
        reads: load.lookups,
        statements: load.statements,
        milliseconds: milliseconds(load.time),
    });
    loads.collect()
}

fn age(sourced_at: Instant) -> f64 {
    milliseconds(sourced_at.elapsed())
}

/// With three digits after the point.
fn milliseconds(time: std::time::Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
