//! Processes that are killed or stand still in the middle of a job.

use std::time::Duration;

use tidewater_testkit::{TestDatabase, TestRedis};

use crate::child::{Place, TABLES, connect, is_worker, number};
use crate::world::{empty, eventually, job};

const VISIBILITY: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_job_whose_process_is_killed_is_run_by_another() {
    if is_worker().await {
        return;
    }
    let (redis, database) = (TestRedis::start().await, TestDatabase::postgres().await);
    database.sql(TABLES).await;
    database.sql("INSERT INTO held VALUES (1)").await;
    let place = Place { redis: &redis, database: &database, concurrency: 2, visibility_timeout: VISIBILITY };
    let (queue, rows) = (place.queue().await, connect(database.url(), 1).await);
    let test = "killed::a_job_whose_process_is_killed_is_run_by_another";
    let mut killed = place.worker(test).await;
    queue.push(&[job(1)]).await.unwrap();
    eventually("it has begun", async || number(&rows, "SELECT count(*) FROM execution").await == 1).await;
    killed.kill().await;

    let _other = place.worker(test).await;
    eventually("it is begun again", async || number(&rows, "SELECT count(*) FROM execution").await == 2).await;
    assert_eq!(queue.list(1).await.unwrap()[0].attempts, 1, "a worker that dies is an attempt");
    database.sql("DELETE FROM held").await;
    eventually("it is done", async || empty(&queue).await).await;
    assert_eq!(number(&rows, "SELECT count(*) FROM effect").await, 1);
    assert_eq!(number(&rows, "SELECT count(DISTINCT process) FROM execution").await, 2);
    rows.close().await.unwrap();
}

#[tokio::test]
async fn a_process_that_stood_still_does_no_harm_when_it_goes_on() {
    if is_worker().await {
        return;
    }
    let (redis, database) = (TestRedis::start().await, TestDatabase::postgres().await);
    database.sql(TABLES).await;
    database.sql("INSERT INTO held VALUES (1)").await;
    let place = Place { redis: &redis, database: &database, concurrency: 1, visibility_timeout: VISIBILITY };
    let (queue, rows) = (place.queue().await, connect(database.url(), 1).await);
    let test = "killed::a_process_that_stood_still_does_no_harm_when_it_goes_on";
    let mut still = place.worker(test).await;
    queue.push(&[job(1)]).await.unwrap();
    eventually("it has begun", async || number(&rows, "SELECT count(*) FROM execution").await == 1).await;
    still.pause();
    let _other = place.worker(test).await;
    eventually("it is begun again", async || number(&rows, "SELECT count(*) FROM execution").await == 2).await;

    // Both hold the job now, or think so.
    still.resume();
    database.sql("DELETE FROM held").await;
    eventually("it is done", async || empty(&queue).await).await;
    queue.push(&[job(2), job(3), job(4)]).await.unwrap();
    eventually("others are done", async || number(&rows, "SELECT count(*) FROM effect").await == 4).await;
    eventually("nothing is left", async || empty(&queue).await).await;
    assert_eq!(queue.lengths().await.unwrap().dead, 0);
    rows.close().await.unwrap();
}
