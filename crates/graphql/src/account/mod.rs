//! Accounts: signing up, in and out, and the sessions that come of it.

mod activity;
mod credentials;
mod mutation;
mod object;
mod password;
pub(crate) mod session;
mod session_mutation;
pub(crate) mod token;

pub use password::hash_password;

pub(crate) use activity::{Activity, Seen};
pub(crate) use mutation::AccountMutation;
pub(crate) use object::Session;
pub(crate) use password::Passwords;
pub(crate) use session_mutation::SessionMutation;
