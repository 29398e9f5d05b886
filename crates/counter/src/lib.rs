//! Counts of views: how often something was seen, and by how many, without a write to the database for each.
//!
//! # Use
//!
//! A process has one [`Counter`]. Each [`View`] is counted as it is made; now and then [`Counter::flush`] hands what was counted to
//! the database, in [batches](Batch). A batch is closed before it is handed over, and forgotten only after that has succeeded. If
//! it is handed over again after a crash, it has the same id: whoever applies batches does so in one transaction with a record of
//! the id, and applies none twice.
//!
//! # How many have seen it
//!
//! Viewers are counted per day by a [`Sketch`], a HyperLogLog of 16,384 registers: for n viewers, two counts of three are within
//! 0.81 % of n, and 99 of 100 within 2.1 %. Small numbers are exact but for a few in a thousand. How many *new* viewers
//! a batch has, nobody can say; so a batch holds the sketches themselves, which the database's are merged with. A sketch of this
//! process and one of Redis have the same registers for the same viewers, so it does not matter which of them counted whom.
//!
//! # With Redis
//!
//! A view is in Redis before it is acknowledged, so a process that dies loses none. Views that come at the same time go there in
//! one *step*: a script, numbered within the batch, of which Redis makes each number once. Each process has a batch of its own that
//! is open. What processes left behind is flushed by whichever process finds it: any may close any batch, and whoever
//! meets a closed one opens another.
//!
//! What is not flushed is lost if Redis loses it: emptied, started again without its data, or short of memory.
//!
//! # Without Redis
//!
//! Without Redis, or while it does not answer, views are counted in this process, and flushed from here. Those that are not flushed
//! yet are lost if the process dies. It is logged once when Redis stops to answer, and once when that is over. A step that was
//! not answered may have been made, or not. It is neither counted here nor given up, but repeated under its number until Redis tells.
//! If the process ends before that, or Redis has forgotten the batch, the views of that one step may be lost; none is counted twice.
//!
//! # After Redis was emptied or restored
//!
//! A step is made only after the one before it. So whoever finds Redis without its last steps opens another batch, and loses nothing
//! that comes from then on. A dump that is put back can bring batches back that have been applied; whoever applies them knows their
//! ids, and nobody adds to them. Batches older than [`REFUSED_AFTER`] are dropped, so ids need not be known for ever. Ages are told
//! by the clocks of the machines.
//!
//! # Memory
//!
//! About [`MOST_OPEN`] pairs of a subject and a day are open in a batch at most; when half of that is reached, it is time to flush
//! early, see [`Counter::filling`]. Beyond, views are refused. Usually that is little; if each of the pairs had thousands of viewers, it
//! would be 34 MB in this process, and as much again while a batch waits for the database. Keys in Redis expire after
//! [`REFUSED_AFTER`].
//!
//! This crate knows Redis, and knows neither SQL nor GraphQL.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod batch;
mod counter;
mod error;
mod here;
mod sender;
mod settings;
mod shared;
mod sketch;
mod view;

pub use batch::{Batch, Count, REFUSED_AFTER};
pub use counter::Counter;
pub use error::{Full, StartError};
pub use here::MOST_OPEN;
pub use settings::Settings;
pub use sketch::Sketch;
pub use tidewater_redis::{Settings as RedisSettings, Statistics as RedisStatistics};
pub use view::{View, Viewer};
