//! Writers at once, in every way that transactions begin, nest, wait and end, against everything that the log promises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::FutureExt;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sea_orm::sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};
use tidewater_changelog::{Change, ChangeSource, Column, Kind, Log, Mark, Poll, RowChange, Tracking, Value};
use tidewater_testkit::TestDatabase;

use crate::fixture::{Fixture, continued, restarted};

const ITEM: &[Tracking] = &[Tracking::new("item", &[Column::new("id", Kind::Integer)], &[])];
const WRITERS: u64 = 12;
const DURATION: Duration = Duration::from_secs(3);

/// Ids of rows whose insertion was acknowledged as committed, in that order.
type Acknowledged = Arc<Mutex<Vec<i64>>>;

/// Runs transactions, each inserting rows of new ids; every id is inserted at most once.
async fn write(url: String, writer: u64, until: Instant, acknowledged: Acknowledged) {
    let mut random = StdRng::seed_from_u64(writer);
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let mut id = i64::try_from(writer).unwrap() * 1_000_000_000;
    while Instant::now() < until {
        let (mut statements, mut inserted) = (String::from("BEGIN; "), Vec::new());
        for part in 0..random.random_range(1..4) {
            let rows = random.random_range(1..4);
            let ids: Vec<i64> = (id + 1..=id + rows).collect();
            id += rows;
            let values: Vec<String> = ids.iter().map(|id| format!("({id})")).collect();
            let insert = format!("INSERT INTO item VALUES {}; ", values.join(", "));
            let delay = format!("SELECT pg_sleep({}); ", random.random_range(0.0..0.004));
            match random.random_range(0..4) {
                0 => statements += &format!("SAVEPOINT s{part}; {insert}{delay}ROLLBACK TO s{part}; "),
                1 => {
                    statements += &format!("SAVEPOINT s{part}; {insert}{delay}RELEASE s{part}; ");
                    inserted.extend(ids);
                }
                _ => {
                    statements += &format!("{insert}{delay}");
                    inserted.extend(ids);
                }
            }
        }
        let end = match random.random_range(0..6) {
            0 => {
                inserted.clear();
                "ROLLBACK".to_owned()
            }
            1 => format!("PREPARE TRANSACTION '{writer}-{id}'; COMMIT PREPARED '{writer}-{id}'"),
            _ => "COMMIT".to_owned(),
        };
        // The simple protocol would make one transaction of it all; `PREPARE` and its end must stand apart.
        for statement in format!("{statements}{end}").split("; ") {
            raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        }
        acknowledged.lock().unwrap().extend(inserted);
    }
}

fn ids(changes: &[Change]) -> Vec<i64> {
    let id = |change: &Change| match change {
        Change::Row(RowChange { new, .. }) => match new.as_slice() {
            [Value::Integer(id)] => Some(*id),
            other => panic!("{other:?}"),
        },
        Change::Table { .. } => None,
    };
    changes.iter().filter_map(id).collect()
}

/// A reader that checks what it is told.
struct Reader {
    log: Log,
    /// How often each id was seen.
    seen: BTreeMap<i64, u32>,
    marks: Vec<(Mark, BTreeSet<i64>)>,
    checked: usize,
    polls: u32,
}

impl Reader {
    fn take(&mut self, mark: Mark, changes: &[Change]) {
        for id in ids(changes) {
            *self.seen.entry(id).or_default() += 1;
        }
        self.polls += 1;
        if self.polls.is_multiple_of(10) {
            self.marks.push((mark, self.seen.keys().copied().collect()));
        }
    }

    async fn poll(&mut self, acknowledged: &Acknowledged) {
        let before = acknowledged.lock().unwrap().len();
        let poll = if self.polls.is_multiple_of(7) { self.log.poll().now_or_never() } else { None };
        let poll = match poll {
            Some(poll) => poll,
            None => self.log.poll().await,
        };
        let (mark, changes) = continued(poll.unwrap());
        self.take(mark, &changes);
        let known = acknowledged.lock().unwrap()[self.checked..before].to_vec();
        for id in known {
            assert!(self.seen.contains_key(&id), "{id} was acknowledged before the poll began, which did not see it");
        }
        self.checked = before;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_committed_change_is_seen_once_never_late_and_nothing_else() {
    let table = "CREATE TABLE item (id bigint PRIMARY KEY)";
    let fixture = Fixture::new(TestDatabase::postgres().await, table, ITEM).await;
    let acknowledged = Acknowledged::default();
    let mut reader = Reader { log: fixture.log, seen: BTreeMap::new(), marks: Vec::new(), checked: 0, polls: 0 };
    let until = Instant::now() + DURATION;
    let url = fixture.database.url();
    let writers: Vec<_> = (1..=WRITERS)
        .map(|writer| tokio::spawn(write(url.to_owned(), writer, until, Arc::clone(&acknowledged))))
        .collect();
    let mut latecomer = None;
    while Instant::now() < until {
        reader.poll(&acknowledged).await;
        if latecomer.is_none() && Instant::now() + DURATION / 2 > until {
            latecomer = Some(join(Log::connect(url, ITEM).await.unwrap()).await);
        }
    }
    futures::future::try_join_all(writers).await.unwrap();
    reader.poll(&acknowledged).await;

    let committed: BTreeSet<i64> = acknowledged.lock().unwrap().iter().copied().collect();
    assert!(committed.len() > 1_000, "{} changes are too few to tell", committed.len());
    assert!(reader.seen.values().all(|times| *times == 1), "a change was seen twice");
    assert_eq!(reader.seen.keys().copied().collect::<BTreeSet<_>>(), committed);

    let (mut latecomer, mut known) = latecomer.unwrap();
    known.extend(ids(&continued(latecomer.poll().await.unwrap()).1));
    known.sort_unstable();
    assert_eq!(known, committed.iter().copied().collect::<Vec<_>>(), "joined midway");
    let (_, history) = restarted(Log::connect(url, ITEM).await.unwrap().poll().await.unwrap());
    check_history(&history, &reader.marks, &committed);
    eprintln!("{} changes over {} polls", committed.len(), reader.polls);
}

/// A log that starts while others write, and what it knows by its history.
async fn join(mut log: Log) -> (Log, Vec<i64>) {
    let Poll::Restarted { history, .. } = log.poll().await.unwrap() else { panic!("went on from nothing") };
    let known = history.iter().flat_map(|(_, changes)| ids(changes)).collect();
    (log, known)
}

/// Whoever held something derived at one of `marks`, and what was visible then, must be told of all that came later by the
/// steps after the newest one that the mark includes.
fn check_history(history: &[(Mark, Vec<Change>)], marks: &[(Mark, BTreeSet<i64>)], committed: &BTreeSet<i64>) {
    assert!(history.is_sorted_by(|(earlier, _), (later, _)| later.includes(earlier)));
    let mut all: Vec<i64> = history.iter().flat_map(|(_, changes)| ids(changes)).collect();
    all.sort_unstable();
    assert_eq!(all, committed.iter().copied().collect::<Vec<_>>());
    assert!(marks.len() > 5, "{} marks are too few to tell", marks.len());
    let mut joined_late = 0;
    for (mark, visible) in marks {
        let joined = history.iter().rposition(|(step, _)| mark.includes(step)).expect("the floor is included");
        joined_late += usize::from(joined > 0);
        let later: BTreeSet<i64> = history[joined + 1..].iter().flat_map(|(_, changes)| ids(changes)).collect();
        assert!(committed.difference(visible).all(|id| later.contains(id)), "a step hides a later change");
    }
    assert!(joined_late > marks.len() / 2, "the steps are of no use");
}
