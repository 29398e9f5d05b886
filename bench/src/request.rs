//! The requests as bytes, rendered before anything is measured.

use serde_json::{Value, json};

/// W1: a row by its id, with its owner.
pub(crate) const TODO_QUERY: &str = "query W1($id: ID!){ todo(id:$id){ id text completed user{ id name } } }";

/// W2: a list with two levels of related rows.
pub(crate) const LIST_QUERY: &str = "query W2($u: ID!){ user(id:$u){ todos(first:20){ nodes{ id text completed createdAt \
                                     user{ id name profile{ bio } } } } } }";

/// The mutation of W3.
pub(crate) const TEXT_MUTATION: &str =
    "mutation W3($input: UpdateTodoInput!){ updateTodo(input:$input){ todo{ id text } } }";

/// The mutation of W5, of what no query shows.
pub(crate) const NOTES_MUTATION: &str =
    "mutation W5($input: UpdateTodoInput!){ updateTodo(input:$input){ todo{ id notes } } }";

/// Makes requests to one server, in the name of one user.
#[derive(Clone, Debug)]
pub(crate) struct Requester {
    port: u16,
    token: String,
}

impl Requester {
    /// Requests to the server at that port of 127.0.0.1, with that bearer token.
    pub(crate) fn new(port: u16, token: &str) -> Self {
        Self { port, token: token.to_owned() }
    }

    /// The port of 127.0.0.1 that the requests are for.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The bearer token that they are sent with.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// W1 for the todo of that id.
    pub(crate) fn todo(&self, id: &str) -> Vec<u8> {
        self.graphql(TODO_QUERY, &json!({ "id": id }))
    }

    /// W2 for the user of that id.
    pub(crate) fn list(&self, id: &str) -> Vec<u8> {
        self.graphql(LIST_QUERY, &json!({ "u": id }))
    }

    /// A request to change the text of the todo of that id.
    pub(crate) fn set_text(&self, id: &str, text: &str) -> Vec<u8> {
        self.graphql(TEXT_MUTATION, &json!({ "input": { "id": id, "text": text } }))
    }

    /// A request to change the notes of the todo of that id.
    pub(crate) fn set_notes(&self, id: &str, notes: &str) -> Vec<u8> {
        self.graphql(NOTES_MUTATION, &json!({ "input": { "id": id, "notes": notes } }))
    }

    /// Any GraphQL request.
    pub(crate) fn graphql(&self, query: &str, variables: &Value) -> Vec<u8> {
        // The query first, as clients write it.
        let query = Value::from(query);
        let body = format!("{{\"query\":{query},\"variables\":{variables}}}");
        let authorization =
            if self.token.is_empty() { String::new() } else { format!("Authorization: Bearer {}\r\n", self.token) };
        format!(
            "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n{authorization}Content-Length: \
             {}\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .into_bytes()
    }

    /// `GET` of a path.
    pub(crate) fn get(&self, path: &str) -> Vec<u8> {
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port).into_bytes()
    }
}
