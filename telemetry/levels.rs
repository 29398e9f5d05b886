use std::sync::Arc;

use parking_lot::Mutex;


use tidewater_graphql::LogLevels;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt, filter_fn};
use tracing_subscriber::layer::Filter;
use tracing_subscriber::{Registry, reload};

use crate::configuration::log_directives;

/// Libraries that tell at level info what interests nobody who runs the program. What is configured wins.
const QUIET: &str = "sea_orm=warn,sea_orm_migration=warn,sqlx=warn";

/// What is logged, as it was set last.
#[derive(Clone, Debug)]
pub(crate) struct Levels {
    filter: reload::Handle<EnvFilter, Registry>,
    directives: Arc<Mutex<String>>,
}

/// What lets records through as `directives` say, and what changes that.
pub(super) fn start(directives: &str) -> (impl Filter<Registry> + Send + Sync + 'static, Levels) {
    let (filter, handle) = reload::Layer::new(filter(directives));
    let levels = Levels { filter: handle, directives: Arc::new(Mutex::new(directives.to_owned())) };
    (filter.and(filter_fn(is_fit)), levels)
}

fn filter(directives: &str) -> EnvFilter {
    EnvFilter::new(format!("{QUIET},{directives}"))
}

/// Whether a record may be written whatever is set. What libraries work on is in what they tell at level trace, and in their spans:
/// messages, commands, rows.
fn is_fit(metadata: &Metadata<'_>) -> bool {
    is_ours(metadata) || (metadata.is_event() && *metadata.level() <= Level::DEBUG)
}

/// Whether it is told by this project's own code.
pub(super) fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("tidewater")
}

impl LogLevels for Levels {
    fn directives(&self) -> String {
        self.directives.lock().clone()
    }

    fn set(&self, directives: &str) -> Result<(), String> {
        let directives = log_directives(directives)?;
        // Held to the end, so that what is told last is what is in force.
        let mut known = self.directives.lock();
        self.filter.reload(filter(&directives)).map_err(|error| error.to_string())?;
        *known = directives;
        Ok(())
    }
}
