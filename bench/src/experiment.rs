//! Measurements of ours alone: the price of the change log, a restart, and PostgreSQL by itself.

use std::process::Command;
use std::time::Duration;

use tidewater_testkit::installed;

use crate::environment::Environment;
use crate::error::Error;
use crate::hostile;
use crate::load;
use crate::measurement::Measurement;
use crate::results::{Cell, Results};
use crate::script::{EachOnce, Writes};
use crate::session::{Amount, measure, once, unasked};
use crate::system::{Cache, Store, System, output};

/// PostgreSQL answers with fewer connections than the servers have.
const MOST_PGBENCH_CLIENTS: usize = 32;

const PGBENCH_SCRIPT: &str = "\\set number random(1, :todos)
SELECT t.id, t.text, t.completed, u.id, u.name FROM todo AS t JOIN \"user\" AS u ON u.id = t.user_id
    WHERE t.id = (SELECT id FROM bench_todo WHERE number = :number);
";

/// A measurement that is more than one workload on one running system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Experiment {
    /// W4: the rows from PostgreSQL alone.
    Pgbench,
    /// W5: changes, with and without the change log.
    ChangeLog,
    /// W6: what a new process asks the database, with and without what is in Redis.
    Restart,
    /// W7: honest requests, with and without hostile ones beside them.
    Hostile,
    /// W7: with hostile ones of one kind, to find out which does harm.
    HostileKinds,
}

impl Experiment {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Pgbench, Self::ChangeLog, Self::Restart, Self::Hostile, Self::HostileKinds];

    /// The names of its cells.
    pub(crate) fn cells(self) -> &'static [&'static str] {
        match self {
            Self::Pgbench => &["W4/pgbench"],
            Self::ChangeLog => &["W5/logged", "W5/unlogged"],
            Self::Restart => &["W6/kept", "W6/flushed"],
            Self::Hostile => &hostile::TOGETHER,
            Self::HostileKinds => &hostile::EACH,
        }
    }

    /// What stands where systems do in the names of all their cells.
    pub(crate) fn systems() -> impl Iterator<Item = String> {
        let cells = Self::ALL.into_iter().flat_map(Self::cells);
        cells.filter_map(|cell| cell.split_once('/')).map(|(_, name)| name.to_owned())
    }

    /// Runs it once.
    pub(crate) async fn run(
        self,
        environment: &mut Environment,
        amount: Amount,
        round: usize,
        results: &mut Results,
    ) -> Result<(), Error> {
        match self {
            Self::Pgbench => {
                let measurement = pgbench(environment, amount).await?;
                results.add(Cell::new("W4", "pgbench", "limit", false), measurement);
            }
            Self::ChangeLog => {
                // Whatever favours the first or the second favours both equally.
                let first_is_logged = round.is_multiple_of(2);
                for is_logged in [first_is_logged, !first_is_logged] {
                    let measurement = writes(environment, amount, round, is_logged).await?;
                    let name = if is_logged { "logged" } else { "unlogged" };
                    results.add(Cell::new("W5", name, "tidewater", true), measurement);
                }
            }
            Self::Restart => {
                for (name, is_kept) in [("kept", true), ("flushed", false)] {
                    let measurement = restart(environment, amount, round, is_kept).await?;
                    results.add(Cell::new("W6", name, "tidewater", true), measurement);
                }
            }
            Self::Hostile | Self::HostileKinds => {
                for (name, kinds) in hostile::in_order(self.cells(), round) {
                    let measurement = hostile::measure(environment, &ours(), amount, round, kinds).await?;
                    results.add(Cell::new("W7", name, "tidewater", true), measurement);
                }
            }
        }
        Ok(())
    }
}

fn ours() -> System {
    System::tidewater(Cache::Responses, Duration::ZERO, Store::Postgres)
}

async fn pgbench(environment: &mut Environment, amount: Amount) -> Result<Measurement, Error> {
    environment.reset().await?;
    let prepare = "CREATE TABLE IF NOT EXISTS bench_todo AS SELECT row_number() OVER () AS number, id FROM todo;
                   CREATE UNIQUE INDEX IF NOT EXISTS bench_todo_number ON bench_todo (number);
                   ANALYZE bench_todo";
    environment.database.sql(prepare).await;
    let script = environment.directory().join("join.sql");
    std::fs::write(&script, PGBENCH_SCRIPT).map_err(Error::file(&script))?;
    let clients = amount.connections.min(MOST_PGBENCH_CLIENTS).to_string();
    let seconds = amount.duration.as_secs().max(1).to_string();
    let todos = format!("todos={}", environment.dataset.todos.len());
    let mut command = Command::new(installed("pgbench"));
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--client", &clients, "--time", &seconds]);
    command.args(["--define", &todos, "--file"]).arg(&script).arg(environment.database.url());
    let before = environment.postmaster.map(crate::accounting::processor_time);
    let mut measurement = parse_pgbench(&output(&mut command)?)?;
    let after = environment.postmaster.map(crate::accounting::processor_time);
    measurement.postgres_microseconds = after
        .zip(before)
        .map(|(after, before)| after.saturating_sub(before).as_secs_f64() * 1e6 / measurement.requests.max(1) as f64);
    Ok(measurement)
}

/// Its report says `tps = 1234.5 (without initial connection time)` and the like.
fn parse_pgbench(report: &str) -> Result<Measurement, Error> {
    let number = |prefix: &str| {
        let line = report.lines().find_map(|line| line.trim().strip_prefix(prefix))?;
        line.split(|character: char| character != '.' && !character.is_ascii_digit()).next()?.parse::<f64>().ok()
    };
    let unread =
        || Error::Program { program: "pgbench".to_owned(), reason: format!("its report is unknown: {report}") };
    let requests_per_second = number("tps = ").ok_or_else(unread)?;
    let requests = number("number of transactions actually processed: ").ok_or_else(unread)?;
    Ok(Measurement {
        requests: requests as u64,
        seconds: requests / requests_per_second,
        requests_per_second,
        errors: number("number of failed transactions: ").unwrap_or_default() as u64,
        ..Measurement::default()
    })
}

async fn writes(
    environment: &mut Environment,
    amount: Amount,
    round: usize,
    is_logged: bool,
) -> Result<Measurement, Error> {
    environment.reset().await?;
    let server = ours().start(environment, amount.connections).await?;
    let requester = ours().requester(environment, server.port());
    let ids = environment.dataset.todos.iter().map(|todo| todo.id.clone()).collect();
    let mut writes = Writes::new(ids, requester, round as u64);
    if !is_logged {
        // Only now, because a server does not start without them.
        environment.database.sql("ALTER TABLE todo DISABLE TRIGGER USER").await;
    }
    let measurement = measure(environment, &server, amount, &mut writes).await;
    if !is_logged {
        let enable = ["insert", "update", "delete", "truncate"]
            .map(|event| format!("ALTER TABLE todo ENABLE ALWAYS TRIGGER tidewater_todo_{event}"));
        environment.database.sql(&enable.join(";")).await;
    }
    measurement
}

async fn restart(
    environment: &mut Environment,
    amount: Amount,
    round: usize,
    is_kept: bool,
) -> Result<Measurement, Error> {
    environment.reset().await?;
    let places = environment.dataset.hot_todos();
    let server = ours().start(environment, amount.connections).await?;
    let requester = ours().requester(environment, server.port());
    let reads = unasked(&environment.dataset, &requester, places.iter().copied())?;
    load::run(server.port(), amount.connections, None, &mut EachOnce::new(&reads, round as u64)).await?;
    server.terminate().await?;
    if !is_kept {
        environment.redis.flush_all().await;
    }
    let server = ours().start(environment, amount.connections).await?;
    let requester = ours().requester(environment, server.port());
    let reads = unasked(&environment.dataset, &requester, places)?;
    once(environment, &server, amount, &mut EachOnce::new(&reads, round as u64)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_of_pgbench_is_read() {
        let report = "pgbench (15.10)\nnumber of transactions actually processed: 30000\n\
                      number of failed transactions: 2 (0.007%)\nlatency average = 1.066 ms\n\
                      tps = 15000.5 (without initial connection time)\n";
        let measurement = parse_pgbench(report).unwrap();
        assert_eq!((measurement.requests, measurement.errors), (30_000, 2));
        assert_eq!(measurement.requests_per_second, 15_000.5);
        assert!(parse_pgbench("nothing").is_err());
    }
}
