//! What clients are told when it happens, over WebSockets and event streams.

mod changes;
mod event_stream;
mod event_streams;
mod faults;
mod handshake;
mod live;
mod protocol;
mod sessions;
mod slow;
pub(crate) mod socket;
mod tide;
mod world;
