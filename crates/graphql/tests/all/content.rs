//! What tests write through the API.

use serde_json::{Value, json};

use crate::fixture::{Fixture, SignedIn};

/// The document that runs a mutation on the variable `input`.
pub(crate) fn mutation(name: &str, selection: &str) -> String {
    let input = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    format!("mutation($input: {input}!) {{ {name}(input: $input) {{ {selection} }} }}")
}

/// Runs a mutation that must succeed; answers its payload.
pub(crate) async fn change(fixture: &Fixture, who: &SignedIn, name: &str, selection: &str, input: Value) -> Value {
    let document = mutation(name, selection);
    fixture.data(&document, json!({ "input": input }), Some(&who.token)).await[name].take()
}

/// Runs a mutation that must be refused; answers `extensions` of the error.
pub(crate) async fn refused(fixture: &Fixture, who: Option<&SignedIn>, name: &str, input: Value) -> Value {
    let document = mutation(name, "__typename");
    fixture.refusal(&document, json!({ "input": input }), who.map(|who| who.token.as_str())).await
}

/// A new administrator, signed in.
pub(crate) async fn administrator(fixture: &Fixture, name: &str) -> SignedIn {
    let administrator = fixture.user(name).await;
    let grant = format!(r#"UPDATE "user" SET role = 'ADMIN' WHERE email = '{}'"#, administrator.email);
    assert_eq!(fixture.database.sql(&grant).await, 1);
    fixture.again(&administrator).await
}

/// The id of a new note.
pub(crate) async fn note(fixture: &Fixture, who: &SignedIn, title: &str, visibility: &str) -> String {
    let input = json!({ "title": title, "body": "", "visibility": visibility });
    text(&change(fixture, who, "createNote", "note { id }", input).await["note"]["id"])
}

/// The id of a new todo.
pub(crate) async fn todo(fixture: &Fixture, who: &SignedIn, content: &str) -> String {
    text(&change(fixture, who, "createTodo", "todo { id }", json!({ "text": content })).await["todo"]["id"])
}

/// The id of a new tag.
pub(crate) async fn tag(fixture: &Fixture, who: &SignedIn, name: &str) -> String {
    text(&change(fixture, who, "createTag", "tag { id }", json!({ "name": name })).await["tag"]["id"])
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
