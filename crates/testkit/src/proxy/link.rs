//! What the network is like, and what that means for one connection.

use std::time::Duration;

use tokio::sync::watch;

/// The state of the network between the clients and the server.
pub(super) struct Link {
    pub(super) server: String,
    pub(super) weather: Weather,
    pub(super) delay: Duration,
    /// Counted, so that a connection sees that one has happened even when it has passed.
    pub(super) cuts: u64,
    pub(super) half_opens: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weather {
    Clear,
    Swallowing,
    Cut,
}

/// What has become of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Both sides have closed it.
    Ended,
    Reset,
    /// Open towards the client only.
    HalfOpen,
    /// Something on it was lost.
    Silent,
}

impl Link {
    pub(super) fn new(server: String) -> Self {
        Self { server, weather: Weather::Clear, delay: Duration::ZERO, cuts: 0, half_opens: 0 }
    }
}

/// The network as one connection sees it.
pub(super) struct View {
    link: watch::Receiver<Link>,
    cuts_before: u64,
    half_opens_before: u64,
}

impl View {
    pub(super) fn new(link: watch::Receiver<Link>) -> Self {
        let (cuts_before, half_opens_before) = {
            let link = link.borrow();
            (link.cuts, link.half_opens)
        };
        Self { link, cuts_before, half_opens_before }
    }

    pub(super) fn server(&self) -> String {
        self.link.borrow().server.clone()
    }

    /// The delay of what is passed on now, unless nothing may be.
    pub(super) fn delay(&self) -> Result<Duration, Fate> {
        let link = self.link.borrow();
        self.fate(&link).map_or(Ok(link.delay), Err)
    }

    /// Waits for one of these fates, or for the end of the proxy.
    pub(super) async fn until(&self, fates: &[Fate]) -> Fate {
        let mut link = self.link.clone();
        let met = link.wait_for(|link| self.fate(link).is_some_and(|fate| fates.contains(&fate))).await;
        met.ok().and_then(|link| self.fate(&link)).unwrap_or(Fate::Reset)
    }

    fn fate(&self, link: &Link) -> Option<Fate> {
        if link.weather == Weather::Cut || link.cuts != self.cuts_before {
            Some(Fate::Reset)
        } else if link.half_opens != self.half_opens_before {
            Some(Fate::HalfOpen)
        } else {
            (link.weather == Weather::Swallowing).then_some(Fate::Silent)
        }
    }
}
