use std::sync::Arc;
use std::time::{Duration, Instant};

use tidewater_queue::{Failure, Place, WorkerSettings};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::world::{Done, Each, World, empty, eventually, job, jobs, on_each_store, quick};

const VISIBILITY: Duration = Duration::from_secs(2);

fn impatient() -> WorkerSettings {
    WorkerSettings { visibility_timeout: VISIBILITY, ..quick() }
}

/// Begins each job, and ends it only when the gate lets it.
fn gated(begun: &Done, gate: &Arc<Semaphore>) -> Each {
    let (begun, gate) = (begun.clone(), Arc::clone(gate));
    Each::job(move |number| {
        let (begun, gate) = (begun.clone(), Arc::clone(&gate));
        async move {
            begun.add(number);
            gate.acquire().await.unwrap().forget();
            Ok(())
        }
    })
}

fn closed() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

on_each_store! {
    async fn what_a_dead_worker_held_is_taken_over_after_the_visibility_timeout(world) {
        let (first, second) = (world.node().await, world.node().await);
        let (begun, done) = (Done::default(), Done::default());
        let worker = gated(&begun, &closed()).start(&first, &impatient());
        first.push(&[job(1)]).await.unwrap();
        begun.until(1).await;
        drop(worker);
        let died = Instant::now();
        let _worker = Each::noting(&done).start(&second, &impatient());
        done.until(1).await;
        assert!(died.elapsed() >= VISIBILITY * 2 / 3 - Duration::from_millis(50), "{:?}", died.elapsed());
        eventually("it is done", async || empty(&first).await).await;
        assert_eq!((begun.count(), done.count()), (1, 1));
    }

    async fn what_a_living_worker_holds_is_left_to_it(world) {
        let (first, second) = (world.node().await, world.node().await);
        let (begun, gate) = (Done::default(), closed());
        let _workers = [gated(&begun, &gate).start(&first, &impatient()), gated(&begun, &gate).start(&second, &impatient())];
        first.push(&jobs(0..3)).await.unwrap();
        begun.until(3).await;
        sleep(VISIBILITY * 5 / 2).await;
        assert_eq!(begun.count(), 3, "some are run twice");
        gate.add_permits(3);
        eventually("all is done", async || empty(&first).await).await;
        assert_eq!(begun.count(), 3);
    }

    async fn a_worker_is_not_heard_about_what_was_taken_from_it(world) {
        let (first, second, begun, gate) = (world.node().await, world.node().await, Done::default(), closed());
        // One that does not say that it lives.
        let lost = {
            let (begun, gate) = (begun.clone(), Arc::clone(&gate));
            Each::job(move |number| {
                let (begun, gate) = (begun.clone(), Arc::clone(&gate));
                async move {
                    begun.add(number);
                    gate.acquire().await.unwrap().forget();
                    if number == 1 { Err(Failure::passing("too late")) } else { Ok(()) }
                }
            })
        };
        let hour = Duration::from_secs(3600);
        let settings = WorkerSettings { visibility_timeout: hour, concurrency: 2, attempts: 2, ..quick() };
        let _lost = lost.start(&first, &settings);
        first.push(&jobs(1..3)).await.unwrap();
        begun.until(2).await;
        let (again, other) = (Done::default(), closed());
        let _worker = gated(&again, &other).start(&second, &WorkerSettings { attempts: 9, ..impatient() });
        again.until(2).await;
        gate.add_permits(2);
        eventually("it has said so", async || first.counts().failed >= 1 && first.counts().done >= 1).await;
        sleep(Duration::from_millis(100)).await;
        let listed = second.list(10).await.unwrap();
        assert!(listed.iter().all(|listed| (listed.place, listed.attempts) == (Place::Running, 1)), "{listed:?}");
        assert_eq!(listed.len(), 2);
        other.add_permits(2);
        eventually("all is done", async || empty(&first).await).await;
        assert_eq!((again.count(), first.lengths().await.unwrap().dead), (2, 0));
    }

    async fn a_job_that_kills_its_workers_is_dead_in_the_end(world) {
        let queue = world.node().await;
        queue.push(&[job(1)]).await.unwrap();
        let settings = WorkerSettings { attempts: 2, ..impatient() };
        let begun = Done::default();
        for attempt in 1..=2 {
            let worker = gated(&begun, &closed()).start(&queue, &settings);
            begun.until(attempt).await;
            drop(worker);
        }
        let done = Done::default();
        let _worker = Each::noting(&done).start(&queue, &settings);
        eventually("it is dead", async || queue.lengths().await.unwrap().dead == 1).await;
        let letters = queue.letters(1).await.unwrap();
        assert_eq!((letters[0].attempts, letters[0].reason.as_str()), (2, "whoever ran it went away each time"));
        assert_eq!((begun.count(), done.count()), (2, 0));
    }

    async fn a_drained_worker_ends_what_it_has_begun_and_takes_no_more(world) {
        let (queue, begun, gate) = (world.node().await, Done::default(), closed());
        let worker = gated(&begun, &gate).start(&queue, &WorkerSettings { concurrency: 2, ..quick() });
        queue.push(&jobs(0..5)).await.unwrap();
        begun.until(2).await;
        let draining = tokio::spawn(worker.drain(Duration::from_secs(60)));
        // Long enough for it to have taken another, if it did.
        sleep(Duration::from_millis(700)).await;
        gate.add_permits(5);
        assert_eq!(draining.await.unwrap(), 0);
        assert_eq!(begun.numbers(), [0, 1]);
        let lengths = queue.lengths().await.unwrap();
        assert_eq!((lengths.queued, lengths.running, queue.counts().done), (3, 0, 2));
    }

    async fn what_outlasts_the_grace_is_given_back_at_once(world) {
        let (first, second, begun) = (world.node().await, world.node().await, Done::default());
        // Nobody takes it by time within this test.
        let settings = WorkerSettings { visibility_timeout: Duration::from_secs(3600), attempts: 1, ..quick() };
        let worker = gated(&begun, &closed()).start(&first, &settings);
        first.push(&jobs(0..2)).await.unwrap();
        begun.until(2).await;
        let asked = Instant::now();
        assert_eq!(worker.drain(Duration::from_millis(50)).await, 2);
        assert!(asked.elapsed() < Duration::from_secs(30), "{:?}", asked.elapsed());
        let listed = second.list(10).await.unwrap();
        assert!(listed.iter().all(|listed| (listed.place, listed.attempts) == (Place::Queued, 0)), "{listed:?}");
        let done = Done::default();
        let _worker = Each::noting(&done).start(&second, &settings);
        done.until(2).await;
        eventually("all is done", async || empty(&first).await).await;
        assert_eq!(done.numbers(), [0, 1]);
    }
}
