use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};
use uuid::Uuid;

use crate::Error;
use crate::cleanup::clean_up;
use crate::client::{self, Client, Demand};
use crate::clock::Clock;
use crate::context::Context;
use crate::database::{self, Database};
use crate::label::Labels;
use crate::plan::Key;
use crate::prepare::{Shares, compare_databases, compare_schemas, open_pool, share_out};
use crate::quiet::{ask_all, compare};
use crate::reader::read;
use crate::report::Report;
use crate::settings::Settings;
use crate::state::Family;
use crate::violation::Kind;
use crate::writers::{GraphqlWriter, SqlWriter};

/// How often the caller is told how far the run is.
const TICK: Duration = Duration::from_millis(100);

/// Of this many readers, one is not signed in.
const ANONYMOUS: usize = 4;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It looks at the servers, and makes its accounts.
    Preparing,
    /// It writes and reads.
    Loading,
    /// It compares the servers and the database with the truth.
    Comparing,
    /// It removes what it has made.
    CleaningUp,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What it is doing.
    pub phase: Phase,
    /// For how long there has been load.
    pub loaded: Duration,
    /// How many facts have been judged.
    pub reads: u64,
    /// How many writes have been acknowledged.
    pub writes: u64,
    /// How many violations there have been.
    pub violations: u64,
}

/// Runs the check. `progress` is called ten times a second while there is load, and when a phase begins.
///
/// # Errors
/// When the check cannot be run: a setting is not acceptable, a server cannot be reached, the servers or the database do not belong
/// together. What goes wrong under load is no error; it is in the report.
pub async fn check(settings: Settings, mut progress: impl FnMut(Progress)) -> Result<Report, Error> {
    let settings = settings.checked()?;
    let seed = settings.seed.unwrap_or_else(rand::random);
    let http = client::connect(settings.timeout)?;
    let database = match &settings.database_url {
        Some(url) if !database::is_supported(url) => {
            return Err(Error::Settings("the database is neither PostgreSQL nor SQLite".to_owned()));
        }
        Some(url) => Some(Database::connect(url, settings.sql_writers + 1, settings.timeout).await?),
        None => None,
    };
    let (writers, readers) = (settings.writers + settings.sql_writers, settings.readers);
    let clock = Clock::new(writers + readers + 1, settings.longest_bound());
    let context = Arc::new(Context::new(settings, clock, Labels::new(rand::random()), http, seed));
    let client = |number| Client::new(context.clone(), number, seed);
    let mut own = client(writers + readers);
    let mut tell = |phase, loaded| {
        let tally = &context.tally;
        let (reads, writes, violations) = (tally.total_reads(), tally.total_writes(), tally.total_violations());
        progress(Progress { phase, loaded, reads, writes, violations });
    };

    tell(Phase::Preparing, Duration::ZERO);
    let prepared = prepare(&mut own, database.as_ref()).await;
    let shares = match prepared {
        Ok(shares) => shares,
        Err(error) => {
            // Whatever was made before the fault showed.
            clean_up(&mut own, database.as_ref()).await;
            return Err(error);
        }
    };

    let mut writing = JoinSet::new();
    let mut clients = (0..writers + readers).map(client);
    for (share, client) in shares.writers.into_iter().zip(&mut clients) {
        writing.spawn(GraphqlWriter::new(client, share).write());
    }
    let databases = database.iter().cycle();
    for ((share, database), client) in shares.sql_writers.into_iter().zip(databases).zip(&mut clients) {
        writing.spawn(SqlWriter::new(client, database.clone(), share).write());
    }
    let mut reading = JoinSet::new();
    for (number, client) in clients.enumerate() {
        reading.spawn(read(client, number % ANONYMOUS == ANONYMOUS - 1));
    }

    let began = tokio::time::Instant::now();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        tell(Phase::Loading, began.elapsed());
        let enough = context.settings.reads.is_some_and(|reads| context.tally.total_reads() >= reads);
        if enough || context.settings.duration.is_some_and(|duration| began.elapsed() >= duration) {
            break;
        }
    }
    context.written.store(true, Ordering::Relaxed);
    end(writing, &context).await;
    context.read.store(true, Ordering::Relaxed);
    end(reading, &context).await;
    let loaded = began.elapsed();
    let (reads_under_load, writes) = (context.tally.total_reads(), context.tally.total_writes());

    tell(Phase::Comparing, loaded);
    sleep(context.settings.max_staleness).await;
    let mut silent = ask_all(&mut own, Demand::Usual, Kind::WrongAfterQuiet).await;
    match &database {
        Some(database) => {
            if let Err(error) = compare(&context, database).await {
                context.tally.unexpected(&error.to_string());
            }
        }
        None => silent.extend(ask_all(&mut own, Demand::NoCache, Kind::Lost).await),
    }
    silent.sort_unstable();
    silent.dedup();

    tell(Phase::CleaningUp, loaded);
    let left = clean_up(&mut own, database.as_ref()).await;
    if let Some(database) = database {
        database.close().await;
    }
    let (tally, settings) = (&context.tally, &context.settings);
    let (reads, violations) = (tally.total_reads(), tally.total_violations());
    let per_second = |count: u64| count as f64 / loaded.as_secs_f64().max(f64::EPSILON);
    Ok(Report {
        run: context.labels.run().to_owned(),
        seed,
        urls: settings.urls.clone(),
        with_database: settings.database_url.is_some(),
        writers: settings.writers,
        sql_writers: settings.sql_writers,
        readers: settings.readers,
        bulk_rows: settings.bulk_rows,
        pause_seconds: settings.pause.as_secs_f64(),
        max_staleness_seconds: settings.max_staleness.as_secs_f64(),
        max_age_seconds: settings.max_age,
        load_seconds: loaded.as_secs_f64(),
        duration_seconds: context.seconds(),
        requests: tally.total_requests(),
        reads,
        reads_by_kind: tally.reads_by_kind(),
        reads_per_second: per_second(reads_under_load),
        writes,
        writes_by_kind: tally.writes_by_kind(),
        writes_per_second: per_second(writes),
        marks: tally.total_marks(),
        refused: tally.refused_by_kind(),
        unexpected: tally.unexpected_by_text(),
        violations,
        violations_by_kind: tally.violations_by_kind(),
        examples: tally.examples(),
        silent,
        left,
        below: (violations == 0 && reads > 0).then(|| (3.0 / reads as f64).min(1.0)),
        rate: (violations > 0).then(|| violations as f64 / reads.max(1) as f64),
    })
}

/// Waits for all clients. One that broke off has checked less than it should have.
async fn end(mut clients: JoinSet<()>, context: &Context) {
    while let Some(ended) = clients.join_next().await {
        if let Err(error) = ended {
            context.tally.unexpected(&format!("a client of this check broke off: {error}"));
        }
    }
}

async fn prepare(own: &mut Client, database: Option<&Database>) -> Result<Shares, Error> {
    compare_schemas(own).await?;
    let first = open_pool(own, 0).await.map_err(|failure| Error::Preparation(failure.to_string()))?;
    compare_databases(own, database, &first.accounts[0]).await?;
    let shares = share_out(own, first).await?;
    if let Some(database) = database {
        let ids = |family| -> Vec<Uuid> {
            let pools = own.context.pools.read();
            pools
                .iter()
                .flat_map(|pool| pool.keys(family).read().clone())
                .filter_map(|key: Arc<Key>| key.id())
                .collect()
        };
        // An earlier run with this seed may have been killed.
        database.forget_rows("todo", &ids(Family::Todo)).await?;
        database.forget_rows("note", &ids(Family::Note)).await?;
    }
    Ok(shares)
}
