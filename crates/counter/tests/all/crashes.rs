//! Processes die between any two steps of counting and flushing: what was acknowledged is counted, once.

use std::pin::pin;
use std::task::Poll;

use futures::future::poll_fn;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use tidewater_counter::Counter;
use tidewater_testkit::TestRedis;

use crate::database::{Database, Mood};
use crate::world::{process, see, subject};

const PROCESSES: usize = 2;

#[derive(Clone, Debug)]
enum Act {
    See {
        process: usize,
        views: u64,
    },
    Flush {
        process: usize,
    },
    /// The process is gone before the flush goes on after so many waits, and another takes its place.
    DieFlushing {
        process: usize,
        after: usize,
    },
    /// Redis is emptied.
    Empty,
    /// What the database answers from now on.
    Turn(Mood),
}

fn act() -> impl Strategy<Value = Act> {
    let process = || 0..PROCESSES;
    prop_oneof![
        4 => (process(), 1..20_u64).prop_map(|(process, views)| Act::See { process, views }),
        2 => process().prop_map(|process| Act::Flush { process }),
        4 => (process(), 0..16_usize).prop_map(|(process, after)| Act::DieFlushing { process, after }),
        1 => Just(Act::Empty),
        1 => prop_oneof![Just(Mood::Willing), Just(Mood::Refusing), Just(Mood::Unheard)].prop_map(Act::Turn),
    ]
}

/// Lets `work` go on until it has waited so often, and drops it then. Answers whether it has ended.
async fn with_waits<T>(work: impl Future<Output = T>, mut waits: usize) -> bool {
    let mut work = pin!(work);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if waits == 0 => Poll::Ready(false),
        Poll::Pending => {
            waits -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Without Redis, a process that only stops to flush in the middle does not lose what it counted, so it is kept.
async fn check(redis: Option<&TestRedis>, acts: Vec<Act>) -> TestCaseResult {
    let database = Database::default();
    if let Some(redis) = redis {
        redis.flush_all().await;
    }
    let mut processes: Vec<Counter> = Vec::new();
    for _ in 0..PROCESSES {
        processes.push(process(redis).await);
    }
    let (mut acknowledged, mut forgotten) = (0, 0);
    for act in acts {
        match act {
            Act::See { process, views } => {
                see(&processes[process], 1, 0..views).await;
                acknowledged += views;
            }
            Act::Flush { process } => drop(database.flush(&processes[process]).await),
            Act::DieFlushing { process: number, after } => {
                with_waits(database.flush(&processes[number]), after).await;
                if redis.is_some() {
                    processes[number] = process(redis).await;
                }
            }
            Act::Empty => {
                if let Some(redis) = redis {
                    redis.flush_all().await;
                    forgotten += acknowledged - forgotten - database.views(subject(1));
                }
            }
            Act::Turn(mood) => database.be(mood),
        }
        prop_assert!(database.views(subject(1)) + forgotten <= acknowledged, "something was counted twice");
    }
    database.be(Mood::Willing);
    for counter in &processes {
        prop_assert!(database.flush(counter).await.is_ok());
    }
    prop_assert_eq!(database.views(subject(1)) + forgotten, acknowledged);
    Ok(())
}

fn check_all(cases: u32, redis: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let redis = redis.then(|| runtime.block_on(TestRedis::start()));
    proptest!(ProptestConfig { cases, ..ProptestConfig::default() }, |(acts in prop::collection::vec(act(), 1..25))| {
        runtime.block_on(check(redis.as_ref(), acts))?;
    });
}

#[test]
fn with_redis_the_total_is_exact_wherever_processes_die() {
    check_all(150, true);
}

#[test]
fn alone_the_total_is_exact_wherever_flushing_stops() {
    check_all(300, false);
}
