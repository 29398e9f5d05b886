use tidewater_cache::{Acceptance, HistoryMark};
use tidewater_limit::{Allowance, Network};
use uuid::Uuid;

use crate::{IdempotencyKey, LiveQuota, Shown};

/// How much is kept of what a caller calls itself, in characters.
const MAX_DEVICE: usize = 200;

/// Who makes a request, and which answers they accept.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The token of a session: a secret. One that is not good, or no longer, is nobody's.
    pub credential: Option<String>,
    /// How old the answer may be. Whether the credential is good is never answered from before.
    pub acceptance: Acceptance,
    /// What the answer must not be older than.
    pub mark: Option<HistoryMark>,
    /// What they were shown last of a live query that they begin again.
    pub shown: Option<Shown>,
    /// How many live queries they may have open, besides the bound of the whole API.
    pub live_queries: Option<LiveQuota>,
    /// What they call their device or program, in 1 to 200 characters. A session that they begin is known by it.
    pub device: Option<String>,
    /// What they call the request, if it is a mutation that can be sent again.
    pub idempotency_key: Option<IdempotencyKey>,
    /// How much they may do. That the request itself is one is counted by whoever calls this; what it costs and attempts is counted
    /// here.
    pub allowance: Allowance,
    /// Whether they want to be told how the request was answered.
    pub explains: bool,
    /// Where they are, if that is known: what tells viewers apart who are not signed in.
    pub network: Option<Network>,
}

impl Caller {
    /// What is kept of the name that a device or program gives itself: its first 200 characters. None if it has none.
    pub fn device(name: &str) -> Option<String> {
        let device: String = name.chars().take(MAX_DEVICE).collect();
        Some(device).filter(|device| !device.is_empty())
    }
}

/// Whom a credential turned out to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// It could not be found out.
    Unknown,
    /// Nobody: there was none, or it is not good.
    Nobody,
    /// The user with this primary key.
    Viewer(Uuid),
}

/// A request that has arrived: whatever is answered to it is at least as fresh as that moment wants it.
#[derive(Debug)]
pub struct Arrival {
    pub(crate) request: tidewater_cache::Request,
    pub(crate) caller: Caller,
    /// Whether what is remembered is to be verified by it.
    pub(crate) verifies: bool,
    /// Whether its answer is remembered, if nothing speaks against it.
    pub(crate) is_remembered: bool,
}

impl Arrival {
    /// The caller calls itself so; what is longer than 200 characters is cut. Only what is executed needs to know.
    pub fn is_from(&mut self, device: &str) {
        self.caller.device = Caller::device(device);
    }

    /// Its answer is not to be remembered: who sends the same bytes again wants more than the answer.
    pub fn is_not_remembered(&mut self) {
        self.is_remembered = false;
    }

    /// The caller may send the request again under this key.
    pub fn is_known_as(&mut self, key: IdempotencyKey) {
        self.caller.idempotency_key = Some(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_called_by_at_most_200_characters_or_by_none() {
        assert_eq!(Caller::device("Firefox").as_deref(), Some("Firefox"));
        assert_eq!(Caller::device(&"ä".repeat(201)), Some("ä".repeat(200)));
        assert_eq!(Caller::device(""), None);
    }
}
