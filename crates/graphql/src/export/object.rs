use async_graphql::{ID, Object};
use chrono::{DateTime, Utc};
use tidewater_entity::export;
use tidewater_entity::selection::Selection;
use uuid::Uuid;

use super::status::ExportStatus;
use crate::connection::Listed;
use crate::store::Item;
use crate::{Scope, id};

/// A file of all that is a user's.
#[derive(Clone)]
pub(crate) struct Export(pub(crate) Item<export::Model>);

impl Export {
    pub(crate) const PREFIX: &'static str = "export";
}

impl From<Item<export::Model>> for Export {
    fn from(item: Item<export::Model>) -> Self {
        Self(item)
    }
}

impl Listed for Export {
    type Entity = export::Entity;
    const NAME: &'static str = "Export";

    fn is_visible(scope: &Scope, export: &export::Model) -> bool {
        scope.is_viewer(export.user_id)
    }
}

/// A file of all that is a user's, in JSON. Nobody else sees it. When it is DONE, it can be downloaded by its id.
#[Object]
impl Export {
    /// The id, unique among all objects.
    pub(crate) async fn id(&self) -> ID {
        id::encode(Self::PREFIX, self.0.id)
    }

    /// How far it is.
    async fn status(&self) -> ExportStatus {
        self.0.status.into()
    }

    /// How much of it is written, in percent. Told about once a second; 100 when it is DONE.
    async fn progress(&self) -> i32 {
        self.0.progress.into()
    }

    /// When it was asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was done or has failed; null before.
    async fn finished_at(&self) -> Option<DateTime<Utc>> {
        self.0.finished_at
    }

    /// From when on the file is not to be had any more; null before it is done.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }
}

/// The exports of `user`, newest first.
pub(crate) fn select(user: Uuid) -> Selection {
    Selection::each::<export::Entity>(export::Column::UserId, user).order_by(export::Column::CreatedAt, true)
}
