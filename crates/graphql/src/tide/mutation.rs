use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::jobs::jobs;
use super::memo::kept;
use super::{levels, overseer};
use crate::{Error, id, scope};

/// How many names may be given at once.
const MOST_NAMES: usize = 100;

/// Doing what can be done to a server's caches, jobs and log: nothing that changes an answer.
#[derive(Default)]
pub(crate) struct TideMutation;

/// What to forget.
#[derive(InputObject)]
pub(crate) struct DropMemoInput {
    /// The id of the row.
    id: ID,
}

/// A row was forgotten.
#[derive(SimpleObject)]
pub(crate) struct DropMemoPayload {
    /// Whether the server that answered had kept it in memory.
    was_kept: bool,
}

/// Which jobs to try again.
#[derive(InputObject)]
pub(crate) struct RetryJobsInput {
    /// Their names, 1 to 100.
    names: Vec<String>,
}

/// Jobs were queued again.
#[derive(SimpleObject)]
pub(crate) struct RetryJobsPayload {
    /// How many of them were dead.
    retried: i32,
}

/// What to log.
#[derive(InputObject)]
pub(crate) struct SetLogLevelInput {
    /// The least severe level that is logged: `error`, `warn`, `info`, `debug` or `trace`; or directives such as `info,sqlx=debug`.
    directives: String,
}

/// Something else is logged.
#[derive(SimpleObject)]
pub(crate) struct SetLogLevelPayload {
    /// The directives that are in force.
    directives: String,
}

#[Object]
impl TideMutation {
    /// Forgets what the server that answers, and Redis, keep of one row: its next read costs a miss. Lists, counts and responses with
    /// it stay. For an ADMIN, or for everybody in development.
    async fn drop_memo(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to forget.")] input: DropMemoInput,
    ) -> Result<DropMemoPayload, Error> {
        overseer(context)?;
        scope(context)?.idempotency.refuse_key()?;
        let store = scope(context)?.reader.store();
        let (kind, key) = id::parse("id", &input.id)?;
        let was_kept = kept(store, "id", &kind)?.forget(key);
        Ok(DropMemoPayload { was_kept })
    }

    /// Queues dead background jobs again, with all their attempts. For an ADMIN, or for everybody in development.
    async fn retry_jobs(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which jobs to try again.")] input: RetryJobsInput,
    ) -> Result<RetryJobsPayload, Error> {
        overseer(context)?;
        scope(context)?.idempotency.refuse_key()?;
        if input.names.is_empty() || input.names.len() > MOST_NAMES {
            return Err(Error::bad_user_input("names", format!("give 1 to {MOST_NAMES} names")));
        }
        let retried = jobs(context)?.retry(&input.names).await?;
        Ok(RetryJobsPayload { retried: i32::try_from(retried).unwrap_or(i32::MAX) })
    }

    /// Has the server that answers log something else, until it ends. That this was done is logged. For an ADMIN, or for everybody in
    /// development.
    async fn set_log_level(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "What to log.")] input: SetLogLevelInput,
    ) -> Result<SetLogLevelPayload, Error> {
        overseer(context)?;
        scope(context)?.idempotency.refuse_key()?;
        Ok(SetLogLevelPayload { directives: levels::set(context, &input.directives)? })
    }
}
