//! Subscriptions: what clients are told when it happens.
//!
//! A [`Source`] follows the change log by way of the cache and tells what the viewer may see of it; async-graphql executes the selection
//! of each event, in a [`Scope`](crate::Scope) of its own, whose reads are no older than the change that the event tells of.
//!
//! Nothing is left out in silence: where changes were missed, or may have been, the subscription ends with an error that says so.

mod carrying_out;
mod change;
mod event_scope;
mod replaced;
mod source;
mod watch;

pub(crate) use change::{Change, Followed, Record};
pub(crate) use event_scope::EventScope;
pub(crate) use source::{all_changes, changes};

pub use watch::Watch;
