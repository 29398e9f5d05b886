//! What holds with Redis and without.

use std::time::Duration;

use tidewater_counter::{Counter, Full, MOST_OPEN, View};
use tidewater_testkit::TestRedis;
use tokio::time::timeout;

use crate::database::{Database, Mood};
use crate::world::{day, process, see, see_each, subject, view, viewer};

/// Runs each test body in both worlds: `name::redis` and `name::alone`.
macro_rules! in_both_worlds {
    ($(async fn $name:ident($counter:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($counter: Counter) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn redis() {
                let redis = TestRedis::start().await;
                body(process(Some(&redis)).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn alone() {
                body(process(None).await).await;
            }
        }
    )+};
}

in_both_worlds! {
    async fn views_are_counted_once_and_viewers_once_a_day(counter) {
        let database = Database::default();
        for _ in 0..3 {
            see(&counter, 1, 0..20).await;
        }
        see(&counter, 2, 5..6).await;
        database.flush(&counter).await.unwrap();
        assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (60, 20));
        assert_eq!((database.views(subject(2)), database.viewers(subject(2))), (1, 1));

        database.flush(&counter).await.unwrap();
        assert_eq!(database.all_views(), 61, "nothing is left");
        see(&counter, 1, 10..30).await;
        counter.view(View { day: day(2), ..view(1, 7) }).await.unwrap();
        counter.view(View { day: day(2), ..view(1, 8) }).await.unwrap();
        database.flush(&counter).await.unwrap();
        assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (82, 32));
    }

    async fn many_at_once_are_all_counted(counter) {
        let database = Database::default();
        see(&counter, 1, 0..5_000).await;
        database.flush(&counter).await.unwrap();
        assert_eq!(database.views(subject(1)), 5_000);
        assert!(database.viewers(subject(1)).abs_diff(5_000) < 150, "{}", database.viewers(subject(1)));
    }

    async fn what_is_counted_while_it_is_flushed_is_not_lost(counter) {
        let database = Database::default();
        let flushing = async {
            for _ in 0..40 {
                database.flush(&counter).await.unwrap();
            }
        };
        tokio::join!(see(&counter, 1, 0..4_000), see(&counter, 2, 0..2_000), flushing);
        database.flush(&counter).await.unwrap();
        assert_eq!((database.views(subject(1)), database.views(subject(2))), (4_000, 2_000));
    }

    async fn what_the_database_refuses_waits(counter) {
        let database = Database::default();
        see(&counter, 1, 0..10).await;
        database.be(Mood::Refusing);
        for _ in 0..3 {
            database.flush(&counter).await.unwrap_err();
            see(&counter, 1, 0..10).await;
        }
        database.be(Mood::Willing);
        database.flush(&counter).await.unwrap();
        assert_eq!((database.views(subject(1)), database.viewers(subject(1))), (40, 10));
    }

    async fn what_the_database_has_done_without_being_heard_is_not_done_again(counter) {
        let database = Database::default();
        see(&counter, 1, 0..10).await;
        database.be(Mood::Unheard);
        database.flush(&counter).await.unwrap_err();
        see(&counter, 1, 0..10).await;
        database.be(Mood::Willing);
        database.flush(&counter).await.unwrap();
        assert_eq!((database.views(subject(1)), database.batches()), (20, (2, 1)));
    }

    async fn no_more_is_open_than_is_stated(counter) {
        let database = Database::default();
        database.be(Mood::Refusing);
        let most = u32::try_from(MOST_OPEN).unwrap();
        let soon = Duration::from_millis(50);
        let filled = see_each(&counter, 0..most / 2 - 100).await;
        assert!(filled.iter().all(Result::is_ok));
        assert!(timeout(soon, counter.filling()).await.is_err(), "it fills");
        see_each(&counter, most / 2 - 100..most / 2).await;
        timeout(Duration::from_secs(60), counter.filling()).await.expect("it is not told that it fills");

        see_each(&counter, most / 2..most).await;
        assert!(see_each(&counter, most..most + 10).await.iter().all(|counted| *counted == Err(Full)));
        database.flush(&counter).await.unwrap_err();
        database.be(Mood::Willing);
        database.flush(&counter).await.unwrap();
        assert_eq!(database.all_views(), u64::from(most), "what was refused does not count, and all else does");
        counter.view(View { viewer: viewer(1), ..view(0, 0) }).await.unwrap();
    }
}
