//! GraphQL over WebSocket, by the sub-protocol [`graphql-transport-ws`]: what one side of a connection may say when, as data.
//!
//! A server has one [`Connection`] for each socket. It tells it what came, and what became of what it was asked to do, and does what the
//! [`Effect`]s say. Nothing here waits, reads a clock or knows a socket, so every sequence of events can be tried.
//!
//! This crate knows JSON. It knows no WebSocket, no HTTP and no GraphQL.
//!
//! [`graphql-transport-ws`]: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod close;
mod connection;
mod message;

pub use close::{Close, CloseCode};
pub use connection::{Connection, Effect, Operation, Output};
pub use message::Request;

/// The name of the sub-protocol.
pub const PROTOCOL: &str = "graphql-transport-ws";
