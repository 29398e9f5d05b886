//! What a test's own thread logs.

use std::{
    fmt, io,
    sync::{Arc, Mutex},
};

use tracing::subscriber::DefaultGuard;

/// What this thread logs while it lives. A test that runs on one thread has all of its own and nothing of others.
pub struct Log {
    text: Text,
    _guard: DefaultGuard,
}

#[derive(Clone, Default)]
struct Text(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// From now on.
    pub fn capture() -> Self {
        // Where nobody listens, a place in the code that is passed for the first time is taken to interest nobody, for good. Tests that
        // do not listen run beside this one.
        let _ = tracing_subscriber::fmt().with_writer(io::sink).try_init();
        let text = Text::default();
        let writer = text.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        Self { text, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// How many lines of this project hold `part`.
    pub fn lines(&self, part: &str) -> usize {
        let text = String::from_utf8(self.text.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains("tidewater_") && line.contains(part)).count()
    }

    /// How many lines are about Redis.
    pub fn about_redis(&self) -> usize {
        self.lines("Redis")
    }
}

/// All of it.
impl fmt::Display for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&String::from_utf8_lossy(&self.text.0.lock().unwrap()))
    }
}

impl io::Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
