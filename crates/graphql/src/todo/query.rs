use async_graphql::{Context, ID, Object};
use tidewater_entity::selection::Selection;
use tidewater_entity::todo;

use super::{Todo, TodoFilter, TodoOrder, select};
use crate::connection::{Connection, Listed, PageArguments, cost};
use crate::{Error, id, scope};

/// Reading todos.
#[derive(Default)]
pub(crate) struct TodoQuery;

#[Object]
impl TodoQuery {
    /// The todo with this id; null if there is none that the viewer may see.
    async fn todo(&self, context: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Todo>, Error> {
        Todo::visible(context, id::decode(Todo::PREFIX, "id", &id)?).await
    }

    /// The viewer's todos; for an administrator, everybody's. Oldest first unless ordered otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn todos(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<TodoFilter>,
        #[graphql(desc = "Most significant first.")] order_by: Option<Vec<TodoOrder>>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Todo>, Error> {
        let viewer = scope(context)?.signed_in()?;
        let todos = if viewer.is_admin() {
            Selection::everything::<todo::Entity>()
        } else {
            Selection::each::<todo::Entity>(todo::Column::UserId, viewer.user)
        };
        let todos = select(todos, filter, order_by)?;
        Connection::read(context, todos, PageArguments { first, after, last, before }).await
    }
}
