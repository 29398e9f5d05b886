//! Documents that are larger than they may be, each by the setting that says so.

use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server};

use crate::fixture::{on_sqlite, seeded, start};

const GRAPHQL: [(&str, &str); 1] = [("accept", "application/graphql-response+json")];

/// What is said of a document that is refused.
async fn refusal(server: &Server, query: &str, variables: Value) -> String {
    let answer = server.ask(&GRAPHQL, &json!({ "query": query, "variables": variables })).await;
    assert_eq!(answer.status, 422, "{query}: {}", answer.body);
    assert_eq!(answer.body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{}", answer.body);
    assert!(answer.body.get("data").is_none());
    answer.body["errors"][0]["message"].as_str().unwrap().to_owned()
}

async fn is_answered(server: &Server, query: &str, variables: Value) {
    let answer = server.ask(&GRAPHQL, &json!({ "query": query, "variables": variables })).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
}

#[tokio::test]
async fn each_limit_is_kept_to_the_last() {
    let limits = [
        ("--max-tokens", "60"),
        ("--max-aliases", "3"),
        ("--max-root-fields", "5"),
        ("--max-directives", "4"),
        ("--max-variables", "3"),
        ("--max-depth", "4"),
    ];
    let arguments: Vec<_> = limits.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let (_database, server) = on_sqlite(&arguments).await;
    let skip = "@include(if: true)";
    let id = "todo_01h455vb4pex5vsknk084sn02q";
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    for (accepted, refused, said) in [
        (
            format!("{{ __typename {} }}", "# , x\n".repeat(100)),
            format!("{{ viewer {{ {} }} }}", "id ".repeat(56)),
            "the document has more than 60 tokens",
        ),
        (
            "{ a: __typename b: __typename c: __typename }".to_owned(),
            "{ a: __typename b: __typename viewer { c: id d: id } }".to_owned(),
            "an operation has more than 3 aliases",
        ),
        (
            format!("{{ {} }}", "__typename ".repeat(5)),
            format!("{{ {} ...F }} fragment F on Query {{ __typename }}", "__typename ".repeat(5)),
            "an operation begins with more than 5 fields",
        ),
        (
            format!("{{ {} }}", format!("__typename {skip} ").repeat(4)),
            format!("{{ {} }}", format!("__typename {skip} ").repeat(5)),
            "the document has more than 4 directives",
        ),
        (
            "{ notes { nodes { user { name } } } }".to_owned(),
            "{ notes { nodes { user { todos { totalCount } } } } }".to_owned(),
            "Query is nested too deep.",
        ),
    ] {
        is_answered(&server, &accepted, Value::Null).await;
        assert_eq!(refusal(&server, &refused, Value::Null).await, said);
    }
    is_answered(&server, nodes, json!({ "ids": [id, id] })).await;
    let said = refusal(&server, nodes, json!({ "ids": [id, id, id] })).await;
    assert_eq!(said, "the variables hold more than 3 values");
}

#[tokio::test]
async fn few_fragments_do_not_stand_for_many_fields() {
    let (_database, server) = on_sqlite(&[]).await;
    let body = format!("fragment F on Query {{ {} }}", "__typename ".repeat(15_000));
    let operations: String = (0..500).map(|number| format!("query Q{number} {{ ...F }} ")).collect();
    let said = refusal(&server, &format!("{operations} {body}"), Value::Null).await;
    assert_eq!(said, "the document selects more than 20000 fields");
}

#[tokio::test]
async fn circles_and_steps_by_which_an_answer_multiplies_are_refused() {
    let (_database, server) = on_sqlite(&[]).await;
    let place = |count: usize| format!("{{ __typename {} }}", "@include(if: true) ".repeat(count));
    let types = "the document asks for types of types: introspect one step at a time";
    let deep = "the document nests selections deeper than 32 levels";
    for (query, said) in [
        (place(9).as_str(), "one place of the document has more than 8 directives"),
        ("{ ...A } fragment A on Query { ...A }", deep),
        ("{ ...A } fragment A on Query { __typename ...B } fragment B on Query { viewer { id } ...A }", deep),
        ("{ __schema { types { fields { type { fields { name } } } } } }", types),
        ("{ __type(name: \"Node\") { possibleTypes { ...F } } } fragment F on __Type { interfaces { name } }", types),
    ] {
        assert_eq!(refusal(&server, query, Value::Null).await, said, "{query}");
    }
    is_answered(&server, "{ __schema { types { fields { type { name } } } } }", Value::Null).await;
}

#[tokio::test]
async fn the_schema_is_told_where_that_is_wanted() {
    let schema = "{ __schema { queryType { name } } }";
    let mistyped = "{ vewer { id } }";
    let (_database, server) = on_sqlite(&[]).await;
    is_answered(&server, schema, Value::Null).await;
    assert!(refusal(&server, mistyped, Value::Null).await.contains("Did you mean"));

    // Where GraphiQL is, it is told; both are, on a loopback address.
    let (_database, server) = on_sqlite(&["--graphiql", "off", "--introspection", "on"]).await;
    is_answered(&server, schema, Value::Null).await;
    let (_database, server) = on_sqlite(&["--introspection", "off"]).await;
    refusal(&server, schema, Value::Null).await;

    let (_database, server) = on_sqlite(&["--graphiql", "off"]).await;
    for query in [
        schema,
        "{ __type(name: \"User\") { name } }",
        "query { ...F } fragment F on Query { a: __schema { description } }",
    ] {
        let said = refusal(&server, query, Value::Null).await;
        assert_eq!(said, "this server does not tell its schema: introspection is off");
    }
    is_answered(&server, "{ __typename }", Value::Null).await;
    assert_eq!(refusal(&server, mistyped, Value::Null).await, "Unknown field \"vewer\" on type \"Query\".");
    let argument = refusal(&server, "{ todo(idd: 1) { id } }", Value::Null).await;
    assert!(!argument.contains("Did you mean"), "{argument}");
}

#[tokio::test]
async fn mistakes_are_told_up_to_a_number_and_in_plain_words() {
    let (_database, server) = on_sqlite(&[]).await;
    let many = format!("{{ viewer {{ {} }} }}", (0..1_000).map(|number| format!("f{number} ")).collect::<String>());
    let answer = server.graphql(&many, Value::Null).await;
    assert_eq!(answer["errors"].as_array().unwrap().len(), 100);
    for (query, said) in [
        ("{", "the document cannot be parsed: expected selection"),
        (
            "{ note(id: \"\\ud800\") { id } }",
            "the document has an escape `\\u` that is half of a character; write the character itself",
        ),
        ("{ note(id: 1e999) { id } }", "the document has a number that is too large"),
    ] {
        let answer = server.graphql(query, Value::Null).await;
        assert_eq!(answer["errors"][0]["message"], said);
    }
}

/// What PostgreSQL cannot store, and what is no number or character.
#[tokio::test]
async fn values_that_cannot_be_stored_are_the_clients_mistake() {
    let (_database, server) = on_sqlite(&[]).await;
    let sign_up = "mutation($input: SignUpInput!) { signUp(input: $input) { token } }";
    let input =
        |name: &str| json!({ "input": { "email": "new@example.test", "password": "tidewater1", "name": name } });
    let answer = server.graphql(sign_up, input("a\0b")).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
    for (query, variables) in [
        ("query($n: Int) { notes(first: $n) { totalCount } }", json!({ "n": 1e300 })),
        ("query($n: Int) { notes(first: $n) { totalCount } }", json!({ "n": 4_294_967_296_u64 })),
        ("query($n: Int) { notes(first: $n) { totalCount } }", json!({ "n": 1.5 })),
        ("{ notes(first: 99999999999999999999999999) { totalCount } }", Value::Null),
        ("query($id: ID!) { note(id: $id) { id } }", json!({ "id": { "a": 1 } })),
    ] {
        let answer = server.graphql(query, variables.clone()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{query} {variables}: {answer}");
    }
}

/// Neither a search nor a cursor gets as far as a database, of which one would not take it.
#[tokio::test]
async fn what_a_database_cannot_search_for_is_told_by_its_field() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = seeded(backend).await;
        let server = start(&database, &[]).await;
        let text = "must not contain the character U+0000";
        let cursor = "this is no cursor; use one that a connection has answered";
        for (query, field, said) in [
            ("{ notes(filter: { text: \"\\u0000\" }) { totalCount } }", "filter.text", text),
            ("{ notes(after: \"\\u0000\") { totalCount } }", "after", cursor),
        ] {
            let answer = server.graphql(query, Value::Null).await;
            let extensions = json!({ "code": "BAD_USER_INPUT", "field": field });
            let error = &answer["errors"][0];
            assert_eq!((&error["message"], &error["extensions"]), (&json!(said), &extensions), "{query}: {answer}");
        }
    }
}
