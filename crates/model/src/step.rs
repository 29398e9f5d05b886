use crate::contract::{Content, Request, Served, Tier};
use crate::database::Database;
use crate::protocol::{Protocol, State};
use crate::reader::Reader;
use crate::redis::{Envelope, Redis};
use crate::server::{Flight, Memo, Poll, Server};

/// One step of a server. Readers are named by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A request arrives.
    Arrive,
    /// A poll begins.
    BeginPoll,
    /// The poll's statement is executed.
    ExecutePoll,
    /// The next part of what the poll saw is taken in.
    AdvancePoll,
    /// The poll fails.
    FailPoll,
    /// Memory answers.
    Recall(usize),
    /// The flight to the key is joined.
    Join(usize),
    /// A flight is led.
    Lead(usize),
    /// Redis answers, by this envelope.
    Redis(usize, Envelope),
    /// No tier answers; `as_of` is taken.
    TakeAsOf(usize),
    /// The source is read.
    Load(usize),
    /// The answer is stored, ends the flight, and is served.
    Land(usize),
    /// The leader of a flight that was joined is dropped.
    Drop(usize),
}

impl Protocol {
    /// What a server may do next.
    pub(crate) fn steps(&self, server: &Server, redis: &Redis, mut take: impl FnMut(Step)) {
        if server.expected > 0 {
            take(Step::Arrive);
        }
        match server.poll {
            Poll::Idle if server.expected > 0 || !server.readers.is_empty() => take(Step::BeginPoll),
            Poll::Idle => {}
            Poll::Begun => take(Step::ExecutePoll),
            Poll::Executed { .. } => take(Step::AdvancePoll),
        }
        if self.bounds.faults && matches!(server.poll, Poll::Begun | Poll::Executed { done: 0, .. }) {
            take(Step::FailPoll);
        }
        let recalled = server.memory.is_some_and(|memo| self.usable(server, memo));
        for (index, reader) in server.readers.iter().enumerate() {
            match reader {
                Reader::Arrived { .. } | Reader::Joined { .. } => {}
                Reader::Passed { position, .. } => {
                    if recalled {
                        take(Step::Recall(index));
                    }
                    if server
                        .flight
                        .is_some_and(|flight| flight.as_of >= *position || !self.protections.joins_only_later_flights)
                    {
                        take(Step::Join(index));
                    }
                    take(Step::Lead(index));
                }
                Reader::Boarded { .. } => {
                    if recalled {
                        take(Step::Recall(index));
                    }
                    for envelope in server.now.iter().flat_map(|now| redis.found(now.generation, &self.protections)) {
                        if self.judge(server, envelope).is_some() {
                            take(Step::Redis(index, envelope));
                        }
                    }
                    take(Step::TakeAsOf(index));
                }
                Reader::Loading { .. } => take(Step::Load(index)),
                Reader::Landing { .. } => take(Step::Land(index)),
            }
            if self.bounds.faults && server.readers.iter().any(|other| other.follows(index)) {
                take(Step::Drop(index));
            }
        }
    }

    fn usable(&self, server: &Server, memo: Memo) -> bool {
        server.valid(memo.as_of) || !self.protections.memory_is_validated
    }

    fn judge(&self, server: &Server, envelope: Envelope) -> Option<Memo> {
        let generation = server.now.map(|now| now.generation)?;
        let as_of = server.place(generation, envelope.mark, &self.protections)?;
        let valid = server.valid(as_of) || !self.protections.redis_is_validated;
        valid.then_some(Memo { value: envelope.value, as_of })
    }

    /// Does it. None if it cannot be done.
    pub(crate) fn step(&self, state: &mut State, index: usize, step: Step) -> Option<()> {
        let State { database, redis, servers, served } = state;
        let server = servers.get_mut(index)?;
        match step {
            Step::Arrive => {
                server.expected -= 1;
                let covered = server.poll != Poll::Idle && !self.protections.gate_waits_for_a_later_poll;
                let request = Request::arrive(database, &self.bounds);
                server.readers.push(Reader::Arrived { request, covered });
            }
            Step::BeginPoll => server.begin_poll(),
            Step::ExecutePoll => {
                let last = server.now.map(|now| (now.generation, now.mark));
                server.executed(database.poll(last, &self.bounds, &self.protections));
            }
            Step::AdvancePoll => server.advance_poll(&self.bounds, &self.protections),
            Step::FailPoll => server.fail_poll(),
            Step::Recall(reader) => {
                let value = server.memory?.value;
                *served = Some(self.serve(database, server, reader, value, Tier::Memory));
            }
            Step::Join(reader) => {
                if let Reader::Passed { request, position } = server.readers[reader] {
                    let leader = server.flight?.leader;
                    server.readers[reader] = Reader::Joined { request, position, leader };
                }
            }
            Step::Lead(reader) => {
                let request = server.readers[reader].request();
                server.flight = Some(Flight { leader: reader, as_of: server.now?.position });
                server.readers[reader] = Reader::Boarded { request };
            }
            Step::Redis(reader, envelope) => {
                let request = server.readers[reader].request();
                let memo = self.judge(server, envelope)?;
                server.readers[reader] = Reader::Landing { request, memo, tier: Tier::Redis, as_of: None };
            }
            Step::TakeAsOf(reader) => {
                let request = server.readers[reader].request();
                server.readers[reader] = Reader::Loading { request, as_of: server.now? };
            }
            Step::Load(reader) => {
                if let Reader::Loading { request, as_of } = server.readers[reader] {
                    let memo = Memo { value: database.read(&self.bounds), as_of: as_of.position };
                    let as_of = Some(as_of);
                    server.readers[reader] = Reader::Landing { request, memo, tier: Tier::Source, as_of };
                }
            }
            Step::Land(reader) => {
                if let Reader::Landing { mut memo, tier, as_of, .. } = server.readers[reader] {
                    if let Some(mut as_of) = as_of {
                        let late = server.now?;
                        if !self.protections.as_of_before_read {
                            memo.as_of = late.position;
                        }
                        if !self.protections.mark_before_read {
                            as_of = late;
                        }
                        let value = memo.value;
                        redis.write(Envelope { generation: as_of.generation, mark: as_of.mark, value });
                    }
                    server.memory = Some(memo);
                    *served = Some(self.serve(database, server, reader, memo.value, tier));
                }
            }
            Step::Drop(reader) => {
                for other in &mut server.readers {
                    other.unfollow(reader);
                }
                server.leave(reader);
            }
        }
        server.simplify(&self.protections);
        Some(())
    }

    /// Answers a reader and whoever follows it.
    fn serve(&self, database: &Database, server: &mut Server, leader: usize, value: Content, tier: Tier) -> Served {
        let mut kept = server.readers[leader].request().kept_by(value, database, &self.bounds);
        let mut leader = leader;
        let mut joined = false;
        while let Some(follower) = server.readers.iter().position(|reader| reader.follows(leader)) {
            kept &= server.readers[follower].request().kept_by(value, database, &self.bounds);
            joined = true;
            server.leave(follower);
            leader -= usize::from(follower < leader);
        }
        server.leave(leader);
        Served { tier, joined, kept }
    }
}
