//! Messages as they are sent.

use serde_json::{Map, Value};

/// The longest `id` of an operation, in bytes: it is kept, and sent along with all that the operation tells.
const LONGEST_ID: usize = 1_024;

/// What a client may send.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
    /// Asks for a connection.
    Init(Option<Map<String, Value>>),
    /// Asks for a sign of life.
    Ping(Option<Map<String, Value>>),
    /// Is a sign of life.
    Pong,
    /// Asks for an operation.
    Subscribe {
        /// What the client calls the operation.
        id: String,
        /// The operation.
        request: Request,
    },
    /// Has no interest in an operation any more.
    Complete {
        /// What the client calls the operation.
        id: String,
    },
}

/// A GraphQL request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The document; empty if it is only named.
    pub query: String,
    /// What names the document, in place of its text.
    pub document_id: Option<String>,
    /// Which operation of it, if that is said.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Map<String, Value>,
    /// What else comes with it.
    pub extensions: Map<String, Value>,
}

impl Message {
    /// Reads a message of a client.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut message = match serde_json::from_str(text) {
            Ok(Value::Object(message)) => message,
            Ok(_) => return Err("it is not a JSON object".to_owned()),
            // Of what is JSON, it may say that a number is too large for this server, or a character only half.
            Err(error) => return Err(format!("it cannot be read: {error}")),
        };
        let Some(Value::String(kind)) = message.remove("type") else {
            return Err("`type` is not a string".to_owned());
        };
        match kind.as_str() {
            "connection_init" => Ok(Self::Init(object(&mut message, "payload")?)),
            "ping" => Ok(Self::Ping(object(&mut message, "payload")?)),
            "pong" => object(&mut message, "payload").map(|_| Self::Pong),
            "subscribe" => Ok(Self::Subscribe { id: id(&mut message)?, request: request(&mut message)? }),
            "complete" => Ok(Self::Complete { id: id(&mut message)? }),
            _ => Err("`type` is none that a client sends".to_owned()),
        }
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, String> {
    match message.remove("id") {
        Some(Value::String(id)) if id.len() > LONGEST_ID => Err(format!("`id` has more than {LONGEST_ID} bytes")),
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err("`id` is not a string, or empty".to_owned()),
    }
}

fn request(message: &mut Map<String, Value>) -> Result<Request, String> {
    let mut payload = object(message, "payload")?.ok_or("`payload` is missing")?;
    let (query, document_id) = (string(&mut payload, "query")?, string(&mut payload, "documentId")?);
    if query.is_none() && document_id.is_none() {
        return Err("`query` is missing".to_owned());
    }
    Ok(Request {
        query: query.unwrap_or_default(),
        document_id,
        operation_name: string(&mut payload, "operationName")?,
        variables: object(&mut payload, "variables")?.unwrap_or_default(),
        extensions: object(&mut payload, "extensions")?.unwrap_or_default(),
    })
}

fn object(of: &mut Map<String, Value>, name: &str) -> Result<Option<Map<String, Value>>, String> {
    match of.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(format!("`{name}` is not an object")),
    }
}

fn string(of: &mut Map<String, Value>, name: &str) -> Result<Option<String>, String> {
    match of.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{name}` is not a string")),
    }
}

/// A message of this kind, with what it holds, in JSON.
pub(crate) fn written(kind: &str, id: Option<&str>, payload: Option<&str>) -> String {
    let id = id.map(|id| format!("\"id\":{},", Value::from(id))).unwrap_or_default();
    let payload = payload.map(|payload| format!(",\"payload\":{payload}")).unwrap_or_default();
    format!("{{{id}\"type\":\"{kind}\"{payload}}}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_of_clients_are_read() {
        let init = Message::read(r#"{"type":"connection_init","payload":{"a":1}}"#).unwrap();
        assert_eq!(init, Message::Init(json!({"a": 1}).as_object().cloned()));
        for nothing in [r#"{"type":"ping"}"#, r#"{"type":"ping","payload":null,"more":true}"#] {
            assert_eq!(Message::read(nothing), Ok(Message::Ping(None)));
        }
        let text = r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":{"n":1},"operationName":null,"extensions":null}}"#;
        let Message::Subscribe { id, request } = Message::read(text).unwrap() else { panic!() };
        assert_eq!((id.as_str(), request.query.as_str(), request.operation_name), ("1", "{ a }", None));
        assert_eq!(Value::from(request.variables), json!({"n": 1}));
        assert_eq!(Message::read(r#"{"id":"1","type":"complete"}"#), Ok(Message::Complete { id: "1".to_owned() }));
    }

    #[test]
    fn other_messages_are_not_read() {
        let deep = format!(r#"{{"type":"ping","payload":{{"a":{}}}}}"#, "[".repeat(100_000));
        for text in [
            "",
            "null",
            "[]",
            "\"connection_init\"",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"connection_init","payload":""}"#,
            r#"{"type":"ping","payload":[]}"#,
            r#"{"type":"pong","payload":0}"#,
            r#"{"type":"start","id":"1","payload":{"query":"{ a }"}}"#,
            r#"{"type":"next","id":"1","payload":{}}"#,
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{ a }"}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":null}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","extensions":""}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"documentId":1}}"#,
            &format!(r#"{{"type":"subscribe","id":"{}","payload":{{"query":"{{ a }}"}}}}"#, "x".repeat(1_025)),
            r#"{"type":"complete"}"#,
            r#"{"type":"complete","id":null}"#,
            &deep,
        ] {
            assert!(Message::read(text).is_err(), "{text:.200}");
        }
    }

    #[test]
    fn a_document_is_named_in_place_of_its_text() {
        let text = r#"{"id":"1","type":"subscribe","payload":{"documentId":"a"}}"#;
        let Message::Subscribe { request, .. } = Message::read(text).unwrap() else { panic!() };
        assert_eq!((request.query.as_str(), request.document_id.as_deref()), ("", Some("a")));
    }

    #[test]
    fn what_is_json_but_is_not_read_is_told_by_its_reason() {
        for (value, why) in [("1e999", "number out of range"), (r#""\ud800""#, "hex escape")] {
            let text = format!(r#"{{"type":"ping","payload":{{"a":{value}}}}}"#);
            let said = Message::read(&text).unwrap_err();
            assert!(said.starts_with("it cannot be read: ") && said.contains(why), "{said}");
        }
    }

    #[test]
    fn what_is_written_is_json() {
        let text = written("next", Some("a\"\n"), Some("{}"));
        assert_eq!(
            serde_json::from_str::<Value>(&text).unwrap(),
            json!({"id": "a\"\n", "type": "next", "payload": {}})
        );
        assert_eq!(written("connection_ack", None, None), r#"{"type":"connection_ack"}"#);
    }
}
