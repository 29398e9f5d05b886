//! The entities: SeaORM models, their relations, and what of each the change log records.
//!
//! The only crate with SQL about the domain. It knows no cache, no Redis and no GraphQL.

pub mod export;
pub mod export_chunk;
pub mod idempotency_record;
pub mod note;
pub mod note_like;
pub mod note_tag;
pub mod note_view_day;
pub mod note_views;
pub mod notification;
pub mod profile;
pub mod seed;
pub mod selection;
pub mod session;
pub mod session_activity;
pub mod tag;
pub mod todo;
pub mod todo_tag;
pub mod user;
pub mod view_batch;
pub mod view_secret;
pub mod views;

mod cause;
mod connection;
mod error;
mod export_status;
mod fingerprint;
mod notification_kind;
mod password_hash;
mod priority;
mod pruning;
mod role;
mod statements;
mod tracking;
mod transaction;
mod value;
mod visibility;

pub use cause::cause;
pub use connection::{connect, connect_as};
pub use error::Error;
pub use export_status::ExportStatus;
pub use fingerprint::fingerprint;
pub use notification_kind::NotificationKind;
pub use password_hash::PasswordHash;
pub use priority::Priority;
pub use pruning::{prune_idempotency_records, prune_sessions};
pub use role::Role;
pub use statements::{DatabaseStatistics, StatementStatistics, Statements, Verb};
pub use tracking::{Tracked, may_be_shown, tracking};
pub use transaction::begin;
pub use value::{new_id, normalised_email, now};
pub use visibility::Visibility;
