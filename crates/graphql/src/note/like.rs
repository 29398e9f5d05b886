use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use sea_orm::{DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect};
use tidewater_entity::{note, note_like, now};
use uuid::Uuid;

use super::Note;
use crate::connection::Listed;
use crate::scope::Scope;
use crate::{Error, id, scope};

/// Liking notes.
#[derive(Default)]
pub(crate) struct NoteLikeMutation;

/// Which note the viewer likes.
#[derive(InputObject)]
pub(crate) struct LikeNoteInput {
    /// Which note.
    id: ID,
}

/// Which note the viewer no longer likes.
#[derive(InputObject)]
pub(crate) struct UnlikeNoteInput {
    /// Which note.
    id: ID,
}

/// The viewer likes a note.
#[derive(SimpleObject)]
pub(crate) struct LikeNotePayload {
    /// The note.
    note: Note,
}

/// The viewer does not like a note.
#[derive(SimpleObject)]
pub(crate) struct UnlikeNotePayload {
    /// The note.
    note: Note,
}

#[Object]
impl NoteLikeMutation {
    /// Likes a note that the viewer may see; if the viewer likes it already, changes nothing.
    async fn like_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which note.")] input: LikeNoteInput,
    ) -> Result<LikeNotePayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let note_id = id::decode(Note::PREFIX, "id", &input.id)?;
        let liked = scope.write(async |transaction| {
            let note = visible(transaction, scope, note_id).await?;
            let like = note_like::Model { note_id, user_id: viewer.user, created_at: now() }.into_active_model();
            note_like::Entity::insert(like).on_conflict_do_nothing().exec_without_returning(transaction).await?;
            Ok(note)
        });
        Ok(LikeNotePayload { note: Note(liked.await?.into()) })
    }

    /// Takes the viewer's like of a note back; if the viewer does not like it, changes nothing.
    async fn unlike_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which note.")] input: UnlikeNoteInput,
    ) -> Result<UnlikeNotePayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let note_id = id::decode(Note::PREFIX, "id", &input.id)?;
        let unliked = scope.write(async |transaction| {
            let note = visible(transaction, scope, note_id).await?;
            note_like::Entity::delete_by_id((note_id, viewer.user)).exec(transaction).await?;
            Ok(note)
        });
        Ok(UnlikeNotePayload { note: Note(unliked.await?.into()) })
    }
}

/// The note with this primary key, which nobody changes or deletes until the transaction ends.
///
/// # Errors
/// `NOT_FOUND` when there is none that the caller may see.
async fn visible(transaction: &DatabaseTransaction, scope: &Scope, key: Uuid) -> Result<note::Model, Error> {
    let note = note::Entity::find_by_id(key).lock_shared().one(transaction).await?;
    note.filter(|note| Note::is_visible(scope, note)).ok_or(Error::NotFound("note"))
}
