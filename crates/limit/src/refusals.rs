use std::sync::atomic::{AtomicU64, Ordering};

use crate::Exceeded;

/// What limits are called.
pub(crate) const REQUESTS: &str = "requests";
pub(crate) const COST: &str = "cost";
pub(crate) const SIGN_IN: &str = "sign-in";
pub(crate) const SIGN_UP: &str = "sign-up";
pub(crate) const ACCOUNT: &str = "account";

const POLICIES: [&str; 5] = [REQUESTS, COST, SIGN_IN, SIGN_UP, ACCOUNT];

/// How often each limit has refused something.
#[derive(Debug, Default)]
pub(crate) struct Refusals([AtomicU64; POLICIES.len()]);

impl Refusals {
    /// Counts what comes of a limit, if that is a refusal.
    pub(crate) fn count<T>(&self, result: Result<T, Exceeded>) -> Result<T, Exceeded> {
        result.inspect_err(|exceeded| {
            if let Some(index) = POLICIES.iter().position(|policy| *policy == exceeded.policy) {
                self.0[index].fetch_add(1, Ordering::Relaxed);
            }
        })
    }

    /// Each limit with its number.
    pub(crate) fn read(&self) -> Vec<(&'static str, u64)> {
        POLICIES.into_iter().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }
}
