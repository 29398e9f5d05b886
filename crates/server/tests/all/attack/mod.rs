//! The promise under attack: servers, their databases and the network between them fail in every way that they can, one after the
//! other, while `tidewater check` reads and writes. Not one answer may be wrong.
//!
//! Short here. `TIDEWATER_ATTACK_READS=10000000` makes each attack go on until so many facts have been judged; see
//! `docs/freshness.md`.

mod schedule;
mod sqlite;
mod world;

use std::collections::BTreeMap;
use std::env;
use std::time::Duration;

use tidewater_check::{Report, Settings};
use tokio::sync::watch;
use tokio::time::sleep;

use schedule::{A_WHILE, Schedule};
use sqlite::SqliteWorld;
use world::World;

/// How long all is well between two faults of an attack that is to judge many facts: nothing is answered in some of them.
const LONG_CALM: Duration = Duration::from_secs(4);

/// How long an attack takes where no number of reads is asked for.
const SHORT: Duration = Duration::from_secs(25);

/// Kinds of refusals that faults explain.
const EXPLAINED: [&str; 5] = ["UNAVAILABLE", "TIMEOUT", "timed out", "refused", "lost"];

/// How many facts are to be judged, where that is asked for.
fn reads() -> Option<u64> {
    env::var("TIDEWATER_ATTACK_READS").ok().map(|reads| reads.parse().expect("a number of reads"))
}

/// The load: enough writers to keep every key changing, and pauses that leave the caches something to answer.
fn settings(urls: Vec<String>, database_url: &str, max_staleness: Duration) -> Settings {
    Settings {
        urls,
        database_url: Some(database_url.to_owned()),
        duration: reads().is_none().then_some(SHORT),
        reads: reads(),
        max_staleness,
        max_age: Some(1),
        pause: Duration::from_millis(20),
        readers: 24,
        ..Settings::default()
    }
}

/// Checks while `schedule` goes on, until the check has judged enough.
async fn attack(settings: Settings, schedule: &mut impl Schedule) -> (Report, BTreeMap<&'static str, u32>) {
    let (sender, mut reads) = watch::channel(0);
    let check = tokio::spawn(tidewater_check::check(settings, move |progress| {
        // What is compared in the end, and removed, is compared in peace.
        let loading = progress.phase == tidewater_check::Phase::Loading;
        sender.send_replace(if loading { progress.reads } else { 0 });
    }));
    let mut faults = BTreeMap::new();
    // Nothing fails before there is load, and nothing when it is over.
    let _ = reads.wait_for(|reads| *reads > 1_000).await;
    while *reads.borrow() > 0 && !check.is_finished() {
        *faults.entry(schedule.next().await).or_insert(0) += 1;
        sleep(if self::reads().is_some() { LONG_CALM } else { A_WHILE }).await;
    }
    (check.await.unwrap().unwrap(), faults)
}

/// Nothing was wrong, whatever was refused is explained by the faults, and nothing was silent in the end.
fn is_proven(name: &str, report: &Report, faults: &BTreeMap<&'static str, u32>) {
    eprintln!("{name}: {report}{name}: faults: {faults:?}; marks: {}", report.marks);
    assert!(report.is_good(), "{name}: {report}\n{}", serde_json::to_string_pretty(report).unwrap());
    assert!(report.marks > 0, "{name}: {report}");
    for refused in report.refused.keys() {
        assert!(EXPLAINED.iter().any(|kind| refused.contains(kind)), "{name}: {refused}");
    }
}

async fn on_postgres(name: &str, max_staleness: Duration, first_fault: usize) {
    let mut world = World::start(max_staleness, first_fault).await;
    let (report, faults) = attack(settings(world.urls(), world.database_url(), max_staleness), &mut world).await;
    is_proven(name, &report, &faults);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_stale() {
    on_postgres("strict", Duration::ZERO, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_older_than_five_milliseconds() {
    on_postgres("5 ms", Duration::from_millis(5), 7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_older_than_a_tenth_of_a_second() {
    on_postgres("100 ms", Duration::from_millis(100), 14).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_stale_on_sqlite() {
    let mut world = SqliteWorld::start().await;
    let (report, faults) = attack(settings(world.urls(), world.database_url(), Duration::ZERO), &mut world).await;
    is_proven("SQLite", &report, &faults);
}
