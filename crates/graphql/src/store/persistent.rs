use sea_orm::DbErr;

use crate::error::is_lost;

/// What `ask` answers, asked once more if the connection was lost: one that broke while it was idle is only found out when it
/// is used. For what may be done twice.
pub(super) async fn persistent<T, F>(ask: impl Fn() -> F) -> Result<T, DbErr>
where
    F: Future<Output = Result<T, DbErr>>,
{
    match ask().await {
        Err(error) if is_lost(&error) => ask().await,
        answer => answer,
    }
}
