use tidewater_cache::Envelope;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const KEY: &[u8] = b"key";
const FORMAT: u8 = 1;

/// Whatever stands in Redis: what is not exactly what was written for that key is not taken, and what is taken is written as what is
/// read back. Behind a right checksum, too, nothing is made of a length that is not there.
pub fn redis_value(bytes: &[u8]) {
    if let Some(found) = Envelope::decode(KEY, bytes) {
        is_read_back(&found);
    }
    let seed = xxh3_64_with_seed(KEY, u64::from(FORMAT));
    let sealed = [&[FORMAT][..], &xxh3_64_with_seed(bytes, seed).to_le_bytes(), bytes].concat();
    let Some(found) = Envelope::decode(KEY, &sealed) else { return };
    is_read_back(&found);
    assert!(found.value.len() <= bytes.len());
    assert!(Envelope::decode(b"another key", &sealed).is_none());
    assert!(Envelope::decode(KEY, &sealed[..sealed.len() - 1]).is_none());
    assert!(Envelope::decode(KEY, &[&sealed[..], b"x"].concat()).is_none());
    if let Some(place) = bytes.first().map(|first| usize::from(*first) % sealed.len()) {
        let mut flipped = sealed.clone();
        flipped[place] ^= 1;
        assert!(Envelope::decode(KEY, &flipped).is_none(), "a bit was flipped at {place}");
    }
}

fn is_read_back(found: &Envelope<'_>) {
    let written = found.encode(KEY);
    let again = written.as_deref().and_then(|written| Envelope::decode(KEY, written));
    assert_eq!(again.as_ref(), Some(found));
}
