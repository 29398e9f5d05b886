use async_graphql::{Context, Object, SimpleObject};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use tidewater_entity::{ExportStatus, export, new_id, now, user};
use tidewater_jobs::{Job, Scheduled};

use super::Export;
use crate::wake::wake;
use crate::{Error, scope};

/// What beginning an export costs, in fields.
const EXPORTING: usize = 1_000;

/// Asking for exports.
#[derive(Default)]
pub(crate) struct ExportMutation;

/// An export is on its way.
#[derive(SimpleObject)]
pub(crate) struct ExportMyDataPayload {
    /// The export as it is now. Read it again by its id to follow it.
    export: Export,
}

#[Object]
impl ExportMutation {
    /// Begins to write a file of all that is the viewer's; if one is being written, answers that one. Files that were written
    /// before expire.
    #[graphql(complexity = "EXPORTING + child_complexity")]
    async fn export_my_data(&self, context: &Context<'_>) -> Result<ExportMyDataPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let export = scope.write(async |transaction| {
            // The lock keeps a second request from beginning another at the same time.
            let user = user::Entity::find_by_id(viewer.user).lock_exclusive().one(transaction).await?;
            let user = user.ok_or(Error::NotFound("user"))?;
            let of_user = export::Column::UserId.eq(user.id);
            if let Some(begun) = export::Entity::unfinished().filter(of_user.clone()).one(transaction).await? {
                return Ok(begun);
            }
            let created_at = now();
            export::Entity::update_many()
                .set(export::ActiveModel { expires_at: Set(Some(created_at)), ..Default::default() })
                .filter(of_user)
                .filter(export::Column::ExpiresAt.gt(created_at))
                .exec(transaction)
                .await?;
            let export = export::Model {
                id: new_id(),
                user_id: user.id,
                status: ExportStatus::Queued,
                progress: 0,
                chunks: None,
                created_at,
                finished_at: None,
                expires_at: None,
            };
            Ok(export.into_active_model().insert(transaction).await?)
        });
        let export = export.await?;
        wake(context)?.wake(Scheduled { job: Job::Export { export: export.id }, at: export.created_at });
        Ok(ExportMyDataPayload { export: Export(export.into()) })
    }
}
