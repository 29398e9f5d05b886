//! Where a request comes from: the other end of its connection, or what proxies that are trusted say.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::header::FORWARDED;
use axum::http::{HeaderMap, HeaderName};

use crate::configuration::{ForwardedHeader, Networks, RateConfiguration};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies that are believed.
#[derive(Debug)]
pub(super) struct Proxies {
    trusted: Networks,
    header: ForwardedHeader,
    /// Whether it has been said that there seems to be one that is not.
    has_warned: AtomicBool,
}

impl Proxies {
    pub(super) fn new(rates: &RateConfiguration) -> Self {
        let (trusted, header) = (rates.trusted_proxies.clone(), rates.forwarded_header);
        Self { trusted, header, has_warned: AtomicBool::new(false) }
    }

    /// The address of whoever sent a request that came from `peer`.
    ///
    /// Each proxy adds the address that it was asked from to the right. So the header is read from there, and only as far as who
    /// added an address is trusted: what is left of that may be anybody's invention. A proxy that names no address stands for its
    /// clients itself.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            self.warn_of(peer, headers);
            return peer;
        }
        let mut client = peer;
        for value in headers.get_all(self.name()).iter().rev() {
            for entry in value.to_str().unwrap_or_default().rsplit(',') {
                let Some(address) = self.address(entry) else { return client };
                client = address.to_canonical();
                if !self.trusts(client) {
                    return client;
                }
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.contain(address)
    }

    fn name(&self) -> HeaderName {
        match self.header {
            ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
            ForwardedHeader::Forwarded => FORWARDED,
        }
    }

    fn address(&self, entry: &str) -> Option<IpAddr> {
        match self.header {
            ForwardedHeader::XForwardedFor => address(entry.trim()),
            ForwardedHeader::Forwarded => entry.split(';').find_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                let is_for = name.trim().eq_ignore_ascii_case("for");
                is_for.then(|| address(value.trim().trim_matches('"'))).flatten()
            }),
        }
    }

    /// Behind a proxy that is not trusted, all clients have one address, and share one limit.
    fn warn_of(&self, peer: IpAddr, headers: &HeaderMap) {
        if self.has_warned.load(Ordering::Relaxed)
            || !headers.contains_key(self.name())
            || self.has_warned.swap(true, Ordering::Relaxed)
        {
            return;
        }
        tracing::warn!(
            %peer,
            "a request came with {}, which is not believed: if a proxy is there, name it in TIDEWATER_TRUSTED_PROXIES, or else all of \
             its clients are limited as one",
            self.name()
        );
    }
}

/// An address, in brackets or not, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn proxies(trusted: &[&str], header: ForwardedHeader) -> Proxies {
        let trusted = Networks(trusted.iter().map(|network| network.parse().unwrap()).collect());
        Proxies { trusted, header, has_warned: AtomicBool::new(false) }
    }

    fn client(proxies: &Proxies, peer: &str, values: &[&str]) -> String {
        let headers = values.iter().map(|value| (proxies.name(), HeaderValue::from_str(value).unwrap())).collect();
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        let none = proxies(&[], ForwardedHeader::XForwardedFor);
        assert_eq!(client(&none, "192.0.2.1", &["198.51.100.1"]), "192.0.2.1");
    }

    #[test]
    fn the_rightmost_address_that_no_trusted_proxy_has_is_the_client() {
        let inner = proxies(&["10.0.0.0/8", "2001:db8:f::/48"], ForwardedHeader::XForwardedFor);
        for (peer, values, expected) in [
            ("10.0.0.1", &["198.51.100.1"][..], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.5, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["203.0.113.5", "198.51.100.1,10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, , 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("2001:db8:f::1", &["198.51.100.1"], "198.51.100.1"),
            ("192.0.2.1", &["198.51.100.1"], "192.0.2.1"),
        ] {
            assert_eq!(client(&inner, peer, values), expected, "{peer} {values:?}");
        }
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_the_one() {
        let proxies = proxies(&["10.0.0.0/8"], ForwardedHeader::Forwarded);
        for (value, expected) in [
            ("for=198.51.100.1", "198.51.100.1"),
            ("for=203.0.113.5, proto=https;For=\"198.51.100.1:80\";by=10.0.0.1", "198.51.100.1"),
            ("for=\"[2001:db8::1]:4711\", for=10.0.0.9", "2001:db8::1"),
            ("for=198.51.100.1, for=_hidden", "10.0.0.1"),
            ("for=198.51.100.1, proto=http", "10.0.0.1"),
        ] {
            assert_eq!(client(&proxies, "10.0.0.1", &[value]), expected, "{value}");
        }
        let headers = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static("198.51.100.1"))]);
        assert_eq!(proxies.client("10.0.0.1".parse().unwrap(), &headers).to_string(), "10.0.0.1", "the other one");
    }
}
