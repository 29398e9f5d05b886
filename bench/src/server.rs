//! A server under measurement, as a process of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::time;

use crate::error::Error;
use crate::load;
use crate::request::Requester;

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(10);

/// How a server shows that it can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It takes connections.
    Connects,
    /// `GET` of that path is answered 200.
    Answers(&'static str),
    /// It prints that line.
    Prints(&'static str),
}

/// A running server. Dropping it kills it, with its children.
#[derive(Debug)]
pub(crate) struct Server {
    system: String,
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts the command in `directory`, with nothing of this environment but `PATH`, and waits until it can be asked at
    /// `port`.
    pub(crate) async fn start(
        system: &str,
        mut command: Command,
        port: u16,
        directory: &Path,
        readiness: Readiness,
    ) -> Result<Self, Error> {
        use std::os::unix::process::CommandExt;

        let path = directory.join(format!("{system}.log"));
        let log = File::create(&path).map_err(Error::file(&path))?;
        let errors = log.try_clone().map_err(Error::file(&path))?;
        let variables: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.envs(variables.into_iter().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(directory).process_group(0).stdin(Stdio::null()).stdout(log).stderr(errors);
        let child = command.spawn().map_err(|reason| Error::Program {
            program: command.get_program().to_string_lossy().into_owned(),
            reason: reason.to_string(),
        })?;
        let mut server = Self { system: system.to_owned(), child, port, log: path };
        server.wait_until(readiness).await?;
        Ok(server)
    }

    /// The port of 127.0.0.1 that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn terminate(mut self) -> Result<(), Error> {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + PATIENCE;
        while self.child.try_wait().map_err(Error::system("the state of a process"))?.is_none() {
            if Instant::now() > deadline {
                return Err(self.gone(format!("it does not end within {PATIENCE:?}")));
            }
            time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// An error about this server, with its log.
    pub(crate) fn gone(&self, reason: String) -> Error {
        Error::Server { system: self.system.clone(), reason, log: self.log() }
    }

    async fn wait_until(&mut self, readiness: Readiness) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_ready(readiness).await {
            if let Some(status) = self.child.try_wait().map_err(Error::system("the state of a process"))? {
                return Err(self.gone(format!("it ended with {status}")));
            }
            if Instant::now() > deadline {
                return Err(self.gone(format!("it is not ready within {PATIENCE:?}")));
            }
            time::sleep(PAUSE).await;
        }
        Ok(())
    }

    async fn is_ready(&self, readiness: Readiness) -> bool {
        match readiness {
            Readiness::Connects => tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_ok(),
            Readiness::Answers(path) => {
                let request = Requester::new(self.port, "").get(path);
                load::ask(self.port, &request, |response| response.status).await == Ok(200)
            }
            Readiness::Prints(line) => self.log().lines().any(|printed| printed.trim() == line),
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // No such process means that it has ended, which is what signals are for here.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}
