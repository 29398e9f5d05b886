//! How limits of rates are told: by `Retry-After` (RFC 9110, section 10.2.3), and by `RateLimit` and `RateLimit-Policy`
//! (draft-ietf-httpapi-ratelimit-headers-10).

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tidewater_limit::{Exceeded, Quota, Standing};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// Tells of the limit that was exceeded.
pub(super) fn refuse(headers: &mut HeaderMap, exceeded: &Exceeded) {
    let seconds = exceeded.retry_after_seconds();
    headers.insert(RETRY_AFTER, seconds.into());
    tell(headers, exceeded.policy, exceeded.quota, 0, seconds);
}

/// Tells of a limit that is not far away.
pub(super) fn warn(headers: &mut HeaderMap, standing: &Standing) {
    tell(headers, standing.policy, standing.quota, standing.left, standing.whole_after_seconds());
}

fn tell(headers: &mut HeaderMap, policy: &str, quota: Quota, left: u64, seconds: u64) {
    let (units, window) = (quota.units(), quota.window());
    // The window has whole seconds in these headers, or goes untold.
    let window = if window.subsec_nanos() == 0 { format!(";w={}", window.as_secs()) } else { String::new() };
    let texts = [
        (RATE_LIMIT_POLICY, format!("\"{policy}\";q={units}{window}")),
        (RATE_LIMIT, format!("\"{policy}\";r={left};t={seconds}")),
    ];
    headers.extend(texts.into_iter().filter_map(|(name, text)| Some((name, HeaderValue::try_from(text).ok()?))));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn limits_are_told_as_structured_fields() {
        let quota = Quota::new(60, Duration::from_secs(60)).unwrap();
        let exceeded = Exceeded { policy: "sign-in", quota, retry_after: Duration::from_millis(1_001) };
        let mut headers = HeaderMap::new();
        refuse(&mut headers, &exceeded);
        assert_eq!(headers["retry-after"], "2");
        assert_eq!(headers["ratelimit-policy"], "\"sign-in\";q=60;w=60");
        assert_eq!(headers["ratelimit"], "\"sign-in\";r=0;t=2");

        let quota = Quota::new(100, Duration::from_millis(500)).unwrap();
        let standing = Standing { policy: "requests", quota, left: 40, whole_after: Duration::from_millis(300) };
        let mut headers = HeaderMap::new();
        warn(&mut headers, &standing);
        assert_eq!(headers["ratelimit-policy"], "\"requests\";q=100");
        assert_eq!(headers["ratelimit"], "\"requests\";r=40;t=1");
        assert!(!headers.contains_key("retry-after"));
    }
}
