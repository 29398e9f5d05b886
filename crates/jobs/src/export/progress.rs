use std::time::{Duration, Instant};

use sea_orm::{ActiveModelTrait, DatabaseTransaction, DbErr, IntoActiveModel, Set};
use tidewater_entity::{ExportStatus, export};

use super::position::Section;

/// How long nothing is told after something was.
const PAUSE: Duration = Duration::from_secs(1);

/// When the user was last told how far an export is, by this process.
#[derive(Default)]
pub(super) struct Progress(Option<Instant>);

impl Progress {
    /// Tells that `items` rows are written, if nothing was told for a while. It never goes back, and is at most 99.
    pub(super) async fn tell(
        &mut self,
        transaction: &DatabaseTransaction,
        export: export::Model,
        items: i64,
    ) -> Result<(), DbErr> {
        if self.0.is_some_and(|told| told.elapsed() < PAUSE) {
            return Ok(());
        }
        let mut all = 0;
        for section in Section::ALL {
            all += section.count(transaction, export.user_id).await?;
        }
        let percent = u128::try_from(items).unwrap_or(0) * 100 / u128::from(all.max(1));
        let percent = i16::try_from(percent.min(99)).unwrap_or(99).max(export.progress);
        let mut export = export.into_active_model();
        export.status = Set(ExportStatus::Running);
        export.progress = Set(percent);
        export.update(transaction).await?;
        self.0 = Some(Instant::now());
        Ok(())
    }
}
