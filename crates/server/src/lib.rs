//! The program `tidewater`: serves the GraphQL API, and keeps its database.
//!
//! A library only so that what strangers send can be tried on what reads it ([`reading`]); [`run`] is the program.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod binding;
mod chore_counters;
mod chores;
mod cli;
mod commands;
mod configuration;
mod database;
mod demo;
mod error;
mod http;
mod jobs;
mod metrics;
mod output;
mod readiness;
mod shutdown;
mod telemetry;
mod trusted_documents;
mod view_flushing;

#[doc(hidden)]
pub use http::reading;

use std::process::ExitCode;

use cli::{Cli, Command};
use error::Error;

/// Answers that are executed are made of many small pieces. In profiles of them it takes 8 % of the time, where the C library's
/// allocator takes 15 %.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Documents are parsed by recursive descent. The parser's own bound on nesting does not fit into the usual 2 MiB.
#[doc(hidden)]
pub const STACK_SIZE: usize = 16 << 20;

/// Does what the command line says.
pub fn run() -> ExitCode {
    match try_run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidewater: {error}");
            error.exit_code()
        }
    }
}

fn try_run() -> Result<(), Error> {
    tidewater_changelog::fault::arm();
    configuration::load_environment_file()?;
    let Some((command, configuration)) = Cli::read()? else {
        return Ok(());
    };
    let threads = configuration.limits.worker_threads;
    let task = async {
        match command {
            Command::Serve => commands::serve(&configuration).await,
            Command::Worker => commands::worker(&configuration).await,
            Command::Jobs { action } => commands::jobs(&configuration, action).await,
            Command::Migrate { action } => commands::migrate(&configuration.database, action).await,
            Command::Seed(arguments) => commands::seed(&configuration.database, arguments).await,
            Command::Check(arguments) => commands::check(&configuration, arguments).await,
            Command::Schema(arguments) => commands::schema(&arguments, configuration.http.federation),
        }
    };
    telemetry::start(&configuration.log);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_stack_size(STACK_SIZE);
    if let Some(threads) = threads {
        runtime.worker_threads(threads);
    }
    let runtime = runtime.build().map_err(Error::System)?;
    let result = runtime.block_on(task);
    // What is still being hashed must not hold up the end.
    runtime.shutdown_background();
    result
}
