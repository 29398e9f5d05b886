use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::change::TideChange;
use super::database::DatabaseStatistics;
use super::jobs::JobStatistics;
use super::levels::levels;
use super::memo::RowMemo;
use super::memory::{MemoryStatistics, TideTableStatistics};
use super::operation::OperationStatistics;
use super::operations::Operations;
use super::polls::PollStatistics;
use super::redis::RedisStatistics;
use super::space::SpaceStatistics;
use crate::explain::WriterName;
use crate::store::Store;
use crate::{Error, scope, validation};

/// What the caches of one server do and know. Numbers count from its start; those that may be large are whole numbers as `Float`.
pub(crate) struct Tide(pub(crate) Arc<Store>);

/// Of how many rows may be asked at once.
const MOST_MEMOS: usize = 100;

/// Where the change log has been read to.
#[derive(SimpleObject)]
pub(crate) struct TideMark {
    /// This server's number of the last poll that saw something new.
    position: f64,
    /// What was visible then.
    mark: String,
}

/// What the caches of one server do and know. Numbers count from its start; those that may be large are whole numbers as `Float`.
#[Object]
impl Tide {
    /// What the names of this server's connections to the database end with, behind a `#`.
    async fn server(&self, context: &Context<'_>) -> Result<String, Error> {
        Ok(server_name(context)?.as_str().to_owned())
    }

    /// When it is, by the server's clock.
    async fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    /// When the server started, by its clock.
    async fn started_at(&self) -> DateTime<Utc> {
        self.0.started_at()
    }

    /// Where the change log has been read to.
    async fn mark(&self) -> TideMark {
        let cache = self.0.cache();
        TideMark { position: float(cache.position().get()), mark: cache.mark().to_string() }
    }

    /// How the change log is polled.
    async fn polls(&self) -> PollStatistics {
        PollStatistics::of(self.0.cache())
    }

    /// How the Redis tier does; null if there is none.
    async fn redis(&self) -> Option<RedisStatistics> {
        RedisStatistics::of(self.0.cache())
    }

    /// How the database does.
    async fn database(&self) -> DatabaseStatistics {
        self.0.statements().statistics().into()
    }

    /// What the server's memories hold.
    async fn memory(&self) -> Vec<MemoryStatistics> {
        self.0.cache().memory_statistics().into_iter().map(MemoryStatistics::from).collect()
    }

    /// How full the table of last known changes is.
    async fn table(&self) -> TideTableStatistics {
        self.0.cache().tide_table_statistics().into()
    }

    /// The bytes that cached values take in memory, as the server reckons them, without whole responses.
    async fn memory_bytes(&self) -> f64 {
        float(self.0.cache().memory_bytes())
    }

    /// What was served and missed of each kind of value: rows by the names of their tables, `list`s and `count`s of them, and whole
    /// responses.
    async fn spaces(&self) -> Vec<SpaceStatistics> {
        self.0.cache().statistics().into_iter().map(SpaceStatistics).collect()
    }

    /// The operations that were executed most often, of the documents that are known.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn operations(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20, desc = "How many at most, 1 to 200.")] first: i32,
    ) -> Result<Vec<OperationStatistics>, Error> {
        let first = validation::count("first", first, 200)?;
        Ok(operations(context)?.busiest(first).into_iter().map(OperationStatistics).collect())
    }

    /// The text of a document that is known, by its SHA-256 in hexadecimal digits, without its comments and without what its string
    /// literals hold; null if the server does not know it any more.
    async fn document_text(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which document, as `operations` tell it.")] document: String,
    ) -> Result<Option<String>, Error> {
        Ok(operations(context)?.text(&document))
    }

    /// What is kept of rows, in the order of their ids. Asking keeps nothing, counts as no read, and lets the server's memory give up what
    /// it would have given up.
    #[graphql(complexity = "1 + ids.len() * child_complexity")]
    async fn memos(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Their ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<RowMemo>, Error> {
        let ids = validation::at_most("ids", MOST_MEMOS, ids)?;
        RowMemo::of(&self.0, scope(context)?.reader.request(), &ids).await
    }

    /// The changes of the database that were seen last, the latest first. As many are remembered as are needed to explain misses: about
    /// 4,000.
    #[graphql(complexity = "cost(last, child_complexity)")]
    async fn changes(
        &self,
        #[graphql(default = 20, desc = "How many at most, 1 to 200.")] last: i32,
    ) -> Result<Vec<TideChange>, Error> {
        let last = validation::count("last", last, 200)?;
        Ok(TideChange::latest(&self.0, last))
    }

    /// What the server logs: a level, or directives such as `info,sqlx=debug`.
    async fn log_directives(&self, context: &Context<'_>) -> Result<String, Error> {
        Ok(levels(context)?.directives())
    }

    /// The background jobs of all servers together; null, with an error, while their queue cannot be asked.
    async fn jobs(&self) -> Option<JobStatistics> {
        Some(JobStatistics)
    }
}

/// Those of the server that answers.
fn operations<'a>(context: &Context<'a>) -> Result<&'a Operations, Error> {
    context.data::<Operations>().map_err(|_| Error::internal("a schema without operations"))
}

/// What the server that answers calls itself.
pub(super) fn server_name<'a>(context: &Context<'a>) -> Result<&'a WriterName, Error> {
    context.data::<WriterName>().map_err(|_| Error::internal("a schema without a name"))
}

/// What a list of so many costs.
pub(super) fn cost(count: i32, each: usize) -> usize {
    1 + usize::try_from(count).unwrap_or_default().saturating_mul(each)
}

/// As a number that JSON can carry.
pub(super) fn float(number: u64) -> f64 {
    number as f64
}
