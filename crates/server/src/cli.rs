//! The command line: what can be asked of the program, and how it says what was wrong with the asking.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, CommandFactory, Parser, Subcommand};

use crate::configuration::Configuration;
use crate::error::Error;
use crate::output::print;

/// A GraphQL server over PostgreSQL or SQLite whose caches never answer with stale data.
///
/// Without a command it serves. Settings come from flags, else from the environment, else from the file `.env` of the current
/// folder.
#[derive(Parser)]
#[command(name = "tidewater", version, max_term_width = 120, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// What to do; by default to serve.
    #[command(subcommand)]
    command: Option<Command>,
    /// How.
    #[command(flatten)]
    pub(crate) configuration: Configuration,
}

/// What can be asked of the program.
#[derive(Clone, Subcommand)]
pub(crate) enum Command {
    /// Serve the GraphQL API (the default)
    Serve,
    /// Run background jobs apart from a server; needs Redis
    Worker,
    /// Look at the background jobs in Redis, or try dead ones again
    Jobs {
        /// What to do with them.
        #[command(subcommand)]
        action: JobsAction,
    },
    /// Apply, revert or list the steps of the database's schema
    Migrate {
        /// What to do with the steps.
        #[command(subcommand)]
        action: MigrateAction,
    },
    /// Fill an empty, migrated database with sample data, the same at each run
    Seed(SeedArguments),
    /// Check from outside that running servers never answer with stale data
    Check(CheckArguments),
    /// Watch what the caches of a running server do, on a terminal
    Top(TopArguments),
    /// Print the GraphQL schema, without a database
    Schema(SchemaArguments),
}

impl Command {
    /// Whether it draws all over the terminal, so that a log there would be drawn over, and draw over it.
    pub(crate) fn fills_the_terminal(&self) -> bool {
        matches!(self, Self::Top(TopArguments { once: false, .. }))
    }
}

/// What to do with the steps of the database's schema.
#[derive(Clone, Copy, Subcommand)]
pub(crate) enum MigrateAction {
    /// Apply the steps that are pending, and bring the change log's triggers up to date
    Up {
        /// How many steps; by default all
        #[arg(value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
        steps: Option<u32>,
    },
    /// Revert the newest steps; their data are lost
    Down {
        /// How many steps
        #[arg(value_name = "COUNT", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
    },
    /// List the steps with their state
    Status,
}

/// What to do with background jobs.
#[derive(Clone, Subcommand)]
pub(crate) enum JobsAction {
    /// List what is queued, running and scheduled
    List {
        /// How many at most
        #[arg(long, value_name = "COUNT", default_value = "100", value_parser = clap::value_parser!(u16).range(1..))]
        limit: u16,
    },
    /// List the dead, the latest first
    Dead {
        /// How many at most
        #[arg(long, value_name = "COUNT", default_value = "100", value_parser = clap::value_parser!(u16).range(1..))]
        limit: u16,
    },
    /// Queue dead jobs again
    Retry {
        /// Their names
        #[arg(value_name = "NAME", required_unless_present = "all", conflicts_with = "all")]
        names: Vec<String>,
        /// All of them
        #[arg(long)]
        all: bool,
    },
}

/// How much sample data.
#[derive(Clone, Copy, clap::Args)]
pub(crate) struct SeedArguments {
    /// How many users
    #[arg(long, value_name = "COUNT", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) users: u32,
    /// How many todos; todo i belongs to user ((i - 1) mod users) + 1
    #[arg(long, value_name = "COUNT", default_value = "20000")]
    pub(crate) todos: u32,
    /// How many notes; note i belongs to user ((i - 1) mod users) + 1
    #[arg(long, value_name = "COUNT", default_value = "5000")]
    pub(crate) notes: u32,
}

/// What to check, with what load.
#[derive(Clone, clap::Args)]
pub(crate) struct CheckArguments {
    /// A server, all of them over the database of DATABASE_URL; may be given several times
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    pub(crate) url: Vec<String>,
    /// Leave the database alone, and write through the servers only
    #[arg(long)]
    pub(crate) no_sql: bool,
    /// For how long to read and write; 30s where no number of reads is given either
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// How many facts to judge
    #[arg(long, value_name = "COUNT")]
    pub(crate) reads: Option<u64>,
    /// How many clients write through the servers
    #[arg(long, value_name = "COUNT", default_value = "4")]
    pub(crate) writers: usize,
    /// How many clients write to the database directly
    #[arg(long, value_name = "COUNT", default_value = "4")]
    pub(crate) sql_writers: usize,
    /// How many clients read
    #[arg(long, value_name = "COUNT", default_value = "16")]
    pub(crate) readers: usize,
    /// How many rows single statements change now and then; 0 for no such statements
    #[arg(long, value_name = "COUNT", default_value = "1200")]
    pub(crate) bulk_rows: usize,
    /// How long each writer waits between two writes
    #[arg(long, value_name = "DURATION", default_value = "5ms", value_parser = humantime::parse_duration)]
    pub(crate) pause: Duration,
    /// Let some requests accept answers that are this old
    #[arg(long, value_name = "SECONDS")]
    pub(crate) max_age: Option<u64>,
    /// What ids and choices follow from; random by default
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which server to watch, and how.
#[derive(Clone, clap::Args)]
#[command(
    after_help = "Set TIDEWATER_TOKEN to a session's token of an ADMIN; a server with TIDEWATER_DEVELOPMENT tells without one."
)]
pub(crate) struct TopArguments {
    /// The server, by http; by default the one that would listen here (TIDEWATER_LISTEN)
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// How often to ask it, 200ms to 1min
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) interval: Duration,
    /// Print once what it does, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// Print that as one JSON object
    #[arg(long, requires = "once")]
    pub(crate) json: bool,
}

/// How to print the schema.
#[derive(Clone, clap::Args)]
pub(crate) struct SchemaArguments {
    /// Compare with this file instead of printing, and fail if they differ
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "schema.graphql")]
    pub(crate) check: Option<PathBuf>,
}

impl Cli {
    /// Reads the command line and the environment. `None`: what was asked for was help or the version, and it has been printed.
    pub(crate) fn read() -> Result<Option<(Command, Configuration)>, Error> {
        match Self::try_parse() {
            Ok(cli) => {
                cli.configuration.validate()?;
                Ok(Some((cli.command.unwrap_or(Command::Serve), cli.configuration)))
            }
            Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
                print(&error.render().to_string())?;
                Ok(None)
            }
            Err(error) => Err(Error::Configuration(sentence(&error))),
        }
    }
}

/// What is wrong, in one sentence that names the flag and the variable, and that shows no value that may be a secret.
fn sentence(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).and_then(declared);
    match (error.kind(), argument, text(ContextKind::InvalidValue)) {
        (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(argument), Some(value)) => {
            let given = if argument.is_hide_env_values_set() { String::new() } else { format!(" '{value}'") };
            let flag = argument.get_long().map(|flag| format!("--{flag}")).unwrap_or_else(|| argument.to_string());
            let variable = argument.get_env().map(|name| format!(" ({})", name.display())).unwrap_or_default();
            format!("invalid value{given} for {flag}{variable}: {}", reason(error))
        }
        _ => {
            let rendered = error.render().to_string();
            let paragraph = rendered.split("\n\n").next().unwrap_or_default();
            let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("{}; see `tidewater --help`", line.trim_start_matches("error: "))
        }
    }
}

fn reason(error: &clap::Error) -> String {
    match (std::error::Error::source(error), error.get(ContextKind::ValidValue)) {
        (Some(source), _) => source.to_string(),
        (None, Some(ContextValue::Strings(values))) => format!("expected one of {}", values.join(", ")),
        (None, _) => "it is not accepted".to_owned(),
    }
}

/// The setting that clap names by its usage text.
fn declared(usage: &str) -> Option<Arg> {
    let mut command = Cli::command();
    command.build();
    command.get_arguments().find(|argument| argument.to_string() == usage).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(arguments: &[&str]) -> String {
        let arguments = std::iter::once("tidewater").chain(arguments.iter().copied());
        sentence(&Cli::try_parse_from(arguments).err().unwrap())
    }

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_has_a_flag_a_variable_and_a_text() {
        let command = Cli::command();
        for argument in
            command.get_arguments().filter(|argument| !matches!(argument.get_id().as_str(), "help" | "version"))
        {
            assert!(argument.get_long().is_some(), "{argument}");
            assert!(argument.get_env().is_some(), "{argument}");
            assert!(argument.get_help().is_some(), "{argument}");
            assert!(argument.is_global_set(), "{argument}");
        }
    }

    #[test]
    fn settings_are_taken_before_and_after_the_command_and_without_one() {
        for arguments in
            [&["--listen", "[::1]:1"][..], &["serve", "--listen", "[::1]:1"], &["--listen", "[::1]:1", "serve"]]
        {
            let arguments = std::iter::once("tidewater").chain(arguments.iter().copied());
            let cli = Cli::try_parse_from(arguments).ok().unwrap();
            assert_eq!(cli.configuration.http.listen.to_string(), "[::1]:1");
        }
    }

    #[test]
    fn a_bad_value_is_one_sentence_with_flag_and_variable() {
        assert_eq!(
            refused(&["--listen", "localhost"]),
            "invalid value 'localhost' for --listen (TIDEWATER_LISTEN): expected an IP address and a port, such as \
             127.0.0.1:8000 or [::]:8000"
        );
        assert_eq!(
            refused(&["serve", "--log-format", "xml"]),
            "invalid value 'xml' for --log-format (TIDEWATER_LOG_FORMAT): expected one of text, json"
        );
        assert!(refused(&["seed", "--users", "0"]).starts_with("invalid value '0' for '--users <COUNT>'"));
        assert!(refused(&["fly"]).starts_with("unrecognized subcommand 'fly'"));
    }

    #[test]
    fn a_bad_url_is_not_repeated() {
        let sentence = refused(&["--database-url", "mysql://root:secret@host/x"]);
        assert!(sentence.contains("DATABASE_URL") && !sentence.contains("secret"), "{sentence}");
    }
}
