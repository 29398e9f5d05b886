//! Real servers for tests, with faults on demand: PostgreSQL, Redis and the tidewater binary, started from what is
//! installed.
//!
//! Everything here panics instead of returning errors, with a sentence that says what to do and, for a server, with
//! its log: the caller is a test, and a test that cannot run has failed.
//!
//! No server outlives the test process, however that ends: each runs under a shell that reads a pipe from the test
//! process, and that ends the server when the pipe does.
//!
//! An environment that has servers already gives them by `TIDEWATER_TEST_POSTGRES_URL` and `TIDEWATER_TEST_REDIS_URL`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on must fail there and then")]

mod backend;
mod clock;
mod collector;
mod database;
mod family;
pub mod hostile;
mod installed;
mod log;
mod port;
mod postgres;
mod process;
mod program;
mod proxy;
mod redis;
mod replication;
mod reply;
mod server;
mod sqlite;
mod template;
mod terminal;

pub use backend::Backend;
pub use clock::Clock;
pub use collector::{Collector, Manner, Span};
pub use database::TestDatabase;
pub use installed::installed;
pub use log::Log;
pub use port::unused_port;
pub use postgres::Postgres;
pub use program::Program;
pub use proxy::Proxy;
pub use redis::{Dump, TestRedis};
pub use server::{Answer, Server, run};
pub use terminal::TestTerminal;
