//! The history of the database's schema.
//!
//! Names tables and columns as text and imports no entity, so that what was true once stays as it was.

mod definition;
mod error;
mod m20261123_000001_create_accounts;
mod m20261123_000002_create_todos;
mod m20261123_000003_create_notes;
mod m20261123_000004_create_tags;
mod m20261126_000005_index_notes;
mod m20261126_000006_follow_sessions;
mod m20261126_000008_create_counters;
mod m20261126_000009_create_notifications;
mod m20261126_000010_create_exports;
mod m20261126_000011_create_idempotency_records;
mod m20261127_000012_index_users;
mod migrate;

pub use error::Error;
pub use migrate::{migrate_down, migrate_up, pending, status};

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

/// The migrations, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_create_accounts::Migration),
            Box::new(m20261123_000002_create_todos::Migration),
            Box::new(m20261123_000003_create_notes::Migration),
            Box::new(m20261123_000004_create_tags::Migration),
            Box::new(m20261126_000005_index_notes::Migration),
            Box::new(m20261126_000006_follow_sessions::Migration),
            Box::new(m20261126_000008_create_counters::Migration),
            Box::new(m20261126_000009_create_notifications::Migration),
            Box::new(m20261126_000010_create_exports::Migration),
            Box::new(m20261126_000011_create_idempotency_records::Migration),
            Box::new(m20261127_000012_index_users::Migration),
        ]
    }
}
