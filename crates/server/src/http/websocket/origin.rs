//! Whose page asks: what keeps other sites from opening a WebSocket in the name of whoever looks at them.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Uri};
use url::Url;

/// Whether a browser asks for a page that is neither of this server, as the client calls it, nor of an origin that is `allowed`. What is
/// no browser names no origin.
pub(super) fn is_foreign(uri: &Uri, headers: &HeaderMap, allowed: &[HeaderValue]) -> bool {
    let Some(value) = headers.get(ORIGIN) else { return false };
    let Some(asking) = value.to_str().ok().and_then(|text| Url::parse(text).ok()) else { return true };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
    // Where a proxy does TLS, only the page knows the scheme.
    let own = host.and_then(|host| Url::parse(&format!("{}://{host}", asking.scheme())).ok());
    let asking = asking.origin();
    let is_own = own.is_some_and(|own| own.origin() == asking);
    !asking.is_tuple() || !is_own && !allowed.contains(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(origin: Option<&'static str>, host: &'static str) -> bool {
        let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
        headers.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
        let allowed = [HeaderValue::from_static("https://app.example.com")];
        is_foreign(&Uri::from_static("/graphql"), &headers, &allowed)
    }

    #[test]
    fn the_servers_own_pages_and_allowed_ones_may_ask() {
        assert!(!foreign(None, "api.example.com"), "no browser");
        for (origin, host) in [
            ("https://api.example.com", "api.example.com"),
            ("https://API.example.com", "api.example.com:443"),
            ("http://localhost:8000", "localhost:8000"),
            ("http://[::1]:8000", "[::1]:8000"),
            ("https://app.example.com", "api.example.com"),
        ] {
            assert!(!foreign(Some(origin), host), "{origin} {host}");
        }
    }

    #[test]
    fn other_pages_may_not() {
        for (origin, host) in [
            ("https://evil.example.com", "api.example.com"),
            ("https://api.example.com.evil.com", "api.example.com"),
            ("https://api.example.com:8443", "api.example.com"),
            ("http://localhost:3000", "localhost:8000"),
            ("http://app.example.com", "api.example.com"),
            ("null", "api.example.com"),
            ("", "api.example.com"),
            ("file://", "api.example.com"),
        ] {
            assert!(foreign(Some(origin), host), "{origin} {host}");
        }
    }
}
