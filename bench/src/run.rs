//! The whole run: what is measured in which order, and what is made of it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;

use crate::cli::Options;
use crate::environment::Environment;
use crate::error::Error;
use crate::experiment::Experiment;
use crate::peer::Peer;
use crate::report::Report;
use crate::results::Results;
use crate::session::{self, Amount};
use crate::system::{System, Workload, output};
use crate::{chart, table};

/// Long enough for programs that are compiled while they run.
const WARM_UP: Duration = Duration::from_secs(2);

/// What a round consists of.
#[derive(Clone, Debug)]
enum Part {
    System(System, Vec<Workload>),
    Experiment(Experiment),
}

/// Measures, and writes the report.
pub(crate) async fn run(options: &Options) -> Result<(), Error> {
    let peers = if options.peers { Peer::install_all()? } else { Vec::new() };
    let systems = System::all(peers);
    let names: Vec<String> = systems.iter().map(|system| system.name.clone()).chain(Experiment::systems()).collect();
    let mut parts = parts(options, systems);
    if parts.is_empty() {
        return Err(Error::Nothing);
    }
    if !options.no_build {
        build()?;
    }
    eprintln!("filling the databases");
    let amount = Amount {
        connections: options.connections as usize,
        duration: Duration::from_secs(options.seconds.into()),
        warm_up: WARM_UP,
    };
    let mut environment = Environment::create(amount.connections).await?;
    let mut results = Results::default();
    for round in 0..options.rounds as usize {
        eprintln!("round {} of {}", round + 1, options.rounds);
        // What drifts from minute to minute must not always meet the same system.
        parts.shuffle(&mut SmallRng::seed_from_u64(round as u64));
        for part in &parts {
            match part {
                Part::System(system, workloads) => {
                    session::run(&mut environment, system, workloads, amount, round, &mut results).await?;
                }
                Part::Experiment(experiment) => {
                    experiment.run(&mut environment, amount, round, &mut results).await?;
                }
            }
        }
    }
    let report = Report::new(&mut environment, options, results.into_cells(&names)).await;
    drop(environment);
    publish(options, &report)
}

fn parts(options: &Options, systems: Vec<System>) -> Vec<Part> {
    let mut parts = Vec::new();
    for system in systems {
        let mut workloads = system.workloads();
        workloads.retain(|workload| options.wants(&format!("{}/{}", workload.name(), system.name)));
        if !workloads.is_empty() {
            parts.push(Part::System(system, workloads));
        }
    }
    let experiments = Experiment::ALL.into_iter();
    let experiments = experiments.filter(|experiment| experiment.cells().iter().any(|cell| options.wants(cell)));
    parts.extend(experiments.map(Part::Experiment));
    parts
}

/// Builds the program under measurement beside this one.
pub(crate) fn build() -> Result<(), Error> {
    let own = std::env::current_exe().map_err(Error::system("the path of this program"))?;
    let target = own.parent().and_then(Path::parent).unwrap_or(Path::new("target"));
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    command.args(["build", "--release", "--locked", "--package", "tidewater", "--target-dir"]).arg(target);
    eprintln!("building tidewater");
    output(&mut command).map(drop)
}

fn publish(options: &Options, report: &Report) -> Result<(), Error> {
    let write = |file: &Option<std::path::PathBuf>, text: String| match file {
        Some(file) => std::fs::write(file, text).map_err(Error::file(file)),
        None => Ok(()),
    };
    let tables = table::render(&report.cells);
    println!("{tables}");
    write(&options.table, tables)?;
    write(&options.json, report.to_json())?;
    write(&options.chart, chart::render(&report.cells))?;
    let faulty: Vec<String> = report
        .cells
        .iter()
        .filter(|cell| cell.faults() > 0)
        .map(|cell| format!("{}/{} ({})", cell.workload, cell.system, cell.faults()))
        .collect();
    if faulty.is_empty() {
        Ok(())
    } else {
        Err(Error::NotClean(format!("there were errors, wrong or stale answers in {}", faulty.join(", "))))
    }
}
