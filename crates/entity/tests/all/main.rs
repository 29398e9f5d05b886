//! The entities on real databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod connection;
mod migrated;
mod models;
mod relations;
mod rows;
mod schema;
mod seed;
mod selection;
mod statements;
mod views;

/// Runs each test body on a migrated database of its own of each kind: `name::postgres` and `name::sqlite`.
macro_rules! on_both_databases {
    ($(async fn $name:ident($database:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($database: $crate::migrated::Migrated) $body

            #[tokio::test]
            async fn postgres() {
                body($crate::migrated::Migrated::new(tidewater_testkit::Backend::Postgres).await).await;
            }

            #[tokio::test]
            async fn sqlite() {
                body($crate::migrated::Migrated::new(tidewater_testkit::Backend::Sqlite).await).await;
            }
        }
    )+};
}
use on_both_databases;
