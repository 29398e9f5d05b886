//! How fresh an answer has to be, and how fresh it is, in the headers that HTTP has for that, and in one of our own for marks.
//!
//! Asked for by `Cache-Control` (RFC 9111, section 5.2.1) and `Tidewater-Mark`. Told by `Cache-Status` (RFC 9211), `Age`
//! (RFC 9111, section 5.1), `Server-Timing` (W3C) and `Tidewater-Mark`.

use std::time::Duration;

use axum::http::header::{AGE, CACHE_CONTROL};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tidewater_cache::{Acceptance, HistoryMark, Provenance};

use super::refusal::Refusal;

pub(super) const MARK: HeaderName = HeaderName::from_static("tidewater-mark");
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// RFC 9111, section 1.2.2: what is greater counts as this many seconds.
const GREATEST: u64 = 1 << 31;

/// Which answers the request accepts. The strictest of several directives counts, and an age that is no number counts as none.
/// Directives that say nothing about the age of an answer are ignored.
pub(super) fn acceptance(headers: &HeaderMap) -> Acceptance {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut acceptance = Acceptance::Policy;
    for directive in values.flat_map(|value| value.split(',')) {
        let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
        let asked = match name.trim().to_ascii_lowercase().as_str() {
            "no-store" => Acceptance::Source { keep: false },
            "no-cache" => Acceptance::Source { keep: true },
            "max-age" => Acceptance::AtMost(Duration::from_secs(seconds(argument))),
            _ => continue,
        };
        acceptance = stricter(acceptance, asked);
    }
    acceptance
}

/// The mark that the request requires, if it does.
pub(super) fn mark(headers: &HeaderMap) -> Result<Option<HistoryMark>, Refusal> {
    let Some(value) = headers.get(MARK) else { return Ok(None) };
    let mark = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    mark.map(Some).ok_or_else(|| Refusal::malformed("`Tidewater-Mark` is not a mark that this server gives"))
}

/// Why a response was not looked for in the caches first, where that is so: the values of `fwd` that say more than whether it
/// was there (RFC 9211, section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forwarded {
    /// It is a mutation.
    Method,
    /// The request said so.
    Request,
}

/// What served an answer that took `whole` to make.
pub(super) fn report(
    headers: &mut HeaderMap,
    mark: Option<&HistoryMark>,
    provenance: &Provenance,
    forwarded: Option<Forwarded>,
    whole: Duration,
) {
    tell_mark(headers, mark);
    let age = provenance.age.as_secs();
    headers.insert(AGE, if age == 0 { HeaderValue::from_static("0") } else { age.into() });
    let status = match provenance {
        // Most answers are this one.
        Provenance { derived: 1, stale: false, .. } => Ok(HeaderValue::from_static(REMEMBERED)),
        _ => HeaderValue::try_from(status(provenance, forwarded)),
    };
    let texts = [(CACHE_STATUS, status), (SERVER_TIMING, HeaderValue::try_from(timing(provenance, whole)))];
    headers.extend(texts.into_iter().filter_map(|(name, value)| Some((name, value.ok()?))));
}

/// What no later request that requires it is answered from before.
pub(super) fn tell_mark(headers: &mut HeaderMap, mark: Option<&HistoryMark>) {
    let mark = mark.and_then(|mark| HeaderValue::from_str(mark.as_str()).ok());
    headers.extend(mark.map(|mark| (MARK, mark)));
}

fn seconds(argument: &str) -> u64 {
    let digits = argument.trim().trim_matches('"');
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().map_or(GREATEST, |seconds: u64| seconds.min(GREATEST)) } else { 0 }
}

fn stricter(one: Acceptance, other: Acceptance) -> Acceptance {
    use Acceptance::{AtMost, Policy, Source};
    match (one, other) {
        (Source { keep: one }, Source { keep: other }) => Source { keep: one && other },
        (AtMost(one), AtMost(other)) => AtMost(one.min(other)),
        (Source { keep }, _) | (_, Source { keep }) => Source { keep },
        (Policy, other) => other,
        (one, Policy) => one,
    }
}

/// The status of a response that was remembered whole.
const REMEMBERED: &str = "Tidewater; hit; detail=\"response\"";

/// One member, as for one response: a response is a hit if nothing of it had to be read from the database.
fn status(provenance: &Provenance, forwarded: Option<Forwarded>) -> String {
    let &Provenance { derived, memory, redis, joined, loaded, bypassed, age, stale, .. } = provenance;
    let held = derived + memory + redis + joined;
    let outcome = match (forwarded, held, loaded, bypassed) {
        (Some(Forwarded::Method), ..) => "fwd=method".to_owned(),
        (Some(Forwarded::Request), ..) => "fwd=request".to_owned(),
        // A response that is not fresh has a negative time to live.
        _ if stale => format!("hit; ttl=-{}", age.as_secs().max(1)),
        (None, 0, 0, _) => "fwd=bypass".to_owned(),
        (None, 0, _, 0) => "fwd=miss".to_owned(),
        (None, _, 0, 0) => "hit".to_owned(),
        _ => "fwd=partial".to_owned(),
    };
    let collapsed = if joined > 0 && loaded == 0 && memory + redis == 0 { "; collapsed" } else { "" };
    let reason = if stale { "stale-if-error " } else { "" };
    let database = loaded + bypassed;
    if derived > 0 {
        return format!("Tidewater; {outcome}; detail=\"{reason}response\"");
    }
    format!(
        "Tidewater; {outcome}{collapsed}; detail=\"{reason}memory={memory} redis={redis} joined={joined} database={database}\""
    )
}

/// The times that were taken, in milliseconds; those of what had no part in it are left out.
fn timing(provenance: &Provenance, whole: Duration) -> String {
    let &Provenance { gate_time, memory_time, redis_time, database_time, .. } = provenance;
    let parts = [
        ("gate", gate_time),
        ("memory", memory_time),
        ("redis", redis_time),
        ("database", database_time),
        ("total", whole),
    ];
    let mut text = String::with_capacity(128);
    for (name, time) in parts.into_iter().filter(|(_, time)| !time.is_zero()) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let separator = if text.is_empty() { "" } else { ", " };
        text.extend([separator, name, ";dur=", itoa::Buffer::new().format(microseconds / 1_000), "."]);
        let digits = [100, 10, 1].map(|place| (microseconds / place % 10) as u8);
        text.extend(digits.map(|digit| char::from(b'0' + digit)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(values: &[&'static str]) -> Acceptance {
        let values = values.iter().map(|value| (CACHE_CONTROL, HeaderValue::from_static(value)));
        acceptance(&values.collect())
    }

    fn at_most(seconds: u64) -> Acceptance {
        Acceptance::AtMost(Duration::from_secs(seconds))
    }

    #[test]
    fn an_age_is_accepted_in_seconds() {
        assert_eq!(accepted(&[]), Acceptance::Policy);
        assert_eq!(accepted(&["max-age=5"]), at_most(5));
        assert_eq!(accepted(&["Max-Age = \"5\""]), at_most(5));
        assert_eq!(accepted(&["max-age=99999999999999999999"]), at_most(GREATEST));
        assert_eq!(accepted(&["min-fresh=1, only-if-cached, max-stale=9, x"]), Acceptance::Policy);
    }

    #[test]
    fn what_is_no_age_accepts_none() {
        for value in ["max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=soon"] {
            assert_eq!(accepted(&[value]), at_most(0), "{value}");
        }
    }

    #[test]
    fn the_strictest_directive_counts() {
        assert_eq!(accepted(&["max-age=5, max-age=1"]), at_most(1));
        assert_eq!(accepted(&["no-cache, max-age=5"]), Acceptance::Source { keep: true });
        assert_eq!(accepted(&["max-age=5", "no-store, no-cache"]), Acceptance::Source { keep: false });
    }

    #[test]
    fn a_mark_is_read_back_and_rubbish_is_refused() {
        let required = |value| mark(&HeaderMap::from_iter([(MARK, HeaderValue::from_static(value))]));
        for good in ["5d1c.0a/P7:9:7", "5d1c/S42", "5d1c/*"] {
            assert_eq!(required(good).unwrap().unwrap().to_string(), good);
        }
        for bad in ["", "P7:9:7", "/S1", "a/", "a/S", "a/S-1", "a/P9:7:", "a b/S1", "a/S1/S2", "a/X"] {
            assert!(required(bad).is_err(), "{bad}");
        }
        assert!(mark(&HeaderMap::new()).unwrap().is_none());
    }

    #[test]
    fn a_status_says_how_much_was_held() {
        let of = |provenance: Provenance| status(&provenance, None);
        let hit = Provenance { memory: 3, redis: 1, ..Provenance::default() };
        assert_eq!(of(hit), "Tidewater; hit; detail=\"memory=3 redis=1 joined=0 database=0\"");
        assert!(of(Provenance { loaded: 1, ..hit }).starts_with("Tidewater; fwd=partial; "));
        assert!(of(Provenance { loaded: 1, ..Provenance::default() }).starts_with("Tidewater; fwd=miss; "));
        assert!(of(Provenance { bypassed: 1, ..Provenance::default() }).starts_with("Tidewater; fwd=bypass; "));
        assert!(of(Provenance { joined: 1, ..Provenance::default() }).starts_with("Tidewater; hit; collapsed; "));
        assert!(status(&hit, Some(Forwarded::Method)).starts_with("Tidewater; fwd=method; "));
        let stale = Provenance { stale: true, age: Duration::from_secs(7), ..hit };
        assert_eq!(of(stale), "Tidewater; hit; ttl=-7; detail=\"stale-if-error memory=3 redis=1 joined=0 database=0\"");
    }
}
