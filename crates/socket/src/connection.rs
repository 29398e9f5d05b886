use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::message::{Message, Request, written};
use crate::{Close, CloseCode};

/// A server's side of one connection.
#[derive(Debug)]
pub struct Connection {
    state: State,
    /// Those under way, by what the client calls them.
    operations: HashMap<String, Operation>,
    last: u64,
    max_operations: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing has been asked for.
    Opened,
    /// The client has asked for the connection.
    Initialising,
    /// The client may ask for operations.
    Acknowledged,
    /// It is over.
    Closed,
}

/// An operation of one connection, however the client calls it: a client may use an id again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operation(u64);

/// What a server is to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Find out whether the client may have the connection, which it asks for with this payload; then say
    /// [`acknowledge`](Connection::acknowledge) or [`close`](Connection::close).
    Authenticate(Option<Map<String, Value>>),
    /// Send this message.
    Send(String),
    /// Carry out an operation, and say what it [tells](Connection::tell).
    Begin(Operation, Request),
    /// Give an operation up: nobody listens any more.
    End(Operation),
    /// Close the socket, and give up everything that is under way.
    Close(Close),
}

/// What an operation tells. Payloads are JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A result; there may be more.
    Next(String),
    /// It is over, and these are the errors: a list.
    Error(String),
    /// It is over.
    Complete,
}

impl Connection {
    /// A connection on a socket that has just been opened, with at most `max_operations` under way at a time.
    pub fn new(max_operations: usize) -> Self {
        Self { state: State::Opened, operations: HashMap::new(), last: 0, max_operations }
    }

    /// A text message came.
    pub fn receive(&mut self, text: &str) -> Option<Effect> {
        if self.is_closed() {
            return None;
        }
        match Message::read(text) {
            Ok(message) => self.take(message),
            Err(why) => self.close(Close::invalid(&why)),
        }
    }

    /// A message came that is no text.
    pub fn receive_binary(&mut self) -> Option<Effect> {
        self.close(Close::invalid("it is not text"))
    }

    /// The time is up in which the client has to ask for the connection.
    pub fn time_out(&mut self) -> Option<Effect> {
        match self.state {
            State::Opened => self.close(CloseCode::InitialisationTimeout),
            _ => None,
        }
    }

    /// The client may have the connection.
    pub fn acknowledge(&mut self) -> Option<Effect> {
        if self.state != State::Initialising {
            return None;
        }
        self.state = State::Acknowledged;
        Some(Effect::Send(written("connection_ack", None, None)))
    }

    /// An operation tells something.
    pub fn tell(&mut self, operation: Operation, output: Output) -> Option<Effect> {
        let id = self.operations.iter().find(|(_, known)| **known == operation).map(|(id, _)| id.clone())?;
        if !matches!(output, Output::Next(_)) {
            self.operations.remove(&id);
        }
        Some(Effect::Send(match output {
            Output::Next(result) => written("next", Some(&id), Some(&result)),
            Output::Error(errors) => written("error", Some(&id), Some(&errors)),
            Output::Complete => written("complete", Some(&id), None),
        }))
    }

    /// Gives up an operation of which nothing is to be told any more, not even that it is over.
    pub fn forget(&mut self, operation: Operation) {
        self.operations.retain(|_, known| *known != operation);
    }

    /// Asks the client for a sign of life.
    pub fn ping(&self) -> Option<Effect> {
        (!self.is_closed()).then(|| Effect::Send(written("ping", None, None)))
    }

    /// Ends it, for a reason that is no message of the client.
    pub fn close(&mut self, close: impl Into<Close>) -> Option<Effect> {
        if self.is_closed() {
            return None;
        }
        self.state = State::Closed;
        self.operations.clear();
        Some(Effect::Close(close.into()))
    }

    /// Whether it is over.
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether the client has asked for the connection.
    pub fn is_initialised(&self) -> bool {
        self.state != State::Opened
    }

    /// How many operations are under way.
    pub fn operations(&self) -> usize {
        self.operations.len()
    }

    fn take(&mut self, message: Message) -> Option<Effect> {
        match (message, self.state) {
            (Message::Init(payload), State::Opened) => {
                self.state = State::Initialising;
                Some(Effect::Authenticate(payload))
            }
            (Message::Init(_), _) => self.close(CloseCode::TooManyInitialisations),
            (Message::Ping(payload), _) => {
                let payload = payload.map(|payload| Value::from(payload).to_string());
                Some(Effect::Send(written("pong", None, payload.as_deref())))
            }
            (Message::Pong, _) => None,
            (Message::Subscribe { id, request }, State::Acknowledged) => self.subscribe(id, request),
            (Message::Subscribe { .. }, _) => self.close(CloseCode::Unauthorized),
            // It may have been completed here while the message was on its way.
            (Message::Complete { id }, _) => self.operations.remove(&id).map(Effect::End),
        }
    }

    fn subscribe(&mut self, id: String, request: Request) -> Option<Effect> {
        if self.operations.contains_key(&id) {
            return self.close(Close::exists(&id));
        }
        if self.operations.len() >= self.max_operations {
            let message = format!("more than {} operations are under way on this connection", self.max_operations);
            let errors = serde_json::json!([{ "message": message, "extensions": { "code": "UNAVAILABLE" } }]);
            return Some(Effect::Send(written("error", Some(&id), Some(&errors.to_string()))));
        }
        self.last += 1;
        let operation = Operation(self.last);
        self.operations.insert(id, operation);
        Some(Effect::Begin(operation, request))
    }
}
