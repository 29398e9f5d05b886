//! A program as a process of its own, that is no server of HTTP.

use std::path::Path;

use tempfile::TempDir;

use crate::process::{BROKEN_MACHINE, Process, Supervision, command};

/// A running program. Dropping it kills it.
///
/// It runs in an empty directory and with no environment but `PATH` and what the test gives.
pub struct Program {
    process: Process,
    _directory: TempDir,
}

impl Program {
    /// Starts `binary`, and does not wait for anything.
    pub fn start(binary: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let directory = tempfile::Builder::new().prefix("tidewater-program-").tempdir().expect(BROKEN_MACHINE);
        let command = command(binary, arguments, environment, directory.path());
        let supervision = Supervision { last_signal: "KILL", directory: Some(directory.path()), account: None };
        Self { process: Process::start(&command, supervision), _directory: directory }
    }

    /// Everything that it has written to standard error and standard output.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Waits until a line of the log contains `text`, and returns that line. Panics with the log when none does.
    pub async fn logged(&self, text: &str) -> String {
        self.process.logged(text).await
    }

    /// Asks it to end (`SIGTERM`), and returns its exit code and its complete log when it has.
    pub async fn terminate(&mut self) -> (i32, String) {
        self.process.terminate().await
    }

    /// Kills it (`SIGKILL`), and returns when it is gone.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Lets it hang until [`resume`](Self::resume), as a machine without CPU time would.
    pub fn pause(&mut self) {
        self.process.signal("STOP");
    }

    /// Lets it go on after [`pause`](Self::pause).
    pub fn resume(&mut self) {
        self.process.signal("CONT");
    }
}
