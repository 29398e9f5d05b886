//! A program that panics while it has the terminal. It is this test binary again, told to run the test that started it.

use std::env;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tidewater_testkit::TestTerminal;
use tidewater_top::{Settings, watch};
use tokio::signal::unix::{SignalKind, signal};

use crate::fake::Fake;

const URL: &str = "TOP_URL";
const TEST: &str = "panic::a_panic_gives_the_terminal_back_and_can_be_read";

/// An answer to everything.
fn tide() -> serde_json::Value {
    let durations = json!({ "count": 0.0, "sumSeconds": 0.0, "buckets": [] });
    json!({ "data": { "tide": {
        "server": "0123abcd", "now": "2026-11-27T09:00:00Z", "mark": { "position": 1.0 },
        "polls": { "polls": 1.0, "passes": 2.0, "waits": durations, "isFailing": false, "followers": 1 },
        "redis": null, "database": { "latency": durations }, "memoryBytes": 3.0, "spaces": [], "operations": [], "changes": [],
        "jobs": { "counts": { "queued": 0, "running": 0, "scheduled": 0, "dead": 0 }, "dead": [] },
    } } })
}

#[tokio::test]
async fn a_panic_gives_the_terminal_back_and_can_be_read() {
    if let Ok(url) = env::var(URL) {
        let settings = Settings { url, token: None, interval: Duration::from_secs(1), is_coloured: true };
        let mut signals = signal(SignalKind::terminate()).unwrap();
        let stop = async {
            signals.recv().await;
            panic!("as it was told to");
        };
        watch(settings, stop).await.unwrap();
        return;
    }
    let url = Fake::json(tide()).start().await;
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([TEST, "--exact", "--nocapture", "--test-threads=1"]).env(URL, url);
    let mut terminal = TestTerminal::start(command, 80, 24);
    terminal.shows("database answers").await;
    assert!(terminal.is_taken());
    terminal.terminate();
    assert!(!terminal.ended().await.success());
    assert!(terminal.is_given_back(), "{}", terminal.text());
    let text = terminal.text();
    let (before, _) = text.split_once("as it was told to").unwrap_or_else(|| panic!("{text}"));
    assert!(!before.contains("FAILED"), "what comes after it is behind it: {text}");
}
