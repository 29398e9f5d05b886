//! What one round of one cell measured.

use std::time::Duration;

use serde::Serialize;

use crate::accounting;
use crate::environment::Environment;
use crate::error::Error;
use crate::load::Load;
use crate::statements::Counted;

/// What one round of one cell measured. What is not known, or makes no sense there, is absent.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Measurement {
    /// How many answers were counted.
    pub(crate) requests: u64,
    /// In how many seconds.
    pub(crate) seconds: f64,
    /// Answers in a second.
    pub(crate) requests_per_second: f64,
    /// The latency that half of the answers kept.
    pub(crate) p50_microseconds: Option<f64>,
    /// The latency that 99 of 100 answers kept.
    pub(crate) p99_microseconds: Option<f64>,
    /// Connections that broke.
    pub(crate) errors: u64,
    /// Answers that were not what was expected.
    pub(crate) wrong: u64,
    /// Answers that showed what was overwritten before they were asked for.
    pub(crate) stale: u64,
    /// The first thing that went wrong.
    pub(crate) complaint: Option<String>,
    /// Processor time of the server for each answer.
    pub(crate) server_microseconds: Option<f64>,
    /// Processor time of PostgreSQL for each answer.
    pub(crate) postgres_microseconds: Option<f64>,
    /// Processor time of Redis for each answer.
    pub(crate) redis_microseconds: Option<f64>,
    /// Processor time of the load generator for each answer.
    pub(crate) generator_microseconds: Option<f64>,
    /// Polls of the change log in a second.
    pub(crate) polls_per_second: Option<f64>,
    /// Statements other than polls.
    pub(crate) statements: Option<u64>,
    /// Resident memory of the server afterwards, in bytes.
    pub(crate) memory_bytes: Option<u64>,
}

impl Measurement {
    /// Without what PostgreSQL and Redis did meanwhile, for a system that asks neither.
    pub(crate) fn alone(self) -> Self {
        Self { postgres_microseconds: None, redis_microseconds: None, polls_per_second: None, statements: None, ..self }
    }
}

/// Reads what a load costs in the processes around it.
pub(crate) struct Meter {
    server: u32,
    server_time: Duration,
    postgres_time: Option<Duration>,
    redis_time: Option<Duration>,
    statements: Option<Counted>,
}

impl Meter {
    /// Begins to read, with that process as the server.
    pub(crate) async fn begin(environment: &mut Environment, server: u32) -> Result<Self, Error> {
        Ok(Self {
            server,
            statements: count(environment).await?,
            server_time: accounting::processor_time(server),
            postgres_time: environment.postmaster.map(accounting::processor_time),
            redis_time: environment.redis_process.map(accounting::processor_time),
        })
    }

    /// What the load cost since then.
    pub(crate) async fn end(self, environment: &mut Environment, load: Load) -> Result<Measurement, Error> {
        let each = |used: Duration| used.as_secs_f64() * 1e6 / load.answered.max(1) as f64;
        let since = |process: Option<u32>, before: Option<Duration>| {
            Some(each(accounting::processor_time(process?).saturating_sub(before?)))
        };
        let server_microseconds = since(Some(self.server), Some(self.server_time));
        let postgres_microseconds = since(environment.postmaster, self.postgres_time);
        let redis_microseconds = since(environment.redis_process, self.redis_time);
        let statements = count(environment).await?.zip(self.statements).map(|(after, before)| after.since(before));
        let seconds = load.elapsed.as_secs_f64();
        let quantile =
            |quantile| (!load.latencies.is_empty()).then(|| load.latencies.value_at_quantile(quantile) as f64);
        Ok(Measurement {
            requests: load.latencies.len(),
            seconds,
            requests_per_second: load.latencies.len() as f64 / seconds,
            p50_microseconds: quantile(0.5),
            p99_microseconds: quantile(0.99),
            errors: load.errors,
            wrong: load.wrong,
            stale: load.stale,
            server_microseconds,
            postgres_microseconds,
            redis_microseconds,
            generator_microseconds: Some(each(load.generator)),
            polls_per_second: statements.map(|counted| counted.polls as f64 / seconds),
            statements: statements.map(|counted| counted.others),
            memory_bytes: Some(accounting::resident_memory(self.server)),
            complaint: load.complaint,
        })
    }
}

async fn count(environment: &mut Environment) -> Result<Option<Counted>, Error> {
    match environment.statements {
        Some(statements) => statements.count(&mut environment.connection).await.map(Some),
        None => Ok(None),
    }
}
