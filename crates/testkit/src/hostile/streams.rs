//! WebSockets and event streams, as the bytes of a connection whose client leaves when it has said all of it.

use serde_json::{Value, json};

use super::documents::document;
use super::numbers::Numbers;
use super::values::{text, value};

/// What is asked for that goes on.
const GOING_ON: [&str; 5] = [
    "subscription { noteChanged { kind node { title } } }",
    "subscription { todoChanged { kind nodeId } }",
    "subscription { notifications { kind } }",
    "query @live { notes(first: 3) { nodes { title } } }",
    "query @live(throttle: -1) { __typename }",
];

/// A WebSocket mostly, else an event stream; with these fields in the header.
pub(super) fn stream(fields: &str, numbers: &mut Numbers) -> Vec<u8> {
    if numbers.below(4) == 0 {
        return event_stream(fields, numbers);
    }
    let (version, protocol) = match numbers.below(8) {
        0 => ("12", "graphql-transport-ws"),
        1 => ("13", "graphql-ws, \u{1}"),
        _ => ("13", "graphql-transport-ws"),
    };
    let key =
        numbers.one_of(&["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==", "x"]);
    let upgrade = format!(
        "GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: {version}\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n{fields}\r\n"
    );
    let mut bytes = upgrade.into_bytes();
    if numbers.below(8) > 0 {
        bytes.extend(said(&json!({ "type": "connection_init", "payload": {} }), numbers));
    }
    for _ in 0..numbers.below(12) {
        bytes.extend(if numbers.below(3) == 0 { broken(numbers) } else { said(&message(numbers), numbers) });
    }
    bytes
}

fn event_stream(fields: &str, numbers: &mut Numbers) -> Vec<u8> {
    let query = if numbers.below(4) == 0 { document(numbers) } else { numbers.one_of(&GOING_ON).to_owned() };
    let body = json!({ "query": query }).to_string();
    let length = body.len();
    format!(
        "POST /graphql HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\n\
         Last-Event-ID: {}\r\nContent-Length: {length}\r\n{fields}\r\n{body}",
        numbers.one_of(&["0", "x", "\u{e9}", "ffffffffffffffff"])
    )
    .into()
}

/// A message of the sub-protocol, or nearly one, with an id of few, so that some are used twice.
fn message(numbers: &mut Numbers) -> Value {
    let id = numbers.one_of(&["1", "2", "3", ""]);
    match numbers.below(10) {
        0 => json!({ "type": "connection_init", "payload": value(numbers, 2) }),
        1 => json!({ "type": "ping", "payload": value(numbers, 2) }),
        2 => json!({ "type": text(numbers), "id": text(numbers), "payload": value(numbers, 1) }),
        3 | 4 => json!({ "type": "complete", "id": id }),
        5 => {
            json!({ "type": "subscribe", "id": id, "payload": { "query": document(numbers), "variables": { "v": value(numbers, 2) } } })
        }
        _ => json!({ "type": "subscribe", "id": id, "payload": { "query": numbers.one_of(&GOING_ON) } }),
    }
}

fn said(message: &Value, numbers: &mut Numbers) -> Vec<u8> {
    frame(0x81, message.to_string().as_bytes(), numbers)
}

/// A frame that breaks the rules (RFC 6455, section 5), or a part of what follows no rule.
fn broken(numbers: &mut Numbers) -> Vec<u8> {
    match numbers.below(12) {
        0 => numbers.bytes(200),
        1 => frame(0x81, b"\xff\xfe\xc3", numbers),
        // Without a mask.
        2 => b"\x81\x02{}".to_vec(),
        // An operation that there is none of, and bits that mean nothing.
        3 => frame(0x83, b"{}", numbers),
        4 => frame(0xf1, b"{}", numbers),
        // Far more is promised than comes.
        5 => b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00{".to_vec(),
        6 => b"\x81\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00{".to_vec(),
        // The beginning of a message without its end, and an end without a beginning.
        7 => frame(0x01, b"{\"type\":", numbers),
        8 => frame(0x80, b"\"ping\"}", numbers),
        // A ping that is too long, and one in pieces.
        9 => frame(0x89, &[0; 126], numbers),
        10 => frame(0x09, b"x", numbers),
        // A reason that is none.
        _ => frame(0x88, numbers.one_of(&[&b""[..], b"\x03", b"\x00\x00", b"\x03\xed", b"\x03\xe8\xff"]), numbers),
    }
}

/// A frame with this first byte, masked, as a client's have to be.
fn frame(first: u8, payload: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(0x80 | length as u8),
        length @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let mask = (numbers.next() as u32).to_be_bytes();
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}
