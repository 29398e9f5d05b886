//! The queue in the memory of this process, which behaves like the one in Redis.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::timeout_at;

use crate::entry_id::EntryId;
use crate::item::{milliseconds, system_time};
use crate::store::{ABANDONED, Delivery, Next, PATIENCE, Rules, Stored};
use crate::{Lengths, Letter, Listed, Place, Pushed};

#[derive(Debug)]
pub(crate) struct Memory {
    state: Mutex<State>,
    /// Something was queued.
    queued: Notify,
}

#[derive(Debug)]
struct State {
    capacity: usize,
    kept: usize,
    /// Queued and running jobs.
    entries: BTreeMap<EntryId, Entry>,
    /// Those of them that nobody holds.
    queued: BTreeSet<EntryId>,
    names: HashMap<String, EntryId>,
    /// Scheduled jobs by time and name.
    scheduled: BTreeMap<(u64, String), Work>,
    times: HashMap<String, u64>,
    dead: HashMap<String, Dead>,
    ticks: HashMap<String, u64>,
    swept_until: Option<Instant>,
    last: EntryId,
}

#[derive(Clone, Debug)]
struct Work {
    attempts: u32,
    job: String,
}

#[derive(Debug)]
struct Entry {
    name: String,
    work: Work,
    holder: Option<Holder>,
}

#[derive(Debug)]
struct Holder {
    node: String,
    last_heard: Instant,
}

#[derive(Debug)]
struct Dead {
    /// In the order of dying.
    id: EntryId,
    work: Work,
    reason: String,
    rests_until: u64,
}

impl Memory {
    pub(crate) fn new(capacity: usize, letters: usize) -> Self {
        let state = State {
            capacity,
            kept: letters,
            entries: BTreeMap::new(),
            queued: BTreeSet::new(),
            names: HashMap::new(),
            scheduled: BTreeMap::new(),
            times: HashMap::new(),
            dead: HashMap::new(),
            ticks: HashMap::new(),
            swept_until: None,
            last: EntryId { milliseconds: 0, sequence: 0 },
        };
        Self { state: Mutex::new(state), queued: Notify::new() }
    }

    pub(crate) fn push(&self, jobs: &[Stored]) -> Vec<Pushed> {
        self.change(|state| jobs.iter().map(|job| state.push(job)).collect())
    }

    pub(crate) async fn take(&self, node: &str, most: usize) -> Vec<Delivery> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let queued = self.queued.notified();
            tokio::pin!(queued);
            queued.as_mut().enable();
            let taken = self.state.lock().take(node, most);
            if !taken.is_empty() || timeout_at(deadline, queued).await.is_err() {
                return taken;
            }
        }
    }

    pub(crate) fn done(&self, delivery: &Delivery) {
        self.change(|state| state.remove(delivery.id));
    }

    pub(crate) fn fail(&self, delivery: &Delivery, attempts: u32, next: &Next) {
        self.change(|state| {
            let Some(Entry { name, work: Work { job, .. }, .. }) = state.remove(delivery.id) else { return };
            let work = Work { attempts, job };
            match next {
                Next::Again { after } => state.schedule(name, work, now().saturating_add(length(*after))),
                Next::Dead { reason, rest } => state.bury(name, work, reason.clone(), *rest),
            }
        });
    }

    pub(crate) fn extend(&self, entries: &[EntryId]) {
        self.change(|state| {
            for id in entries {
                if let Some(holder) = state.entries.get_mut(id).and_then(|entry| entry.holder.as_mut()) {
                    holder.last_heard = Instant::now();
                }
            }
        });
    }

    pub(crate) fn give_back(&self, node: &str) -> usize {
        self.change(|state| {
            let is_held = |entry: &Entry| entry.holder.as_ref().is_some_and(|holder| holder.node == node);
            let held: Vec<EntryId> =
                state.entries.iter().filter(|(_, entry)| is_held(entry)).map(|(id, _)| *id).collect();
            for id in &held {
                if let Some(Entry { name, work, .. }) = state.remove(*id) {
                    state.enqueue(name, work);
                }
            }
            held.len()
        })
    }

    pub(crate) fn upkeep(&self, rules: &Rules) -> Option<Duration> {
        self.change(|state| {
            state.queue_what_is_due();
            state.take_back(rules);
            let next = state.scheduled.keys().next().map(|(at, _)| *at);
            next.map(|at| Duration::from_millis(at.saturating_sub(now())))
        })
    }

    pub(crate) fn tick(&self, recurring: &[(Stored, Duration)]) {
        self.change(|state| {
            for (job, every) in recurring {
                let tick = now() / length(*every).max(1);
                let had = state.ticks.get(&job.name).is_some_and(|last| *last == tick || *last == tick + 1);
                if !had && state.push(job) != Pushed::Full {
                    state.ticks.insert(job.name.clone(), tick);
                }
            }
        });
    }

    pub(crate) fn lease_sweep(&self, duration: Duration) -> bool {
        self.change(|state| {
            let now = Instant::now();
            let free = state.swept_until.is_none_or(|until| until <= now);
            if free {
                state.swept_until = Some(now + duration);
            }
            free
        })
    }

    pub(crate) fn lengths(&self) -> Lengths {
        let state = self.state.lock();
        let [queued, entries, scheduled, dead] =
            [state.queued.len(), state.entries.len(), state.scheduled.len(), state.dead.len()].map(|len| len as u64);
        Lengths { queued, running: entries - queued, scheduled, dead }
    }

    pub(crate) fn list(&self, most: usize) -> Vec<Listed> {
        let state = self.state.lock();
        let listed = |place, name: &str, work: &Work, at| Listed {
            place,
            name: name.to_owned(),
            attempts: work.attempts,
            at: system_time(at),
            job: work.job.clone(),
        };
        let entries = state.entries.iter().map(|(id, entry)| {
            let place = if entry.holder.is_some() { Place::Running } else { Place::Queued };
            listed(place, &entry.name, &entry.work, id.milliseconds)
        });
        let scheduled = state.scheduled.iter().map(|((at, name), work)| listed(Place::Scheduled, name, work, *at));
        entries.chain(scheduled).take(most).collect()
    }

    pub(crate) fn letters(&self, most: usize) -> Vec<Letter> {
        let state = self.state.lock();
        let mut dead: Vec<(&String, &Dead)> = state.dead.iter().collect();
        dead.sort_by_key(|(_, dead)| std::cmp::Reverse(dead.id));
        let letters = dead.into_iter().take(most).map(|(name, dead)| Letter {
            name: name.clone(),
            attempts: dead.work.attempts,
            at: system_time(dead.id.milliseconds),
            reason: dead.reason.clone(),
            job: dead.work.job.clone(),
        });
        letters.collect()
    }

    pub(crate) fn retry(&self, names: &[String]) -> usize {
        self.change(|state| {
            let names = if names.is_empty() { state.dead_in_order() } else { names.to_vec() };
            let mut count = 0;
            for name in names {
                let Some(Dead { work, .. }) = state.dead.remove(&name) else { continue };
                count += 1;
                if !state.names.contains_key(&name) && !state.times.contains_key(&name) {
                    state.enqueue(name, Work { attempts: 0, ..work });
                }
            }
            count
        })
    }

    /// Changes the state, and wakes those who wait if there is something to take.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        let result = change(&mut state);
        let any = !state.queued.is_empty();
        drop(state);
        if any {
            self.queued.notify_waiters();
        }
        result
    }
}

impl State {
    fn push(&mut self, Stored { name, job, at }: &Stored) -> Pushed {
        let work = Work { attempts: 0, job: job.clone() };
        if self.names.contains_key(name) {
            return Pushed::Known;
        }
        if let Some(due) = self.times.get(name).copied() {
            let failed = self.scheduled.get(&(due, name.clone())).is_some_and(|work| work.attempts > 0);
            if !failed && *at < due {
                self.unschedule(name);
                self.place(name.clone(), work, *at);
            }
            return Pushed::Known;
        }
        if self.dead.get(name).is_some_and(|dead| dead.rests_until > now()) {
            return Pushed::Known;
        }
        if self.entries.len() + self.scheduled.len() >= self.capacity {
            return Pushed::Full;
        }
        self.dead.remove(name);
        self.place(name.clone(), work, *at);
        Pushed::Queued
    }

    fn place(&mut self, name: String, work: Work, at: u64) {
        if at <= now() { self.enqueue(name, work) } else { self.schedule(name, work, at) }
    }

    fn enqueue(&mut self, name: String, work: Work) {
        let id = self.next_id();
        self.names.insert(name.clone(), id);
        self.queued.insert(id);
        self.entries.insert(id, Entry { name, work, holder: None });
    }

    fn schedule(&mut self, name: String, work: Work, at: u64) {
        self.times.insert(name.clone(), at);
        self.scheduled.insert((at, name), work);
    }

    fn unschedule(&mut self, name: &str) -> Option<Work> {
        let at = self.times.remove(name)?;
        self.scheduled.remove(&(at, name.to_owned()))
    }

    fn take(&mut self, node: &str, most: usize) -> Vec<Delivery> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(id) = self.queued.pop_first()
        {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.holder = Some(Holder { node: node.to_owned(), last_heard: Instant::now() });
                let Work { attempts, job } = entry.work.clone();
                taken.push(Delivery { id, name: entry.name.clone(), attempts, job });
            }
        }
        taken
    }

    fn remove(&mut self, id: EntryId) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.queued.remove(&id);
        self.names.remove(&entry.name);
        Some(entry)
    }

    fn queue_what_is_due(&mut self) {
        while let Some(((at, name), _)) = self.scheduled.first_key_value()
            && *at <= now()
        {
            let name = name.clone();
            if let Some(work) = self.unschedule(&name) {
                self.enqueue(name, work);
            }
        }
    }

    fn take_back(&mut self, rules: &Rules) {
        let silent = |entry: &Entry| {
            entry.holder.as_ref().is_some_and(|holder| holder.last_heard.elapsed() >= rules.visibility_timeout)
        };
        let abandoned: Vec<EntryId> =
            self.entries.iter().filter(|(_, entry)| silent(entry)).map(|(id, _)| *id).collect();
        for id in abandoned {
            let Some(Entry { name, mut work, .. }) = self.remove(id) else { continue };
            work.attempts += 1;
            if work.attempts < rules.attempts {
                self.enqueue(name, work);
            } else {
                self.bury(name, work, ABANDONED.to_owned(), rules.rest);
            }
        }
    }

    fn bury(&mut self, name: String, work: Work, reason: String, rest: Duration) {
        let (id, rests_until) = (self.next_id(), now().saturating_add(length(rest)));
        self.dead.insert(name, Dead { id, work, reason, rests_until });
        while self.dead.len() > self.kept {
            let oldest = self.dead.iter().min_by_key(|(_, dead)| dead.id).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.dead.remove(&name));
        }
    }

    fn dead_in_order(&self) -> Vec<String> {
        let mut names: Vec<&String> = self.dead.keys().collect();
        names.sort_by_key(|name| self.dead.get(*name).map(|dead| dead.id));
        names.into_iter().cloned().collect()
    }

    fn next_id(&mut self) -> EntryId {
        let milliseconds = now();
        self.last = if milliseconds > self.last.milliseconds {
            EntryId { milliseconds, sequence: 0 }
        } else {
            EntryId { sequence: self.last.sequence + 1, ..self.last }
        };
        self.last
    }
}

fn now() -> u64 {
    milliseconds(SystemTime::now())
}

fn length(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
