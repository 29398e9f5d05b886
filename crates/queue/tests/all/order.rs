use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tidewater_queue::{Error, Item, MAX_JOB, MAX_NAME, Place, Pushed, Queue, Settings, WorkerSettings};
use tokio::sync::Semaphore;

use crate::world::{Done, Each, Job, World, empty, eventually, job, jobs, on_each_store, quick};

on_each_store! {
    async fn one_worker_runs_jobs_in_their_order(world) {
        let (queue, done) = (world.node().await, Done::default());
        assert_eq!(queue.push(&jobs(0..300)).await.unwrap(), [Pushed::Queued; 300]);
        let worker = Each::noting(&done).start(&queue, &WorkerSettings { concurrency: 1, ..quick() });
        done.until(300).await;
        assert_eq!(done.numbers(), (0..300).collect::<Vec<_>>());
        eventually("nothing is left", async || empty(&queue).await).await;
        assert_eq!(queue.counts().done, 300);
        assert_eq!(worker.drain(Duration::ZERO).await, 0);
    }

    async fn one_name_is_queued_once_until_it_is_done(world) {
        let (queue, other, done) = (world.node().await, world.node().await, Done::default());
        assert_eq!(queue.push(&[job(1), job(1)]).await.unwrap(), [Pushed::Queued, Pushed::Known]);
        assert_eq!(other.push(&[job(1)]).await.unwrap(), [Pushed::Known]);
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
        let _worker = handler.start(&queue, &quick());
        done.until(1).await;
        assert_eq!(other.push(&[job(1)]).await.unwrap(), [Pushed::Known], "while it runs");
        assert_eq!(queue.list(10).await.unwrap()[0].place, Place::Running);
        gate.add_permits(2);
        eventually("it is done", async || empty(&queue).await).await;
        assert_eq!(other.push(&[job(1)]).await.unwrap(), [Pushed::Queued]);
        done.until(2).await;
        eventually("it is done again", async || empty(&queue).await).await;
        assert_eq!(done.numbers(), [1, 1]);
    }

    async fn two_nodes_that_race_run_each_job_once(world) {
        let (first, second, done) = (world.node().await, world.node().await, Done::default());
        let workers = [Each::noting(&done).start(&first, &quick()), Each::noting(&done).start(&second, &quick())];
        // Both push everything, in steps, while both run.
        for step in 0..20 {
            let (jobs, again) = (jobs(step * 50..step * 50 + 50), jobs(step * 50..step * 50 + 50));
            let (one, other) = tokio::join!(first.push(&jobs), second.push(&again));
            let queued = |pushed: Vec<Pushed>| pushed.into_iter().filter(|pushed| *pushed == Pushed::Queued).count();
            // What is done before it is pushed for the second time is queued again, rightly.
            assert!(queued(one.unwrap()) + queued(other.unwrap()) >= 50);
        }
        eventually("all is done", async || empty(&first).await).await;
        let numbers = done.numbers();
        assert_eq!(numbers.iter().copied().collect::<BTreeSet<_>>(), (0..1_000).collect());
        for worker in workers {
            assert_eq!(worker.drain(Duration::ZERO).await, 0);
        }
    }

    async fn several_workers_share_the_work(world) {
        let (first, second) = (world.node().await, world.node().await);
        let done = [Done::default(), Done::default()];
        first.push(&jobs(0..500)).await.unwrap();
        let slowly = |done: &Done| {
            let done = done.clone();
            Each::job(move |number| {
                let done = done.clone();
                async move {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    done.add(number);
                    Ok(())
                }
            })
        };
        let _workers = [slowly(&done[0]).start(&first, &quick()), slowly(&done[1]).start(&second, &quick())];
        eventually("all is done", async || empty(&first).await).await;
        let mut numbers = [done[0].numbers(), done[1].numbers()].concat();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..500).collect::<Vec<_>>());
        assert!(done.iter().all(|done| done.count() > 50), "one did it alone");
    }

    async fn no_more_run_at_a_time_than_may(world) {
        let (queue, done) = (world.node().await, Done::default());
        let free = Arc::new(Semaphore::new(3));
        queue.push(&jobs(0..100)).await.unwrap();
        let handler = {
            let done = done.clone();
            Each::job(move |number| {
                let (done, free) = (done.clone(), Arc::clone(&free));
                async move {
                    let _one_of_three = free.try_acquire().expect("a fourth runs");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    done.add(number);
                    Ok(())
                }
            })
        };
        let _worker = handler.start(&queue, &WorkerSettings { concurrency: 3, ..quick() });
        done.until(100).await;
        assert_eq!(queue.counts().failed, 0);
    }

    async fn what_there_is_no_room_for_is_not_queued(world) {
        let world = world.bounded(10, 10).await;
        let queue = world.node().await;
        let pushed = queue.push(&jobs(0..12)).await.unwrap();
        assert_eq!((&pushed[..10], &pushed[10..]), (&[Pushed::Queued; 10][..], &[Pushed::Full; 2][..]));
        let later = Item { at: Some(crate::world::in_the_future(Duration::from_secs(60))), ..job(13) };
        assert_eq!(queue.push(&[later, job(3)]).await.unwrap(), [Pushed::Full, Pushed::Known]);
        let done = Done::default();
        let _worker = Each::noting(&done).start(&queue, &quick());
        eventually("there is room", async || empty(&queue).await).await;
        assert_eq!(queue.push(&[job(11)]).await.unwrap(), [Pushed::Queued]);
    }

    async fn what_does_not_fit_is_refused_whole(world) {
        let queue = world.node().await;
        for name in [String::new(), "n".repeat(MAX_NAME + 1)] {
            let refused = queue.push(&[job(1), Item::now(name, Job::Do(1))]).await;
            assert!(matches!(refused, Err(Error::Unfit { .. })), "{refused:?}");
        }
        assert!(empty(&queue).await);
        queue.push(&[Item::now("n".repeat(MAX_NAME), Job::Do(1))]).await.unwrap();
    }
}

#[tokio::test]
async fn a_job_is_not_longer_than_it_may_be() {
    let queue: Queue<String> = Queue::open(Settings::default()).await.unwrap();
    let long = |length| Item::now("long", "j".repeat(length));
    assert!(queue.push(&[long(MAX_JOB - 1)]).await.is_err());
    queue.push(&[long(MAX_JOB - 2)]).await.unwrap();
}
