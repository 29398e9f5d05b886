use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tidewater_queue::{Backoff, Failure, Item, Place, Pushed, WorkerSettings};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::world::{Done, Each, Job, World, empty, eventually, in_the_future, job, on_each_store, quick};

fn later(number: u64, after: Duration) -> Item<Job> {
    Item { at: Some(in_the_future(after)), ..job(number) }
}

on_each_store! {
    async fn jobs_begin_at_their_times_and_not_before(world) {
        let (queue, done) = (world.node().await, Done::default());
        let _worker = Each::noting(&done).start(&queue, &quick());
        let begun = Instant::now();
        let milliseconds = Duration::from_millis;
        let items = [later(3, milliseconds(1_600)), later(1, milliseconds(1_000)), later(2, milliseconds(1_300))];
        assert_eq!(queue.push(&items).await.unwrap(), [Pushed::Queued; 3]);
        assert_eq!(queue.lengths().await.unwrap().scheduled, 3);
        done.until(3).await;
        assert_eq!(done.numbers(), [1, 2, 3]);
        for (index, time) in done.times().into_iter().enumerate() {
            // Times are told in whole milliseconds.
            let due = milliseconds(1_000) + milliseconds(300) * index as u32 - milliseconds(1);
            assert!(time.duration_since(begun) >= due, "{index}: {:?}", time.duration_since(begun));
        }
        eventually("nothing is left", async || empty(&queue).await).await;
    }

    async fn a_time_that_is_over_is_now(world) {
        let (queue, done) = (world.node().await, Done::default());
        let items = [Item::at(UNIX_EPOCH, "long ago", Job::Do(1)), Item::at(SystemTime::now(), "now", Job::Do(2))];
        queue.push(&items).await.unwrap();
        assert_eq!(queue.lengths().await.unwrap().queued, 2);
        let _worker = Each::noting(&done).start(&queue, &quick());
        done.until(2).await;
    }

    async fn a_scheduled_job_is_brought_forward_and_not_put_off(world) {
        let (queue, done) = (world.node().await, Done::default());
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        let at = async |number: u64| {
            let listed = queue.list(10).await.unwrap();
            let found = listed.iter().find(|listed| listed.name == format!("job {number}")).unwrap();
            (found.place, found.at.duration_since(SystemTime::now()).unwrap_or_default().as_secs().div_ceil(60))
        };
        assert_eq!(queue.push(&[later(1, hours(2))]).await.unwrap(), [Pushed::Queued]);
        assert_eq!(queue.push(&[later(1, hours(3))]).await.unwrap(), [Pushed::Known]);
        assert_eq!(at(1).await, (Place::Scheduled, 120));
        assert_eq!(queue.push(&[later(1, hours(1))]).await.unwrap(), [Pushed::Known]);
        assert_eq!(at(1).await, (Place::Scheduled, 60));
        assert_eq!(queue.push(&[Item::now("job 1", Job::Do(7))]).await.unwrap(), [Pushed::Known]);
        assert_eq!(at(1).await.0, Place::Queued);
        let _worker = Each::noting(&done).start(&queue, &quick());
        done.until(1).await;
        eventually("nothing is left", async || empty(&queue).await).await;
        assert_eq!(done.numbers(), [7], "it is what was pushed last");
    }

    async fn a_job_that_waits_after_a_failure_is_not_brought_forward(world) {
        let (queue, done) = (world.node().await, Done::default());
        let handler = {
            let done = done.clone();
            Each::job(move |number| {
                done.add(number);
                async { Err(Failure::passing("not yet")) }
            })
        };
        let hour = Duration::from_secs(3600);
        let settings = WorkerSettings { backoff: Backoff { first: hour, longest: hour }, ..quick() };
        queue.push(&[job(1)]).await.unwrap();
        let _worker = handler.start(&queue, &settings);
        eventually("it waits", async || queue.lengths().await.unwrap().scheduled == 1).await;
        assert_eq!(queue.push(&[job(1)]).await.unwrap(), [Pushed::Known]);
        let listed = queue.list(10).await.unwrap();
        assert_eq!((listed[0].place, listed[0].attempts), (Place::Scheduled, 1));
        assert!(listed[0].at > in_the_future(hour / 3));
        assert_eq!(done.count(), 1);
    }

    async fn a_recurring_job_is_run_once_per_tick_for_all_nodes(world) {
        let (done, every) = (Done::default(), Duration::from_millis(500));
        let tick = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() / every.as_millis();
        let first = tick();
        let mut workers = Vec::new();
        for _ in 0..3 {
            workers.push(Each::noting(&done).every(every, "chore", 1).start(&world.node().await, &quick()));
        }
        done.until(4).await;
        let runs = done.count() as u128;
        let ticks = tick() - first + 1;
        assert!(runs <= ticks, "{runs} runs in {ticks} ticks");
    }

    async fn a_recurring_job_that_still_runs_is_passed_over(world) {
        let (queue, done) = (world.node().await, Done::default());
        let gate = Arc::new(Semaphore::new(0));
        let handler = {
            let (done, gate) = (done.clone(), Arc::clone(&gate));
            Each::job(move |number| {
                let (done, gate) = (done.clone(), Arc::clone(&gate));
                async move {
                    done.add(number);
                    gate.acquire().await.unwrap().forget();
                    Ok(())
                }
            })
        };
        let _worker = handler.every(Duration::from_millis(50), "chore", 1).start(&queue, &quick());
        done.until(1).await;
        sleep(Duration::from_millis(1_100)).await;
        assert_eq!((done.count(), queue.list(10).await.unwrap().len()), (1, 1));
        gate.add_permits(1);
        done.until(2).await;
    }
}
