//! Responses are what the specification says: in the order of the query, with null where something failed.

mod documents;
mod oracle;
mod world;

use std::collections::BTreeSet;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::DocumentOperations;
use async_graphql::{PathSegment, Request, Response, ServerError, Value, Variables};
use serde_json::json;
use tidewater_graphql::Completion;
use tidewater_testkit::{Backend, on_each_backend};

use crate::fixture::Fixture;
use documents::Documents;
use oracle::Oracle;
use world::{World, schema};

fn text(data: &impl serde::Serialize) -> String {
    serde_json::to_string(data).unwrap()
}

fn path(error: &ServerError) -> String {
    let segment = |segment: &PathSegment| match segment {
        PathSegment::Field(key) => key.clone(),
        PathSegment::Index(index) => index.to_string(),
    };
    error.path.iter().map(segment).collect::<Vec<_>>().join(".")
}

/// Executes on a world where what has a path that ends like this fails.
async fn execute(request: Request, broken: &'static [&'static str]) -> Response {
    let schema = schema();
    let completion = Completion::new(&schema.sdl()).unwrap();
    completion.execute(&schema, request.data(World { broken, ..World::default() })).await
}

/// Checks the text of `data`, and the paths of all errors.
async fn check(document: &str, broken: &'static [&'static str], data: &str, failed: &[&str]) {
    let response = execute(Request::new(document), broken).await;
    assert_eq!(text(&response.data), data, "{document}");
    let paths: BTreeSet<_> = response.errors.iter().map(path).collect();
    assert_eq!(paths.iter().map(String::as_str).collect::<Vec<_>>(), failed, "{document}");
    assert_eq!(response.errors.len(), failed.len(), "{document}");
}

#[tokio::test]
async fn fields_are_in_the_order_of_the_query() {
    for (document, data) in [
        ("{ number count }", r#"{"number":1,"count":1}"#),
        ("{ count number }", r#"{"count":1,"number":1}"#),
        ("{ z: count a: number m: count }", r#"{"z":1,"a":1,"m":1}"#),
        (
            "{ leaf { count number } a: number branch { number count } }",
            r#"{"leaf":{"count":1,"number":1},"a":1,"branch":{"number":1,"count":1}}"#,
        ),
        (
            "{ branches { count a: number z: count } }",
            r#"{"branches":[{"count":1,"a":1,"z":1},{"count":1,"a":1,"z":1}]}"#,
        ),
        // Merged at first appearance, sub-selections one after the other.
        (
            "{ count leaf { count } number leaf { a: number count } count }",
            r#"{"count":1,"leaf":{"count":1,"a":1},"number":1}"#,
        ),
        (
            "{ leaf { number } leaf { leaf { number } } leaf { leaf { count } } }",
            r#"{"leaf":{"number":1,"leaf":{"number":1,"count":1}}}"#,
        ),
        // Fragments in place.
        (
            "{ a: count ...f b: count } fragment f on Query { c: count ...g d: count } fragment g on Query { e: count a: count }",
            r#"{"a":1,"c":1,"e":1,"d":1,"b":1}"#,
        ),
        (
            "{ leaf { ...f } leaf { a: count ...f } } fragment f on Leaf { b: count c: count }",
            r#"{"leaf":{"b":1,"c":1,"a":1}}"#,
        ),
        ("{ ... { b: count ... on Query { a: count } } c: count }", r#"{"b":1,"a":1,"c":1}"#),
        // What is skipped appears not.
        ("{ a: count @skip(if: true) b: count a: count }", r#"{"b":1,"a":1}"#),
        ("{ ...f @include(if: false) b: count ...f } fragment f on Query { a: count }", r#"{"b":1,"a":1}"#),
        ("{ leaf @skip(if: true) { a: count } leaf { b: count a: count } }", r#"{"leaf":{"b":1,"a":1}}"#),
        // Each type has its own order.
        (
            "{ anys { ... on Leaf { number } __typename ... on Any { branch { count } } number } }",
            r#"{"anys":[{"__typename":"Branch","branch":{"count":1},"number":1},{"number":1,"__typename":"Leaf","branch":{"count":1}}]}"#,
        ),
        // Nothing is something else than null.
        ("{ count @skip(if: true) }", "{}"),
        ("{ leaf { count @skip(if: true) } }", r#"{"leaf":{}}"#),
        ("{ anys { ... on Leaf { count } } }", r#"{"anys":[{},{"count":1}]}"#),
        (
            "{ anys { ...f } } fragment f on Any { ...g } fragment g on Any { ... { number @skip(if: true) } }",
            r#"{"anys":[{},{}]}"#,
        ),
        // Introspection.
        (
            r#"{ count __type(name: "Leaf") { kind ...f } __typename } fragment f on __Type { name }"#,
            r#"{"count":1,"__type":{"kind":"OBJECT","name":"Leaf"},"__typename":"Query"}"#,
        ),
        (
            "{ __schema { queryType { name @skip(if: true) } mutationType { kind name } } }",
            r#"{"__schema":{"queryType":{},"mutationType":{"kind":"OBJECT","name":"Mutation"}}}"#,
        ),
    ] {
        check(document, &[], data, &[]).await;
    }
}

#[tokio::test]
async fn what_failed_is_null_and_so_is_what_cannot_be_without_it() {
    for (document, broken, data, failed) in [
        ("{ count number }", &["number"] as &[_], r#"{"count":1,"number":null}"#, &["number"] as &[_]),
        ("{ number a: number }", &["number", "a"], r#"{"number":null,"a":null}"#, &["a", "number"]),
        ("{ number count }", &["count"], "null", &["count"]),
        ("{ number count }", &["number", "count"], "null", &["count", "number"]),
        ("{ leaf { number } }", &["number"], r#"{"leaf":{"number":null}}"#, &["leaf.number"]),
        ("{ leaf { count } }", &["count"], "null", &["leaf.count"]),
        ("{ number branch { number count } }", &["count"], r#"{"number":1,"branch":null}"#, &["branch.count"]),
        ("{ number branch { leaf { count } } }", &["count"], r#"{"number":1,"branch":null}"#, &["branch.leaf.count"]),
        (
            "{ branch { branch { number count } number } }",
            &["branch.branch.count"],
            r#"{"branch":{"branch":null,"number":1}}"#,
            &["branch.branch.count"],
        ),
        // Lists.
        (
            "{ a: count leaves { count number } }",
            &["leaves.0.count"],
            r#"{"a":1,"leaves":[null,{"count":1,"number":1}]}"#,
            &["leaves.0.count"],
        ),
        ("{ number branches { number count } }", &["branches.1.count"], "null", &["branches.1.count"]),
        (
            "{ branch { number branches { count } } }",
            &["branches.1.count"],
            r#"{"branch":null}"#,
            &["branch.branches.1.count"],
        ),
        (
            "{ leaves { number } }",
            &["number"],
            r#"{"leaves":[{"number":null},{"number":null}]}"#,
            &["leaves.0.number", "leaves.1.number"],
        ),
        ("{ leaves { count } number }", &["leaves"], r#"{"leaves":null,"number":1}"#, &["leaves"]),
        ("{ numbers number }", &["numbers.1"], r#"{"numbers":[1,null],"number":1}"#, &["numbers.1"]),
        ("{ counts number }", &["counts.1"], r#"{"counts":null,"number":1}"#, &["counts.1"]),
        // A rank is nullable where the interface has it, and of a branch, but not of a leaf.
        ("{ number any { rank } }", &["rank"], r#"{"number":1,"any":{"rank":null}}"#, &[""]),
        ("{ any { ... on Branch { rank } } }", &["rank"], r#"{"any":{"rank":null}}"#, &["any.rank"]),
        ("{ number anys { rank } }", &["anys.0.rank"], r#"{"number":1,"anys":[{"rank":null},{"rank":1}]}"#, &[""]),
        ("{ number anys { rank } }", &["anys.1.rank"], "null", &[""]),
        (
            "{ branch { anys { ... on Any { rank } } } }",
            &["anys.1.rank"],
            r#"{"branch":null}"#,
            &["branch.anys.1.rank"],
        ),
        (
            "{ anys { number rank } }",
            &["anys.0.number"],
            r#"{"anys":[{"number":null,"rank":1},{"number":1,"rank":1}]}"#,
            &[""],
        ),
        ("{ leaf { ...f } a: number } fragment f on Any { rank }", &["leaf.rank"], "null", &["leaf.rank"]),
        (
            "{ branch { ...f } a: number } fragment f on Any { rank }",
            &["branch.rank"],
            r#"{"branch":{"rank":null},"a":1}"#,
            &["branch.rank"],
        ),
        // What is selected twice fails once.
        (
            "{ branch { number } branch { a: number number } }",
            &["branch.number"],
            r#"{"branch":{"number":null,"a":1}}"#,
            &["branch.number"],
        ),
        ("mutation { a: count b: count c: number }", &["b"], "null", &["b"]),
        ("mutation { a: count b: number c: count }", &["b"], r#"{"a":1,"b":null,"c":1}"#, &["b"]),
    ] {
        check(document, broken, data, failed).await;
    }
}

#[tokio::test]
async fn the_operation_and_its_variables_decide() {
    let document = "
        query first { a: count b: count }
        query second($skipped: Boolean! = true) { b: count @skip(if: $skipped) a: count b: count c: count @skip(if: $skipped) }
    ";
    for (operation, variables, data) in [
        ("first", json!({}), r#"{"a":1,"b":1}"#),
        ("second", json!({}), r#"{"a":1,"b":1}"#),
        ("second", json!({ "skipped": true }), r#"{"a":1,"b":1}"#),
        ("second", json!({ "skipped": false }), r#"{"b":1,"a":1,"c":1}"#),
    ] {
        let request = Request::new(document).operation_name(operation).variables(Variables::from_json(variables));
        let response = execute(request, &[]).await;
        assert_eq!((text(&response.data), response.errors), (data.to_owned(), vec![]), "{operation}");
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_executed_has_no_data() {
    let chain: String = (0..10_000).map(|link| format!("fragment f{link} on Query {{ ...f{} }} ", link + 1)).collect();
    let doubling: String =
        (0..60).map(|link| format!("fragment f{link} on Query {{ ...f{0} ... {{ ...f{0} }} }} ", link + 1)).collect();
    for document in [
        "{",
        "{ nothing }",
        "{ count { count } }",
        "query a { count } query b { count }",
        "subscription { count }",
        "{ ...f } fragment f on Query { ...f }",
        "{ leaf { ...f } } fragment f on Leaf { leaf { ...f } ...g } fragment g on Leaf { ...f @skip(if: false) }",
        "{ ...nothing }",
    ] {
        let response = execute(Request::new(document), &[]).await;
        assert_eq!(response.data, Value::Null, "{document}");
        assert!(!response.errors.is_empty(), "{document}");
    }
    // Not by async-graphql, which follows them to the end.
    for fragments in [chain, doubling] {
        let never = |_: Request| Response::new(Value::Null);
        let request = Request::new(format!("{{ ...f0 }} {fragments}"));
        let completion = Completion::new(&schema().sdl()).unwrap();
        assert_eq!(completion.execute(&Refusing(never), request).await.data, Value::Null);
    }
}

/// Executes nothing.
#[derive(Clone)]
struct Refusing(fn(Request) -> Response);

impl async_graphql::Executor for Refusing {
    async fn execute(&self, request: Request) -> Response {
        self.0(request)
    }

    fn execute_stream(
        &self,
        _: Request,
        _: Option<std::sync::Arc<async_graphql::Data>>,
    ) -> futures::stream::BoxStream<'static, Response> {
        Box::pin(futures::stream::empty())
    }
}

#[tokio::test]
async fn random_documents_are_answered_as_the_algorithms_of_the_specification_answer_them() {
    let schema = schema();
    let completion = Completion::new(&schema.sdl()).unwrap();
    let (mut nulled, mut partial) = (0, 0);
    for seed in 0..1_500 {
        let world =
            World { seed: Some(seed), failing: [0, 5, 20, 60][usize::try_from(seed % 4).unwrap()], broken: &[] };
        let text_of_document = Documents::document(seed);
        let document = parse_query(&text_of_document).unwrap();
        let DocumentOperations::Single(operation) = &document.operations else { panic!("{text_of_document}") };
        let mut oracle = Oracle { world, document: &document, failed: BTreeSet::new() };
        let expected = oracle.set("Query", &[&operation.node.selection_set.node], "").unwrap_or_default();

        let response = completion.execute(&schema, Request::new(&text_of_document).data(world)).await;
        assert_eq!(text(&response.data), text(&expected), "{seed}: {text_of_document}\n{:?}", response.errors);
        // async-graphql gives no path to what fails of an interface.
        let (told, pathless): (Vec<_>, Vec<_>) = response.errors.iter().map(path).partition(|path| !path.is_empty());
        let failed: BTreeSet<_> = told.iter().cloned().collect();
        assert_eq!(failed.len(), told.len(), "{seed}: {text_of_document}\n{told:?}");
        // Of the items of a list that is gone only the first that failed is told.
        let is_item = |path: &&String| path.ends_with(|end: char| end.is_ascii_digit()) && path.contains("counts");
        let untold: Vec<_> = oracle.failed.difference(&failed).filter(|path| !is_item(path)).collect();
        assert!(failed.is_subset(&oracle.failed), "{seed}: {text_of_document}\n{told:?}");
        assert!(untold.is_empty() || !pathless.is_empty(), "{seed}: {text_of_document}\n{untold:?}");
        nulled += u32::from(expected == Value::Null);
        partial += u32::from(expected != Value::Null && !failed.is_empty());
    }
    assert!(nulled > 100 && partial > 100, "{nulled} and {partial}: the random documents are too tame or too wild");
}

on_each_backend! {
    async fn answers_are_complete(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let answer = async |document: &str, token: Option<&str>| {
            let response = fixture.executed(document, json!({}), token).await.response;
            (text(&response.data), response.errors.iter().map(path).collect::<Vec<_>>())
        };
        let failed = |data: &str, path: &str| (data.to_owned(), vec![path.to_owned()]);
        assert_eq!(answer("{ viewer { name } todos { nodes { id } } }", None).await, failed("null", "todos"));
        let token = Some(ann.token.as_str());
        let document = format!(r#"{{ nodes(ids: ["{}", "bad"]) {{ id }} }}"#, ann.id);
        assert_eq!(answer(&document, token).await, failed("null", "nodes"));
        let document = r#"{ node(id: "bad") { id } viewer { name } }"#;
        assert_eq!(answer(document, token).await, failed(r#"{"node":null,"viewer":{"name":"ann"}}"#, "node"));
        let document = format!(r#"{{ nodes(ids: ["{}"]) {{ ... on Todo {{ id }} }} }}"#, ann.id);
        assert_eq!(answer(&document, token).await, (r#"{"nodes":[{}]}"#.to_owned(), vec![]));
        let document = r#"mutation {
            a: createTodo(input: { text: "Sail" }) { todo { text } }
            b: createTodo(input: { text: "" }) { todo { text } }
        }"#;
        assert_eq!(answer(document, token).await, failed("null", "b"));
        let todos = "{ todos { totalCount nodes { text } } }";
        let one = r#"{"todos":{"totalCount":1,"nodes":[{"text":"Sail"}]}}"#;
        assert_eq!(answer(todos, token).await, (one.to_owned(), vec![]));
    }
}

#[test]
fn the_definition_of_the_schema_is_understood() {
    Completion::new(&tidewater_graphql::sdl()).unwrap();
    assert!(Completion::new("type Query {").is_err());
}

/// Once a document is known to be valid, only its variables are looked at.
#[tokio::test]
async fn wrong_variables_are_refused_alike_whether_the_document_is_known_or_not() {
    let fixture = Fixture::new(Backend::Sqlite).await;
    let query = "query($first: Int, $filter: NoteFilter) {
        viewer { name } notes(first: $first, filter: $filter) { totalCount } }";
    assert_eq!(fixture.data(query, json!({ "first": 1 }), None).await["notes"]["totalCount"], 0);
    for wrong in [
        json!({ "first": "one" }),
        json!({ "first": 1.5 }),
        json!({ "filter": { "colour": "red" } }),
        json!({ "filter": { "visibility": "SECRET" } }),
    ] {
        let unknown = fixture.execute(&format!("{query} # {wrong}"), wrong.clone(), None).await;
        let known = fixture.execute(query, wrong, None).await;
        assert_eq!(unknown["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{unknown}");
        assert_eq!((&known["data"], &known["errors"]), (&unknown["data"], &unknown["errors"]));
    }
}
