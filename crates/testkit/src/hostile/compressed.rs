//! Bodies that are small as they are sent, and large if somebody unpacks them.

use super::numbers::Numbers;
use super::{Headers, Sent, post};

pub(super) fn compressed(mut headers: Headers, numbers: &mut Numbers) -> Sent {
    let encoding = numbers.one_of(&["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip", "identity, gzip"]);
    headers.push(("content-encoding", encoding.into()));
    let repetitions = numbers.one_of(&[1_000, 10_000, 400_000]);
    post(headers, zeros(repetitions))
}

/// 258 zeros for each repetition, in the format gzip (RFC 1952): one block with fixed codes (RFC 1951, section 3.2.6). Its checksum is wrong, which
/// only who has unpacked all of it can tell.
fn zeros(repetitions: usize) -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let (mut byte, mut filled) = (0, 0);
    let mut put = |bits: &[u8]| {
        for bit in bits {
            byte |= bit << filled;
            filled += 1;
            if filled == 8 {
                bytes.push(byte);
                (byte, filled) = (0, 0);
            }
        }
    };
    // The last block, fixed codes; the literal 0.
    put(&[1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
    for _ in 0..repetitions {
        // 258 bytes of what was one byte before.
        put(&[1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
    }
    put(&[0; 7]);
    bytes.push(byte);
    bytes.extend([0; 8]);
    bytes
}
