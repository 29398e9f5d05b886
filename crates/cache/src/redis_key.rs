use bytes::Bytes;
use tidewater_changelog::{Generation, fault};

/// Where Redis holds the values of one space: `{prefix}{generation}:{space}:{fingerprint}:{key}`.
#[derive(Clone, Debug)]
pub(crate) struct RedisKeys {
    prefix: String,
    space: String,
}

impl RedisKeys {
    pub(crate) fn new(prefix: &str, space: &str, fingerprint: u64) -> Self {
        Self { prefix: prefix.to_owned(), space: format!(":{space}:{fingerprint:016x}:") }
    }

    pub(crate) fn key(&self, generation: &Generation, key: &[u8]) -> Bytes {
        let generation = if fault::is_off("generation") { "any" } else { generation.as_str() };
        [self.prefix.as_bytes(), generation.as_bytes(), self.space.as_bytes(), key].concat().into()
    }
}
