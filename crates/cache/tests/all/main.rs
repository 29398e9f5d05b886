//! Behaviour of the cache, by its public interface.
#![allow(clippy::unwrap_used, clippy::expect_used)]
