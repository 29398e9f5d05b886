//! The program itself, on real servers.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Cells of each kind: a limit, each workload, and each experiment.
const CELLS: [&str; 9] = [
    "W1/static",
    "W1/plain",
    "W1/responses",
    "W2/responses",
    "W3/responses-sqlite",
    "W4/pgbench",
    "W5/logged",
    "W6/kept",
    "W7/hostile",
];

fn measure(directory: &Path, more: &[&str]) -> Output {
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_tidewater-bench"));
    let server = binary.with_file_name("tidewater");
    assert!(server.exists(), "{} is not built: `cargo test --workspace` builds all programs first", server.display());
    let mut command = Command::new(binary);
    command.current_dir(directory).args(["--no-build", "--rounds", "1", "--seconds", "1", "--connections", "8"]);
    command.args(more).output().unwrap()
}

#[test]
fn a_short_run_measures_without_a_fault() {
    let directory = tempfile::tempdir().unwrap();
    let files = ["--json", "run.json", "--chart", "run.svg", "--table", "run.md", "--only"];
    let Output { status, stdout, stderr } = measure(directory.path(), &[&files[..], &CELLS].concat());
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));

    let report: Value = serde_json::from_slice(&std::fs::read(directory.path().join("run.json")).unwrap()).unwrap();
    let measured = report["cells"].as_array().unwrap();
    let name = |cell: &Value| format!("{}/{}", cell["workload"].as_str().unwrap(), cell["system"].as_str().unwrap());
    for cell in CELLS {
        let found = measured.iter().find(|measured| name(measured) == cell);
        let measurement = &found.unwrap_or_else(|| panic!("{cell} was not measured: {report}"))["rounds"][0];
        assert!(measurement["requests"].as_u64().unwrap() > 0, "{cell}: {measurement}");
    }
    let table = std::fs::read_to_string(directory.path().join("run.md")).unwrap();
    assert!(String::from_utf8(stdout).unwrap().starts_with(&table));
    assert!(table.contains("| responses | tidewater |"), "{table}");
    assert!(std::fs::read_to_string(directory.path().join("run.svg")).unwrap().starts_with("<svg"));
}

#[test]
fn live_queries_are_measured_too() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidewater-bench"));
    command.current_dir(directory.path()).args(["live", "--no-build", "--queries", "100", "--rounds", "1"]);
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let told = String::from_utf8(stdout).unwrap();
    assert!(told.starts_with("100 live queries over 2 WebSockets: "), "{told}");
    assert!(["| none | ", "| one | ", "| all | "].iter().all(|row| told.contains(row)), "{told}");
}

#[test]
fn a_cell_that_there_is_not_is_said_to_be_none() {
    let directory = tempfile::tempdir().unwrap();
    let Output { status, stderr, .. } = measure(directory.path(), &["--only", "W9"]);
    assert!(!status.success());
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(stderr.starts_with("tidewater-bench: ") && stderr.lines().count() == 1, "{stderr}");
}
