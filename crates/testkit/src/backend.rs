//! The combinations of servers that tidewater runs on.

use crate::{TestDatabase, TestRedis};

/// What a behavioural suite runs on: see [`on_each_backend!`](crate::on_each_backend).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// PostgreSQL with a Redis in front.
    PostgresRedis,
    /// PostgreSQL alone.
    Postgres,
    /// An SQLite file alone.
    Sqlite,
}

impl Backend {
    /// A fresh empty database of this kind.
    pub async fn database(self) -> TestDatabase {
        match self {
            Self::PostgresRedis | Self::Postgres => TestDatabase::postgres().await,
            Self::Sqlite => TestDatabase::sqlite().await,
        }
    }

    /// A copy of the template of that name, which the first caller makes for each kind of database: see
    /// [`TestDatabase::postgres_from_template`].
    pub async fn database_from_template(self, name: &str, prepare: impl AsyncFnOnce(String)) -> TestDatabase {
        match self {
            Self::PostgresRedis | Self::Postgres => TestDatabase::postgres_from_template(name, prepare).await,
            Self::Sqlite => TestDatabase::sqlite_from_template(name, prepare).await,
        }
    }

    /// A Redis of the test's own, where this backend has one.
    pub async fn redis(self) -> Option<TestRedis> {
        match self {
            Self::PostgresRedis => Some(TestRedis::start().await),
            Self::Postgres | Self::Sqlite => None,
        }
    }
}

/// Runs each test body on each [`Backend`]: `name::postgres_redis`, `name::postgres` and `name::sqlite`.
///
/// ```
/// tidewater_testkit::on_each_backend! {
///     async fn a_fresh_database_is_empty(backend) {
///         backend.database().await.sql("CREATE TABLE todo (id int)").await;
///     }
/// }
/// ```
#[macro_export]
macro_rules! on_each_backend {
    ($($(#[$attribute:meta])* async fn $name:ident($backend:ident) $body:block)+) => {$(
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn body($backend: $crate::Backend) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres_redis() {
                body($crate::Backend::PostgresRedis).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                body($crate::Backend::Postgres).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                body($crate::Backend::Sqlite).await;
            }
        }
    )+};
}
