//! Users and their profiles.

mod input;
mod mutation;
mod object;
mod profile;
mod profile_input;
mod query;
mod role;

pub(crate) use mutation::{MAX_NAME, UserMutation};
pub(crate) use object::User;
pub(crate) use profile::Profile;
pub(crate) use query::{UserListQuery, UserQuery};
