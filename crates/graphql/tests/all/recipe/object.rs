//! Step 3 of the recipe: what the API shows. In the project: `crates/graphql/src/bookmark.rs`, and its query and mutation in
//! `schema.rs`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use tidewater_entity::selection::Selection;
use tidewater_entity::{new_id, now};
use tidewater_graphql::{Connection, Error, Item, Listed, PageArguments, Scope, cost, id, scope};

use super::entity as bookmark;

pub(super) struct Bookmark(Item<bookmark::Model>);

impl From<Item<bookmark::Model>> for Bookmark {
    fn from(item: Item<bookmark::Model>) -> Self {
        Self(item)
    }
}

impl Listed for Bookmark {
    type Entity = bookmark::Entity;
    const NAME: &'static str = "Bookmark";

    fn is_visible(scope: &Scope, bookmark: &bookmark::Model) -> bool {
        scope.owns(bookmark.user_id)
    }
}

#[Object]
impl Bookmark {
    async fn id(&self) -> ID {
        id::encode("bookmark", self.0.id)
    }

    async fn url(&self) -> &str {
        &self.0.url
    }
}

#[derive(Default)]
pub(super) struct BookmarkQuery;

#[Object]
impl BookmarkQuery {
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn bookmarks(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Bookmark>, Error> {
        let viewer = scope(context)?.signed_in()?;
        let bookmarks = Selection::each::<bookmark::Entity>(bookmark::Column::UserId, viewer.user)
            .order_by(bookmark::Column::CreatedAt, false);
        Connection::read(context, bookmarks, PageArguments { first, after, last, before }).await
    }
}

#[derive(InputObject)]
pub(super) struct CreateBookmarkInput {
    url: String,
}

#[derive(SimpleObject)]
pub(super) struct CreateBookmarkPayload {
    bookmark: Bookmark,
}

#[derive(Default)]
pub(super) struct BookmarkMutation;

#[Object]
impl BookmarkMutation {
    async fn create_bookmark(
        &self,
        context: &Context<'_>,
        input: CreateBookmarkInput,
    ) -> Result<CreateBookmarkPayload, Error> {
        let scope = scope(context)?;
        let user_id = scope.signed_in()?.user;
        let bookmark = bookmark::Model { id: new_id(), user_id, url: input.url, created_at: now() };
        let insert = async |transaction: &_| Ok(bookmark.into_active_model().insert(transaction).await?);
        Ok(CreateBookmarkPayload { bookmark: Bookmark(scope.write(insert).await?.into()) })
    }
}
