use std::time::Duration;

use tidewater_entity::Statements;
use tokio::time::timeout;

use crate::binding::listen_for_metrics;
use crate::configuration::Configuration;
use crate::error::Error;
use crate::metrics::Sources;
use crate::shutdown::Signals;
use crate::telemetry::Telemetry;
use crate::{database, jobs};

/// How long closing the database may take.
const CLOSING: Duration = Duration::from_secs(2);

/// Runs background jobs until SIGTERM or SIGINT, then lets what is under way end. A second signal cuts that short.
pub(crate) async fn worker(configuration: &Configuration, telemetry: &Telemetry) -> Result<(), Error> {
    let signals = Signals::listen().map_err(Error::System)?;
    let endpoint = listen_for_metrics(&configuration.metrics)?;
    let queue = jobs::open_shared(configuration).await?;
    let mut database = database::connect(&configuration.database).await?;
    let statements = Statements::count(&mut database);
    if !database::pending(&database).await?.is_empty() {
        return Err(Error::Unmigrated);
    }
    let worker = jobs::start(&queue, &database, telemetry.tracer.clone(), configuration)?;
    let sources = Sources { statements, queue: queue.clone(), server: None };
    let metrics = endpoint.map(|endpoint| endpoint.serve(sources));
    tracing::info!("running background jobs");
    jobs::work(worker, signals, configuration.http.shutdown_grace).await;
    if let Some(metrics) = metrics {
        metrics.stop().await;
    }
    jobs::report(&queue);
    let _ = timeout(CLOSING, database.close()).await;
    tracing::info!("stopped");
    Ok(())
}
