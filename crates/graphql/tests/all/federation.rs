//! What the router of a federation asks.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use async_graphql::{Request, Variables};
use serde_json::{Value, json};
use tidewater_entity::tracking;
use tidewater_graphql::{Api, ApiSettings, Caller, sdl, subgraph_sdl};
use tidewater_testkit::{Backend, TestDatabase, TestRedis, on_each_backend};

use crate::content::{administrator, change, note, tag, text, todo};
use crate::fixture::{Fixture, SignedIn, Statements, open, seeded};

const ENTITIES: &str = "query($representations: [_Any!]!) { _entities(representations: $representations) { __typename
    ... on User { id email } ... on Profile { id bio } ... on Todo { id text } ... on Note { id title } ... on Tag { id name } ... on Notification { id text }
    ... on Export { id status } ... on Session { id } } }";
const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename
    ... on User { id email } ... on Profile { id bio } ... on Todo { id text } ... on Note { id title } ... on Tag { id name } ... on Notification { id text }
    ... on Export { id status } ... on Session { id } } }";

/// As a subgraph.
async fn subgraph(backend: Backend) -> Fixture {
    Fixture::adjusted(backend, |settings| settings.limits.federation = true).await
}

/// The representation of the object with this id, by the type that its ids show.
fn represent(id: &Value) -> Value {
    let prefix = text(id).split_once('_').unwrap().0.to_owned();
    json!({ "__typename": format!("{}{}", prefix[..1].to_uppercase(), &prefix[1..]), "id": id })
}

async fn entities(fixture: &Fixture, representations: &[Value], who: Option<&SignedIn>) -> Vec<Value> {
    let variables = json!({ "representations": representations });
    let data = fixture.data(ENTITIES, variables, who.map(|who| who.token.as_str())).await;
    data["_entities"].as_array().unwrap().clone()
}

/// The ids of an object of each kind that is `who`'s, and of one that is gone.
async fn one_of_each(fixture: &Fixture, who: &SignedIn) -> Vec<Value> {
    let (todo, tag) = (todo(fixture, who, "todo").await, tag(fixture, who, "tag").await);
    let notes = [note(fixture, who, "mine", "PRIVATE").await, note(fixture, who, "ours", "PUBLIC").await];
    let gone = note(fixture, who, "gone", "PUBLIC").await;
    change(fixture, who, "deleteNote", "deletedId", json!({ "id": gone })).await;
    let due = json!({ "text": "due", "remindAt": "2026-01-01T00:00:00Z" });
    change(fixture, who, "createTodo", "todo { id }", due).await;
    crate::notifications::work(fixture).await;
    fixture.data("mutation { exportMyData { export { id } } }", json!({}), Some(&who.token)).await;
    fixture
        .data("mutation { updateProfile(input: { bio: \"b\" }) { viewer { id } } }", json!({}), Some(&who.token))
        .await;
    let lists = "{ viewer { id profile { id } sessions { nodes { id } } notifications { nodes { id } } exports { nodes { id } } } }";
    let viewer = fixture.data(lists, json!({}), Some(&who.token)).await["viewer"].take();
    let mut ids = vec![json!(todo), json!(tag), json!(notes[0]), json!(notes[1]), json!(gone), viewer["id"].clone()];
    ids.push(viewer["profile"]["id"].clone());
    ids.extend(["sessions", "notifications", "exports"].map(|list| viewer[list]["nodes"][0]["id"].clone()));
    ids
}

/// Representations of 60 users, todos and notes, in turn, and the token of an administrator, who is none of them.
async fn many(fixture: &Fixture) -> (Vec<Value>, String) {
    let token = fixture.sign_in(1).await;
    let lists = "{ todos(last: 60) { nodes { id user { id } } } notes(last: 60) { nodes { id } } }";
    let lists = fixture.data(lists, json!({}), Some(&token)).await;
    let (todos, notes) = (lists["todos"]["nodes"].as_array().unwrap(), lists["notes"]["nodes"].as_array().unwrap());
    let ids = todos.iter().zip(notes).flat_map(|(todo, note)| [&todo["user"]["id"], &todo["id"], &note["id"]]);
    (ids.map(represent).collect(), token)
}

/// Another subgraph over the same database, which knows nothing yet, and its statements.
async fn another(database: &TestDatabase, redis: Option<&TestRedis>) -> (Api, Statements) {
    let (connection, cache, statements) = open(database, redis, &tracking()).await;
    let mut settings = ApiSettings::new(connection, cache);
    settings.limits.federation = true;
    (Api::start(settings), statements)
}

async fn ask(api: &Api, query: &str, representations: &[Value], token: &str) -> Value {
    let variables = Variables::from_json(json!({ "representations": representations }));
    let caller = Caller { credential: Some(token.to_owned()), ..Caller::default() };
    let (api, request) = (api.clone(), Request::new(query).variables(variables));
    let response = tokio::spawn(async move { api.execute(request, caller).await }).await.unwrap().response;
    assert_eq!(response.errors, []);
    response.data.into_json().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_entities_cost_one_look_into_redis_for_each_type() {
    let (database, redis) = (seeded(Backend::Postgres).await, TestRedis::start_own().await);
    let fixture = Fixture::over(Backend::Postgres, database, |_| {}).await;
    let (representations, token) = many(&fixture).await;
    let (one, _) = another(&fixture.database, Some(&redis)).await;
    let known = ask(&one, ENTITIES, &representations, &token).await;
    one.cache().drained().await;
    let (other, statements) = another(&fixture.database, Some(&redis)).await;
    ask(&other, "{ viewer { name } }", &[], &token).await;
    statements.taken();
    redis.command(&["CONFIG", "RESETSTAT"]).await;
    assert_eq!(ask(&other, ENTITIES, &representations, &token).await, known);
    assert_eq!(statements.taken(), [""; 0]);
    let statistics = redis.command(&["INFO", "commandstats"]).await;
    let mut calls = statistics.as_str().unwrap().lines().filter_map(|line| line.strip_prefix("cmdstat_mget:calls="));
    assert_eq!(calls.next().and_then(|calls| calls.split(',').next()), Some("3"), "{statistics}");
}

#[test]
fn every_node_is_an_entity() {
    let is_a_node = |definition: &TypeSystemDefinition| match definition {
        TypeSystemDefinition::Type(definition) => match &definition.node.kind {
            TypeKind::Object(object) if object.implements.iter().any(|name| name.node == "Node") => {
                Some(definition.node.name.node.to_string())
            }
            _ => None,
        },
        _ => None,
    };
    let nodes: Vec<_> = parse_schema(sdl()).unwrap().definitions.iter().filter_map(is_a_node).collect();
    let subgraph = subgraph_sdl();
    let entities = subgraph.lines().filter_map(|line| line.strip_prefix("extend type ")?.split_once(' '));
    let mut entities: Vec<_> = entities.map(|(name, keyed)| (name, keyed == "@key(fields: \"id\")")).collect();
    entities.sort_unstable();
    assert_eq!(entities, nodes.iter().map(|name| (name.as_str(), true)).collect::<Vec<_>>());
}

on_each_backend! {
    async fn entities_are_the_nodes_that_the_viewer_may_see(backend) {
        let fixture = subgraph(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let ids = one_of_each(&fixture, &ann).await;
        let representations: Vec<_> = ids.iter().map(represent).collect();
        let mut visible = Vec::new();
        for who in [None, Some(&bob), Some(&ann), Some(&admin)] {
            let token = who.map(|who| who.token.as_str());
            let nodes = fixture.data(NODES, json!({ "ids": ids }), token).await["nodes"].take();
            let found = entities(&fixture, &representations, who).await;
            assert_eq!(json!(found), nodes);
            for (entity, id) in found.iter().zip(&ids) {
                assert!(entity.is_null() || entity["id"] == *id, "in their order: {found:?}");
            }
            visible.push(found.iter().filter(|entity| !entity.is_null()).count());
        }
        // A public note, a user and their profile; all but what is gone; and all of these but notifications and exports.
        assert_eq!(visible, [3, 3, 9, 7]);
        fixture.database.sql("DELETE FROM todo").await;
        assert_eq!(entities(&fixture, &representations[..1], Some(&ann)).await, [Value::Null]);
    }

    async fn many_entities_cost_one_statement_for_each_type_cold_and_none_warm(backend) {
        let database = seeded(backend).await;
        let fixture = Fixture::over(backend, database, |settings| settings.limits.federation = true).await;
        let (representations, token) = many(&fixture).await;
        let (api, statements) = another(&fixture.database, None).await;
        ask(&api, "{ viewer { name } }", &[], &token).await;
        statements.taken();
        let cold = ask(&api, ENTITIES, &representations, &token).await;
        assert!(cold["_entities"].as_array().unwrap().iter().all(Value::is_object), "{cold}");
        assert_eq!(statements.taken().len(), 3);
        assert_eq!(ask(&api, ENTITIES, &representations, &token).await, cold);
        assert_eq!(statements.taken(), [""; 0]);
    }

    async fn what_represents_nothing_is_refused_at_its_place_and_nothing_else(backend) {
        let fixture = subgraph(backend).await;
        let ann = fixture.user("ann").await;
        let good = json!({ "__typename": "User", "id": ann.id, "more": [1] });
        assert_eq!(entities(&fixture, std::slice::from_ref(&good), None).await[0]["id"], ann.id.as_str());
        for (bad, field) in [
            (json!("User"), "representations.1"),
            (json!(["User", ann.id]), "representations.1"),
            (json!({}), "representations.1.__typename"),
            (json!({ "id": ann.id }), "representations.1.__typename"),
            (json!({ "__typename": "Query", "id": ann.id }), "representations.1.__typename"),
            (json!({ "__typename": "PageInfo", "id": ann.id }), "representations.1.__typename"),
            (json!({ "__typename": ["User"], "id": ann.id }), "representations.1.__typename"),
            (json!({ "__typename": "User" }), "representations.1.id"),
            (json!({ "__typename": "User", "id": null }), "representations.1.id"),
            (json!({ "__typename": "User", "id": 1 }), "representations.1.id"),
            (json!({ "__typename": "User", "id": "1" }), "representations.1.id"),
            (json!({ "__typename": "Todo", "id": ann.id }), "representations.1.id"),
        ] {
            let variables = json!({ "representations": [good, bad, good] });
            let answer = fixture.execute(ENTITIES, variables, None).await;
            let found = answer["data"]["_entities"].as_array().unwrap();
            assert_eq!((&found[0]["id"], &found[1], &found[2]), (&json!(ann.id), &Value::Null, &found[0]), "{bad}: {answer}");
            let [error] = answer["errors"].as_array().unwrap().as_slice() else { panic!("{answer}") };
            assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "field": field }), "{bad}");
            assert_eq!(error["path"], json!(["_entities", 1]));
        }
        let told = fixture.refusal(ENTITIES, json!({ "representations": [null] }), None).await;
        assert_eq!(told["code"], "BAD_USER_INPUT");
    }

    async fn a_thousand_can_be_asked_for_at_once(backend) {
        let fixture = subgraph(backend).await;
        let ann = fixture.user("ann").await;
        let representations = |count: usize| vec![json!({ "__typename": "User", "id": ann.id }); count];
        let query = "query($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }";
        let data = fixture.data(query, json!({ "representations": representations(1_000) }), None).await;
        assert_eq!(data["_entities"].as_array().unwrap().len(), 1_000);
        let told = fixture.refusal(query, json!({ "representations": representations(1_001) }), None).await;
        assert_eq!(told, json!({ "code": "BAD_USER_INPUT", "field": "representations" }));
        assert_eq!(entities(&fixture, &[], None).await, [Value::Null; 0]);
    }

    async fn each_entity_counts_by_what_is_selected_of_it(backend) {
        let fixture = subgraph(backend).await;
        let ann = fixture.user("ann").await;
        let notes = |count: usize| vec![json!({ "__typename": "Note", "id": ann.id.replace("user", "note") }); count];
        let query = "query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Note {
            body } } }";
        let data = fixture.data(query, json!({ "representations": notes(390) }), None).await;
        assert_eq!(data["_entities"].as_array().unwrap().len(), 390);
        let told = fixture.refusal(query, json!({ "representations": notes(400) }), None).await;
        assert_eq!(told, json!({ "code": "BAD_USER_INPUT" }), "20,000 are too many");
    }

    async fn a_router_is_told_the_schema_whether_clients_are_or_not(backend) {
        let told = async |fixture: Fixture| fixture.data("{ _service { sdl } }", json!({}), None).await;
        assert_eq!(told(subgraph(backend).await).await["_service"]["sdl"], subgraph_sdl());
        let closed = Fixture::adjusted(backend, |settings| {
            (settings.limits.federation, settings.limits.introspection) = (true, false);
        });
        assert_eq!(told(closed.await).await["_service"]["sdl"], subgraph_sdl());
    }

    async fn there_is_nothing_for_routers_unless_that_is_wanted(backend) {
        let fixture = Fixture::new(backend).await;
        for query in ["{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"] {
            let answer = fixture.execute(query, json!({}), None).await;
            assert!(answer["errors"][0]["message"].as_str().unwrap().starts_with("Unknown field \"_"), "{answer}");
        }
        let types = fixture.data("{ __schema { types { name } } }", json!({}), None).await.to_string();
        assert!(types.contains("\"Query\"") && !types.contains("_Entity") && !types.contains("_Any"), "{types}");
    }
}
