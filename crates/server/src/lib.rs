//! The program `tidewater`: serves the GraphQL API, and keeps its database.
//!
//! A library only so that what strangers send can be tried on what reads it ([`reading`]); [`run`] is the program.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]
// What executes a mutation is futures within futures, more than the compiler goes through by itself when it optimises.
#![recursion_limit = "256"]

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
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_stack_size(STACK_SIZE);
    if let Some(threads) = configuration.limits.worker_threads {
        runtime.worker_threads(threads);
    }
    let runtime = runtime.build().map_err(Error::System)?;
    if command.fills_the_terminal()
        && let Command::Top(arguments) = command
    {
        return runtime.block_on(commands::top(&configuration.http, arguments));
    }
    let is_traced = matches!(command, Command::Serve | Command::Worker);
    let telemetry = telemetry::start(&configuration.log, is_traced.then_some(&configuration.traces), runtime.handle())?;
    let task = async {
        match command {
            Command::Serve => commands::serve(&configuration, &telemetry).await,
            Command::Worker => commands::worker(&configuration, &telemetry).await,
            Command::Jobs { action } => commands::jobs(&configuration, action).await,
            Command::Migrate { action } => commands::migrate(&configuration.database, action).await,
            Command::Seed(arguments) => commands::seed(&configuration.database, arguments).await,
            Command::Check(arguments) => commands::check(&configuration, arguments).await,
            Command::Top(arguments) => commands::top(&configuration.http, arguments).await,
            Command::Schema(arguments) => commands::schema(&arguments, configuration.http.federation),
        }
    };
    let result = runtime.block_on(task);
    telemetry.tracer.end();
    // What is still being hashed must not hold up the end.
    runtime.shutdown_background();
    result
}
