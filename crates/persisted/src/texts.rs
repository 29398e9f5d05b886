use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::sync::Cache;
use parking_lot::Mutex;

use crate::shared::Shared;
use crate::{RedisStatistics, Settings, StartError, TextHash};

/// How many bytes a text may have that is kept.
pub const LARGEST: usize = 64 << 10;

/// How often in its time to live a text that is in memory is written to Redis again, if it is used.
const RENEWALS: u32 = 8;

/// About how many bytes a text takes beside its own.
const BESIDE: usize = 128;

/// Texts by their hashes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Texts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    memory: Cache<TextHash, Arc<Known>>,
    shared: Option<Shared>,
    renewal: Duration,
}

/// A text in memory.
#[derive(Debug)]
struct Known {
    text: Arc<str>,
    /// When Redis was last given it, or had it.
    shared_at: Mutex<Instant>,
}

impl Known {
    fn new(text: Arc<str>) -> Arc<Self> {
        Arc::new(Self { text, shared_at: Mutex::new(Instant::now()) })
    }

    /// Whether it is time to write it to Redis again; says so once.
    fn is_due(&self, renewal: Duration) -> bool {
        let mut shared_at = self.shared_at.lock();
        let is_due = shared_at.elapsed() >= renewal;
        if is_due {
            *shared_at = Instant::now();
        }
        is_due
    }
}

impl Texts {
    /// Starts, and waits a moment for Redis, if there is one. Must be called within a runtime.
    ///
    /// # Errors
    /// When the URL of Redis cannot be understood. A Redis that cannot be reached is no error.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let Settings { memory_bytes, ttl, redis } = settings;
        let shared = redis.map(|redis| Shared::open(&redis, ttl)).transpose()?;
        if let Some(shared) = &shared {
            shared.started().await;
        }
        let weigher = |_: &TextHash, known: &Arc<Known>| u32::try_from(known.text.len() + BESIDE).unwrap_or(u32::MAX);
        let memory = Cache::builder().max_capacity(memory_bytes).weigher(weigher).time_to_idle(ttl).build();
        Ok(Self(Arc::new(Inner { memory, shared, renewal: ttl / RENEWALS })))
    }

    /// How commands to Redis have fared, if there is one.
    pub fn redis_statistics(&self) -> Option<RedisStatistics> {
        self.0.shared.as_ref().map(Shared::statistics)
    }

    /// The text with this hash, if it is known. Waits for Redis only if it is not in memory.
    pub async fn find(&self, hash: TextHash) -> Option<Arc<str>> {
        let Inner { memory, shared, renewal } = &*self.0;
        if let Some(known) = memory.get(&hash) {
            if let Some(shared) = shared.clone().filter(|_| known.is_due(*renewal)) {
                let text = Arc::clone(&known.text);
                tokio::spawn(async move { shared.keep(hash, &text).await });
            }
            return Some(Arc::clone(&known.text));
        }
        let text: Arc<str> = shared.as_ref()?.find(hash).await?.into();
        memory.insert(hash, Known::new(Arc::clone(&text)));
        Some(text)
    }

    /// Lets `text` be found by its hash, unless it is larger than [`LARGEST`]. Waits until Redis has it, but not for long.
    ///
    /// It goes to Redis even if it is in memory: whoever gives it may just have been told by another process that it is not known.
    pub async fn keep(&self, text: &str) {
        if text.len() > LARGEST {
            return;
        }
        let Inner { memory, shared, .. } = &*self.0;
        let hash = TextHash::of(text);
        memory.insert(hash, Known::new(text.into()));
        if let Some(shared) = shared {
            shared.keep(hash, text).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_bounded_in_bytes_and_by_text() {
        let texts = Texts::start(Settings { memory_bytes: 100 << 10, ..Settings::default() }).await.unwrap();
        let text = |number: u32| format!("{number:1000}");
        for number in 0..1_000 {
            texts.keep(&text(number)).await;
        }
        texts.0.memory.run_pending_tasks();
        assert!((50..=100).contains(&texts.0.memory.entry_count()), "{}", texts.0.memory.entry_count());
        let [fits, does_not] = [LARGEST, LARGEST + 1].map(|length| "a".repeat(length));
        texts.keep(&does_not).await;
        assert_eq!(texts.find(TextHash::of(&does_not)).await, None);
        texts.keep(&fits).await;
        assert_eq!(texts.find(TextHash::of(&fits)).await.as_deref(), Some(fits.as_str()));
    }

    #[tokio::test]
    async fn an_unused_text_is_forgotten() {
        let texts = Texts::start(Settings { ttl: Duration::from_nanos(1), ..Settings::default() }).await.unwrap();
        texts.keep("a").await;
        assert_eq!(texts.find(TextHash::of("a")).await, None);
    }
}
