use async_graphql::{Context, ID, Object};
use tidewater_entity::selection::Selection;
use tidewater_entity::tag;

use super::{Tag, TagFilter, TagOrder, select};
use crate::connection::{Connection, Listed, PageArguments, cost};
use crate::{Error, id, scope};

/// Reading tags.
#[derive(Default)]
pub(crate) struct TagQuery;

#[Object]
impl TagQuery {
    /// The tag with this id; null if there is none that the viewer may see.
    async fn tag(&self, context: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Tag>, Error> {
        Tag::visible(context, id::decode(Tag::PREFIX, "id", &id)?).await
    }

    /// The viewer's tags; for an administrator, everybody's. Oldest first unless ordered otherwise.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn tags(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<TagFilter>,
        #[graphql(desc = "Most significant first.")] order_by: Option<Vec<TagOrder>>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Tag>, Error> {
        let viewer = scope(context)?.signed_in()?;
        let tags = if viewer.is_admin() {
            Selection::everything::<tag::Entity>()
        } else {
            Selection::each::<tag::Entity>(tag::Column::UserId, viewer.user)
        };
        let tags = select(tags, filter, order_by)?;
        Connection::read(context, tags, PageArguments { first, after, last, before }).await
    }
}
