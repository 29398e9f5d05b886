//! A wall clock that is wrong on demand.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    installed::{BRINGS_ALL, libfaketime},
    process::BROKEN_MACHINE,
};

/// The wall clock of the servers that are started with its [`environment`](Self::environment); a change is seen by those
/// that run.
///
/// Their monotonic clock stays right, as it does when a machine's wall clock is set.
pub struct Clock {
    library: String,
    file: String,
    directory: TempDir,
}

impl Clock {
    /// A clock that is right.
    pub fn new() -> Self {
        let library = libfaketime().unwrap_or_else(|| panic!("libfaketime is not installed: {BRINGS_ALL}"));
        let directory = tempfile::Builder::new().prefix("tidewater-clock-").tempdir().expect(BROKEN_MACHINE);
        let file = text(directory.path().join("offset"));
        let clock = Self { library: text(library), file, directory };
        clock.right();
        clock
    }

    /// The variables by which a process gets this clock, for [`Server::start`](crate::Server::start).
    pub fn environment(&self) -> [(&str, &str); 4] {
        [
            ("LD_PRELOAD", &self.library),
            ("FAKETIME_TIMESTAMP_FILE", &self.file),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ]
    }

    /// Sets the clock to so much before the right time.
    pub fn set_back(&self, duration: Duration) {
        self.set('-', duration);
    }

    /// Sets the clock to so much after the right time.
    pub fn set_forward(&self, duration: Duration) {
        self.set('+', duration);
    }

    /// Sets the clock right.
    pub fn right(&self) {
        self.set('+', Duration::ZERO);
    }

    fn set(&self, sign: char, duration: Duration) {
        // In one step, because it may be read at any time.
        let next = self.directory.path().join("next");
        fs::write(&next, format!("{sign}{:.6}\n", duration.as_secs_f64())).expect(BROKEN_MACHINE);
        fs::rename(&next, Path::new(&self.file)).expect(BROKEN_MACHINE);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().expect("the path is UTF-8")
}
