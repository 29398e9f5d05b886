use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tidewater_queue::{Failure, Item, WorkerSettings};
use tidewater_testkit::Log;
use tokio::time::sleep;

use crate::world::{Done, Each, Job, World, empty, eventually, in_the_future, job, on_each_store, quick};

on_each_store! {
    async fn rows_become_jobs_at_their_times(world) {
        let (queue, done) = (world.node().await, Done::default());
        let begun = Instant::now();
        let due = in_the_future(Duration::from_millis(700));
        let handler = {
            let missing = done.clone();
            Each::noting(&done).with_rows(move || {
                let missing = missing.clone();
                async move {
                    let rows = [job(1), Item { at: Some(due), ..job(2) }];
                    let numbers = missing.numbers();
                    Ok(rows.into_iter().filter(|row| !numbers.iter().any(|number| row.job == Job::Do(*number))).collect())
                }
            })
        };
        let _worker = handler.start(&queue, &quick());
        done.until(2).await;
        assert!(begun.elapsed() >= Duration::from_millis(695));
        eventually("nothing is left", async || empty(&queue).await).await;
        assert_eq!(done.numbers(), [1, 2]);
    }

    async fn one_node_sweeps_at_a_time_and_not_more_often_than_it_should(world) {
        let (sweeping, sweeps) = (Arc::new(AtomicUsize::new(0)), Done::default());
        let settings = WorkerSettings { sweep_interval: Duration::from_millis(600), ..quick() };
        let begun = Instant::now();
        let mut workers = Vec::new();
        for _ in 0..3 {
            let (sweeping, sweeps) = (Arc::clone(&sweeping), sweeps.clone());
            let handler = Each::noting(&Done::default()).with_rows(move || {
                let (sweeping, sweeps) = (Arc::clone(&sweeping), sweeps.clone());
                async move {
                    sweeps.add(sweeping.fetch_add(1, Ordering::SeqCst) as u64);
                    sleep(Duration::from_millis(50)).await;
                    sweeping.fetch_sub(1, Ordering::SeqCst);
                    Ok(Vec::new())
                }
            });
            workers.push(handler.start(&world.node().await, &settings));
        }
        sweeps.until(4).await;
        let most = begun.elapsed().as_millis() / 600 + 1;
        assert!(sweeps.count() as u128 <= most, "{} sweeps, where {most} were due", sweeps.count());
        assert!(sweeps.numbers().iter().all(|others| *others == 0), "two at a time");
    }

    async fn a_sweep_that_fails_is_said_once_and_tried_again(world) {
        let log = Log::capture();
        let (queue, done, sweeps) = (world.node().await, Done::default(), Done::default());
        let handler = {
            let sweeps = sweeps.clone();
            Each::noting(&done).with_rows(move || {
                sweeps.add(0);
                let number = sweeps.count();
                async move {
                    match number {
                        1 | 2 => Err(Failure::passing("the database is gone")),
                        3 => panic!("the rows make no sense"),
                        _ => Ok(vec![Item::now("", Job::Do(0)), job(1)]),
                    }
                }
            })
        };
        // A sweep that takes longer than the interval has failed, too.
        let _worker = handler.start(&queue, &WorkerSettings { sweep_interval: Duration::from_millis(500), ..quick() });
        // A row that makes no job does not keep the others.
        done.until(1).await;
        eventually("it is said that it is over", async || log.lines("made from rows again") == 1).await;
        assert_eq!(log.lines("no jobs can be made from rows"), 1, "{log}");
    }

    async fn no_more_is_swept_than_may_be(world) {
        let (queue, settings) = (world.node().await, WorkerSettings { sweep_size: 7, ..quick() });
        let due = in_the_future(Duration::from_secs(3600));
        let rows = move || async move { Ok((0..100).map(|number| Item { at: Some(due), ..job(number) }).collect()) };
        let _worker = Each::noting(&Done::default()).with_rows(rows).start(&queue, &settings);
        eventually("there are some", async || queue.lengths().await.unwrap().scheduled > 0).await;
        assert_eq!(queue.lengths().await.unwrap().scheduled, 7);
    }
}
