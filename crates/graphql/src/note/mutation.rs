use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect, Set};
use tidewater_entity::{new_id, note, now};
use uuid::Uuid;

use super::{Note, Visibility};
use crate::scope::Scope;
use crate::validation::{self, set};
use crate::{Error, id, scope};

const MAX_TITLE: usize = 200;
const MAX_BODY: usize = 50_000;

/// Changing notes.
#[derive(Default)]
pub(crate) struct NoteMutation;

/// A new note.
#[derive(InputObject)]
pub(crate) struct CreateNoteInput {
    /// What it is about; 1 to 200 characters.
    title: String,
    /// The note itself; at most 50,000 characters.
    body: String,
    /// Who may see it.
    #[graphql(default)]
    visibility: Visibility,
}

/// What changes in a note. What is absent stays.
#[derive(InputObject)]
pub(crate) struct UpdateNoteInput {
    /// Which note.
    id: ID,
    /// What it is about; 1 to 200 characters.
    title: MaybeUndefined<String>,
    /// The note itself; at most 50,000 characters.
    body: MaybeUndefined<String>,
    /// Who may see it.
    visibility: MaybeUndefined<Visibility>,
}

/// Which note to delete.
#[derive(InputObject)]
pub(crate) struct DeleteNoteInput {
    /// Which note.
    id: ID,
}

/// A note was created.
#[derive(SimpleObject)]
pub(crate) struct CreateNotePayload {
    /// The new note.
    note: Note,
}

/// A note was changed.
#[derive(SimpleObject)]
pub(crate) struct UpdateNotePayload {
    /// The note as it is now.
    note: Note,
}

/// A note was deleted.
#[derive(SimpleObject)]
pub(crate) struct DeleteNotePayload {
    /// The id that it had.
    deleted_id: ID,
}

#[Object]
impl NoteMutation {
    /// Creates a note of the viewer.
    async fn create_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new note.")] input: CreateNoteInput,
    ) -> Result<CreateNotePayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let created_at = now();
        let note = note::Model {
            id: new_id(),
            user_id: viewer.user,
            title: validation::text("title", MAX_TITLE, input.title)?,
            body: validation::body("body", MAX_BODY, input.body)?,
            visibility: input.visibility.into(),
            created_at,
            updated_at: created_at,
        };
        let note = scope.write(async |transaction| Ok(note.into_active_model().insert(transaction).await?)).await?;
        Ok(CreateNotePayload { note: Note(note.into()) })
    }

    /// Changes a note.
    async fn update_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which note, and what changes.")] input: UpdateNoteInput,
    ) -> Result<UpdateNotePayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let key = id::decode(Note::PREFIX, "id", &input.id)?;
        let title = validation::required("title", input.title)?;
        let title = title.map(|title| validation::text("title", MAX_TITLE, title)).transpose()?;
        let body = validation::required("body", input.body)?;
        let body = body.map(|body| validation::body("body", MAX_BODY, body)).transpose()?;
        let visibility = validation::required("visibility", input.visibility)?;
        let note = scope.write(async |transaction| {
            let mut note = owned(transaction, scope, key).await?.into_active_model();
            set(&mut note.title, title);
            set(&mut note.body, body);
            set(&mut note.visibility, visibility.map(Into::into));
            note.updated_at = Set(now());
            Ok(note.update(transaction).await?)
        });
        Ok(UpdateNotePayload { note: Note(note.await?.into()) })
    }

    /// Deletes a note.
    async fn delete_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which note.")] input: DeleteNoteInput,
    ) -> Result<DeleteNotePayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let key = id::decode(Note::PREFIX, "id", &input.id)?;
        let deleted = scope.write(async |transaction| {
            owned(transaction, scope, key).await?;
            note::Entity::delete_by_id(key).exec(transaction).await?;
            Ok(())
        });
        deleted.await?;
        Ok(DeleteNotePayload { deleted_id: input.id })
    }
}

/// The note with this primary key, locked until the transaction ends.
///
/// # Errors
/// `NOT_FOUND` when there is none that the caller may see; `FORBIDDEN` when it is not the caller's to change.
pub(crate) async fn owned(transaction: &DatabaseTransaction, scope: &Scope, key: Uuid) -> Result<note::Model, Error> {
    let note = note::Entity::find_by_id(key).lock_exclusive().one(transaction).await?;
    match note {
        Some(note) if scope.owns(note.user_id) => Ok(note),
        Some(note) if note.visibility == Visibility::Public.into() => {
            Err(Error::Forbidden("this note is somebody else's"))
        }
        _ => Err(Error::NotFound("note")),
    }
}
