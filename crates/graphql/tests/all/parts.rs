//! The items of lists, as they were answered before.

use serde_json::{Value, json};
use tidewater_graphql::ApiSettings;
use tidewater_testkit::on_each_backend;

use crate::fixture::{Fixture, SignedIn};

const CREATE: &str = "mutation($input: CreateTodoInput!) { createTodo(input: $input) { todo { id } } }";
const TODOS: &str = "{ todos { nodes { text user { name profile { bio } } } } }";

/// How many parts were served, and how many were kept, so far.
fn parts(fixture: &Fixture) -> (u64, u64) {
    let statistics = fixture.api.cache().statistics();
    statistics.iter().find(|space| &*space.name == "part").map_or((0, 0), |part| (part.memory_hits, part.fills))
}

/// How many parts were served, and how many were kept, while this was asked for; and the data.
async fn asked(fixture: &Fixture, query: &str, variables: Value, viewer: &SignedIn) -> (u64, u64, Value) {
    let before = parts(fixture);
    let mut answer = answer(fixture, query, variables, Some(&viewer.token)).await;
    assert!(answer.get("errors").is_none(), "{query}: {answer}");
    let after = parts(fixture);
    (after.0 - before.0, after.1 - before.1, answer["data"].take())
}

/// What is answered.
async fn answer(fixture: &Fixture, query: &str, variables: Value, credential: Option<&str>) -> Value {
    serde_json::from_str(&fixture.written(query, variables, credential).await).unwrap()
}

/// Ann's, called `a`, `b` and `c`.
async fn three_todos(fixture: &Fixture) -> SignedIn {
    let ann = fixture.user("ann").await;
    for text in ["a", "b", "c"] {
        fixture.data(CREATE, json!({ "input": { "text": text } }), Some(&ann.token)).await;
    }
    ann
}

on_each_backend! {
    async fn when_one_item_changes_the_others_are_answered_as_before(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = three_todos(&fixture).await;
        let of = |text: &str| json!({ "text": text, "user": { "name": "ann", "profile": null } });
        let shown = |texts: [&str; 3]| {
            let nodes = texts.map(of);
            json!({ "todos": { "nodes": nodes } })
        };
        // Several rows are read from the database by one statement, for which the items wait.
        asked(&fixture, TODOS, json!({}), &ann).await;
        assert_eq!(asked(&fixture, TODOS, json!({}), &ann).await, (0, 3, shown(["a", "b", "c"])));
        assert_eq!(asked(&fixture, TODOS, json!({}), &ann).await, (3, 0, shown(["a", "b", "c"])));
        fixture.database.sql("UPDATE todo SET text = 'B' WHERE text = 'b'").await;
        assert_eq!(asked(&fixture, TODOS, json!({}), &ann).await, (2, 1, shown(["a", "B", "c"])));
        assert_eq!(asked(&fixture, TODOS, json!({}), &ann).await, (3, 0, shown(["a", "B", "c"])));
        // What an item leads to is of it.
        fixture.database.sql("UPDATE \"user\" SET name = 'Ann'").await;
        let (served, _, data) = asked(&fixture, TODOS, json!({}), &ann).await;
        assert_eq!((served, &data["todos"]["nodes"][2]["user"]["name"]), (0, &json!("Ann")));
        let profile = "mutation { updateProfile(input: { bio: \"sails\" }) { viewer { name } } }";
        fixture.data(profile, json!({}), Some(&ann.token)).await;
        let (served, _, data) = asked(&fixture, TODOS, json!({}), &ann).await;
        assert_eq!((served, &data["todos"]["nodes"][0]["user"]["profile"]), (0, &json!({ "bio": "sails" })), "nor was there one");
    }

    async fn an_item_is_the_same_in_every_list_and_each_selection_has_its_own(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = three_todos(&fixture).await;
        let query = "query($first: Int) { todos(first: $first) { nodes { text } } }";
        let few = "query($first: Int) { todos(first: $first) { nodes { completed } edges { node { text } } } }";
        for _ in 0..2 {
            asked(&fixture, query, json!({ "first": 3 }), &ann).await;
        }
        assert_eq!(asked(&fixture, query, json!({ "first": 2 }), &ann).await.0, 2);
        let (served, kept, data) = asked(&fixture, few, json!({ "first": 1 }), &ann).await;
        let shown = json!({ "todos": { "nodes": [{ "completed": false }], "edges": [{ "node": { "text": "a" } }] } });
        assert_eq!((served, kept, data), (0, 2, shown));
    }

    async fn viewers_have_parts_of_their_own(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let note = "mutation { createNote(input: { title: \"Fog\", body: \"\", visibility: PUBLIC }) { note { id } } }";
        fixture.data(note, json!({}), Some(&ann.token)).await;
        let query = "query($user: ID!) { user(id: $user) { notes { nodes { title user { email } } } } }";
        let emails = async |viewer: &SignedIn| {
            let answer = answer(&fixture, query, json!({ "user": ann.id }), Some(&viewer.token)).await;
            answer["data"]["user"]["notes"]["nodes"][0]["user"]["email"].clone()
        };
        for _ in 0..3 {
            assert_eq!(emails(&ann).await, "ann@example.test");
            assert_eq!(emails(&bob).await, Value::Null);
        }
        let again = fixture.again(&ann).await;
        let before = parts(&fixture);
        assert_eq!(emails(&again).await, "ann@example.test");
        assert_eq!(parts(&fixture).0, before.0, "each session");
        let answer = answer(&fixture, query, json!({ "user": ann.id }), None).await;
        assert_eq!(answer["data"]["user"]["notes"]["nodes"][0]["user"]["email"], Value::Null, "nobody");
        assert!(before.0 > 0);
    }

    async fn they_stay_within_their_bound(backend) {
        const BOUND: u64 = 64 << 10;
        let fixture = Fixture::adjusted(backend, |settings| settings.responses.part_bytes = BOUND).await;
        let ann = fixture.user("ann").await;
        for number in 0..60 {
            let text = format!("{number:01000}");
            fixture.data(CREATE, json!({ "input": { "text": text } }), Some(&ann.token)).await;
        }
        for _ in 0..3 {
            asked(&fixture, "{ todos(first: 100) { nodes { text } } }", json!({}), &ann).await;
        }
        let memories = fixture.api.cache().memory_statistics();
        let bytes = memories.iter().find(|memory| &*memory.name == "part").unwrap().bytes;
        assert!(bytes > BOUND / 2 && bytes <= BOUND, "{bytes}");
        let statistics = fixture.api.cache().statistics();
        assert!(statistics.iter().find(|space| &*space.name == "part").unwrap().evictions > 0);
    }

    async fn what_hangs_on_variables_is_no_part(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = three_todos(&fixture).await;
        let query = "query($with: Boolean!) { todos { nodes { text ...F } } } fragment F on Todo { completed @include(if: $with) }";
        for _ in 0..2 {
            for with in [true, false] {
                let (served, kept, data) = asked(&fixture, query, json!({ "with": with }), &ann).await;
                assert_eq!((served, kept), (0, 0));
                assert_eq!(data["todos"]["nodes"][0].get("completed").is_some(), with);
            }
        }
    }

    async fn what_fails_is_no_part_and_is_told_of_each_item(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = three_todos(&fixture).await;
        let query = "{ todos { nodes { text tags(first: -1) { totalCount } } } }";
        for _ in 0..3 {
            let answer = answer(&fixture, query, json!({}), Some(&ann.token)).await;
            let paths: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| error["path"][2].clone()).collect();
            assert_eq!(paths, [0, 1, 2], "{answer}");
        }
        assert_eq!(parts(&fixture), (0, 0));
    }

    async fn what_is_selected_twice_is_merged_and_no_part(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = three_todos(&fixture).await;
        let query = "{ todos(first: 1) { nodes { user { name } } nodes { user { email } text } } }";
        let shown = json!({ "todos": { "nodes": [{ "user": { "name": "ann", "email": "ann@example.test" }, "text": "a" }] } });
        for _ in 0..3 {
            assert_eq!(asked(&fixture, query, json!({}), &ann).await, (0, 0, shown.clone()));
        }
    }

    async fn a_list_within_an_item_is_a_part_of_it_and_has_parts(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = three_todos(&fixture).await;
        let query = "{ todos { nodes { text user { todos { nodes { text } } } } } }";
        let inner = json!({ "todos": { "nodes": [{ "text": "a" }, { "text": "b" }, { "text": "c" }] } });
        let of = |text: &str| json!({ "text": text, "user": inner });
        for _ in 0..3 {
            let outer = ["a", "b", "c"].map(of);
            assert_eq!(asked(&fixture, query, json!({}), &ann).await.2, json!({ "todos": { "nodes": outer } }));
        }
        assert_eq!(asked(&fixture, query, json!({}), &ann).await.0, 3, "the outer ones");
        fixture.database.sql("UPDATE todo SET text = 'B' WHERE text = 'b'").await;
        let (_, _, data) = asked(&fixture, query, json!({}), &ann).await;
        for index in 0..3 {
            assert_eq!(data["todos"]["nodes"][index]["user"]["todos"]["nodes"][1]["text"], "B");
        }
    }

    async fn nodes_of_edges_that_are_selected_in_fragments_are_no_parts(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = three_todos(&fixture).await;
        let query = "{ todos(first: 1) { edges { ...F node { user { name } } } } } fragment F on TodoEdge { node { text } }";
        let shown = json!({ "todos": { "edges": [{ "node": { "text": "a", "user": { "name": "ann" } } }] } });
        for _ in 0..3 {
            assert_eq!(asked(&fixture, query, json!({}), &ann).await, (0, 0, shown.clone()));
        }
    }

    async fn aliases_and_the_order_of_fields_are_kept(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = three_todos(&fixture).await;
        let query = "{ todos(first: 2) { edges { node { done: completed user { __typename called: name } text } } } }";
        let first = fixture.written(query, json!({}), Some(&ann.token)).await;
        for _ in 0..2 {
            assert_eq!(fixture.written(query, json!({}), Some(&ann.token)).await, first);
        }
        assert!(parts(&fixture).0 >= 2);
        assert!(first.contains(r#"{"done":false,"user":{"__typename":"User","called":"ann"},"text":"a"}"#), "{first}");
    }

    async fn what_is_excluded_from_responses_is_no_part_and_with_no_memory_there_is_none(backend) {
        let excluded = |settings: &mut ApiSettings| settings.responses.exclusions = "Todo.text".parse().unwrap();
        let fixture = Fixture::adjusted(backend, excluded).await;
        let ann = three_todos(&fixture).await;
        for _ in 0..3 {
            assert_eq!(asked(&fixture, TODOS, json!({}), &ann).await.0, 0);
        }
        assert_eq!(parts(&fixture), (0, 0));
        let fixture = Fixture::adjusted(backend, |settings| settings.responses.part_bytes = 0).await;
        let ann = three_todos(&fixture).await;
        for _ in 0..3 {
            assert_eq!(asked(&fixture, TODOS, json!({}), &ann).await.0, 0);
        }
        assert!(fixture.api.cache().statistics().iter().all(|space| &*space.name != "part"));
    }
}
