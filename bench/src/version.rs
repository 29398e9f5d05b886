//! Texts that carry the version of a todo, all of one length.

use std::fmt::Write;

/// What each such text begins with.
pub(crate) const PREFIX: &str = "Measured version ";
/// How many digits follow.
pub(crate) const DIGITS: usize = 10;

/// The text for that version.
pub(crate) fn text(version: u64) -> String {
    let mut text = PREFIX.to_owned();
    // Writing to a String cannot fail.
    let _ = write!(text, "{version:0DIGITS$}");
    text
}

/// The version whose digits these are.
pub(crate) fn parse(digits: &[u8]) -> Option<u64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    digits.iter().try_fold(0, |version, byte| Some(version * 10 + digit(byte)?))
}
