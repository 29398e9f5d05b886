use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::{Response, Value};

use crate::Error;

/// How often each code was the code of an error, in what was executed.
#[derive(Debug, Default)]
pub(crate) struct ErrorCounts([AtomicU64; Error::CODES.len()]);

impl ErrorCounts {
    /// Counts the errors of a response, each of which has a code.
    pub(crate) fn count(&self, response: &Response) {
        for error in &response.errors {
            let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
            let Some(Value::String(code)) = code else { continue };
            if let Some(index) = Error::CODES.iter().position(|known| known == code) {
                self.0[index].fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Each code with its number.
    pub(crate) fn read(&self) -> Vec<(&'static str, u64)> {
        Error::CODES.into_iter().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }
}
