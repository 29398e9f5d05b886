use async_graphql::{Context, ID, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::selection::{Link, Selection, Test};
use tidewater_entity::{note, note_like, note_tag, note_views, tag};

use super::Visibility;
use crate::connection::{Connection, Listed, PageArguments, cost};
use crate::store::Item;
use crate::tag::Tag;
use crate::user::User;
use crate::{Error, Scope, id, scope};

/// Something that a user wrote down.
#[derive(Clone)]
pub(crate) struct Note(pub(crate) Item<note::Model>);

impl Note {
    pub(crate) const PREFIX: &'static str = "note";
}

impl From<Item<note::Model>> for Note {
    fn from(item: Item<note::Model>) -> Self {
        Self(item)
    }
}

impl Listed for Note {
    type Entity = note::Entity;
    const NAME: &'static str = "Note";

    fn is_visible(scope: &Scope, note: &note::Model) -> bool {
        note.visibility == Visibility::Public.into() || scope.owns(note.user_id)
    }
}

/// Something that a user wrote down. Everybody sees a public note; a private one, only its owner and administrators.
#[Object]
impl Note {
    /// The id, unique among all objects.
    pub(crate) async fn id(&self) -> ID {
        id::encode(Self::PREFIX, self.0.id)
    }

    /// What it is about.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// The note itself.
    #[graphql(complexity = 50)]
    async fn body(&self) -> &str {
        &self.0.body
    }

    /// Who may see it.
    async fn visibility(&self) -> Visibility {
        self.0.visibility.into()
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed through this API.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// Whose it is.
    async fn user(&self, context: &Context<'_>) -> Result<User, Error> {
        User::of(context, self.0.user_id).await
    }

    /// How many users like it.
    async fn like_count(&self, context: &Context<'_>) -> Result<u64, Error> {
        scope(context)?.reader.count::<note_like::Entity>(&self.likes()).await
    }

    /// Whether the viewer likes it; false if nobody is signed in.
    async fn viewer_has_liked(&self, context: &Context<'_>) -> Result<bool, Error> {
        let scope = scope(context)?;
        let Some(viewer) = scope.viewer() else { return Ok(false) };
        let likes = self.likes().filter(note_like::Column::UserId, Test::Is(viewer.user.into()));
        Ok(scope.reader.count::<note_like::Entity>(&likes).await? > 0)
    }

    /// How often it was seen, as of `viewsCountedAt`: views of the last seconds are not in it yet.
    async fn view_count(&self, context: &Context<'_>) -> Result<i64, Error> {
        Ok(self.views(context).await?.map_or(0, |views| views.view_count))
    }

    /// By how many it was seen on each day (UTC), all days together, as of `viewsCountedAt`. An estimate: two times of three
    /// within 0.81 %. Whoever is not signed in counts by address.
    async fn viewer_count(&self, context: &Context<'_>) -> Result<i64, Error> {
        Ok(self.views(context).await?.map_or(0, |views| views.viewer_count))
    }

    /// When views were last added to `viewCount` and `viewerCount`; null if never.
    async fn views_counted_at(&self, context: &Context<'_>) -> Result<Option<DateTime<Utc>>, Error> {
        Ok(self.views(context).await?.map(|views| views.counted_at))
    }

    /// The tags that it carries, oldest tag first.
    #[graphql(complexity = "cost(first, last, child_complexity)")]
    async fn tags(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "At most this many, from the start. 20 by default, 100 at most.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "At most this many, from the end.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Tag>, Error> {
        let link = Link::through::<note_tag::Entity>(note_tag::Column::NoteId, note_tag::Column::TagId);
        let tags = Selection::linked::<tag::Entity>(link, self.0.id).order_by(tag::Column::CreatedAt, false);
        Connection::read(context, tags, PageArguments { first, after, last, before }).await
    }
}

impl Note {
    fn likes(&self) -> Selection {
        Selection::each::<note_like::Entity>(note_like::Column::NoteId, self.0.id)
    }

    async fn views(&self, context: &Context<'_>) -> Result<Option<Item<note_views::Model>>, Error> {
        scope(context)?.reader.item::<note_views::Entity>(self.0.id).await
    }
}
