//! The wall clock of a running process. This binary runs itself as that process.

use std::{
    env, fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tidewater_testkit::{Clock, Server, run};

const ROLE: &str = "TIDEWATER_TEST_CLOCK_OF_A_CHILD";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How far a clock is from the right time, in seconds.
fn error_of(clock: f64) -> f64 {
    clock - SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// Tells each client its two clocks.
fn serve() {
    let began = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("\nlistening on http://{}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        write!(stream.unwrap(), "{wall} {}", began.elapsed().as_secs_f64()).unwrap();
    }
}

/// The error of the server's wall clock, and its monotonic clock.
fn clocks(server: &Server) -> (f64, f64) {
    let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (wall, monotonic) = answer.split_once(' ').unwrap();
    (error_of(wall.parse().unwrap()), monotonic.parse().unwrap())
}

#[tokio::test]
async fn the_wall_clock_of_a_running_server_is_set_while_its_monotonic_clock_goes_on() {
    if env::var_os(ROLE).is_some() {
        serve();
    }
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("server");
    let this_test = "clock::the_wall_clock_of_a_running_server_is_set_while_its_monotonic_clock_goes_on";
    let binary = env::current_exe().unwrap();
    fs::write(&path, format!("#!/bin/sh\nexec '{}' --exact --nocapture {this_test}\n", binary.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();

    let clock = Clock::new();
    let environment = [&clock.environment()[..], &[(ROLE, "1")]].concat();
    let server = Server::start(&path, &[], &environment).await;
    let mut last_monotonic = 0.0;
    let mut expect = |error: f64| {
        let (seen, monotonic) = clocks(&server);
        assert!((seen - error).abs() < 60.0, "the clock is wrong by {seen} s and not by {error} s");
        assert!(monotonic >= last_monotonic && monotonic < HOUR.as_secs_f64() / 2.0, "{last_monotonic} {monotonic}");
        last_monotonic = monotonic;
    };
    expect(0.0);
    clock.set_back(HOUR);
    expect(-3600.0);
    clock.set_forward(2 * HOUR);
    expect(7200.0);
    clock.right();
    expect(0.0);
}

#[tokio::test]
async fn a_command_gets_the_clock_to_the_fraction_of_a_second() {
    let clock = Clock::new();
    clock.set_back(HOUR + Duration::from_millis(500));
    let ended = run("/bin/date".as_ref(), &["+%s.%N"], &clock.environment()).await;
    let error = error_of(String::from_utf8(ended.stdout).unwrap().trim().parse().unwrap());
    assert!((-3660.0..=-3600.5).contains(&error), "{error}");
}
