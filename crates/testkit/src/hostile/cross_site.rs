//! What a page of another site can make a browser send without asking first (Fetch Standard, "CORS-safelisted request-header"), with the
//! session's cookie.

use serde_json::json;

use super::numbers::Numbers;
use super::{Headers, Sent};

/// The name of the tag that would be there if it had succeeded.
pub const FORGED: &str = "forged";

/// What a form can be sent as, and what looks like JSON to who reads only a part of it.
const TYPES: [&str; 8] = [
    "text/plain",
    "text/plain; application/json",
    "text/plain; charset=application/json",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded, application/json",
    "multipart/form-data; boundary=x",
    "multipart/form-data; application/json",
    "",
];

pub(super) fn cross_site(token: &str, numbers: &mut Numbers) -> Sent {
    let mut headers: Headers = vec![
        ("cookie", format!("tidewater_session={token}").into()),
        ("origin", numbers.one_of(&["https://elsewhere.example", "null", "http://127.0.0.1.elsewhere.example"]).into()),
        ("sec-fetch-site", "cross-site".into()),
    ];
    let mutation = format!("mutation {{ createTag(input: {{ name: \"{FORGED}\" }}) {{ tag {{ id }} }} }}");
    let json = json!({ "query": mutation }).to_string();
    let plus = mutation.replace(' ', "+");
    if numbers.below(4) == 0 {
        let path = format!("/graphql?query={}", plus.replace('{', "%7B").replace('}', "%7D").replace('"', "%22"));
        return Sent::Request { method: "GET", path, headers, body: Vec::new() };
    }
    let kind = numbers.one_of(&TYPES);
    if !kind.is_empty() {
        headers.push(("content-type", kind.into()));
    }
    let body = match numbers.below(3) {
        0 => format!("query={plus}"),
        1 => format!("--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{json}\r\n--x--\r\n"),
        // As a form with one field writes it.
        _ => format!("{},\"x\":\"=\"}}", &json[..json.len() - 1]),
    };
    Sent::Request { method: "POST", path: "/graphql".to_owned(), headers, body: body.into() }
}
