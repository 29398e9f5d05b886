//! The schema's history on real databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cascades;
mod catalog;
mod constraints;
mod history;
mod indexes;
mod sample;

/// Runs each test body on a fresh empty database of each kind: `name::postgres` and `name::sqlite`.
macro_rules! on_both_databases {
    ($(async fn $name:ident($database:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($database: tidewater_testkit::TestDatabase) $body

            #[tokio::test]
            async fn postgres() {
                body(tidewater_testkit::TestDatabase::postgres().await).await;
            }

            #[tokio::test]
            async fn sqlite() {
                body(tidewater_testkit::TestDatabase::sqlite().await).await;
            }
        }
    )+};
}
use on_both_databases;
