//! A terminal that nobody sees: what a program draws on it, what is typed, and how it is left.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Termios, Winsize, tcgetattr, tcsetwinsize},
};
use tokio::{process::Child, time};

use crate::process::PATIENCE;

const BROKEN_MACHINE: &str = "a pseudo-terminal can be made and used";

/// A pseudo-terminal with a program on it. Dropping it kills the program.
pub struct TestTerminal {
    terminal: File,
    /// How it was before the program began.
    before: Termios,
    child: Child,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl TestTerminal {
    /// Starts a program with this many columns and lines, and with nothing in its environment but `PATH`, `TERM` and what `command` sets.
    pub fn start(command: Command, columns: u16, lines: u16) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect(BROKEN_MACHINE);
        grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect(BROKEN_MACHINE);
        tcsetwinsize(&terminal, size(columns, lines)).expect(BROKEN_MACHINE);
        let before = tcgetattr(&terminal).expect(BROKEN_MACHINE);
        let path = ptsname(&terminal, Vec::new()).expect(BROKEN_MACHINE).into_string().expect(BROKEN_MACHINE);
        let end = || Stdio::from(File::options().read(true).write(true).open(&path).expect(BROKEN_MACHINE));
        let mut started = tokio::process::Command::new(command.get_program());
        started.args(command.get_args()).env_clear().env("TERM", "xterm-256color");
        started.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        started.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            started.current_dir(directory);
        }
        let started = started.stdin(end()).stdout(end()).stderr(end()).kill_on_drop(true).spawn();
        let child = started.expect("the program can be started");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(lines, columns, 0)));
        let terminal = File::from(terminal);
        let (mut reading, drawn) = (terminal.try_clone().expect(BROKEN_MACHINE), Arc::clone(&screen));
        thread::spawn(move || {
            let mut piece = [0; 4096];
            // It fails when nobody has the other end any more.
            while let Ok(length @ 1..) = reading.read(&mut piece) {
                drawn.lock().unwrap().process(&piece[..length]);
            }
        });
        Self { terminal, before, child, screen }
    }

    /// What is on the screen, without colours.
    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows `text`. Panics with what it shows when it does not.
    pub async fn shows(&self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text)).await;
    }

    /// Whether anything on the screen has a colour.
    pub fn has_colours(&self) -> bool {
        let parser = self.screen.lock().unwrap();
        let (lines, columns) = parser.screen().size();
        let mut cells = (0..lines).flat_map(|line| (0..columns).map(move |column| (line, column)));
        let is_coloured = |cell: &vt100::Cell| (cell.fgcolor(), cell.bgcolor()) != Default::default();
        cells.any(|(line, column)| parser.screen().cell(line, column).is_some_and(is_coloured))
    }

    /// Types `keys`.
    pub fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect(BROKEN_MACHINE);
    }

    /// Gives it another size, of which the program is not told by a signal: the terminal is nobody's controlling one.
    pub fn resize(&self, columns: u16, lines: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(lines, columns);
        tcsetwinsize(&self.terminal, size(columns, lines)).expect(BROKEN_MACHINE);
    }

    /// Asks the program to end (`SIGTERM`).
    pub fn terminate(&self) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("the program runs");
        kill_process(pid, Signal::TERM).expect(BROKEN_MACHINE);
    }

    /// Waits until the program has ended and all that it has written is on the screen.
    pub async fn ended(&mut self) -> ExitStatus {
        let ended = time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("it does not end; the screen:\n{}", self.text()));
        // What was written last may be on its way.
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.is_given_back() && Instant::now() < deadline {
            time::sleep(Duration::from_millis(10)).await;
        }
        status.expect(BROKEN_MACHINE)
    }

    /// Whether a program has taken it over: keys are not echoed, and another screen is shown.
    pub fn is_taken(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect(BROKEN_MACHINE).local_modes;
        modes != self.before.local_modes && self.screen.lock().unwrap().screen().alternate_screen()
    }

    /// Whether it is as it was before the program began.
    pub fn is_given_back(&self) -> bool {
        let now = tcgetattr(&self.terminal).expect(BROKEN_MACHINE);
        let modes = |of: &Termios| (of.input_modes, of.output_modes, of.control_modes, of.local_modes);
        let parser = self.screen.lock().unwrap();
        let screen = parser.screen();
        modes(&now) == modes(&self.before) && !screen.alternate_screen() && !screen.hide_cursor()
    }

    async fn wait(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !condition(self.screen.lock().unwrap().screen()) {
            assert!(Instant::now() < deadline, "the screen does not show {what:?} but:\n{}", self.text());
            time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn size(columns: u16, lines: u16) -> Winsize {
    Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}
