use indicatif::{ProgressBar, ProgressStyle};
use tidewater_check::{Phase, Settings, check as run};

use crate::cli::CheckArguments;
use crate::configuration::Configuration;
use crate::error::Error;
use crate::output::print;

/// Checks running servers, with a bar on a terminal, and reports on standard output.
pub(crate) async fn check(configuration: &Configuration, arguments: CheckArguments) -> Result<(), Error> {
    let duration = match (arguments.duration, arguments.reads) {
        (None, None) => Settings::default().duration,
        (duration, _) => duration,
    };
    let settings = Settings {
        urls: arguments.url,
        database_url: (!arguments.no_sql).then(|| configuration.database.url.as_str().to_owned()),
        duration,
        reads: arguments.reads,
        writers: arguments.writers,
        sql_writers: arguments.sql_writers,
        readers: arguments.readers,
        bulk_rows: arguments.bulk_rows,
        pause: arguments.pause,
        max_staleness: configuration.cache.max_staleness,
        max_age: arguments.max_age,
        seed: arguments.seed,
        ..Settings::default()
    };
    let bar = progress_bar();
    let report = run(settings, |progress| {
        match progress.phase {
            Phase::Preparing => bar.set_message("preparing"),
            Phase::Loading => bar.set_message("reading and writing"),
            Phase::Comparing => bar.set_message("comparing"),
            Phase::CleaningUp => bar.set_message("cleaning up"),
        }
        let (part, whole) = match (arguments.reads, duration) {
            (Some(reads), _) => (progress.reads, reads),
            (None, Some(duration)) => (progress.loaded.as_secs(), duration.as_secs()),
            (None, None) => (0, 0),
        };
        bar.set_length(whole);
        bar.set_position(part);
        bar.set_prefix(format!("{} violations in {} reads", progress.violations, progress.reads));
    })
    .await;
    bar.finish_and_clear();
    let report = report.map_err(|error| Error::Check(error.to_string()))?;
    if arguments.json {
        print(&format!(
            "{}\n",
            serde_json::to_string_pretty(&report).map_err(|error| Error::Check(error.to_string()))?
        ))?;
    } else {
        print(&report.to_string())?;
    }
    if report.is_good() { Ok(()) } else { Err(Error::NotFresh) }
}

/// Drawn on stderr, and only if that is a terminal.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{msg:20} {wide_bar} {prefix}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
