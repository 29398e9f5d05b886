//! People who sign in.

use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};
use tidewater_changelog::{Column as TrackedColumn, Kind, Tracking};

use crate::{PasswordHash, Role, Tracked};

/// A user.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user", model_attrs(derive(Serialize, Deserialize)))]
pub struct Model {
    /// A UUIDv7.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The address that identifies the user, in the form of [`crate::normalised_email`]; at most 254 characters.
    #[sea_orm(unique)]
    pub email: String,
    /// The name shown to others; 1 to 100 characters.
    pub name: String,
    /// What the user may see and change.
    pub role: Role,
    /// What a password is checked against.
    pub password_hash: PasswordHash,
    /// When the row came to be.
    pub created_at: DateTimeUtc,
    /// When the row last changed.
    pub updated_at: DateTimeUtc,
    /// What the user tells about themselves.
    #[sea_orm(has_one)]
    pub profile: HasOne<super::profile::Entity>,
    /// Where the user is signed in.
    #[sea_orm(has_many)]
    pub sessions: HasMany<super::session::Entity>,
    /// The todos that the user owns.
    #[sea_orm(has_many)]
    pub todos: HasMany<super::todo::Entity>,
    /// The notes that the user owns.
    #[sea_orm(has_many)]
    pub notes: HasMany<super::note::Entity>,
    /// The tags that the user owns.
    #[sea_orm(has_many)]
    pub tags: HasMany<super::tag::Entity>,
    /// What the user was told.
    #[sea_orm(has_many)]
    pub notifications: HasMany<super::notification::Entity>,
    /// The files of their data that the user asked for.
    #[sea_orm(has_many)]
    pub exports: HasMany<super::export::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Tracked for Entity {
    const TRACKING: Tracking =
        Tracking::new("user", &[TrackedColumn::new("id", Kind::Uuid)], &[TrackedColumn::new("email", Kind::Text)]);
}
