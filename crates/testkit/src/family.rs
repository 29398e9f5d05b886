//! A process with its children, which a signal to its process group may not reach.

use std::{
    collections::BTreeSet,
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::process::PATIENCE;

/// A process and its children, all of them stopped by `SIGSTOP`.
pub(crate) struct Stopped(BTreeSet<u32>);

impl Stopped {
    /// Stops the process and then its children, among which none can be new any more.
    pub(crate) fn stop(parent: u32) -> Self {
        let mut stopped = Self(BTreeSet::new());
        stopped.add(BTreeSet::from([parent]));
        stopped.add(children(parent));
        stopped
    }

    /// Lets all that are still there go on.
    pub(crate) fn go_on(self) {
        send("CONT", &self.0);
    }

    fn add(&mut self, processes: BTreeSet<u32>) {
        send("STOP", &processes);
        let deadline = Instant::now() + PATIENCE;
        // One that has ended is as good as one that is stopped.
        while processes.iter().any(|process| stat(*process).is_some_and(|stat| !"TZX".contains(&stat.state))) {
            assert!(Instant::now() < deadline, "not all of the processes {processes:?} can be stopped");
            thread::sleep(Duration::from_millis(1));
        }
        self.0.extend(processes);
    }
}

/// Sends the signal of that name to each of the processes that is still there.
pub(crate) fn send(signal: &str, processes: &BTreeSet<u32>) {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "for process; do kill -s \"$0\" \"$process\" 2>/dev/null; done; exit 0", signal]);
    command.args(processes.iter().map(u32::to_string));
    let status = command.status().unwrap_or_else(|error| panic!("/bin/sh cannot be started: {error}"));
    assert!(status.success(), "SIG{signal} could not be sent to {processes:?}: {status}");
}

struct Stat {
    state: String,
    parent: u32,
}

fn stat(process: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // After the program's name, which may have spaces and brackets in it.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some(Stat { state: fields.next()?.to_owned(), parent: fields.next()?.parse().ok()? })
}

fn children(parent: u32) -> BTreeSet<u32> {
    let entries = fs::read_dir("/proc").expect("processes are found in /proc, as on Linux");
    let processes = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes.filter(|process| stat(*process).is_some_and(|stat| stat.parent == parent)).collect()
}
