use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{NaiveDate, TimeDelta};
use futures::future::join_all;
use sea_orm::{ConnectionTrait, EntityTrait, Statement, TransactionTrait};
use tidewater_entity::views::{Counted, Merged, add, prune, secret};
use tidewater_entity::{new_id, note_view_day, note_views, now, view_batch};
use tidewater_testkit::Backend;
use uuid::{NoContext, Timestamp, Uuid};

use crate::migrated::Migrated;
use crate::on_both_databases;
use crate::rows::{Rows, insert};

/// Viewers by their numbers, kept as they are.
type Viewers = BTreeSet<u8>;

fn counted(note_id: Uuid, day: NaiveDate, views: u64, viewers: &[u8]) -> Counted<Viewers> {
    Counted { note_id, day, views, viewers: viewers.iter().copied().collect() }
}

fn merge(known: Option<&[u8]>, viewers: &Viewers) -> Option<Merged> {
    let all: Viewers = known.into_iter().flatten().chain(viewers).copied().collect();
    (!all.contains(&255)).then(|| Merged { viewers: all.len() as u64, sketch: all.into_iter().collect() })
}

fn day(number: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, number).unwrap()
}

/// A note that nobody has seen.
async fn a_note(migrated: &Migrated) -> Uuid {
    let rows = Rows::new();
    insert(&migrated.connection, &rows.user).await;
    insert(&migrated.connection, &rows.note).await;
    rows.note.id
}

/// How often the note was seen, and by how many.
async fn counts(migrated: &Migrated, note: Uuid) -> Option<(i64, i64)> {
    let row = note_views::Entity::find_by_id(note).one(&migrated.connection).await.unwrap();
    row.map(|row| (row.view_count, row.viewer_count))
}

on_both_databases! {
    async fn a_batch_is_added_once(migrated) {
        let (connection, note, other) = (&migrated.connection, a_note(&migrated).await, a_note(&migrated).await);
        let batch = [
            counted(note, day(1), 5, &[1, 2]),
            counted(note, day(2), 1, &[2]),
            counted(other, day(1), 1, &[3]),
        ];
        let id = new_id();
        assert!(add(connection, id, &batch, merge).await.unwrap());
        for _ in 0..2 {
            assert_eq!((counts(&migrated, note).await, counts(&migrated, other).await), (Some((6, 3)), Some((1, 1))));
            assert!(!add(connection, id, &batch, merge).await.unwrap());
        }
        let next = [counted(note, day(1), 3, &[2, 3, 4])];
        assert!(add(connection, new_id(), &next, merge).await.unwrap());
        assert_eq!(counts(&migrated, note).await, Some((9, 5)));
    }

    async fn batches_at_the_same_time_take_turns(migrated) {
        let (connection, note, other) = (&migrated.connection, a_note(&migrated).await, a_note(&migrated).await);
        let ids: Vec<Uuid> = (0..12).map(|_| new_id()).collect();
        let adding = ids.iter().enumerate().flat_map(|(number, id)| [(number as u8, *id); 2]).map(async |(number, id)| {
            let mut batch = [counted(note, day(1), 1, &[number]), counted(other, day(1), 1, &[number / 2])];
            if number.is_multiple_of(2) {
                batch.reverse();
            }
            add(connection, id, &batch, merge).await.unwrap()
        });
        let added = join_all(adding).await.into_iter().filter(|added| *added).count();
        assert_eq!(added, 12);
        assert_eq!((counts(&migrated, note).await, counts(&migrated, other).await), (Some((12, 12)), Some((12, 6))));
    }

    async fn notes_that_are_gone_are_left_out(migrated) {
        let (connection, note) = (&migrated.connection, a_note(&migrated).await);
        let batch = [counted(new_id(), day(1), 5, &[1]), counted(note, day(1), 1, &[1])];
        assert!(add(connection, new_id(), &batch, merge).await.unwrap());
        assert!(add(connection, new_id(), &batch[..1], merge).await.unwrap());
        assert_eq!(counts(&migrated, note).await, Some((1, 1)));
    }

    async fn what_cannot_be_merged_stays(migrated) {
        let (connection, note) = (&migrated.connection, a_note(&migrated).await);
        let batch = [counted(note, day(1), 1, &[1, 2])];
        assert!(add(connection, new_id(), &batch, merge).await.unwrap());
        let batch = [counted(note, day(1), 1, &[255]), counted(note, day(2), 1, &[1])];
        assert!(add(connection, new_id(), &batch, merge).await.unwrap());
        assert_eq!(counts(&migrated, note).await, Some((3, 3)));
    }

    async fn more_rows_than_one_statement_binds(migrated) {
        let (connection, note) = (&migrated.connection, a_note(&migrated).await);
        let first = day(1);
        let batch: Vec<_> = (0..9_000).map(|days| counted(note, first - TimeDelta::days(days), 1, &[1])).collect();
        assert!(add(connection, new_id(), &batch, merge).await.unwrap());
        assert_eq!(counts(&migrated, note).await, Some((9_000, 9_000)));
    }

    async fn what_is_not_needed_any_more_is_forgotten_and_the_counts_stay(migrated) {
        let (connection, note) = (&migrated.connection, a_note(&migrated).await);
        let today = now().date_naive();
        for (age, batches, days) in [(13, 1, 0), (15, 1, 0), (7, 2, 1), (0, 3, 2)] {
            let opened = (now() - TimeDelta::days(age)).timestamp().unsigned_abs();
            let id = Uuid::new_v7(Timestamp::from_unix(NoContext, opened, 0));
            let batch = [counted(note, today - TimeDelta::days(age), 1, &[1])];
            assert!(add(connection, id, &batch, merge).await.unwrap());
            prune(connection).await.unwrap();
            let known = view_batch::Entity::find().all(connection).await.unwrap();
            let kept = note_view_day::Entity::find().all(connection).await.unwrap();
            assert_eq!((known.len(), kept.len()), (batches, days), "{age} days old");
        }
        assert_eq!(counts(&migrated, note).await, Some((4, 4)));
    }

    async fn all_servers_get_one_secret(migrated) {
        let connection = &migrated.connection;
        let secrets = join_all((0..8).map(|number| secret(connection, [number; 32]))).await;
        let secrets: BTreeSet<Vec<u8>> = secrets.into_iter().map(Result::unwrap).collect();
        assert_eq!(secrets.len(), 1);
        assert_eq!(BTreeSet::from([secret(connection, [99; 32]).await.unwrap()]), secrets);
    }
}

#[tokio::test]
async fn a_note_that_goes_meanwhile_is_waited_for_and_left_out() {
    let migrated = Migrated::new(Backend::Postgres).await;
    let (connection, note, other) = (&migrated.connection, a_note(&migrated).await, a_note(&migrated).await);
    let batch = [counted(note, day(1), 5, &[1]), counted(other, day(1), 1, &[1])];
    let deleting = migrated.database.connect().await.begin().await.unwrap();
    tidewater_entity::note::Entity::delete_by_id(note).exec(&deleting).await.unwrap();
    let id = new_id();
    let commit = async {
        let query = "SELECT count(*) AS waiting FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let query = Statement::from_string(connection.get_database_backend(), query);
        let begun = Instant::now();
        loop {
            let row = connection.query_one_raw(query.clone()).await.unwrap().unwrap();
            if row.try_get::<i64>("", "waiting").unwrap() > 0 {
                return deleting.commit().await.unwrap();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "nobody waits");
        }
    };
    let (added, ()) = tokio::join!(add(connection, id, &batch, merge), commit);
    assert!(added.unwrap());
    assert_eq!((counts(&migrated, note).await, counts(&migrated, other).await), (None, Some((1, 1))));
}
