//! Whatever a client sends in whatever order, and whenever what it asked for tells something: the protocol is kept.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use tidewater_socket::{CloseCode, Connection, Effect, Operation, Output};

const MAX_OPERATIONS: usize = 3;

#[derive(Clone, Debug)]
enum Event {
    Init,
    Ping(Option<u8>),
    Pong,
    Subscribe(u8),
    Complete(u8),
    Rubbish(usize),
    Binary,
    TimeOut,
    Acknowledge,
    ServerPing,
    Shutdown,
    /// The operation that was begun as the n-th tells something.
    Tell(usize, u8),
    /// Of the operation that was begun as the n-th nothing more is to be told.
    Forget(usize),
}

const RUBBISH: [&str; 6] = [
    "",
    "[]",
    r#"{"type":"start"}"#,
    r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
    r#"{"type":"next","id":"0","payload":{}}"#,
    r#"{"type":"complete"}"#,
];

fn event() -> impl Strategy<Value = Event> {
    // Seldom what ends everything, so that something happens before.
    prop_oneof![
        2 => Just(Event::Init),
        4 => Just(Event::Acknowledge),
        3 => proptest::option::of(any::<u8>()).prop_map(Event::Ping),
        1 => Just(Event::Pong),
        20 => (0..5_u8).prop_map(Event::Subscribe),
        12 => (0..5_u8).prop_map(Event::Complete),
        1 => (0..RUBBISH.len()).prop_map(Event::Rubbish),
        1 => Just(Event::Binary),
        1 => Just(Event::TimeOut),
        1 => Just(Event::ServerPing),
        1 => Just(Event::Shutdown),
        40 => (0..12_usize, 0..4_u8).prop_map(|(operation, output)| Event::Tell(operation, output)),
        8 => (0..12_usize).prop_map(Event::Forget),
    ]
}

/// Mostly of a connection that has been asked for: too few would be otherwise before an operation is.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let begin = prop_oneof![1 => Just(vec![]), 4 => Just(vec![Event::Init, Event::Acknowledge])];
    (begin, proptest::collection::vec(event(), 0..80)).prop_map(|(begin, events)| [begin, events].concat())
}

/// What a client knows and a server promises, kept in a way of its own.
#[derive(Default)]
struct Court {
    inits: usize,
    acknowledged: bool,
    closed: Option<CloseCode>,
    /// The ids whose operations are under way, with the number of each by when it was begun.
    under_way: HashMap<String, usize>,
    begun: Vec<Operation>,
}

impl Court {
    /// What has to come of `event`, in the form of a word and, for messages, JSON.
    fn expected(&mut self, event: &Event) -> Option<(&'static str, Value)> {
        if self.closed.is_some() {
            return None;
        }
        let id = |id: &u8| format!("id {id}");
        match event {
            Event::Init if self.inits == 0 => {
                self.inits = 1;
                Some(("authenticate", json!({ "n": 1 })))
            }
            Event::Init => self.close(CloseCode::TooManyInitialisations),
            Event::Acknowledge if self.inits == 1 && !self.acknowledged => {
                self.acknowledged = true;
                Some(("send", json!({ "type": "connection_ack" })))
            }
            Event::Acknowledge | Event::Pong => None,
            Event::Ping(None) => Some(("send", json!({ "type": "pong" }))),
            Event::Ping(Some(n)) => Some(("send", json!({ "type": "pong", "payload": { "n": n } }))),
            Event::Subscribe(_) if !self.acknowledged => self.close(CloseCode::Unauthorized),
            Event::Subscribe(n) if self.under_way.contains_key(&id(n)) => {
                self.close(CloseCode::SubscriberAlreadyExists)
            }
            Event::Subscribe(n) if self.under_way.len() == MAX_OPERATIONS => {
                Some(("send", json!({ "type": "error", "id": id(n) })))
            }
            Event::Subscribe(n) => {
                self.under_way.insert(id(n), self.begun.len());
                Some(("begin", json!(null)))
            }
            Event::Complete(n) => self.under_way.remove(&id(n)).map(|number| ("end", json!(number))),
            Event::Rubbish(_) | Event::Binary => self.close(CloseCode::BadRequest),
            Event::TimeOut if self.inits == 0 => self.close(CloseCode::InitialisationTimeout),
            Event::TimeOut => None,
            Event::ServerPing => Some(("send", json!({ "type": "ping" }))),
            Event::Shutdown => self.close(CloseCode::GoingAway),
            Event::Tell(number, output) => {
                let id = self.under_way.iter().find(|(_, known)| *known == number)?.0.clone();
                let kind = ["next", "next", "error", "complete"][usize::from(*output)];
                if kind != "next" {
                    self.under_way.remove(&id);
                }
                Some(("send", json!({ "type": kind, "id": id })))
            }
            Event::Forget(number) => {
                self.under_way.retain(|_, known| known != number);
                None
            }
        }
    }

    fn close(&mut self, code: CloseCode) -> Option<(&'static str, Value)> {
        self.closed = Some(code);
        Some(("close", json!(code.number())))
    }
}

fn act(connection: &mut Connection, event: &Event, begun: &[Operation]) -> Option<Effect> {
    let send = |message: Value| message.to_string();
    match event {
        Event::Init => connection.receive(&send(json!({ "type": "connection_init", "payload": { "n": 1 } }))),
        Event::Ping(None) => connection.receive(&send(json!({ "type": "ping" }))),
        Event::Ping(Some(n)) => connection.receive(&send(json!({ "type": "ping", "payload": { "n": n } }))),
        Event::Pong => connection.receive(&send(json!({ "type": "pong" }))),
        Event::Subscribe(id) => connection
            .receive(&send(json!({ "type": "subscribe", "id": format!("id {id}"), "payload": { "query": "{ a }" } }))),
        Event::Complete(id) => connection.receive(&send(json!({ "type": "complete", "id": format!("id {id}") }))),
        Event::Rubbish(index) => connection.receive(RUBBISH[*index]),
        Event::Binary => connection.receive_binary(),
        Event::TimeOut => connection.time_out(),
        Event::Acknowledge => connection.acknowledge(),
        Event::ServerPing => connection.ping(),
        Event::Shutdown => connection.close(CloseCode::GoingAway),
        Event::Tell(number, output) => {
            let output = match output {
                0 | 1 => Output::Next(r#"{"data":null}"#.to_owned()),
                2 => Output::Error(r#"[{"message":"no"}]"#.to_owned()),
                _ => Output::Complete,
            };
            connection.tell(*begun.get(*number)?, output)
        }
        Event::Forget(number) => {
            connection.forget(*begun.get(*number)?);
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_protocol_is_kept(events in events()) {
        let mut connection = Connection::new(MAX_OPERATIONS);
        let mut court = Court::default();
        for event in events {
            let expected = court.expected(&event);
            let effect = act(&mut connection, &event, &court.begun);
            let found = effect.map(|effect| match effect {
                Effect::Authenticate(payload) => ("authenticate", Value::from(payload.unwrap_or_default())),
                Effect::Send(text) => {
                    let mut message: Value = serde_json::from_str(&text).unwrap();
                    // What operations tell is passed on as it is.
                    match message["type"].as_str().unwrap() {
                        "next" => assert_eq!(message.as_object_mut().unwrap().remove("payload"), Some(json!({ "data": null }))),
                        "error" => assert!(message.as_object_mut().unwrap().remove("payload").unwrap()[0]["message"].is_string()),
                        _ => {}
                    }
                    ("send", message)
                }
                Effect::Begin(operation, request) => {
                    assert_eq!(request.query, "{ a }");
                    assert!(!court.begun.contains(&operation), "a number is given once");
                    court.begun.push(operation);
                    ("begin", json!(null))
                }
                Effect::End(operation) => ("end", json!(court.begun.iter().position(|known| *known == operation))),
                Effect::Close(close) => ("close", json!(close.code.number())),
            });
            prop_assert_eq!(&found, &expected, "{:?}", event);
            prop_assert_eq!(connection.is_closed(), court.closed.is_some());
            let under_way = if court.closed.is_some() { 0 } else { court.under_way.len() };
            prop_assert_eq!(connection.operations(), under_way);
        }
    }
}
