use std::fmt;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// A password hash in the PHC string format. Its `Debug` output shows nothing of it.
#[derive(Clone, PartialEq, Eq, DeriveValueType, Serialize, Deserialize)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The hash whose PHC string is `text`; whether it is one is for the verifier to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(..)")
    }
}
