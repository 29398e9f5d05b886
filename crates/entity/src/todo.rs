//! What users have to do.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::{Priority, Tracked};

/// A todo.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "todo", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// A UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The user who owns it.
    pub user_id: Uuid,
    /// What is to be done; 1 to 1,000 characters.
    pub text: String,
    /// More about it; at most 10,000 characters.
    pub notes: Option<String>,
    /// Whether it is done.
    pub completed: bool,
    /// How much it matters; medium where nothing is said.
    pub priority: Priority,
    /// By when it is to be done.
    pub due_at: Option<DateTimeUtc>,
    /// When the row came to be.
    pub created_at: DateTimeUtc,
    /// When the row last changed.
    pub updated_at: DateTimeUtc,
    /// When its owner is to be reminded of it.
    pub remind_at: Option<DateTimeUtc>,
    /// The value of `remind_at` at which its owner was reminded last. So whoever changes that arms it anew, in whatever way.
    pub reminded_for: Option<DateTimeUtc>,
    /// The user who owns it.
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
    /// The tags that it carries.
    #[sea_orm(has_many, via = "todo_tag")]
    pub tags: HasMany<super::tag::Entity>,
    /// What its owner was told about it.
    #[sea_orm(has_many)]
    pub notifications: HasMany<super::notification::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Whether [`Entity::awaiting_reminder`] finds it.
    pub fn awaits_reminder(&self) -> bool {
        self.remind_at.is_some() && !self.completed && self.reminded_for != self.remind_at
    }
}

impl Entity {
    /// The todos of which their owners are still to be reminded, now or later: those with a time that was not reminded of, and
    /// that are not done.
    pub fn awaiting_reminder() -> Select<Self> {
        // In the words of the index by `remind_at`, which has no others.
        const PENDING: &str =
            "remind_at IS NOT NULL AND NOT completed AND (reminded_for IS NULL OR reminded_for <> remind_at)";
        Self::find().filter(Expr::cust(PENDING))
    }
}

impl Tracked for Entity {
    const TRACKING: Tracking =
        Tracking::new("todo", &[TrackedColumn::new("id", Kind::Uuid)], &[TrackedColumn::new("user_id", Kind::Uuid)]);
}
