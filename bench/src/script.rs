//! What is asked in the workloads.

use std::time::Instant;

use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::dataset::HOT_TODOS_PER_USER;
use crate::judge::Judge;
use crate::load::{Script, Verdict};
use crate::request::Requester;
use crate::response::Response;
use crate::template::{Template, Versions};
use crate::version;

/// How often a todo is looked for that nobody is writing.
const ATTEMPTS: usize = 8;

/// Requests that only read, with what each must be answered.
pub(crate) struct Reads {
    /// The requests as bytes.
    pub(crate) requests: Vec<Vec<u8>>,
    /// What each must be answered.
    pub(crate) templates: Vec<Template>,
}

/// Reads that are chosen at random.
pub(crate) struct RandomReads<'a> {
    reads: &'a Reads,
    random: SmallRng,
}

impl<'a> RandomReads<'a> {
    /// Chooses among these; `seed` makes two runs alike.
    pub(crate) fn new(reads: &'a Reads, seed: u64) -> Self {
        Self { reads, random: SmallRng::seed_from_u64(seed) }
    }
}

impl Script for RandomReads<'_> {
    type Ticket = usize;

    fn next(&mut self, bytes: &mut Vec<u8>, _: Instant) -> Option<usize> {
        let place = self.random.random_range(0..self.reads.requests.len());
        bytes.extend_from_slice(&self.reads.requests[place]);
        Some(place)
    }

    fn check(&mut self, place: usize, response: &Response<'_>, _: Instant) -> Verdict {
        exactly(&self.reads.templates[place], response)
    }
}

/// Each read once, in an order drawn at random.
pub(crate) struct EachOnce<'a> {
    reads: &'a Reads,
    left: Vec<usize>,
}

impl<'a> EachOnce<'a> {
    /// Asks for each of these; `seed` makes two runs alike.
    pub(crate) fn new(reads: &'a Reads, seed: u64) -> Self {
        let mut left: Vec<usize> = (0..reads.requests.len()).collect();
        left.shuffle(&mut SmallRng::seed_from_u64(seed));
        Self { reads, left }
    }
}

impl Script for EachOnce<'_> {
    type Ticket = usize;

    fn next(&mut self, bytes: &mut Vec<u8>, _: Instant) -> Option<usize> {
        let place = self.left.pop()?;
        bytes.extend_from_slice(&self.reads.requests[place]);
        Some(place)
    }

    fn check(&mut self, place: usize, response: &Response<'_>, _: Instant) -> Verdict {
        exactly(&self.reads.templates[place], response)
    }
}

/// 95 % reads, half of them of single todos and half of lists, and 5 % changes of what they show.
pub(crate) struct Mixed<'a> {
    /// One for each hot todo.
    pub(crate) todos: &'a Reads,
    /// One for each hot user.
    pub(crate) lists: &'a Reads,
    /// The ids of the hot todos.
    pub(crate) ids: Vec<String>,
    /// Makes the changes.
    pub(crate) requester: Requester,
    /// Knows what must be shown.
    pub(crate) judge: Judge,
    /// Chooses.
    pub(crate) random: SmallRng,
}

/// What was asked, and what its answer may show.
pub(crate) enum MixedTicket {
    /// A read of one todo.
    Todo { place: usize, floors: Versions },
    /// A read of a list.
    List { place: usize, floors: Versions },
    /// A change of one todo.
    Write { place: usize, acknowledgement: Template },
}

impl Mixed<'_> {
    fn write(&mut self, bytes: &mut Vec<u8>) -> Option<MixedTicket> {
        for _ in 0..ATTEMPTS {
            let place = self.random.random_range(0..self.ids.len());
            if let Some(version) = self.judge.begin_write(place) {
                let (id, text) = (&self.ids[place], version::text(version));
                bytes.extend(self.requester.set_text(id, &text));
                return Some(MixedTicket::Write { place, acknowledgement: acknowledgement(id, "text", &text) });
            }
        }
        None
    }

    fn judge(&self, todos: std::ops::Range<usize>, floors: &Versions, versions: Option<Versions>) -> Verdict {
        let Some(versions) = versions.filter(|versions| versions.len() == floors.len()) else { return Verdict::Wrong };
        if !todos.zip(&versions).all(|(todo, version)| self.judge.was_issued(todo, *version)) {
            return Verdict::Wrong;
        }
        let is_stale = versions.iter().zip(floors).any(|(version, floor)| version < floor);
        if is_stale { Verdict::Stale } else { Verdict::Right }
    }
}

impl Script for Mixed<'_> {
    type Ticket = MixedTicket;

    fn next(&mut self, bytes: &mut Vec<u8>, now: Instant) -> Option<MixedTicket> {
        let kind = self.random.random_range(0..200);
        if kind < 10
            && let Some(ticket) = self.write(bytes)
        {
            return Some(ticket);
        }
        // 190 of 200 are left, and 95 of these are odd.
        if kind % 2 == 0 {
            let place = self.random.random_range(0..self.todos.requests.len());
            bytes.extend_from_slice(&self.todos.requests[place]);
            return Some(MixedTicket::Todo { place, floors: Versions::from_iter([self.judge.floor(place, now)]) });
        }
        let place = self.random.random_range(0..self.lists.requests.len());
        bytes.extend_from_slice(&self.lists.requests[place]);
        let floors = hot_todos_of(place).map(|todo| self.judge.floor(todo, now)).collect();
        Some(MixedTicket::List { place, floors })
    }

    fn check(&mut self, ticket: MixedTicket, response: &Response<'_>, now: Instant) -> Verdict {
        if response.status != 200 {
            return Verdict::Wrong;
        }
        match ticket {
            MixedTicket::Todo { place, floors } => {
                let versions = self.todos.templates[place].versions_in(response.body);
                self.judge(place..place + 1, &floors, versions)
            }
            MixedTicket::List { place, floors } => {
                let versions = self.lists.templates[place].versions_in(response.body);
                self.judge(hot_todos_of(place), &floors, versions)
            }
            MixedTicket::Write { place, acknowledgement } => {
                if acknowledgement.is_in(response.body) {
                    self.judge.acknowledge(place, now);
                    Verdict::Right
                } else {
                    Verdict::Wrong
                }
            }
        }
    }
}

/// Nothing but changes, of all todos, and of what no query shows.
pub(crate) struct Writes {
    ids: Vec<String>,
    requester: Requester,
    judge: Judge,
    random: SmallRng,
}

impl Writes {
    /// Changes the todos of these ids.
    pub(crate) fn new(ids: Vec<String>, requester: Requester, seed: u64) -> Self {
        let judge = Judge::new(ids.len(), std::time::Duration::ZERO);
        Self { ids, requester, judge, random: SmallRng::seed_from_u64(seed) }
    }
}

impl Script for Writes {
    type Ticket = (usize, Template);

    fn next(&mut self, bytes: &mut Vec<u8>, _: Instant) -> Option<Self::Ticket> {
        loop {
            let place = self.random.random_range(0..self.ids.len());
            if let Some(version) = self.judge.begin_write(place) {
                let (id, notes) = (&self.ids[place], version::text(version));
                bytes.extend(self.requester.set_notes(id, &notes));
                return Some((place, acknowledgement(id, "notes", &notes)));
            }
        }
    }

    fn check(&mut self, (place, acknowledgement): Self::Ticket, response: &Response<'_>, now: Instant) -> Verdict {
        self.judge.acknowledge(place, now);
        exactly(&acknowledgement, response)
    }
}

fn exactly(template: &Template, response: &Response<'_>) -> Verdict {
    if response.status == 200 && template.is_in(response.body) { Verdict::Right } else { Verdict::Wrong }
}

fn acknowledgement(id: &str, field: &str, value: &str) -> Template {
    Template::new(format!(r#"{{"updateTodo":{{"todo":{{"id":"{id}","{field}":"{value}"}}}}}}"#).as_bytes())
}

fn hot_todos_of(user: usize) -> std::ops::Range<usize> {
    user * HOT_TODOS_PER_USER..(user + 1) * HOT_TODOS_PER_USER
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn todo_data(version: u64) -> String {
        format!(r#"{{"todo":{{"id":"t0","text":"{}"}}}}"#, version::text(version))
    }

    fn reads(data: &str) -> Reads {
        Reads { requests: vec![b"read".to_vec()], templates: vec![Template::new(data.as_bytes())] }
    }

    fn answer(script: &mut Mixed<'_>, ticket: MixedTicket, data: &str) -> Verdict {
        let body = format!(r#"{{"data":{data}}}"#);
        script.check(ticket, &Response { status: 200, head: b"", body: body.as_bytes() }, Instant::now())
    }

    fn ask_until<'a>(script: &mut Mixed<'a>, wanted: impl Fn(&MixedTicket) -> bool) -> MixedTicket {
        loop {
            let ticket = script.next(&mut Vec::new(), Instant::now()).unwrap();
            if wanted(&ticket) {
                return ticket;
            }
        }
    }

    #[test]
    fn a_read_that_shows_less_than_was_acknowledged_before_it_was_sent_is_stale() {
        let (todos, lists) = (reads(&todo_data(0)), reads("{}"));
        let mut script = Mixed {
            todos: &todos,
            lists: &lists,
            ids: vec!["t0".to_owned()],
            requester: Requester::new(1, ""),
            judge: Judge::new(HOT_TODOS_PER_USER, Duration::ZERO),
            random: SmallRng::seed_from_u64(1),
        };
        let is_todo = |ticket: &MixedTicket| matches!(ticket, MixedTicket::Todo { .. });
        let early = ask_until(&mut script, is_todo);
        let write = ask_until(&mut script, |ticket| matches!(ticket, MixedTicket::Write { .. }));
        let during = ask_until(&mut script, is_todo);
        let written = r#"{"updateTodo":{"todo":{"id":"t0","text":"Measured version 0000000001"}}}"#;
        assert_eq!(answer(&mut script, write, written), Verdict::Right);
        let late = [(); 3].map(|()| ask_until(&mut script, is_todo));
        let [stale, fresh, invented] = late;
        assert_eq!(answer(&mut script, early, &todo_data(0)), Verdict::Right, "sent before the write");
        assert_eq!(answer(&mut script, during, &todo_data(1)), Verdict::Right, "the write was under way");
        assert_eq!(answer(&mut script, stale, &todo_data(0)), Verdict::Stale);
        assert_eq!(answer(&mut script, fresh, &todo_data(1)), Verdict::Right);
        assert_eq!(answer(&mut script, invented, &todo_data(9)), Verdict::Wrong, "nobody wrote that");
    }

    #[test]
    fn each_is_asked_once() {
        let reads = Reads {
            requests: (0..9).map(|number| vec![number]).collect(),
            templates: (0..9).map(|_| Template::new(b"{}")).collect(),
        };
        let mut script = EachOnce::new(&reads, 7);
        let mut bytes = Vec::new();
        while script.next(&mut bytes, Instant::now()).is_some() {}
        assert_ne!(bytes, (0..9).collect::<Vec<u8>>());
        bytes.sort_unstable();
        assert_eq!(bytes, (0..9).collect::<Vec<u8>>());
    }
}
