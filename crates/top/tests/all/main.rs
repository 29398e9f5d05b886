//! The program's part that looks: what it says of servers that are none, or that refuse, and how it leaves a terminal.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod errors;
mod fake;
mod panic;
