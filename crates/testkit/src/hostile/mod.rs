//! Requests of people who mean harm, and of programs that have gone wrong, of every kind.

mod compressed;
mod cross_site;
mod documents;
mod http2;
mod numbers;
mod streams;
mod values;

use serde_json::{Value, json};

use compressed::compressed;
use cross_site::cross_site;
use documents::document;
use http2::http2;
use numbers::Numbers;
use streams::stream;
use values::{for_variable, text, value};

pub use cross_site::FORGED;

/// A request that nobody means well with.
#[derive(Debug)]
pub struct Hostile {
    /// What it is, for whoever reads that it did harm: one of [`KINDS`].
    pub what: &'static str,
    /// The request.
    pub sent: Sent,
}

/// How a request is sent.
#[derive(Debug)]
pub enum Sent {
    /// What need not be HTTP. Then the connection is closed.
    Bytes(Vec<u8>),
    /// The beginning of something. Then the connection is kept open for as long as the server lets it.
    Held(Vec<u8>),
    /// A request of HTTP.
    Request {
        /// The method.
        method: &'static str,
        /// The path, with the query string.
        path: String,
        /// The header's fields.
        headers: Vec<(&'static str, Vec<u8>)>,
        /// The body.
        body: Vec<u8>,
    },
}

/// The kinds of requests. Of 24 with numbers that follow each other, two are of each of the first seven kinds, but four are documents and four
/// variables, and one is of each other kind.
pub const KINDS: [&str; 13] = [
    "body",
    "document",
    "variable",
    "header",
    "query-string",
    "batch",
    "elsewhere",
    "no-http",
    "stream",
    "cross-site",
    "compressed",
    "http2",
    "half-open",
];

/// The header of a request, but for how long its body is.
const POST: &str = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

type Headers = Vec<(&'static str, Vec<u8>)>;

const JSON: &str = "application/json";

/// Queries and mutations with one variable of each kind that the API takes.
const ASKING: [&str; 18] = [
    "query($v: ID!) { node(id: $v) { id } }",
    "query($v: [ID!]!) { nodes(ids: $v) { id } }",
    "query($v: ID!) { todo(id: $v) { text } note(id: $v) { title } tag(id: $v) { name } user(id: $v) { name } }",
    "query($v: Int) { notes(first: $v) { totalCount nodes { id } } }",
    "query($v: Int) { todos(last: $v) { totalCount nodes { id } } }",
    "query($v: String) { todos(after: $v) { nodes { id } pageInfo { endCursor } } }",
    "query($v: String) { notes(before: $v) { nodes { id } } tags(after: $v) { nodes { id } } }",
    "query($v: TodoFilter) { todos(filter: $v) { nodes { id } } }",
    "query($v: String) { todos(filter: { text: $v }) { nodes { id } } }",
    "query($v: [TodoOrder!]) { todos(orderBy: $v) { nodes { id } } }",
    "query($v: DateTime) { todos(filter: { dueFrom: $v, dueBefore: $v }) { nodes { id } } }",
    "mutation($v: String!) { createTag(input: { name: $v }) { tag { name } } }",
    "mutation($v: String!) { createTodo(input: { text: $v, notes: $v }) { todo { text } } }",
    "mutation($v: CreateTodoInput!) { createTodo(input: $v) { todo { text } } }",
    "mutation($v: DateTime!) { createTodo(input: { text: \"a\", dueAt: $v, remindAt: $v }) { todo { dueAt } } }",
    "mutation($v: String!) { signIn(input: { email: $v, password: \"x\" }) { token } }",
    "mutation($v: String!) { signUp(input: { email: $v, name: $v, password: $v }) { token } }",
    "mutation($v: ID!) { likeNote(input: { id: $v }) { note { id } } }",
];

/// The hostile request of this number, half of them with this token; the same number gives the same request.
pub fn hostile(number: usize, token: &str) -> Hostile {
    let mut numbers = Numbers::new(number);
    let numbers = &mut numbers;
    let mut headers: Headers = vec![("content-type", JSON.into())];
    if numbers.below(2) == 0 {
        headers.push(("authorization", format!("Bearer {token}").into()));
    }
    if numbers.below(3) == 0 {
        headers.push(("accept", "application/graphql-response+json".into()));
    }
    let (what, sent) = match number % 12 {
        0 => ("body", post(headers, broken_body(numbers))),
        1 | 2 => ("document", post(headers, json!({ "query": document(numbers) }).to_string().into())),
        3 | 4 => {
            let query = numbers.one_of(&ASKING);
            let request = json!({ "query": query, "variables": { "v": for_variable(query, numbers) } });
            ("variable", post(headers, request.to_string().into()))
        }
        5 => {
            headers.extend(strange_headers(numbers));
            ("header", post(headers, json!({ "query": document(numbers) }).to_string().into()))
        }
        6 => ("query-string", get(headers, numbers)),
        7 => ("batch", post(headers, batch(numbers))),
        8 => ("elsewhere", elsewhere(headers, numbers)),
        9 if number % 24 < 12 => ("no-http", Sent::Bytes(bytes(numbers))),
        9 => {
            let is_somebody = headers.iter().any(|(name, _)| *name == "authorization");
            let fields = if is_somebody { format!("Authorization: Bearer {token}\r\n") } else { String::new() };
            ("stream", Sent::Bytes(stream(&fields, numbers)))
        }
        10 if number % 24 < 12 => ("cross-site", cross_site(token, numbers)),
        10 => ("compressed", compressed(headers, numbers)),
        _ if number % 24 < 12 => ("http2", Sent::Bytes(http2(numbers))),
        _ => ("half-open", Sent::Held(half_open(numbers))),
    };
    Hostile { what, sent }
}

fn post(headers: Headers, body: Vec<u8>) -> Sent {
    Sent::Request { method: "POST", path: "/graphql".to_owned(), headers, body }
}

fn broken_body(numbers: &mut Numbers) -> Vec<u8> {
    let honest = json!({ "query": "query A($id: ID!) { note(id: $id) { id } }", "operationName": "A", "variables": { "id": "x" } });
    let mut body = honest.to_string().into_bytes();
    match numbers.below(10) {
        0 => {}
        1 => body.truncate(numbers.below(body.len())),
        2..=4 => {
            for _ in 0..1 + numbers.below(4) {
                let place = numbers.below(body.len());
                body[place] = numbers.below(256) as u8;
            }
        }
        5 => body = "[".repeat(1 + numbers.below(200_000)).into(),
        6 => {
            body =
                format!("{{\"query\":\"{{__typename}}\",\"variables\":{}", "{\"a\":".repeat(1 + numbers.below(100_000)))
                    .into()
        }
        7 => {
            let name = numbers.one_of(&["query", "operationName", "variables", "extensions", "extra"]);
            body = json!({ "query": "{ __typename }", name: value(numbers, 3) }).to_string().into();
        }
        8 => {
            body = numbers
                .one_of(&[
                    &br#"{"query":"\ud800"}"#[..],
                    br#"{"query":"{a}","variables":{"a":1e999}}"#,
                    b"\xff\xfe{",
                    b"null",
                    b"",
                    b"\0",
                ])
                .to_vec()
        }
        _ => body = vec![b' '; (1 << 20) + numbers.below(2)],
    }
    body
}

fn strange_headers(numbers: &mut Numbers) -> Headers {
    let garbage = |numbers: &mut Numbers| -> Vec<u8> {
        let length = numbers.one_of(&[0, 5, 200, 9_000]);
        (0..length).map(|_| numbers.one_of(b" ,;=\"/*q.0129azAZ\xe9\xff\\")).collect()
    };
    let names = [
        "accept",
        "accept-encoding",
        "cache-control",
        "tidewater-mark",
        "if-none-match",
        "cookie",
        "x-request-id",
        "origin",
        "x-forwarded-for",
        "forwarded",
        "content-encoding",
        "user-agent",
        "idempotency-key",
        "authorization",
    ];
    let known: [&[u8]; 10] = [
        b"application/json;q=9",
        b"gzip;q=0, *;q=0",
        b"max-age=99999999999999999999",
        b"0/S0",
        b"W/\"x\", *",
        b"gzip",
        b"tidewater_session=",
        b"for=\"[::1]:99999\"",
        b"null",
        b"Bearer ",
    ];
    (0..1 + numbers.below(4))
        .map(|_| {
            let name = numbers.one_of(&names);
            let value = if numbers.below(2) == 0 { garbage(numbers) } else { numbers.one_of(&known).to_vec() };
            (name, value)
        })
        .collect()
}

fn get(headers: Headers, numbers: &mut Numbers) -> Sent {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02x}") },
            )
            .collect()
    };
    let query = match numbers.below(6) {
        0 => escaped(&text(numbers)),
        1 => numbers
            .one_of(&["%", "%zz", "query", "query=%ff%fe", "query=a&query=b", "&&&", "query=%00", "=", "variables=%5B"])
            .to_owned(),
        2 => format!("query={}&variables={}", escaped("{__typename}"), escaped(&value(numbers, 3).to_string())),
        3 => format!("query={}&extensions={}", escaped("{__typename}"), escaped(&value(numbers, 3).to_string())),
        4 => format!(
            "query={}&variables={}",
            escaped(numbers.one_of(&ASKING)),
            escaped(&json!({ "v": value(numbers, 2) }).to_string())
        ),
        _ => format!("query={}&operationName={}", escaped(&document(numbers)), escaped(&text(numbers))),
    };
    let query: String = query.chars().take(100_000).collect();
    Sent::Request {
        method: numbers.one_of(&["GET", "GET", "HEAD"]),
        path: format!("/graphql?{query}"),
        headers,
        body: Vec::new(),
    }
}

fn batch(numbers: &mut Numbers) -> Vec<u8> {
    let count = numbers.one_of(&[0, 1, 8, 9, 5_000]);
    let requests: Vec<Value> = (0..count)
        .map(|_| match numbers.below(4) {
            0 => value(numbers, 1),
            1 if count < 10 => json!({ "query": document(numbers) }),
            2 => json!({ "query": numbers.one_of(&ASKING), "variables": { "v": value(numbers, 1) } }),
            _ => json!({ "query": "{ __typename }" }),
        })
        .collect();
    Value::from(requests).to_string().into()
}

fn elsewhere(headers: Headers, numbers: &mut Numbers) -> Sent {
    let method = numbers.one_of(&["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "POST", "GET"]);
    let path = numbers.one_of(&[
        "/graphql",
        "/graphql/",
        "//graphql",
        "/",
        "/exports/x",
        "/exports/%00",
        "/exports/..%2f..",
        "/health/ready",
        "/assets/..%2f",
        "/%ff",
        "/index.html",
        "/graphql%00",
    ]);
    let body = if method == "POST" { b"query=%7B__typename%7D".to_vec() } else { Vec::new() };
    Sent::Request { method, path: path.to_owned(), headers, body }
}

fn bytes(numbers: &mut Numbers) -> Vec<u8> {
    match numbers.below(12) {
        0 => numbers.bytes(5_000),
        1 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff".to_vec(),
        2 => format!("{POST}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{{}}").into(),
        3 => format!("{POST}Content-Length: 99999999999999999999\r\n\r\n{{}}").into(),
        4 => format!("{POST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").into(),
        5 => format!("{POST}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{{}}").into(),
        6 => format!("{POST}Content-Length: 100\r\n\r\n{{\"query\":").into(),
        7 => format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(numbers.below(200_000))).into(),
        8 => format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(numbers.below(500))).into(),
        9 => format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(numbers.below(200_000))).into(),
        10 => b"GET http://[::1 HTTP/1.1\r\nHost: \0\r\n\r\n".to_vec(),
        _ => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
    }
}

/// The beginning of a request, of a connection that is to be something else, or nothing.
fn half_open(numbers: &mut Numbers) -> Vec<u8> {
    let upgrade = "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
    match numbers.below(8) {
        0 => Vec::new(),
        1 => b"P".to_vec(),
        2 => POST.into(),
        3 => format!("{POST}Content-Length: 1000000\r\n\r\n{{").into(),
        4 => format!("{POST}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n").into(),
        5 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00".to_vec(),
        6 => upgrade.into(),
        // A request whose answer nobody takes, with the beginning of the next one.
        _ => format!("{POST}Content-Length: 20\r\n\r\n{{\"query\":\"{{a}}\"}}     {POST}").into(),
    }
}
