use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng;
use rand::rngs::SysRng;

use crate::Error;
use crate::digest::hexadecimal_digest;

/// What a session's holder shows: 32 random bytes. Its `Debug` output shows nothing of it.
pub(crate) struct Token([u8; 32]);

impl Token {
    /// A new token, from the operating system's random numbers.
    ///
    /// # Errors
    /// `INTERNAL` when the operating system has none.
    pub(crate) fn new() -> Result<Self, Error> {
        let mut bytes = [0; 32];
        SysRng.try_fill_bytes(&mut bytes).map_err(Error::internal)?;
        Ok(Self(bytes))
    }

    /// What the holder keeps and sends: base64url, 43 characters.
    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(..)")
    }
}

/// What is stored of the token with this text: its SHA-256, in lower-case hexadecimal digits. Who reads the database cannot
/// sign in with it.
///
/// A fast hash is enough: nobody guesses 32 random bytes.
pub(crate) fn hash(text: &str) -> String {
    hexadecimal_digest(text)
}
