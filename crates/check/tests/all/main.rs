//! The checker as a whole, against servers that tell the truth and servers that lie.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fake;
mod lies;
mod world;
