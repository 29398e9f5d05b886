//! HTTP/2 (RFC 9113), as the bytes of a connection whose client leaves when it has said all of it.

use super::numbers::Numbers;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `POST /graphql` with JSON, by the static table of HPACK (RFC 7541, appendix A).
const POST: &[u8] = b"\x83\x86\x04\x08/graphql\x01\x01x\x0f\x10\x10application/json";

const BODY: &[u8] = br#"{"query":"{ notes(first: 1) { nodes { id } } }"}"#;

const KINDS: [fn(&mut Numbers) -> Vec<u8>; 14] = [
    // Requests that are taken back as soon as they are there (CVE-2023-44487).
    |numbers| {
        let taken_back = |id| [frame(HEADERS, END_HEADERS, id, POST), frame(RST_STREAM, 0, id, &[0, 0, 0, 8])].concat();
        streams(1 + numbers.below(2_000)).flat_map(taken_back).collect()
    },
    // More at once than are taken, without an end.
    |numbers| streams(1 + numbers.below(1_000)).flat_map(|id| frame(HEADERS, END_HEADERS, id, POST)).collect(),
    // A header that does not end (CVE-2024-27316).
    |numbers| {
        let more = |_| frame(CONTINUATION, 0, 1, &b"\x00\x01x\x01y".repeat(1_000));
        let begun = frame(HEADERS, 0, 1, POST);
        begun.into_iter().chain((0..numbers.below(200)).flat_map(more)).collect()
    },
    // A header that names one large field many times (CVE-2016-6581).
    |numbers| {
        let large = [&b"\x40\x01x\x7f\xa1\x1e"[..], &[b'y'; 4_000]].concat();
        let repeated = [POST, &large, &vec![0xbe; numbers.below(16_000 - large.len())]].concat();
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &repeated)
    },
    // What asks for answers and does nothing else (CVE-2019-9512, CVE-2019-9515).
    |numbers| frame(PING, 0, 0, &[7; 8]).repeat(1 + numbers.below(3_000)),
    |numbers| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]).repeat(1 + numbers.below(3_000)),
    // Frames that hold nothing (CVE-2019-9518).
    |numbers| {
        let begun = frame(HEADERS, END_HEADERS, 1, POST);
        [begun, frame(DATA, 0, 1, b"").repeat(1 + numbers.below(3_000))].concat()
    },
    // A window that nothing fits into: an answer cannot be sent.
    |numbers| {
        let closed = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
        let asked = streams(1 + numbers.below(50)).flat_map(whole);
        closed.into_iter().chain(asked).collect()
    },
    // A window that is opened too far.
    |numbers| frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]).repeat(1 + numbers.below(4)),
    // More than the window holds.
    |numbers| {
        let begun = frame(HEADERS, END_HEADERS, 1, POST);
        [begun, frame(DATA, 0, 1, &[b' '; 16_384]).repeat(1 + numbers.below(100))].concat()
    },
    // Streams that are none of a client's, or that are over.
    |numbers| {
        let id = numbers.one_of(&[0, 2, 0x7fff_ffff]);
        [whole(1), whole(1), frame(HEADERS, END_HEADERS | END_STREAM, id, POST)].concat()
    },
    // Rubbish in a header, and as a frame.
    |numbers| frame(HEADERS, END_HEADERS | END_STREAM, 1, &numbers.bytes(2_000)),
    |numbers| {
        let rubbish = numbers.bytes(2_000);
        frame(numbers.below(256) as u8, numbers.below(256) as u8, numbers.below(4) as u32, &rubbish)
    },
    // Streams that depend on themselves, and an end that is none.
    |numbers| {
        let depending = frame(PRIORITY, 0, 1, &[0, 0, 0, 1, 255]).repeat(1 + numbers.below(1_000));
        [depending, frame(GOAWAY, 0, 0, &[0; 8]), whole(1)].concat()
    },
];

/// A connection that begins as it should.
pub(super) fn http2(numbers: &mut Numbers) -> Vec<u8> {
    let kind = numbers.below(KINDS.len());
    [PREFACE, &frame(SETTINGS, 0, 0, b""), &KINDS[kind](numbers)].concat()
}

/// A request that means no harm by itself.
fn whole(id: u32) -> Vec<u8> {
    [frame(HEADERS, END_HEADERS, id, POST), frame(DATA, END_STREAM, id, BODY)].concat()
}

/// The ids of so many streams of a client.
fn streams(count: usize) -> impl Iterator<Item = u32> {
    (1..).step_by(2).take(count)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
