use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Note;
use crate::connection::Listed;
use crate::{Error, Views, id, scope};

/// Counting who sees notes.
#[derive(Default)]
pub(crate) struct NoteViewMutation;

/// Which note somebody sees.
#[derive(InputObject)]
pub(crate) struct ViewNoteInput {
    /// Which note.
    id: ID,
}

/// A view was counted.
#[derive(SimpleObject)]
pub(crate) struct ViewNotePayload {
    /// The note. Its counts do not have this view yet.
    note: Note,
}

#[Object]
impl NoteViewMutation {
    /// Counts that a note is seen, by whoever may see it, signed in or not. Reading a note does not count: a client tells when it shows
    /// one.
    async fn view_note(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which note.")] input: ViewNoteInput,
    ) -> Result<ViewNotePayload, Error> {
        let scope = scope(context)?;
        scope.idempotency.refuse_key()?;
        let note = Note::visible(context, id::decode(Note::PREFIX, "id", &input.id)?).await?;
        let note = note.ok_or(Error::NotFound("note"))?;
        let views = context.data::<Views>().map_err(|_| Error::internal("a schema without views"))?;
        views.count(note.0.id, scope).await?;
        Ok(ViewNotePayload { note })
    }
}
