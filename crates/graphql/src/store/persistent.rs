use std::time::Duration;

use sea_orm::DbErr;
use tidewater_entity::Statements;

use crate::error::is_lost;

/// How long the pool is given to learn from a lost connection that others may be lost too, before each further attempt.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(20)];

/// What `ask` answers, asked again if the connection was lost: one that broke while it was idle is only found out when it is
/// used. For what may be done twice. How long is waited for a connection is counted.
pub(super) async fn persistent<T, F>(statements: &Statements, ask: impl Fn() -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    for pause in PAUSES {
        match statements.waiting(ask()).await {
            Err(error) if is_lost(&error) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
    }
    statements.waiting(ask()).await
}
