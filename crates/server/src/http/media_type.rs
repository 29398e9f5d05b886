//! In which media type a client wants its response, and which status goes with it.
//!
//! There are two (GraphQL over HTTP, section "Media Types"), and each has rules of its own for the status. In
//! `application/graphql-response+json`, it tells what became of the request. In `application/json`, it is 200 for all that is a
//! GraphQL request, since clients that know no other type take any other status for the word of somebody in between. So had drafts until
//! 2025; that of August 2026 would have the same status in both.

use std::cmp::Ordering;

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use hyper::ext::ReasonPhrase;
use tidewater_graphql::{Error, Outcome};

const GRAPHQL: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// The media type of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    Graphql,
    Json,
}

impl MediaType {
    /// The one that the request prefers; none if it accepts neither. Where it names neither, it gets JSON.
    pub(super) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(ACCEPT).iter();
        match (values.next().map(HeaderValue::as_bytes), values.next()) {
            // What most clients send needs no parsing.
            (None | Some(b"*/*" | b"application/json" | b""), None) => Some(Self::Json),
            (
                Some(
                    b"application/graphql-response+json"
                    | b"application/graphql-response+json, application/json;q=0.9"
                    | b"application/graphql-response+json,application/json;q=0.9",
                ),
                None,
            ) => Some(Self::Graphql),
            _ => preferred(ranges(headers)),
        }
    }

    /// Its name, without parameters.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Graphql => GRAPHQL,
            Self::Json => JSON,
        }
    }

    pub(super) fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Graphql => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        })
    }

    /// Gives `response` the status of a request that came so far.
    pub(super) fn tell(self, outcome: &Outcome, response: &mut Response) {
        *response.status_mut() = match (self, outcome) {
            (Self::Json, _) | (_, Outcome::Complete) => return,
            (Self::Graphql, Outcome::Partial) => {
                response.extensions_mut().insert(ReasonPhrase::from_static(b"Partial Success"));
                partial_success()
            }
            (Self::Graphql, Outcome::Unparsed) => StatusCode::BAD_REQUEST,
            (Self::Graphql, Outcome::Refused(error)) => status(error),
        };
    }
}

/// Some of what was asked for could not be answered. The draft's own status.
fn partial_success() -> StatusCode {
    StatusCode::from_u16(294).unwrap_or(StatusCode::OK)
}

/// The status of a request that was not executed.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::BadUserInput { .. } | Error::NotFound(_) | Error::Conflict { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Error::Unavailable | Error::FellBehind | Error::Interrupted => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The well-formed elements of the header `Accept` (RFC 9110, section 12.5.1).
pub(crate) fn ranges(headers: &HeaderMap) -> impl Iterator<Item = Range<'_>> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(Range::parse)
}

/// The type that is preferred by the elements of the header.
fn preferred<'a>(ranges: impl Iterator<Item = Range<'a>>) -> Option<MediaType> {
    let (mut graphql, mut json) = (Wish::default(), Wish::default());
    for range in ranges {
        graphql.learn(&range, GRAPHQL);
        json.learn(&range, JSON);
    }
    match graphql.weight.cmp(&json.weight) {
        Ordering::Equal if graphql.weight == 0 => None,
        Ordering::Greater => Some(MediaType::Graphql),
        // Who names the newer type knows it; whoever would take anything may not.
        Ordering::Equal if graphql.precision == 3 => Some(MediaType::Graphql),
        _ => Some(MediaType::Json),
    }
}

/// How much one type is wanted, by the most precise range that it is in.
#[derive(Default)]
struct Wish {
    precision: u8,
    /// In thousandths.
    weight: u16,
}

impl Wish {
    fn learn(&mut self, range: &Range<'_>, kind: &str) {
        let precision = match range.kind {
            name if name.eq_ignore_ascii_case(kind) => 3,
            name if name.eq_ignore_ascii_case("application/*") => 2,
            "*/*" => 1,
            _ => return,
        };
        if precision > self.precision {
            *self = Self { precision, weight: range.weight };
        } else if precision == self.precision {
            self.weight = self.weight.max(range.weight);
        }
    }
}

/// One element of the header.
pub(crate) struct Range<'a> {
    pub(crate) kind: &'a str,
    /// In thousandths.
    pub(crate) weight: u16,
}

impl<'a> Range<'a> {
    /// None for what asks for another encoding than UTF-8, or is not well-formed. Other parameters are ignored.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next()?;
        let mut weight = 1_000;
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => weight = thousandths(value.trim())?,
                "charset" if !is_utf_8(value) => return None,
                _ => {}
            }
        }
        Some(Self { kind, weight })
    }
}

/// Whether the value of a parameter `charset` stands for UTF-8.
pub(super) fn is_utf_8(charset: &str) -> bool {
    let charset = charset.trim().trim_matches('"');
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

/// A weight: from 0 to 1, with at most three decimals (RFC 9110, section 12.4.2).
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    let whole: u16 = Some(whole).filter(|whole| is_number && matches!(*whole, "0" | "1"))?.parse().ok()?;
    let weight = whole * 1_000 + format!("{decimals:0<3}").parse::<u16>().ok()?;
    (weight <= 1_000).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&'static str]) -> Option<MediaType> {
        MediaType::wanted(&values.iter().map(|value| (ACCEPT, HeaderValue::from_static(value))).collect())
    }

    #[test]
    fn who_does_not_name_the_newer_type_gets_json() {
        for values in [
            &[][..],
            &[""],
            &["*/*"],
            &["application/*"],
            &["application/json"],
            &["application/json; charset=UTF-8"],
            &["text/html, */*;q=0.1"],
            &["text/html", "application/json"],
            &["APPLICATION/JSON;q=0.001"],
        ] {
            assert_eq!(of(values), Some(MediaType::Json), "{values:?}");
        }
    }

    #[test]
    fn the_preferred_type_is_taken() {
        let graphql = Some(MediaType::Graphql);
        assert_eq!(of(&["application/graphql-response+json"]), graphql);
        assert_eq!(of(&["application/graphql-response+json, application/json;q=0.9"]), graphql);
        assert_eq!(of(&["application/json, application/graphql-response+json"]), graphql);
        assert_eq!(of(&["application/graphql-response+json; charset=\"utf-8\", */*;q=0.1"]), graphql);
        assert_eq!(of(&["application/json;q=0", "*/*"]), graphql);
        assert_eq!(of(&["application/json", "application/graphql-response+json"]), graphql);
        let json = Some(MediaType::Json);
        assert_eq!(of(&["application/graphql-response+json;q=0.8, application/json;q=0.9"]), json);
        assert_eq!(of(&["application/graphql-response+json;q=0.5, */*"]), json);
        assert_eq!(of(&["application/graphql-response+json;q=0, */*;q=0.1"]), json);
        assert_eq!(of(&["application/graphql-response+json; charset=latin1, application/*;q=0.1"]), json);
    }

    #[test]
    fn who_accepts_neither_gets_neither() {
        for value in [
            "text/html",
            "application/xml;q=0.9, image/*",
            "*/*;q=0",
            "application/json;q=0.0",
            "application/json;charset=utf-16",
            "application/json;q=2",
            "application/json;q=-1",
            "application/json;q=x",
            "text/*",
        ] {
            assert_eq!(of(&[value]), None, "{value}");
        }
    }

    #[test]
    fn weights_have_three_decimals() {
        for (text, weight) in
            [("0", Some(0)), ("1", Some(1_000)), ("0.5", Some(500)), ("0.123", Some(123)), ("1.000", Some(1_000))]
        {
            assert_eq!(thousandths(text), weight, "{text}");
        }
        for text in ["", "2", "1.001", "0.1234", "-0", ".5", "0,5"] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }
}
