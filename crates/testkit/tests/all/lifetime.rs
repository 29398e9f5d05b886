//! A test process that ends in whatever way takes its servers along. This binary runs itself as that process.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use tidewater_testkit::Postgres;

const ROLE: &str = "TIDEWATER_TEST_LIFETIME_OF_A_CHILD";

#[tokio::test]
async fn a_killed_test_process_leaves_no_server_and_no_file() {
    if env::var_os(ROLE).is_some() {
        let postgres = Postgres::shared().await;
        println!("\nurl {}", postgres.url());
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let temporary = tempfile::TempDir::new().unwrap();
    // The server may run as another user, who must get into the directory.
    std::fs::set_permissions(temporary.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "lifetime::a_killed_test_process_leaves_no_server_and_no_file"])
        .env(ROLE, "1")
        .env("TMPDIR", temporary.path())
        .env_remove("TIDEWATER_TEST_POSTGRES_URL")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let url = lines.find_map(|line| line.strip_prefix("url ").map(str::to_owned)).unwrap();
    let address = url.trim_start_matches("postgres://tidewater@").trim_end_matches("/postgres");
    assert!(std::net::TcpStream::connect(address).is_ok());

    child.kill().unwrap();
    child.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(address).is_ok() || !is_empty(temporary.path()) {
        assert!(Instant::now() < deadline, "the server at {address} outlived its test process");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_empty(directory: &Path) -> bool {
    std::fs::read_dir(directory).unwrap().next().is_none()
}
