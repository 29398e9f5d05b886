//! A child process that cannot outlive this one, and its log.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, mpsc},
    thread,
    time::Duration,
};

use tokio::{sync::watch, time};

const SUPERVISOR: &str = include_str!("supervisor.sh");

/// How long a server may take to start, to end, or to say what is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What a panic says when a file in the temporary directory cannot be made, written or read.
pub(crate) const BROKEN_MACHINE: &str = "the temporary directory is usable";

/// The user and group that a child runs as, when it is not to run as the user of the tests.
pub(crate) type Account = (u32, u32);

/// What a child gets at the end of the test process, and how it runs.
#[derive(Clone, Copy)]
pub(crate) struct Supervision<'a> {
    /// The name of the signal that ends the child when the test process has ended.
    pub(crate) last_signal: &'a str,
    /// Removed when the test process has ended, for a child that a static holds: statics are never dropped.
    pub(crate) directory: Option<&'a Path>,
    pub(crate) account: Option<Account>,
}

/// Where the child's standard output goes.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    Apart,
    WithErrors,
}

/// `binary` with these arguments, in `directory`, with nothing else in its environment but what the supervisor gives.
pub(crate) fn command(binary: &Path, arguments: &[&str], environment: &[(&str, &str)], directory: &Path) -> Command {
    let mut command = Command::new(binary);
    command.args(arguments).envs(environment.iter().copied()).current_dir(directory);
    command
}

/// The command that runs `command` under a supervisor: a shell that ends it when its standard input does.
///
/// Of `command`, the program, the arguments, the variables that it sets and the working directory count.
pub(crate) fn supervised(command: &Command, supervision: Supervision<'_>, output: Output) -> Command {
    let mut supervisor = Command::new("/bin/sh");
    supervisor.args(["-c", SUPERVISOR, "supervisor", supervision.last_signal]);
    supervisor.arg(supervision.directory.unwrap_or(Path::new("")));
    supervisor.arg(match output {
        Output::Apart => "1",
        Output::WithErrors => "2",
    });
    supervisor.arg(command.get_program()).args(command.get_args());
    // Nothing of the developer's environment but where programs are: no DATABASE_URL, no PGDATA, no proxy.
    supervisor.env_clear().envs(env::var_os("PATH").map(|path| ("PATH", path)));
    supervisor.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = command.get_current_dir() {
        supervisor.current_dir(directory);
    }
    if let Some((user, group)) = supervision.account {
        supervisor.uid(user).gid(group);
    }
    // A Ctrl-C on the terminal is for the test process alone: the end of its pipe then ends the children in order.
    supervisor.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    supervisor
}

#[derive(Default)]
struct Log {
    lines: Vec<String>,
    ended: bool,
}

/// A running child process. Dropping it ends it at once; so does the end of the test process, even by `SIGKILL`.
///
/// The child runs under a shell that reads a pipe from the test process: the end of the pipe ends the child.
pub(crate) struct Process {
    supervisor: Child,
    stdin: Option<ChildStdin>,
    acknowledgements: Mutex<mpsc::Receiver<()>>,
    log: watch::Receiver<Log>,
}

impl Process {
    pub(crate) fn start(command: &Command, supervision: Supervision<'_>) -> Self {
        let mut supervisor = supervised(command, supervision, Output::WithErrors)
            .spawn()
            .unwrap_or_else(|error| panic!("/bin/sh cannot be started: {error}"));
        let stdin = supervisor.stdin.take();
        let (stdout, stderr) = (supervisor.stdout.take().unwrap(), supervisor.stderr.take().unwrap());
        Self { supervisor, stdin, acknowledgements: Mutex::new(acknowledgements(stdout)), log: collect(stderr) }
    }

    /// Everything that the process has written to standard error and standard output so far.
    pub(crate) fn log(&self) -> String {
        self.log.borrow().lines.join("\n")
    }

    /// Waits until `find` finds something in a line of the log, the process ends, or `PATIENCE` is over.
    pub(crate) async fn find_in_log<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let first = |log: &Log| log.lines.iter().find_map(|line| find(line));
        let mut log = self.log.clone();
        let seen = time::timeout(PATIENCE, log.wait_for(|log| log.ended || first(log).is_some())).await;
        seen.ok()?.ok().and_then(|log| first(&log))
    }

    /// Sends the signal of that name (`TERM`, `STOP`, ...) and returns when it was sent.
    pub(crate) fn signal(&mut self, name: &str) {
        let line = format!("{name}\n");
        if self.stdin.as_mut().is_some_and(|stdin| stdin.write_all(line.as_bytes()).is_ok()) {
            // No answer means that the process has ended meanwhile, which is no failure of the one who signals.
            let _ = self.acknowledgements.lock().unwrap().recv_timeout(PATIENCE);
        }
    }

    /// Waits until a line of the log contains `text`, and returns that line. Panics with the log when none does.
    pub(crate) async fn logged(&self, text: &str) -> String {
        let line = self.find_in_log(|line| line.contains(text).then(|| line.to_owned())).await;
        line.unwrap_or_else(|| panic!("the process did not log {text:?}; its log:\n{}", self.log()))
    }

    /// Asks it to end (`SIGTERM`), and returns its exit code and its complete log when it has.
    pub(crate) async fn terminate(&mut self) -> (i32, String) {
        self.signal("TERM");
        let code = self.ended().await;
        (code, self.log())
    }

    /// Kills it (`SIGKILL`), and returns when it is gone.
    pub(crate) async fn kill(&mut self) {
        self.signal("KILL");
        self.ended().await;
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.log.borrow().ended
    }

    /// Waits until the process has ended by itself or by a signal sent before, and its log is complete. Returns its
    /// exit code, which for a process ended by a signal is 128 + the signal's number.
    ///
    /// Panics when it does not end.
    pub(crate) async fn ended(&mut self) -> i32 {
        let mut log = self.log.clone();
        if time::timeout(PATIENCE, log.wait_for(|log| log.ended)).await.is_err() {
            panic!("the process did not end within {PATIENCE:?}; its log:\n{}", self.log());
        }
        self.supervisor.wait().ok().and_then(|status| status.code()).unwrap_or(-1)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.supervisor.wait();
    }
}

fn acknowledgements(stdout: ChildStdout) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for _ in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(()).is_err() {
                return;
            }
        }
    });
    receiver
}

fn collect(stderr: ChildStderr) -> watch::Receiver<Log> {
    let (sender, receiver) = watch::channel(Log::default());
    thread::spawn(move || {
        let mut reader = BufReader::new(stderr);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line), Ok(count) if count > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            sender.send_modify(|log| log.lines.push(text));
            line.clear();
        }
        sender.send_modify(|log| log.ended = true);
    });
    receiver
}
