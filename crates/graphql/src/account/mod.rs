//! Accounts: signing up, in and out.

mod credentials;
mod mutation;
mod password;
mod session;
pub(crate) mod token;

pub use password::hash_password;

pub(crate) use mutation::AccountMutation;
pub(crate) use password::Passwords;
