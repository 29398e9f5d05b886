//! What only PostgreSQL has.

mod bulk;
mod connection;
mod generation;
mod order;
mod relatives;
mod statements;
mod stress;
mod verification;
