//! What traces tell of asking a tier: for which space and how many keys, how many were found, and why the others were not.

use tracing::{Span, field};

use crate::{MissReason, Misses};

/// A number as traces have it, which know none without a sign.
pub(crate) fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Looking in this process's memory.
pub(crate) fn memory(space: &str, keys: usize) -> Span {
    tracing::debug_span!(
        "memory",
        otel.name = format!("memory {space}"),
        tidewater.space = space,
        tidewater.keys = number(keys),
        tidewater.found = field::Empty,
    )
}

/// Asking Redis, by the conventions for databases.
pub(crate) fn redis(space: &str, keys: usize) -> Span {
    tracing::debug_span!(
        "redis",
        otel.name = format!("redis {space}"),
        otel.kind = "client",
        otel.status_code = field::Empty,
        db.system.name = "redis",
        db.operation.name = "MGET",
        tidewater.space = space,
        tidewater.keys = number(keys),
        tidewater.found = field::Empty,
    )
}

/// Asking the database for what no cache answers, for these reasons. Its statements are parts of it, except where another request asks
/// for both.
pub(crate) fn database(space: &str, keys: usize, reasons: impl Iterator<Item = MissReason>) -> Span {
    tracing::debug_span!(
        "database",
        otel.name = format!("database {space}"),
        otel.status_code = field::Empty,
        tidewater.space = space,
        tidewater.keys = number(keys),
        tidewater.misses = reasons.map(|reason| (reason, 1)).collect::<Misses>().to_string(),
    )
}
