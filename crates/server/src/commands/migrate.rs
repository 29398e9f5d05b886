use crate::cli::MigrateAction;
use crate::configuration::DatabaseConfiguration;
use crate::database;
use crate::error::{Error, one_line};
use crate::output::print;

/// Applies, reverts or lists the steps of the schema, and says on standard output how things stand afterwards.
pub(crate) async fn migrate(configuration: &DatabaseConfiguration, action: MigrateAction) -> Result<(), Error> {
    let database = database::connect(configuration).await?;
    let tracking = tidewater_entity::tracking();
    match action {
        MigrateAction::Up { steps } => tidewater_migration::migrate_up(&database, &tracking, steps).await,
        MigrateAction::Down { steps } => tidewater_migration::migrate_down(&database, Some(steps)).await,
        MigrateAction::Status => Ok(()),
    }
    .map_err(database::migration_failed)?;

    let steps = tidewater_migration::status(&database).await.map_err(database::migration_failed)?;
    let mut lines = String::new();
    for (name, applied) in &steps {
        lines += if *applied { "applied  " } else { "pending  " };
        lines += name;
        lines += "\n";
    }
    if steps.iter().all(|(_, applied)| *applied) {
        lines += "change log: ";
        match tidewater_changelog::verify(&database, &tracking).await {
            Ok(()) => lines += "as declared",
            Err(error) => lines += &one_line(&error),
        }
        lines += "\n";
    }
    print(&lines)
}
