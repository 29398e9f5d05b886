//! Adding batches of views to the counts of notes, each batch once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};
use tidewater_changelog::fault;
use uuid::{Builder, Uuid};

use crate::{begin, note, note_view_day, note_views, now, view_batch, view_secret};

/// Who holds it adds a batch. Released by PostgreSQL when the transaction ends, however it ends.
const ADVISORY_LOCK: i64 = 0x7469_6465_0000_0002;

/// How long it is known which batches have been added. Twice as long as batches may be old when they are added, so that clocks may
/// differ by days.
const BATCHES_KEPT: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long it is known who has seen a note on a day: for longer than views of that day may come late.
const DAYS_KEPT: TimeDelta = TimeDelta::days(9);

/// How many rows go in one statement: at four columns a row below what SQLite binds, and more than batches have.
const ROWS_PER_STATEMENT: usize = 4_000;

/// What was counted of one note on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted<S> {
    /// The note.
    pub note_id: Uuid,
    /// The day, in UTC.
    pub day: NaiveDate,
    /// How often it was seen.
    pub views: u64,
    /// By whom.
    pub viewers: S,
}

/// Who has seen a note on a day, with what is known already: for the table, and how many they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The bytes to keep.
    pub sketch: Vec<u8>,
    /// How many.
    pub viewers: u64,
}

/// Adds the batch `id` to the counts, in one transaction with a record of its id; answers whether it did. If the batch has been added
/// before, it does nothing. What was counted of notes that are gone is dropped.
///
/// `merge` adds viewers to the bytes that are kept of a day; where it answers nothing, these stay as they are.
///
/// # Errors
/// What the database answers. Then nothing is added, or, if the commit was done and could not be confirmed, everything.
pub async fn add<S>(
    database: &DatabaseConnection,
    id: Uuid,
    counted: &[Counted<S>],
    merge: impl Fn(Option<&[u8]>, &S) -> Option<Merged>,
) -> Result<bool, DbErr> {
    let transaction = begin(database).await?;
    if !record(&transaction, id).await? {
        return Ok(false);
    }
    fault::hold("views_recorded").await;
    for some in counted.chunks(ROWS_PER_STATEMENT) {
        add_to_counts(&transaction, some, &merge).await?;
    }
    fault::hold("views_added").await;
    transaction.commit().await?;
    Ok(true)
}

/// Forgets what is not needed to add batches any more.
///
/// # Errors
/// What the database answers.
pub async fn prune(database: &DatabaseConnection) -> Result<(), DbErr> {
    let oldest = (now() - BATCHES_KEPT).timestamp_millis().unsigned_abs();
    let oldest = Builder::from_unix_timestamp_millis(oldest, &[0; 10]).into_uuid();
    view_batch::Entity::delete_many().filter(view_batch::Column::Id.lt(oldest)).exec(database).await?;
    let oldest = now().date_naive() - DAYS_KEPT;
    note_view_day::Entity::delete_many().filter(note_view_day::Column::Day.lt(oldest)).exec(database).await?;
    Ok(())
}

/// The secret of this deployment; `made`, if there is none yet.
///
/// # Errors
/// What the database answers.
pub async fn secret(database: &DatabaseConnection, made: [u8; 32]) -> Result<Vec<u8>, DbErr> {
    let row = view_secret::Model { id: Uuid::nil(), secret: made.to_vec() };
    if let Some(known) = view_secret::Entity::find_by_id(row.id).one(database).await? {
        return Ok(known.secret);
    }
    let insert = view_secret::Entity::insert(row.clone().into_active_model()).on_conflict_do_nothing();
    insert.exec_without_returning(database).await?;
    let known = view_secret::Entity::find_by_id(row.id).one(database).await?;
    Ok(known.map_or(row.secret, |known| known.secret))
}

/// Keeps others from adding until the transaction ends, and records that it adds the batch; answers whether that is new.
async fn record(transaction: &DatabaseTransaction, id: Uuid) -> Result<bool, DbErr> {
    // On SQLite, the transaction is the only one that writes.
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
    }
    let batch = view_batch::Model { id, applied_at: now() }.into_active_model();
    let recorded = view_batch::Entity::insert(batch).on_conflict_do_nothing().exec_without_returning(transaction);
    Ok(matches!(recorded.await?, TryInsertResult::Inserted(1..)))
}

async fn add_to_counts<S>(
    transaction: &DatabaseTransaction,
    counted: &[Counted<S>],
    merge: &impl Fn(Option<&[u8]>, &S) -> Option<Merged>,
) -> Result<(), DbErr> {
    let notes: HashSet<Uuid> = counted.iter().map(|counted| counted.note_id).collect();
    // Locked, so that none goes before its counts have come.
    let notes = note::Entity::find()
        .select_only()
        .column(note::Column::Id)
        .filter(note::Column::Id.is_in(notes))
        .order_by_asc(note::Column::Id)
        .lock(LockType::KeyShare)
        .into_tuple::<Uuid>();
    let notes: HashSet<Uuid> = notes.all(transaction).await?.into_iter().collect();
    let counted: Vec<&Counted<S>> = counted.iter().filter(|counted| notes.contains(&counted.note_id)).collect();
    if counted.is_empty() {
        return Ok(());
    }
    let known = known_days(transaction, &counted).await?;
    let mut days = Vec::with_capacity(counted.len());
    let mut sums = BTreeMap::<Uuid, (u64, i64)>::new();
    for Counted { note_id, day, views, viewers } in counted {
        let (all_views, new_viewers) = sums.entry(*note_id).or_default();
        *all_views += views;
        let known = known.get(&(*note_id, *day));
        if let Some(merged) = merge(known.map(|known| known.sketch.as_slice()), viewers) {
            let viewer_count = merged.viewers.cast_signed();
            *new_viewers += viewer_count - known.map_or(0, |known| known.viewer_count);
            days.push(note_view_day::Model { note_id: *note_id, day: *day, viewer_count, sketch: merged.sketch });
        }
    }
    set_days(transaction, days).await?;
    add_sums(transaction, sums).await
}

async fn known_days<S>(
    transaction: &DatabaseTransaction,
    counted: &[&Counted<S>],
) -> Result<HashMap<(Uuid, NaiveDate), note_view_day::Model>, DbErr> {
    let (notes, days): (HashSet<Uuid>, HashSet<NaiveDate>) =
        counted.iter().map(|counted| (counted.note_id, counted.day)).unzip();
    let rows = note_view_day::Entity::find()
        .filter(note_view_day::Column::NoteId.is_in(notes))
        .filter(note_view_day::Column::Day.is_in(days));
    Ok(rows.all(transaction).await?.into_iter().map(|row| ((row.note_id, row.day), row)).collect())
}

async fn set_days(transaction: &DatabaseTransaction, days: Vec<note_view_day::Model>) -> Result<(), DbErr> {
    use note_view_day::Column::{Day, NoteId, Sketch, ViewerCount};
    if days.is_empty() {
        return Ok(());
    }
    let set = OnConflict::columns([NoteId, Day]).update_columns([ViewerCount, Sketch]).to_owned();
    let days = days.into_iter().map(IntoActiveModel::into_active_model);
    note_view_day::Entity::insert_many(days).on_conflict(set).exec_without_returning(transaction).await?;
    Ok(())
}

async fn add_sums(transaction: &DatabaseTransaction, sums: BTreeMap<Uuid, (u64, i64)>) -> Result<(), DbErr> {
    use note_views::Column::{CountedAt, NoteId, ViewCount, ViewerCount};
    let counted_at = now();
    let rows = sums.into_iter().map(|(note_id, (views, viewer_count))| {
        note_views::Model { note_id, view_count: views.cast_signed(), viewer_count, counted_at }.into_active_model()
    });
    let sum = |column: note_views::Column| Expr::col((note_views::Entity, column)).add(Expr::col(("excluded", column)));
    let add = OnConflict::column(NoteId)
        .values([(ViewCount, sum(ViewCount)), (ViewerCount, sum(ViewerCount))])
        .update_column(CountedAt)
        .to_owned();
    note_views::Entity::insert_many(rows).on_conflict(add).exec_without_returning(transaction).await?;
    Ok(())
}
