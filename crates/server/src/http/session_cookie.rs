//! Who asks: the token of a session, from the header `Authorization` or from a cookie that scripts cannot read.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, HeaderValue};

const NAME: &str = "tidewater_session";

/// The token that the request carries. A bearer token counts before a cookie: it was sent on purpose.
pub(super) fn credential(headers: &HeaderMap) -> Option<String> {
    let (bearer, cookie) = credentials(headers);
    bearer.or(cookie)
}

/// The token in the header and the one in the cookie.
pub(super) fn credentials(headers: &HeaderMap) -> (Option<String>, Option<String>) {
    (bearer(headers).map(str::to_owned), cookie(headers).map(str::to_owned))
}

/// The token that a value of the header `Authorization` holds.
pub(super) fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The header that lets a browser keep `token` for `lifetime`.
pub(super) fn start(token: &str, lifetime: Duration, secure: bool) -> Option<HeaderValue> {
    header(token, lifetime.as_secs(), secure)
}

/// The header that lets a browser forget the token.
pub(super) fn end(secure: bool) -> Option<HeaderValue> {
    header("", 0, secure)
}

fn header(token: &str, max_age: u64, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!("{NAME}={token}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}")).ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    bearer_token(headers.get(AUTHORIZATION)?.to_str().ok()?)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs =
        headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == NAME).map(|(_, token)| token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &'static str)]) -> Option<String> {
        let pairs = headers.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        credential(&pairs.collect())
    }

    #[test]
    fn a_bearer_token_counts_before_a_cookie() {
        assert_eq!(of(&[("authorization", "Bearer a"), ("cookie", "tidewater_session=b")]).as_deref(), Some("a"));
        assert_eq!(of(&[("authorization", "bearer  a")]).as_deref(), Some("a"));
        assert_eq!(of(&[("authorization", "Basic eDp5"), ("cookie", "tidewater_session=b")]).as_deref(), Some("b"));
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        assert_eq!(of(&[("cookie", "a=1; tidewater_session=b;c=2")]).as_deref(), Some("b"));
        assert_eq!(of(&[("cookie", "x_tidewater_session=b")]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let value = start("abc", Duration::from_secs(60), true).unwrap();
        assert_eq!(value, "tidewater_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(end(false).unwrap(), "tidewater_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
