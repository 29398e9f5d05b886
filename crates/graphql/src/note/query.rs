use async_graphql::{Context, ID, Object};
use tidewater_entity::note;
use tidewater_entity::selection::Selection;

use super::{Note, NoteFilter, NoteOrder, Visibility, select};
use crate::connection::{Connection, Listed, PageArguments, cost};
use crate::{Error, id, scope};

/// Reading notes.
#[derive(Default)]
pub(crate) struct NoteQuery;

#[Object]
impl NoteQuery {
    /// The note with this id; null if there is none that the viewer may see.
    async fn note(&self, context: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Note>, Error> {
        Note::visible(context, id::decode(Note::PREFIX, "id", &id)?).await
    }

    /// The viewer's notes and everybody's public ones; for an administrator, everybody's. Oldest first unless ordered otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn notes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<NoteFilter>,
        #[graphql(desc = "Most significant first.")] order_by: Option<Vec<NoteOrder>>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Note>, Error> {
        let public = Visibility::Public.scalar();
        let notes = match scope(context)?.viewer() {
            None => Selection::each::<note::Entity>(note::Column::Visibility, public),
            Some(viewer) if viewer.is_admin() => Selection::everything::<note::Entity>(),
            Some(viewer) => Selection::any_of::<note::Entity>([
                (note::Column::UserId, viewer.user.into()),
                (note::Column::Visibility, public),
            ]),
        };
        let notes = select(notes, filter, order_by)?;
        Connection::read(context, notes, PageArguments { first, after, last, before }).await
    }
}
