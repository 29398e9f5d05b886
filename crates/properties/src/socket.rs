use serde_json::{Map, Value};
use tidewater_socket::{Connection, Effect, Operation, Output};

const MAX_OPERATIONS: usize = 3;
const LONGEST_REASON: usize = 123;

/// Whatever lines a client sends as messages, the server's side keeps its bounds, and says only what the protocol has. The byte before
/// each line says what else happens.
pub fn socket(bytes: &[u8]) {
    let mut connection = Connection::new(MAX_OPERATIONS);
    let mut begun: Vec<Operation> = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some((happens, message)) = crate::choose(line, 8) else { continue };
        let was_closed = connection.is_closed();
        let before = connection.operations();
        let happened = match happens {
            0 => connection.acknowledge(),
            1 => connection.ping(),
            2 => begun.last().and_then(|last| connection.tell(*last, Output::Next("{}".to_owned()))),
            3 => begun.first().and_then(|first| connection.tell(*first, Output::Complete)),
            4 if message.is_empty() => connection.receive_binary(),
            _ => None,
        };
        judge(&mut begun, happened);
        let Ok(text) = std::str::from_utf8(message) else { continue };
        let received = connection.receive(text);
        assert!(!was_closed || received.is_none(), "something is done after the end");
        if let Some(Effect::Begin(_, request)) = &received {
            let sent: Value = text.parse().unwrap_or_default();
            let payload = &sent["payload"];
            assert_eq!(Some(request.query.as_str()), payload["query"].as_str());
            assert_eq!(request.operation_name.as_deref(), payload["operationName"].as_str());
            assert_eq!(&request.variables, payload["variables"].as_object().unwrap_or(&Map::new()));
        }
        judge(&mut begun, received);
        assert!(connection.operations() <= MAX_OPERATIONS && connection.operations() <= before + 1);
        assert!(!connection.is_closed() || connection.operations() == 0, "operations outlive the connection");
    }
}

fn judge(begun: &mut Vec<Operation>, effect: Option<Effect>) {
    match effect {
        Some(Effect::Send(text)) => {
            let Ok(message) = text.parse::<Value>() else { panic!("no JSON: {text}") };
            let kind = message["type"].as_str().unwrap_or_default();
            let known = ["connection_ack", "ping", "pong", "next", "error", "complete"];
            assert!(known.contains(&kind), "{text}");
            let is_of_operation = ["next", "error", "complete"].contains(&kind);
            assert_eq!(message["id"].is_string(), is_of_operation, "{text}");
        }
        Some(Effect::Begin(operation, _)) => {
            assert!(!begun.contains(&operation), "a number is given once");
            begun.push(operation);
        }
        Some(Effect::End(operation)) => assert!(begun.contains(&operation), "an operation ends that was never begun"),
        Some(Effect::Close(close)) => {
            assert!(matches!(close.code.number(), 4400 | 4401 | 4409 | 4429), "{close:?}");
            assert!(close.reason.len() <= LONGEST_REASON, "{close:?}");
        }
        Some(Effect::Authenticate(_)) | None => {}
    }
}
