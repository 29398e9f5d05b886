//! A database of notes with a change log, in memory, whose every step a test decides.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidewater_cache::{Cache, Dependency, Footprint, Found, Lookup, Policy, RedisSettings, Request, Settings, Space};
use tidewater_changelog::{
    Change, ChangeSource, Column, Columns, Generation, Kind, Mark, Operation, Origin, Poll, PollError, RowChange,
    Tracking, Value,
};
use tidewater_testkit::TestRedis;
use tokio::sync::{Semaphore, watch};

pub(crate) const TRACKING: [Tracking; 1] = [Tracking::new("note", &[Column::new("id", Kind::Integer)], &[])];

/// So long that a command which is late on a busy machine is none that failed.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(1);

/// What a lookup of a note answers: its text, or that there is none.
pub(crate) type Note = Option<String>;

/// The error of a loader.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Broken(pub(crate) &'static str);

pub(crate) type ReadError = tidewater_cache::ReadError<Broken>;

/// The database. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    polls: watch::Sender<u64>,
    /// Polls take one to end.
    permits: Semaphore,
}

struct State {
    generation: &'static str,
    /// The sequence from which the log is complete.
    floor: u64,
    notes: BTreeMap<i64, String>,
    log: Vec<(u64, Change)>,
    loads: Vec<Vec<i64>>,
    errors: VecDeque<PollError>,
}

struct Source {
    world: World,
    last: Option<(&'static str, u64)>,
}

impl World {
    pub(crate) fn new() -> Self {
        let state = State {
            generation: "one",
            floor: 0,
            notes: BTreeMap::new(),
            log: Vec::new(),
            loads: Vec::new(),
            errors: VecDeque::new(),
        };
        let permits = Semaphore::new(Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner { state: Mutex::new(state), polls: watch::Sender::new(0), permits }))
    }

    /// A node without Redis.
    pub(crate) async fn cache(&self) -> Cache {
        self.cache_with(Settings::new(&TRACKING)).await
    }

    pub(crate) async fn cache_over(&self, redis: &TestRedis) -> Cache {
        self.cache_with(settings_over(redis)).await
    }

    /// A node over `redis` that has just read these notes from the database, and put them there.
    pub(crate) async fn filled(&self, redis: &TestRedis, ids: &[i64]) -> Cache {
        let cache = self.cache_over(redis).await;
        self.read(&cache, &notes(&cache), ids).await;
        cache.drained().await;
        cache
    }

    pub(crate) async fn cache_with(&self, settings: Settings) -> Cache {
        Cache::start(self.source(), settings).await.unwrap()
    }

    pub(crate) fn source(&self) -> impl ChangeSource + use<> {
        Source { world: self.clone(), last: None }
    }

    /// Commits a new text of a note.
    pub(crate) fn write(&self, id: i64, text: &str) {
        let mut state = self.0.state.lock();
        let key = || vec![Value::Integer(id)];
        let change = match state.notes.insert(id, text.to_owned()) {
            None => row_change(Operation::Insert, vec![], key(), Columns::All),
            Some(_) => row_change(Operation::Update, key(), key(), Columns::Named(vec![Arc::from("text")])),
        };
        state.commit(change);
    }

    /// Commits the removal of a note.
    pub(crate) fn delete(&self, id: i64) {
        let mut state = self.0.state.lock();
        state.notes.remove(&id);
        state.commit(row_change(Operation::Delete, vec![Value::Integer(id)], vec![], Columns::All));
    }

    /// Commits the removal of all notes.
    pub(crate) fn truncate(&self) {
        let mut state = self.0.state.lock();
        state.notes.clear();
        state.commit(Change::Table { table: Arc::from("note") });
    }

    /// Changes a note as no log sees it.
    pub(crate) fn write_unlogged(&self, id: i64, text: &str) {
        self.0.state.lock().notes.insert(id, text.to_owned());
    }

    /// Forgets the log up to now.
    pub(crate) fn prune(&self) {
        let mut state = self.0.state.lock();
        state.floor = state.last();
        state.log.clear();
    }

    /// Starts another history of the database.
    pub(crate) fn new_generation(&self, generation: &'static str) {
        let mut state = self.0.state.lock();
        state.generation = generation;
    }

    pub(crate) fn fail_next_poll(&self, error: PollError) {
        self.0.state.lock().errors.push_back(error);
    }

    /// Lets polls begin but not end, until [`Self::let_polls_end`].
    pub(crate) fn hold_polls(&self) {
        self.0.permits.forget_permits(usize::MAX);
    }

    pub(crate) fn let_polls_end(&self, count: usize) {
        self.0.permits.add_permits(count);
    }

    /// How many polls have begun.
    pub(crate) fn polls(&self) -> u64 {
        *self.0.polls.borrow()
    }

    /// Waits until as many polls have begun.
    pub(crate) async fn polls_begun(&self, count: u64) {
        self.0.polls.subscribe().wait_for(|begun| *begun >= count).await.unwrap();
    }

    /// What the database answers for these notes.
    pub(crate) fn load(&self, ids: &[i64]) -> Vec<Found<Note>> {
        let mut state = self.0.state.lock();
        state.loads.push(ids.to_vec());
        ids.iter().map(|id| Found::new(state.notes.get(id).cloned())).collect()
    }

    /// The ids that each load since the last call has asked for.
    pub(crate) fn take_loads(&self) -> Vec<Vec<i64>> {
        std::mem::take(&mut self.0.state.lock().loads)
    }

    /// Reads notes through `space` for `request`.
    pub(crate) async fn read_for(
        &self,
        space: &Space<Note>,
        request: &Request,
        ids: &[i64],
    ) -> Result<Vec<Note>, ReadError> {
        let load =
            async |indices: Vec<usize>| Ok(self.load(&indices.into_iter().map(|index| ids[index]).collect::<Vec<_>>()));
        let answers = space.read(request, ids.iter().copied().map(lookup).collect(), load).await?;
        Ok(answers.into_iter().map(|note| (*note).clone()).collect())
    }

    /// Reads note 1 while, after the database was asked and before its answer is kept, `meanwhile` happens and the cache hears of it.
    pub(crate) async fn read_while(
        &self,
        cache: &Cache,
        space: &Space<Note>,
        meanwhile: impl Fn() + Send + Sync,
    ) -> Note {
        let load = async |_: Vec<usize>| {
            let found = self.load(&[1]);
            meanwhile();
            cache.writing().settle(&cache.request()).await.unwrap();
            Ok::<_, Broken>(found)
        };
        let read = space.read(&cache.request(), vec![lookup(1)], load).await.unwrap();
        (*read[0]).clone()
    }

    /// Reads notes through `space` for a request that arrives now.
    pub(crate) async fn read(&self, cache: &Cache, space: &Space<Note>, ids: &[i64]) -> Vec<Note> {
        self.read_for(space, &cache.request(), ids).await.unwrap()
    }
}

impl State {
    fn commit(&mut self, change: Change) {
        let sequence = self.last() + 1;
        self.log.push((sequence, change));
    }

    fn last(&self) -> u64 {
        self.log.last().map_or(self.floor, |(sequence, _)| *sequence)
    }
}

impl ChangeSource for Source {
    async fn poll(&mut self) -> Result<Poll, PollError> {
        let (poll, last) = {
            let mut state = self.world.0.state.lock();
            let error = state.errors.pop_front();
            (error.map_or_else(|| Ok(state.poll(self.last)), Err), (state.generation, state.last()))
        };
        // What it sees is decided; now it takes its time.
        self.world.0.polls.send_modify(|polls| *polls += 1);
        self.world.0.permits.acquire().await.unwrap().forget();
        let poll = poll?;
        self.last = Some(last);
        Ok(poll)
    }
}

impl State {
    fn poll(&self, last: Option<(&'static str, u64)>) -> Poll {
        let mark = Mark::Sequence(self.last());
        match last {
            Some((generation, last)) if generation == self.generation && last >= self.floor => {
                let new = self.log.iter().filter(|(sequence, _)| *sequence > last);
                let told = new.map(|(sequence, change)| {
                    let (transaction, writer) = (Some(*sequence), Some(Arc::from("a test")));
                    (change.clone(), Origin { transaction, writer, sequence: *sequence })
                });
                let (changes, origins) = told.unzip();
                Poll::Continued { mark, changes, origins }
            }
            _ => {
                let steps = self.log.iter().map(|(sequence, change)| (Mark::Sequence(*sequence), vec![change.clone()]));
                let history = std::iter::once((Mark::Sequence(self.floor), vec![])).chain(steps).collect();
                Poll::Restarted { generation: Generation::new(self.generation), history }
            }
        }
    }
}

pub(crate) fn settings_over(redis: &TestRedis) -> Settings {
    let prefix = redis.prefix().to_owned();
    let redis = RedisSettings { prefix, command_timeout: COMMAND_TIMEOUT, ..RedisSettings::new(redis.url()) };
    Settings { redis: Some(redis), ..Settings::new(&TRACKING) }
}

/// The space of notes.
pub(crate) fn notes(cache: &Cache) -> Space<Note> {
    cache.space("note", 1, Policy::item())
}

pub(crate) fn key(id: i64) -> Box<[u8]> {
    Box::new(id.to_be_bytes())
}

pub(crate) fn lookup(id: i64) -> Lookup {
    Lookup { key: key(id), dependencies: Footprint::from(Dependency::row("note", &[Value::Integer(id)])) }
}

pub(crate) fn text(text: &str) -> Note {
    Some(text.to_owned())
}

fn row_change(operation: Operation, old: Vec<Value>, new: Vec<Value>, changed: Columns) -> Change {
    Change::Row(RowChange { table: Arc::from("note"), operation, old, new, changed })
}
