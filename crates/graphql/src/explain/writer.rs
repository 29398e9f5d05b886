use std::sync::Arc;

use async_graphql::Enum;
use rand::random;
use tidewater_changelog::Origin;

/// Who wrote a change, as far as writers say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, serde::Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum WriterKind {
    /// The server that answers.
    ThisServer,
    /// Another server or worker of this kind.
    AnotherServer,
    /// Somebody else: a program of another kind, or a person at a console.
    Outside,
    /// The change log does not tell, and no mutation of this server made it: on SQLite.
    Unknown,
}

/// What the connections of one process end their names with, so that the changes that they make can be told from those of others.
///
/// Anybody can call themselves so: it is for people to read, and decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterName(Arc<str>);

impl WriterName {
    /// That of a process that begins now: eight hexadecimal digits.
    pub fn new() -> Self {
        Self(format!("{:08x}", random::<u32>()).into())
    }

    /// The digits, which follow a `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Who wrote a change that comes from there. `is_own` if this server knows of itself that it did.
    pub(crate) fn kind_of(&self, origin: &Origin, is_own: bool) -> WriterKind {
        let Some(writer) = &origin.writer else {
            return match origin.transaction {
                // Where there are names, those who have none are not of this kind.
                Some(_) => WriterKind::Outside,
                None if is_own => WriterKind::ThisServer,
                None => WriterKind::Unknown,
            };
        };
        match writer.rsplit_once('#') {
            Some((_, digits)) if *digits == *self.0 => WriterKind::ThisServer,
            Some((_, digits)) if digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                WriterKind::AnotherServer
            }
            _ => WriterKind::Outside,
        }
    }
}

impl Default for WriterName {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_tell_themselves_from_others_and_from_what_is_none() {
        let (one, other) = (WriterName::new(), WriterName::new());
        assert_ne!(one, other);
        let of = |writer: &str| one.kind_of(&Origin { writer: Some(writer.into()), ..Origin::default() }, false);
        assert_eq!(of(&format!("tidewater#{}", one.as_str())), WriterKind::ThisServer);
        assert_eq!(of(&format!("shop#{}", other.as_str())), WriterKind::AnotherServer);
        for outside in ["psql", "tidewater", "tidewater#", "tidewater#0123456g", "tidewater#012345678", ""] {
            assert_eq!(of(outside), WriterKind::Outside, "{outside}");
        }
        assert_eq!(one.kind_of(&Origin::default(), false), WriterKind::Unknown);
        assert_eq!(one.kind_of(&Origin::default(), true), WriterKind::ThisServer);
        assert_eq!(one.kind_of(&Origin { transaction: Some(7), ..Origin::default() }, false), WriterKind::Outside);
    }
}
