//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Measures Tidewater against the limit of HTTP, a server without a database, and other servers
///
/// It starts everything that it needs: PostgreSQL, Redis, and one server after the other.
#[derive(Debug, Parser)]
#[command(name = "tidewater-bench", version, max_term_width = 120, disable_help_subcommand = true)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    /// What the process is, if it is not the one that measures
    #[command(subcommand)]
    pub(crate) role: Option<Role>,
    /// What is measured
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What a process of this program is.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// HTTP alone: answers every request with the same bytes
    Static(StaticOptions),
    /// GraphQL alone: answers from maps in memory, which it reads from `DATABASE_URL` as it starts
    Plain(PlainOptions),
    /// Measure what live queries cost, and nothing else
    Live(LiveOptions),
}

/// How much is measured of live queries.
#[derive(Debug, Args)]
pub(crate) struct LiveOptions {
    /// How many are open
    #[arg(long, value_name = "COUNT", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) queries: u32,
    /// How often each change is made
    #[arg(long, value_name = "COUNT", default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Measure the `tidewater` that is beside this program, instead of building it first
    #[arg(long)]
    pub(crate) no_build: bool,
}

/// What the static server answers.
#[derive(Debug, Args)]
pub(crate) struct StaticOptions {
    /// The port of 127.0.0.1 to listen on
    #[arg(long)]
    pub(crate) port: u16,
    /// A file with the HTTP response to W1
    #[arg(long, value_name = "FILE")]
    pub(crate) todo: PathBuf,
    /// A file with the HTTP response to everything else
    #[arg(long, value_name = "FILE")]
    pub(crate) list: PathBuf,
}

/// Where the plain server listens, and what it knows.
#[derive(Debug, Args)]
pub(crate) struct PlainOptions {
    /// The port of 127.0.0.1 to listen on
    #[arg(long)]
    pub(crate) port: u16,
    /// The PostgreSQL database whose rows it answers with
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: String,
}

/// What is measured, and where to.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// Measure the servers in bench/peers too, which need Node.js
    #[arg(long)]
    pub(crate) peers: bool,
    /// How often every cell is measured
    #[arg(long, value_name = "COUNT", default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// How many seconds one cell is measured for
    #[arg(long, value_name = "SECONDS", default_value = "3", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: u32,
    /// How many connections ask at once
    #[arg(long, value_name = "COUNT", default_value = "128", value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub(crate) connections: u32,
    /// Measure only these: a cell such as W1/responses, all of a workload, or all of a system
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) only: Vec<String>,
    /// Measure the `tidewater` that is beside this program, instead of building it first
    #[arg(long)]
    pub(crate) no_build: bool,
    /// Write everything that was measured to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Draw W1, W2 and W3 into this file, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
    /// Write the tables to this file, as Markdown; they are printed anyway
    #[arg(long, value_name = "FILE")]
    pub(crate) table: Option<PathBuf>,
}

impl Options {
    /// Whether the cell of that name is wanted.
    pub(crate) fn wants(&self, cell: &str) -> bool {
        let is_named = |name: &String| name == cell || cell.split('/').any(|part| part == name);
        self.only.is_empty() || self.only.iter().any(is_named)
    }
}
