use std::time::Duration;

use tokio::time::timeout;

use crate::configuration::Configuration;
use crate::error::Error;
use crate::shutdown::Signals;
use crate::telemetry::Telemetry;
use crate::{database, jobs};

/// How long closing the database may take.
const CLOSING: Duration = Duration::from_secs(2);

/// Runs background jobs until SIGTERM or SIGINT, then lets what is under way end. A second signal cuts that short.
pub(crate) async fn worker(configuration: &Configuration, telemetry: &Telemetry) -> Result<(), Error> {
    let signals = Signals::listen().map_err(Error::System)?;
    let queue = jobs::open_shared(configuration).await?;
    let database = database::connect(&configuration.database).await?;
    if !database::pending(&database).await?.is_empty() {
        return Err(Error::Unmigrated);
    }
    let worker = jobs::start(&queue, &database, telemetry.tracer.clone(), configuration)?;
    tracing::info!("running background jobs");
    jobs::work(worker, signals, configuration.http.shutdown_grace).await;
    jobs::report(&queue);
    let _ = timeout(CLOSING, database.close()).await;
    tracing::info!("stopped");
    Ok(())
}
