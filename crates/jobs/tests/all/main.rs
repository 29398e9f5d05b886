//! Jobs on real databases.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod export_oracle;
mod exports;
mod plans;
mod pruning;
mod reminders;
mod sweeps;
mod world;

/// Runs each test body in a world of its own on each kind of database: `name::postgres` and `name::sqlite`.
macro_rules! on_both_databases {
    ($(async fn $name:ident($world:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn body($world: $crate::world::World) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                body($crate::world::World::new(tidewater_testkit::Backend::Postgres).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                body($crate::world::World::new(tidewater_testkit::Backend::Sqlite).await).await;
            }
        }
    )+};
}
use on_both_databases;
