//! Limits of rates: how much one viewer, one address or one account may ask for, by all servers together.
//!
//! # Use
//!
//! A process has one [`Limiter`]. For each request it takes an [`Allowance`], that of whom the request's credential is known to
//! show, or else of the address that it came from, and counts the request, and what it costs, by it. Attempts at accounts are
//! counted by address and by account, before they are made; see [`Attempt`].
//!
//! # Arithmetic
//!
//! Every limit is a [`Quota`]: so many units, all at once or spread, which come back evenly over its window. That is the generic
//! cell rate algorithm: all that is kept is the moment at which everything will have come back. Whoever has taken nothing for a
//! window is as good as unknown, so nothing needs to be kept of them.
//!
//! # Across servers
//!
//! That moment is kept in Redis, by the clock of Redis, and moved by a script in one atomic step.
//!
//! *Attempts* ask Redis each time: their limits are exact across servers.
//!
//! *Requests and costs* are counted by leases: a server takes a batch of what is left, a [fiftieth](BATCHES) of the quota, and
//! spends it by itself; when half of a batch is left it tops it up in the background. A request waits for Redis only if there is
//! no batch to spend. What is leased is taken from the quota at once, so all servers together never admit more than it since the
//! beginning. But what they hold can be spent later than it was leased, and by nobody else. So for N servers and a batch of B units,
//!
//! - in any stretch of time at most N·B units more are admitted than by one exact count, and
//! - a request is refused at most N·B units early.
//!
//! For costs, B is a batch or the costliest request that is admitted, whichever is larger. A quota of less than a hundred units
//! is counted exactly.
//!
//! # Without Redis
//!
//! Without Redis, or while it does not answer, each server counts by itself, from where the limit stood when it last heard of
//! Redis. So N servers admit at most N quotas in a window then. That is logged once, and once when it is over. What Redis forgets,
//! emptied or started again, is forgiven: at most one quota more for each time.
//!
//! # Memory
//!
//! A server knows about [`Settings::subjects`] viewers and addresses, as many credentials, and as many accounts at most. When there
//! is no room, the one whose quota has come back furthest is forgotten for a new one. On a server by itself that forgives what it
//! had used; with Redis it forfeits what it held of a batch. An IPv6 address counts as the /64 network that it is in: that is what
//! one subscriber has. What Redis holds expires when it says no more than nothing would.
//!
//! This crate knows Redis, and knows neither HTTP nor GraphQL.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod allowance;
mod attempt;
mod cell;
mod clock;
mod error;
mod gcra;
mod lease;
mod limiter;
mod meter;
mod quota;
mod refusals;
mod settings;
mod shared;
mod subject;
mod table;

pub use allowance::Allowance;
pub use attempt::{Attempt, Purpose};
pub use error::{Exceeded, StartError};
pub use limiter::Limiter;
pub use meter::Standing;
pub use quota::{Quota, QuotaError};
pub use settings::Settings;
pub use shared::BATCHES;
pub use subject::{Network, Subject};
pub use tidewater_redis::{Settings as RedisSettings, Statistics as RedisStatistics};
