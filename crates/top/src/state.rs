//! All that is known of a server, as it is shown.

use std::time::Duration;

use crate::changes::Changes;
use crate::history::History;
use crate::source::Told;

/// All that is known of a server. Times are since this program began.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The server, as it was named.
    pub(crate) url: String,
    pub(crate) history: History,
    pub(crate) changes: Changes,
    /// When it was told last what the server does.
    pub(crate) told_at: Duration,
    /// Why it is not told now.
    pub(crate) asking: Option<Trouble>,
    /// Why changes are not followed now.
    pub(crate) following: Option<Trouble>,
}

/// Why something is not known.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) sentence: String,
    /// When it is tried again.
    pub(crate) again_at: Duration,
}

impl State {
    pub(crate) fn new(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::default() }
    }

    /// Takes in what came. Returns how many lines the list of changes has grown by at its head.
    pub(crate) fn take(&mut self, at: Duration, told: Told) -> usize {
        let trouble = |error: crate::Error, pause| Some(Trouble { sentence: error.to_string(), again_at: at + pause });
        match told {
            Told::Sample(sample) => {
                self.history.add(at, sample);
                (self.told_at, self.asking) = (at, None);
                0
            }
            Told::NotAnswered(error, pause) => {
                self.asking = trouble(error, pause);
                0
            }
            Told::Following(seen) => {
                self.following = None;
                self.changes.resume(seen)
            }
            Told::Changed(change) => self.changes.add(change),
            Told::NotFollowing(error, pause) => {
                self.following = trouble(error, pause);
                0
            }
        }
    }
}
