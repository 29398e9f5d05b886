//! Measures Tidewater against the limit of HTTP, a server without a database, and other servers.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod accounting;
mod chart;
mod cli;
mod dataset;
mod environment;
mod error;
mod expected;
mod experiment;
mod hostile;
mod judge;
mod live;
mod load;
mod measurement;
mod peer;
mod plain_server;
mod report;
mod request;
mod response;
mod results;
mod run;
mod script;
mod server;
mod session;
mod statements;
mod static_server;
mod statistics;
mod system;
mod table;
mod template;
mod version;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Role};
use error::Error;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// The limits have the allocator that our server has: nothing but the work itself shall differ.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Cli { role, options } = Cli::parse();
    let result = match role {
        // As many threads as every measured server has.
        Some(Role::Static(options)) => {
            block_on(Builder::new_multi_thread().worker_threads(1), static_server::serve(&options))
        }
        Some(Role::Plain(options)) => {
            block_on(Builder::new_multi_thread().worker_threads(1), plain_server::serve(&options))
        }
        Some(Role::Live(options)) => {
            block_on(&mut Builder::new_current_thread(), until_interrupted(live::run(&options)))
        }
        // The load generator is one thread, so that it takes no more than one core from what it measures.
        None => block_on(&mut Builder::new_current_thread(), until_interrupted(run::run(&options))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tidewater-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn block_on(builder: &mut Builder, task: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    builder.enable_all().build().map_err(Error::system("a thread"))?.block_on(task)
}

/// Ends early, but in order: what was started must end too.
async fn until_interrupted(task: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::system("a signal"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::system("a signal"))?;
    tokio::select! {
        result = task => result,
        _ = interrupt.recv() => Err(Error::Interrupted),
        _ = terminate.recv() => Err(Error::Interrupted),
    }
}
