use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use sea_orm::{ActiveModelTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QuerySelect, SqlErr};
use tidewater_entity::{new_id, now, selection, tag};
use uuid::Uuid;

use super::Tag;
use super::object::public_notes_with;
use crate::scope::Scope;
use crate::{Error, id, scope, validation};

const MAX_NAME: usize = 50;

/// Changing tags.
#[derive(Default)]
pub(crate) struct TagMutation;

/// A new tag.
#[derive(InputObject)]
pub(crate) struct CreateTagInput {
    /// The word; 1 to 50 characters, and none of the viewer's other tags.
    name: String,
}

/// Which tag to delete.
#[derive(InputObject)]
pub(crate) struct DeleteTagInput {
    /// Which tag.
    id: ID,
}

/// A tag was created.
#[derive(SimpleObject)]
pub(crate) struct CreateTagPayload {
    /// The new tag.
    tag: Tag,
}

/// A tag was deleted.
#[derive(SimpleObject)]
pub(crate) struct DeleteTagPayload {
    /// The id that it had.
    deleted_id: ID,
}

#[Object]
impl TagMutation {
    /// Creates a tag of the viewer.
    async fn create_tag(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new tag.")] input: CreateTagInput,
    ) -> Result<CreateTagPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let tag = tag::Model {
            id: new_id(),
            user_id: viewer.user,
            name: validation::text("name", MAX_NAME, input.name)?,
            created_at: now(),
        };
        // The unique index decides, and not a look beforehand, which could miss a tag that is being created just now.
        let created = scope.write(async |transaction| tag.into_active_model().insert(transaction).await.map_err(taken));
        Ok(CreateTagPayload { tag: Tag(created.await?.into()) })
    }

    /// Deletes a tag, and takes it off the todos and notes that carry it.
    async fn delete_tag(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which tag.")] input: DeleteTagInput,
    ) -> Result<DeleteTagPayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let key = id::decode(Tag::PREFIX, "id", &input.id)?;
        let deleted = scope.write(async |transaction| {
            owned(transaction, scope, key).await?;
            tag::Entity::delete_by_id(key).exec(transaction).await?;
            Ok(())
        });
        deleted.await?;
        Ok(DeleteTagPayload { deleted_id: input.id })
    }
}

/// The tag with this primary key, locked until the transaction ends.
///
/// # Errors
/// `NOT_FOUND` when there is none that the caller may see; `FORBIDDEN` when it is not the caller's to change.
pub(super) async fn owned(transaction: &DatabaseTransaction, scope: &Scope, key: Uuid) -> Result<tag::Model, Error> {
    let tag = tag::Entity::find_by_id(key).lock_exclusive().one(transaction).await?;
    match tag {
        Some(tag) if scope.owns(tag.user_id) => Ok(tag),
        Some(_) if on_public_note(transaction, key).await? => Err(Error::Forbidden("this tag is somebody else's")),
        _ => Err(Error::NotFound("tag")),
    }
}

async fn on_public_note(transaction: &DatabaseTransaction, key: Uuid) -> Result<bool, Error> {
    let notes = public_notes_with(key);
    let counts = selection::counts(transaction, &notes.shape, &[notes.value]).await?;
    Ok(counts.iter().any(|count| *count > 0))
}

fn taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Error::Conflict { field: Some("name"), message: "you have a tag of this name".to_owned() }
        }
        _ => error.into(),
    }
}
