use stateright::{Model, Property};

use crate::contract::Served;
use crate::database::Database;
use crate::redis::Redis;
use crate::server::{Poll, Server};
use crate::snapshot::Xid;
use crate::step::Step;
use crate::{Bounds, Protections, phenomena};

/// The protocol within some bounds.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// How much happens.
    pub bounds: Bounds,
    /// What keeps it right.
    pub protections: Protections,
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// The database.
    pub database: Database,
    /// Redis.
    pub redis: Redis,
    /// The servers, in an order that means nothing.
    pub servers: Vec<Server>,
    /// How the last step answered a request, if it did.
    pub served: Option<Served>,
}

/// One step of anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A transaction begins.
    Begin,
    /// A transaction commits.
    Commit(Xid),
    /// A transaction aborts, or its writer crashes.
    Abort(Xid),
    /// The pruner takes a mark.
    Mark,
    /// The log is pruned to that mark.
    Prune,
    /// A backup is taken.
    BackUp,
    /// The backup is put back.
    Restore,
    /// A server does something.
    Server(usize, Step),
}

impl Protocol {
    /// The protocol as it is.
    pub const fn new(bounds: Bounds) -> Self {
        Self { bounds, protections: Protections::ALL }
    }
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let database = Database::default();
        let mut servers: Vec<_> = self.bounds.requests.iter().map(|requests| Server::new(*requests)).collect();
        let started = servers.len() - usize::from(self.bounds.late_start);
        for server in &mut servers[..started] {
            server.executed(database.poll(None, &self.bounds, &self.protections));
            while server.poll != Poll::Idle {
                server.advance_poll(&self.bounds, &self.protections);
            }
        }
        servers.sort();
        vec![State { database, redis: Redis::default(), servers, served: None }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let database = &state.database;
        if state.servers.iter().all(|server| *server == Server::default()) {
            return;
        }
        if database.may_begin(&self.bounds) {
            actions.push(Action::Begin);
        }
        for xid in database.stored.running.iter() {
            actions.extend([Action::Commit(xid), Action::Abort(xid)]);
        }
        if database.may_mark(&self.bounds) {
            actions.push(Action::Mark);
        }
        actions.push(Action::Prune);
        if database.may_back_up(&self.bounds) {
            actions.push(Action::BackUp);
        }
        actions.push(Action::Restore);
        for (index, server) in state.servers.iter().enumerate() {
            self.steps(server, &state.redis, |step| actions.push(Action::Server(index, step)));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        state.served = None;
        match action {
            Action::Begin => state.database.begin(),
            Action::Commit(xid) => state.database.commit(xid),
            Action::Abort(xid) => state.database.abort(xid),
            Action::Mark => state.database.mark(),
            Action::Prune if state.database.prune() => {}
            Action::Prune => return None,
            Action::BackUp => state.database.back_up(),
            Action::Restore if state.database.restore(&self.bounds) => {
                for reader in state.servers.iter_mut().flat_map(|server| &mut server.readers) {
                    reader.request_mut().restored(&state.database);
                }
            }
            Action::Restore => return None,
            Action::Server(index, step) => self.step(&mut state, index, step)?,
        }
        state.servers.sort();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        phenomena::properties()
    }
}
