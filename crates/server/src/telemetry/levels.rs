use std::sync::Arc;

use parking_lot::Mutex;
use tidewater_graphql::LogLevels;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterFn};
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
pub(super) fn start(directives: &str) -> (reload::Layer<EnvFilter, Registry>, Levels) {
    let (filter, handle) = reload::Layer::new(filter(directives));
    let levels = Levels { filter: handle, directives: Arc::new(Mutex::new(directives.to_owned())) };
    (filter, levels)
}

/// What lets those through that may be written whatever is set.
pub(super) fn fit() -> FilterFn {
    // It sets no bound of its own: without that hint, nothing would know that less is logged.
    FilterFn::new(is_fit as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::TRACE)
}

/// Lets libraries that log by `log` know how much is logged; they do not ask for each record.
pub(super) fn tell_libraries(directives: &str) {
    let most = filter(directives).max_level_hint().unwrap_or(LevelFilter::TRACE);
    // Both call their levels the same.
    log::set_max_level(most.to_string().parse().unwrap_or(log::LevelFilter::Info));
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

    fn check(&self, directives: &str) -> Result<(), String> {
        log_directives(directives).map(drop)
    }

    fn set(&self, directives: &str) -> Result<(), String> {
        let directives = log_directives(directives)?;
        // Held to the end, so that what is told last is what is in force.
        let mut known = self.directives.lock();
        self.filter.reload(filter(&directives)).map_err(|error| error.to_string())?;
        tell_libraries(&directives);
        *known = directives;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tracing::subscriber::with_default;
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::registry;

    use super::*;

    #[test]
    fn of_libraries_nothing_is_fit_but_records_down_to_debug() {
        with_default(registry().with(fit()), || {
            assert!(tracing::event_enabled!(target: "library", Level::DEBUG));
            assert!(!tracing::event_enabled!(target: "library", Level::TRACE));
            assert!(tracing::debug_span!(target: "library", "work").is_disabled());
            assert!(tracing::error_span!(target: "library", "work").is_disabled());
            assert!(tracing::event_enabled!(target: "tidewater_cache", Level::TRACE));
            assert!(!tracing::trace_span!(target: "tidewater_cache", "work").is_disabled());
        });
    }

    #[test]
    fn libraries_that_log_otherwise_know_how_much_is_logged() {
        let (_layer, levels) = start("info");
        for (directives, most) in [
            ("debug", log::LevelFilter::Debug),
            ("error", log::LevelFilter::Warn),
            ("info,tidewater=trace", log::LevelFilter::Trace),
            ("info", log::LevelFilter::Info),
        ] {
            levels.set(directives).unwrap();
            assert_eq!(log::max_level(), most, "{directives}");
        }
    }

    #[test]
    fn libraries_that_tell_what_they_send_are_quiet_unless_they_are_named() {
        with_default(registry().with(filter("debug")), || {
            assert!(tracing::event_enabled!(target: "library", Level::DEBUG));
            assert!(!tracing::event_enabled!(target: "sqlx::query", Level::DEBUG));
            assert!(tracing::event_enabled!(target: "sqlx::query", Level::WARN));
        });
        with_default(registry().with(filter("sqlx=debug")), || {
            assert!(tracing::event_enabled!(target: "sqlx::query", Level::DEBUG));
        });
    }
}
