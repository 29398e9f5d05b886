//! Everything that was measured, and on what.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use chrono::{SecondsFormat, Utc};
use sea_orm::sqlx;
use serde::Serialize;

use crate::cli::Options;
use crate::environment::Environment;
use crate::results::Cell;
use crate::system::output;

/// The report of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// When the run ended.
    pub(crate) date: String,
    /// How it was started.
    pub(crate) command: String,
    /// Where it ran.
    pub(crate) machine: Machine,
    /// The versions of what took part.
    pub(crate) versions: BTreeMap<&'static str, String>,
    /// How often every cell was measured.
    pub(crate) rounds: u32,
    /// For how many seconds.
    pub(crate) seconds: u32,
    /// With how many connections.
    pub(crate) connections: u32,
    /// What was measured.
    pub(crate) cells: Vec<Cell>,
}

/// Where a run ran.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    memory_bytes: u64,
    kernel: String,
}

impl Report {
    /// Of these cells, with what can be found out of everything else.
    pub(crate) async fn new(environment: &mut Environment, options: &Options, cells: Vec<Cell>) -> Self {
        let usual = "cargo run --release --locked -p tidewater-bench --".to_owned();
        let command: Vec<String> = std::iter::once(usual).chain(std::env::args().skip(1)).collect();
        Self {
            date: Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true),
            command: command.join(" "),
            machine: Machine::this(),
            versions: versions(environment, options).await,
            rounds: options.rounds,
            seconds: options.seconds,
            connections: options.connections,
            cells,
        }
    }

    /// The report as JSON, for people and programs.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }
}

impl Machine {
    fn this() -> Self {
        let read = |file| fs::read_to_string(file).unwrap_or_default();
        let named = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let memory = named(&read("/proc/meminfo"), "MemTotal");
        let kibibytes: u64 = memory.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        Self {
            processor: named(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_bytes: kibibytes * 1024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

async fn versions(environment: &mut Environment, options: &Options) -> BTreeMap<&'static str, String> {
    let asked = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        output(&mut command).ok().map(|text| text.trim().to_owned())
    };
    let tidewater = output(Command::new(&environment.tidewater).arg("--version")).ok();
    let postgres = sqlx::query_scalar("SHOW server_version").fetch_one(&mut environment.connection).await.ok();
    let versions = [
        ("tidewater", tidewater.map(|text| text.trim().to_owned())),
        ("commit", asked("git", &["describe", "--always", "--dirty", "--abbrev=12"])),
        ("rustc", asked("rustc", &["--version"])),
        ("postgresql", postgres),
        ("redis", environment.redis_information("redis_version").await),
        ("node", if options.peers { asked("node", &["--version"]) } else { None }),
    ];
    versions.into_iter().filter_map(|(name, version)| Some((name, version?))).collect()
}
