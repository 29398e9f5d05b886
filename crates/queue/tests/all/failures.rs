use std::time::Duration;

use tidewater_queue::{Counts, Failure, Item, Pushed, WorkerSettings};
use tokio::time::sleep;

use crate::world::{Done, Each, Job, World, empty, eventually, job, jobs, on_each_store, quick};

/// Fails in every attempt, which is remembered.
fn failing(attempts: &Done, failure: Failure) -> Each {
    let attempts = attempts.clone();
    Each::job(move |number| {
        attempts.add(number);
        let failure = failure.clone();
        async { Err(failure) }
    })
}

on_each_store! {
    async fn a_failed_job_is_tried_again_after_pauses_that_grow(world) {
        let (queue, attempts) = (world.node().await, Done::default());
        let handler = {
            let attempts = attempts.clone();
            Each::job(move |number| {
                attempts.add(number);
                let done = attempts.count() == 5;
                async move { if done { Ok(()) } else { Err(Failure::passing("not yet")) } }
            })
        };
        queue.push(&[job(1)]).await.unwrap();
        let _worker = handler.start(&queue, &WorkerSettings { attempts: 5, ..quick() });
        attempts.until(5).await;
        eventually("it is done", async || empty(&queue).await).await;
        let times = attempts.times();
        for (number, pair) in times.windows(2).enumerate() {
            let least = Duration::from_millis(10 * 2_u64.pow(number as u32)) - Duration::from_millis(1);
            assert!(pair[1] - pair[0] >= least, "{number}: {:?}", pair[1] - pair[0]);
        }
        assert_eq!(queue.counts(), Counts { done: 1, failed: 4, died: 0 });
        assert!(queue.letters(10).await.unwrap().is_empty());
    }

    async fn a_job_that_never_succeeds_is_dead_and_can_be_tried_again(world) {
        let (queue, attempts) = (world.node().await, Done::default());
        queue.push(&jobs(1..3)).await.unwrap();
        let worker = failing(&attempts, Failure::passing("no such luck")).start(&queue, &quick());
        eventually("they are dead", async || queue.lengths().await.unwrap().dead == 2).await;
        assert_eq!(attempts.count(), 6);
        let letters = queue.letters(10).await.unwrap();
        let mut names: Vec<&str> = letters.iter().map(|letter| letter.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["job 1", "job 2"]);
        for letter in &letters {
            assert_eq!((letter.attempts, letter.reason.as_str()), (3, "no such luck"));
            assert!(letter.at.elapsed().unwrap() < Duration::from_secs(60));
            assert!(["{\"Do\":1}", "{\"Do\":2}"].contains(&letter.job.as_str()), "{letter:?}");
        }
        assert_eq!(queue.letters(1).await.unwrap(), letters[..1], "the latest");
        assert_eq!(queue.counts(), Counts { done: 0, failed: 6, died: 2 });
        worker.drain(Duration::ZERO).await;

        let done = Done::default();
        let _worker = Each::noting(&done).start(&queue, &quick());
        assert_eq!(queue.retry(&["job 2".to_owned(), "nobody".to_owned()]).await.unwrap(), 1);
        done.until(1).await;
        assert_eq!(queue.letters(10).await.unwrap().len(), 1);
        assert_eq!((queue.retry_all().await.unwrap(), queue.retry_all().await.unwrap()), (1, 0));
        done.until(2).await;
        assert_eq!(done.numbers(), [2, 1]);
        assert!(queue.letters(10).await.unwrap().is_empty());
    }

    async fn what_can_never_succeed_is_dead_at_once(world) {
        let (queue, attempts) = (world.node().await, Done::default());
        let _worker = failing(&attempts, Failure::lasting("r".repeat(5_000))).start(&queue, &quick());
        queue.push(&[job(1)]).await.unwrap();
        eventually("it is dead", async || queue.lengths().await.unwrap().dead == 1).await;
        assert_eq!(attempts.count(), 1);
        let letters = queue.letters(10).await.unwrap();
        assert_eq!((letters[0].attempts, letters[0].reason.len()), (1, tidewater_queue::MAX_REASON));
    }

    async fn a_panic_is_a_failure_and_not_the_end(world) {
        let (queue, done) = (world.node().await, Done::default());
        let handler = {
            let done = done.clone();
            Each::job(move |number| {
                let done = done.clone();
                async move {
                    assert!(number != 1, "one is too much");
                    done.add(number);
                    Ok(())
                }
            })
        };
        let _worker = handler.start(&queue, &WorkerSettings { concurrency: 1, ..quick() });
        queue.push(&jobs(1..4)).await.unwrap();
        done.until(2).await;
        eventually("it is dead", async || queue.lengths().await.unwrap().dead == 1).await;
        let letters = queue.letters(10).await.unwrap();
        assert_eq!((letters[0].name.as_str(), letters[0].reason.as_str()), ("job 1", "it panicked: one is too much"));
        assert_eq!(letters[0].attempts, 3);
        queue.push(&[job(4)]).await.unwrap();
        done.until(3).await;
    }

    async fn what_takes_too_long_has_failed(world) {
        let (queue, attempts) = (world.node().await, Done::default());
        let handler = {
            let attempts = attempts.clone();
            Each::job(move |number| {
                attempts.add(number);
                async {
                    sleep(Duration::from_secs(3600)).await;
                    Ok(())
                }
            })
        };
        queue.push(&[job(1)]).await.unwrap();
        let settings = WorkerSettings { time_limit: Duration::from_millis(50), ..quick() };
        let _worker = handler.start(&queue, &settings);
        eventually("it is dead", async || queue.lengths().await.unwrap().dead == 1).await;
        assert_eq!((attempts.count(), queue.letters(1).await.unwrap()[0].reason.as_str()), (3, "it took longer than 50ms"));
    }

    async fn a_job_of_a_newer_version_is_dead_until_it_is_pushed_again(world) {
        let (queue, done) = (world.node().await, Done::default());
        let newer = Item::now("newer", Job::Newer);
        queue.push(std::slice::from_ref(&newer)).await.unwrap();
        queue.push(&[job(1)]).await.unwrap();
        let worker = Each::noting(&done).start(&queue, &quick());
        done.until(1).await;
        eventually("it is dead", async || queue.lengths().await.unwrap().dead == 1).await;
        let letters = queue.letters(10).await.unwrap();
        assert!(letters[0].reason.contains("does not know it"), "{letters:?}");
        assert_eq!(letters[0].job, "\"Newer\"");
        worker.drain(Duration::ZERO).await;
        // The next worker may know it.
        assert_eq!(queue.push(&[newer]).await.unwrap(), [Pushed::Queued]);
        assert!(queue.letters(10).await.unwrap().is_empty());
    }

    async fn a_dead_job_rests_before_it_is_begun_anew(world) {
        let (queue, attempts) = (world.node().await, Done::default());
        let settings = WorkerSettings { rest: Duration::from_millis(1_500), attempts: 1, ..quick() };
        let _worker = failing(&attempts, Failure::passing("no")).start(&queue, &settings);
        queue.push(&[job(1)]).await.unwrap();
        eventually("it is dead", async || queue.lengths().await.unwrap().dead == 1).await;
        assert_eq!(queue.push(&[job(1)]).await.unwrap(), [Pushed::Known]);
        let died = attempts.times()[0];
        eventually("it has rested", async || queue.push(&[job(1)]).await.unwrap() == [Pushed::Queued]).await;
        assert!(died.elapsed() >= Duration::from_millis(1_499), "{:?}", died.elapsed());
        attempts.until(2).await;
        eventually("it is dead again", async || queue.lengths().await.unwrap().dead == 1).await;
    }

    async fn of_too_many_dead_the_oldest_are_dropped(world) {
        let world = world.bounded(1_000, 3).await;
        let (queue, attempts) = (world.node().await, Done::default());
        let settings = WorkerSettings { concurrency: 1, attempts: 1, ..quick() };
        let _worker = failing(&attempts, Failure::lasting("no")).start(&queue, &settings);
        for number in 0..6 {
            queue.push(&[job(number)]).await.unwrap();
            eventually("it is dead", async || empty(&queue).await).await;
            // They are kept by their millisecond.
            sleep(Duration::from_millis(2)).await;
        }
        let names: Vec<String> = queue.letters(10).await.unwrap().into_iter().map(|letter| letter.name).collect();
        assert_eq!(names, ["job 5", "job 4", "job 3"]);
        assert_eq!(queue.push(&[job(0), job(5)]).await.unwrap(), [Pushed::Queued, Pushed::Known]);
    }
}
