//! What a collector is told of requests and jobs.

mod delivery;
mod sampling;
mod secrets;
mod spans;
mod world;
