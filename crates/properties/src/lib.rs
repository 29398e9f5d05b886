//! What must hold for whatever strangers send, as functions of bytes.
//!
//! Each function panics where its property does not hold. The fuzz targets in `fuzz` look for bytes that make it panic; the test of this
//! crate tries the seeds of each, and what was found once, with every run of the tests. Nothing that ships depends on it.

mod accept;
mod cursor;
mod document;
mod id;
mod mark;
mod redis_value;
mod request;
mod socket;

pub use accept::accept;
pub use cursor::cursor;
pub use document::document;
pub use id::id;
pub use mark::mark;
pub use redis_value::redis_value;
pub use request::request;
pub use socket::socket;

/// What must hold for all bytes: panics where it does not.
pub type Property = fn(&[u8]);

/// All of them, by their names, which are those of their fuzz targets and of the folders of their seeds.
pub const PROPERTIES: [(&str, Property); 8] = [
    ("accept", accept),
    ("cursor", cursor),
    ("document", document),
    ("id", id),
    ("mark", mark),
    ("redis_value", redis_value),
    ("request", request),
    ("socket", socket),
];

/// Checks a sentence that a client is told about what it has sent, of which it may repeat a name.
fn is_sentence(message: &str, sent: &str) {
    assert!(!message.is_empty() && message.len() < 2_000, "{} bytes", message.len());
    assert!(!message.contains('\n'), "{message}");
    for internal in ["Error {", "Some(", "Err(", "panicked", "/src/", "expected struct"] {
        assert!(!message.contains(internal) || sent.contains(internal), "{message}");
    }
}

/// The bytes behind the first, and that modulo `count`: which of several things is tried.
fn choose(bytes: &[u8], count: u8) -> Option<(u8, &[u8])> {
    bytes.split_first().map(|(first, rest)| (first % count, rest))
}
