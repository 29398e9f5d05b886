//! Exports: files of all that is a user's.
//!
//! A file is written in steps. Each is a transaction that locks the export, reads where the last step ended, writes what comes next
//! and where to go on. So it does not matter who takes a step, nor how often somebody is killed: a step is taken whole or not at
//! all, and two who work on the same export take turns. Where to go on is kept with the pieces, which are not tracked; the export's
//! own row changes about once a second.
//!
//! The file shows each row as it was when its step was taken, not all of one moment.

mod item;
mod position;
mod progress;

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use tidewater_entity::export_chunk::MAX_CONTENT;
use tidewater_entity::{ExportStatus, begin, export, export_chunk};
use uuid::Uuid;

use crate::{Context, Error, clock};
use position::{Piece, Position};
use progress::Progress;

/// Writes the file of an export to its end, if it is not finished yet.
pub(crate) async fn export(context: &Context, export: Uuid) -> Result<(), Error> {
    let mut progress = Progress::default();
    while step(context, export, &mut progress).await? {}
    Ok(())
}

/// Takes a step. Answers whether there are more.
async fn step(context: &Context, export: Uuid, progress: &mut Progress) -> Result<bool, Error> {
    let transaction = begin(&context.database).await?;
    let unfinished = export::Entity::unfinished().filter(export::Column::Id.eq(export)).lock_exclusive();
    let Some(export) = unfinished.one(&transaction).await? else { return Ok(false) };
    let Written { chunks, items, position } = Written::read(&transaction, export.id).await?;
    let Piece { content, items: more, next } = position.read(&transaction, export.user_id).await?;
    let items = items + more;
    let place = serde_json::to_string(&next)?;
    let parts = content.chunks(MAX_CONTENT).zip(chunks..);
    let rows = parts.map(|(content, number)| {
        let row = export_chunk::Model {
            export_id: export.id,
            number,
            position: place.clone(),
            items,
            content: content.to_owned(),
        };
        row.into_active_model()
    });
    let rows: Vec<_> = rows.collect();
    let chunks = chunks + i32::try_from(rows.len()).unwrap_or(i32::MAX);
    for row in rows {
        export_chunk::Entity::insert(row).exec_without_returning(&transaction).await?;
    }
    let is_over = next == Position::End;
    if is_over {
        let now = clock::now(&transaction).await?;
        let mut export = export.into_active_model();
        export.status = Set(ExportStatus::Done);
        export.progress = Set(100);
        export.chunks = Set(Some(chunks));
        export.finished_at = Set(Some(now));
        export.expires_at = Set(Some(now + context.export_retention));
        export.update(&transaction).await?;
    } else {
        progress.tell(&transaction, export, items).await?;
    }
    transaction.commit().await?;
    Ok(!is_over)
}

/// What is written of a file.
struct Written {
    chunks: i32,
    items: i64,
    position: Position,
}

impl Written {
    async fn read(transaction: &DatabaseTransaction, export: Uuid) -> Result<Self, Error> {
        let last: Option<(i32, i64, String)> = last(transaction, export).await?;
        Ok(match last {
            Some((number, items, position)) => {
                Self { chunks: number + 1, items, position: serde_json::from_str(&position)? }
            }
            None => Self { chunks: 0, items: 0, position: Position::Start },
        })
    }
}

/// Number, rows and position of the last piece, without what is in it.
async fn last(transaction: &DatabaseTransaction, export: Uuid) -> Result<Option<(i32, i64, String)>, DbErr> {
    export_chunk::Entity::find()
        .filter(export_chunk::Column::ExportId.eq(export))
        .order_by_desc(export_chunk::Column::Number)
        .select_only()
        .columns([export_chunk::Column::Number, export_chunk::Column::Items, export_chunk::Column::Position])
        .limit(1)
        .into_tuple()
        .one(transaction)
        .await
}
