use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;
use tidewater_changelog::{Change, Value};

use crate::queue::Write;
use crate::redis::Redis;
use crate::redis_key::RedisKeys;
use crate::tide::TideWriter;

/// Removes from Redis the values of rows that change while this process writes. They would be found out to be invalid anyway;
/// this only frees their memory, and spares other processes the look.
#[derive(Debug)]
pub(crate) struct Unlinks {
    redis: Option<Arc<Redis>>,
    writers: AtomicUsize,
    spaces: RwLock<HashMap<&'static str, Vec<RowSpace>>>,
}

#[derive(Debug)]
struct RowSpace {
    keys: RedisKeys,
    key_of_row: fn(&[Value]) -> Box<[u8]>,
}

impl Unlinks {
    pub(crate) fn new(redis: Option<Arc<Redis>>) -> Self {
        Self { redis, writers: AtomicUsize::new(0), spaces: RwLock::default() }
    }

    /// Notes that the row of `table` with some primary key is held under what `key_of_row` makes of that.
    pub(crate) fn register(&self, table: &'static str, keys: RedisKeys, key_of_row: fn(&[Value]) -> Box<[u8]>) {
        self.spaces.write().entry(table).or_default().push(RowSpace { keys, key_of_row });
    }

    pub(crate) fn writer_began(&self) {
        self.writers.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn writer_ended(&self) {
        self.writers.fetch_sub(1, Ordering::AcqRel);
    }

    /// Queues the unlinks of `changes`, if anybody here is writing.
    pub(crate) fn notice(&self, changes: &[Change], tide: &TideWriter) {
        let Some(redis) = self.redis.as_ref().filter(|_| self.writers.load(Ordering::Acquire) > 0) else { return };
        let spaces = self.spaces.read();
        for change in changes {
            let Change::Row(row) = change else { continue };
            let Some(spaces) = spaces.get(&*row.table) else { continue };
            let Some(key) = tide.tracked().key(row) else { continue };
            for space in spaces {
                let key = space.keys.key(&tide.now().generation, &(space.key_of_row)(key));
                redis.write(Write::Unlink { key });
            }
        }
    }
}
