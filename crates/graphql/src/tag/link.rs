use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use sea_orm::{EntityTrait, IntoActiveModel};
use tidewater_entity::{note_tag, now, todo_tag};
use uuid::Uuid;

use super::Tag;
use super::mutation::owned;
use crate::note::{self, Note};
use crate::todo::{self, Todo};
use crate::{Error, id, scope};

/// Putting tags on todos and notes.
#[derive(Default)]
pub(crate) struct TagLinkMutation;

/// Which todo is to carry which tag.
#[derive(InputObject)]
pub(crate) struct TagTodoInput {
    /// Which todo.
    todo_id: ID,
    /// Which tag, of the same user.
    tag_id: ID,
}

/// Which todo is no longer to carry which tag.
#[derive(InputObject)]
pub(crate) struct UntagTodoInput {
    /// Which todo.
    todo_id: ID,
    /// Which tag, of the same user.
    tag_id: ID,
}

/// Which note is to carry which tag.
#[derive(InputObject)]
pub(crate) struct TagNoteInput {
    /// Which note.
    note_id: ID,
    /// Which tag, of the same user.
    tag_id: ID,
}

/// Which note is no longer to carry which tag.
#[derive(InputObject)]
pub(crate) struct UntagNoteInput {
    /// Which note.
    note_id: ID,
    /// Which tag, of the same user.
    tag_id: ID,
}

/// A todo carries a tag.
#[derive(SimpleObject)]
pub(crate) struct TagTodoPayload {
    /// The todo.
    todo: Todo,
    /// The tag that it carries.
    tag: Tag,
}

/// A todo does not carry a tag.
#[derive(SimpleObject)]
pub(crate) struct UntagTodoPayload {
    /// The todo.
    todo: Todo,
    /// The tag that it does not carry.
    tag: Tag,
}

/// A note carries a tag.
#[derive(SimpleObject)]
pub(crate) struct TagNotePayload {
    /// The note.
    note: Note,
    /// The tag that it carries.
    tag: Tag,
}

/// A note does not carry a tag.
#[derive(SimpleObject)]
pub(crate) struct UntagNotePayload {
    /// The note.
    note: Note,
    /// The tag that it does not carry.
    tag: Tag,
}

#[Object]
impl TagLinkMutation {
    /// Puts a tag on a todo; if it carries it already, changes nothing.
    async fn tag_todo(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which todo, and which tag.")] input: TagTodoInput,
    ) -> Result<TagTodoPayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let todo_id = id::decode(Todo::PREFIX, "todoId", &input.todo_id)?;
        let tag_id = id::decode(Tag::PREFIX, "tagId", &input.tag_id)?;
        let tagged = scope.write(async |transaction| {
            let todo = todo::owned(transaction, scope, todo_id).await?;
            let tag = owned(transaction, scope, tag_id).await?;
            same_owner(todo.user_id, tag.user_id)?;
            let link = todo_tag::Model { todo_id, tag_id, created_at: now() }.into_active_model();
            todo_tag::Entity::insert(link).on_conflict_do_nothing().exec_without_returning(transaction).await?;
            Ok((todo, tag))
        });
        let (todo, tag) = tagged.await?;
        Ok(TagTodoPayload { todo: Todo(todo.into()), tag: Tag(tag.into()) })
    }

    /// Takes a tag off a todo; if it does not carry it, changes nothing.
    async fn untag_todo(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which todo, and which tag.")] input: UntagTodoInput,
    ) -> Result<UntagTodoPayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let todo_id = id::decode(Todo::PREFIX, "todoId", &input.todo_id)?;
        let tag_id = id::decode(Tag::PREFIX, "tagId", &input.tag_id)?;
        let untagged = scope.write(async |transaction| {
            let todo = todo::owned(transaction, scope, todo_id).await?;
            let tag = owned(transaction, scope, tag_id).await?;
            same_owner(todo.user_id, tag.user_id)?;
            todo_tag::Entity::delete_by_id((todo_id, tag_id)).exec(transaction).await?;
            Ok((todo, tag))
        });
        let (todo, tag) = untagged.await?;
        Ok(UntagTodoPayload { todo: Todo(todo.into()), tag: Tag(tag.into()) })
    }

    /// Puts a tag on a note; if it carries it already, changes nothing.
    async fn tag_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which note, and which tag.")] input: TagNoteInput,
    ) -> Result<TagNotePayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let note_id = id::decode(Note::PREFIX, "noteId", &input.note_id)?;
        let tag_id = id::decode(Tag::PREFIX, "tagId", &input.tag_id)?;
        let tagged = scope.write(async |transaction| {
            let note = note::owned(transaction, scope, note_id).await?;
            let tag = owned(transaction, scope, tag_id).await?;
            same_owner(note.user_id, tag.user_id)?;
            let link = note_tag::Model { note_id, tag_id, created_at: now() }.into_active_model();
            note_tag::Entity::insert(link).on_conflict_do_nothing().exec_without_returning(transaction).await?;
            Ok((note, tag))
        });
        let (note, tag) = tagged.await?;
        Ok(TagNotePayload { note: Note(note.into()), tag: Tag(tag.into()) })
    }

    /// Takes a tag off a note; if it does not carry it, changes nothing.
    async fn untag_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which note, and which tag.")] input: UntagNoteInput,
    ) -> Result<UntagNotePayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let note_id = id::decode(Note::PREFIX, "noteId", &input.note_id)?;
        let tag_id = id::decode(Tag::PREFIX, "tagId", &input.tag_id)?;
        let untagged = scope.write(async |transaction| {
            let note = note::owned(transaction, scope, note_id).await?;
            let tag = owned(transaction, scope, tag_id).await?;
            same_owner(note.user_id, tag.user_id)?;
            note_tag::Entity::delete_by_id((note_id, tag_id)).exec(transaction).await?;
            Ok((note, tag))
        });
        let (note, tag) = untagged.await?;
        Ok(UntagNotePayload { note: Note(note.into()), tag: Tag(tag.into()) })
    }
}

/// Holds for whoever acts for themselves; an administrator can name what does not go together.
fn same_owner(carrier: Uuid, tag: Uuid) -> Result<(), Error> {
    if carrier == tag { Ok(()) } else { Err(Error::bad_user_input("tagId", "this tag is another user's")) }
}
