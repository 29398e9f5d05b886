use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use parking_lot::Mutex;
use tidewater_limit::Network;

/// How many of something each client has, and may have at most, so that one takes them from nobody else.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    most: usize,
    taken: Arc<Mutex<HashMap<Network, usize>>>,
}

/// One of those of a client, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    shares: Shares,
    network: Network,
}

impl Shares {
    /// At most `most` for each client.
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// One more for the client at this network, if it may have one.
    pub(super) fn take(&self, network: Network) -> Option<Share> {
        let mut taken = self.taken.lock();
        let count = taken.entry(network).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Share { shares: self.clone(), network })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken.lock();
        if let Entry::Occupied(mut count) = taken.entry(self.network) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn network(address: &str) -> Network {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn each_client_has_its_own_and_who_has_none_is_forgotten() {
        let shares = Shares::new(2);
        let (one, other) = (network("192.0.2.1"), network("192.0.2.2"));
        let taken = [one, one, other].map(|network| shares.take(network).unwrap());
        assert!(shares.take(one).is_none());
        drop(shares.take(other).unwrap());
        drop(taken);
        assert!(shares.taken.lock().is_empty());
        assert!(shares.take(one).is_some());
    }
}
