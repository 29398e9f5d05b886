use fred::error::{Error, ErrorKind};

#[cfg(test)]
mod tests;

/// What a Redis begins its answer to every command with that cannot serve yet, or any more.
const NOT_SERVING: [&str; 3] = ["BUSY", "LOADING", "MASTERDOWN"];

/// Whether an error is no answer of Redis, or that it cannot answer. One that refuses writes, being full for example, can still be
/// read from.
pub fn is_unanswered(error: &Error) -> bool {
    use ErrorKind::{Backpressure, Canceled, Cluster, IO, Protocol, Routing, Timeout, Tls, Unknown};
    match error.kind() {
        Backpressure | Canceled | Cluster | IO | Protocol | Routing | Timeout | Tls => true,
        // Most answers are unknown to the client, and so are some of its own failures, such as to find a connection that has just broken.
        Unknown => code(error.details()).is_none_or(|code| NOT_SERVING.contains(&code)),
        _ => false,
    }
}

/// The word in capitals that an error of Redis begins with (RESP, simple errors). What the client says has none.
fn code(details: &str) -> Option<&str> {
    let word = details.split(' ').next().unwrap_or_default();
    let is_code = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    is_code.then_some(word)
}
