//! What spans there are, of what they are parts, and what they say.

use serde_json::{Value, json};
use tidewater_testkit::{Backend, on_each_backend};

use super::world::{Caller, STATE, World};
use crate::subscriptions::socket::Socket;

const TODOS: &str = "query Todos { viewer { todos(first: 3) { nodes { text } } } }";
const RENAME: &str =
    "mutation Rename($id: ID!, $text: String!) { updateTodo(input: { id: $id, text: $text }) { todo { text } } }";

on_each_backend! {
    async fn a_query_is_told_from_its_request_to_its_statements(backend) {
        let world = World::new(backend, &[]).await;
        let trace = world.traced(TODOS, Value::Null).await;
        let root = &trace.root;
        assert_eq!((root.name.as_str(), root.kind.as_str(), root.state.as_str()), ("POST /graphql", "server", STATE));
        assert_eq!(root.attribute("http.request.method"), "POST");
        assert_eq!(root.attribute("http.route"), "/graphql");
        assert_eq!(root.attribute("http.response.status_code"), 200);
        assert_eq!(root.attribute("graphql.operation.type"), "query");
        assert_eq!(root.attribute("graphql.operation.name"), "Todos");
        assert_eq!(root.resource["service.name"], "tidewater");
        assert!(!root.is_error);

        let looking = trace.only("response");
        assert_eq!((&looking.parent, looking.attribute("tidewater.found")), (&root.id, &json!(false)));
        let operation = trace.only("query Todos");
        assert_eq!((&operation.parent, operation.attribute("tidewater.outcome")), (&root.id, &json!("complete")));
        let database = trace.only("database todo.list");
        assert_eq!(database.parent, operation.id);
        assert_eq!(database.attribute("tidewater.keys"), 1);
        assert_eq!(database.attribute("tidewater.misses"), "never_filled=1");
        let memory = trace.only("memory todo.list");
        assert_eq!((memory.attribute("tidewater.keys"), memory.attribute("tidewater.found")), (&json!(1), &json!(0)));
        let redis = trace.all("redis todo.list");
        assert_eq!(redis.len(), usize::from(world.redis.is_some()));
        assert!(redis.iter().all(|span| span.kind == "client" && span.attribute("db.system.name") == "redis"));

        let statements = trace.all("SELECT");
        let list = statements.iter().find(|statement| statement.parent == database.id);
        let list = list.unwrap_or_else(|| panic!("no statement of the list: {:#?}", trace.spans));
        assert_eq!((list.kind.as_str(), list.attribute("db.operation.name")), ("client", &json!("SELECT")));
        assert!(list.attribute("db.query.text").as_str().unwrap().contains("\"todo\""));
        for span in &trace.spans {
            assert!(span.id == root.id || trace.is_within(span, root), "{} is lost", span.name);
            assert!(span.time.0 <= span.time.1 && root.time.0 <= span.time.0, "{span:?}");
            assert_eq!(span.events, 0);
        }
    }

    async fn an_answer_that_is_remembered_is_told_as_that(backend) {
        let world = World::new(backend, &[]).await;
        world.ask(&Caller::new(), TODOS, Value::Null).await;
        let trace = world.traced(TODOS, Value::Null).await;
        let looking = trace.only("response");
        assert_eq!(looking.attribute("tidewater.found"), true);
        assert_eq!(trace.root.attribute("graphql.operation.name"), "Todos");
        let gate = trace.only("gate");
        assert_eq!(gate.parent, looking.id);
        assert_eq!(trace.only("poll").parent, gate.id);
        assert!(trace.all("query Todos").is_empty() && trace.all("SELECT").is_empty());
    }

    async fn a_mutation_is_told_with_its_transaction_and_its_commit(backend) {
        let world = World::new(backend, &[]).await;
        let mine = world.server.graphql_as(&world.token, "{ viewer { todos(first: 1) { nodes { id } } } }", Value::Null);
        let id = mine.await["data"]["viewer"]["todos"]["nodes"][0]["id"].take();
        let trace = world.traced(RENAME, json!({ "id": id, "text": "renamed" })).await;
        assert_eq!(trace.root.attribute("graphql.operation.type"), "mutation");
        let operation = trace.only("mutation Rename");
        let transaction = trace.only("transaction");
        assert_eq!(transaction.parent, operation.id);
        let update = trace.only("UPDATE");
        assert!(trace.is_within(update, transaction));
        assert!(update.attribute("db.query.text").as_str().unwrap().starts_with("UPDATE \"todo\""));
        let commit = trace.only("commit");
        assert_eq!(commit.parent, transaction.id);
        let gates = trace.all("gate");
        assert!(gates.iter().any(|gate| gate.parent == commit.id), "it does not wait to be in force: {gates:?}");
    }

    async fn a_job_is_a_trace_that_leads_back_to_the_request(backend) {
        let world = World::new(backend, &[]).await;
        let trace = world.traced("mutation Export { exportMyData { export { id } } }", Value::Null).await;
        let sent = trace.only("send export");
        assert_eq!((sent.kind.as_str(), sent.attribute("tidewater.job")), ("producer", &json!("export")));
        assert!(trace.is_within(sent, trace.only("mutation Export")));

        let job = world.collector.wait_for("span of the job", |span| span.name == "process export").await;
        assert_eq!((job.kind.as_str(), job.parent.as_str()), ("consumer", ""));
        assert_eq!(job.links, [(trace.root.trace.clone(), sent.id.clone())]);
        assert_ne!(job.trace, trace.root.trace);
        let of_job = world.collector.trace(&job).await;
        let statements = of_job.iter().filter(|span| span.name == "INSERT" && span.trace == job.trace);
        assert!(statements.count() > 0, "{of_job:#?}");
    }
}

#[tokio::test]
async fn operations_over_a_websocket_lead_back_to_what_opened_it() {
    let world = World::new(Backend::Sqlite, &[]).await;
    let caller = Caller::new();
    let headers = [("traceparent", caller.header(true)), ("authorization", format!("Bearer {}", world.token))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut socket = Socket::try_open(&world.server, Some("graphql-transport-ws"), &headers).await.unwrap();
    socket.initialise(json!({})).await;
    socket.answer("1", TODOS, Value::Null).await;

    let upgrade = world.trace(&caller).await.root;
    assert_eq!((upgrade.name.as_str(), upgrade.attribute("http.response.status_code")), ("GET /graphql", &json!(101)));
    let operation = world.collector.wait_for("operation", |span| span.name == "websocket operation").await;
    assert_eq!((operation.kind.as_str(), operation.parent.as_str()), ("server", ""));
    assert_eq!(operation.links, [(upgrade.trace.clone(), upgrade.id.clone())]);
    let of_operation = world.collector.trace(&operation).await;
    assert!(of_operation.iter().any(|span| span.name == "query Todos" && span.parent == operation.id));
}

#[tokio::test]
async fn an_array_is_told_of_by_its_last_operation() {
    let settings = [("TIDEWATER_MAX_BATCH", "100"), ("TIDEWATER_REQUEST_RATE", "0")];
    let world = World::new(Backend::Sqlite, &settings).await;
    let caller = Caller::new();
    let query = |number: i32| json!({ "query": format!("query Q{number} {{ __typename }}") });
    let requests: Vec<_> = (0..100).map(query).collect();
    let parent = caller.header(true);
    let headers = [("content-type", "application/json"), ("traceparent", parent.as_str())];
    assert_eq!(world.server.post_raw(&headers, json!(requests).to_string()).await.status(), 200);
    let root = world.trace(&caller).await.root;
    assert_eq!(root.attribute("graphql.operation.name"), "Q99");
    assert_eq!(root.attribute("http.response.status_code"), 200, "a span has room for it");
}

#[tokio::test]
async fn probes_and_what_clients_make_up_are_not_told() {
    let world =
        World::new(Backend::Sqlite, &[("OTEL_SERVICE_NAME", "mine"), ("OTEL_RESOURCE_ATTRIBUTES", "a.b=c%2Cd")]).await;
    for path in ["/health/live", "/health/ready", "/made-up?secret"] {
        world.server.client().get(format!("{}{path}", world.server.url())).send().await.unwrap();
    }
    let made_up = world.collector.wait_for("span", |span| span.attribute("http.response.status_code") == 404).await;
    assert_eq!((made_up.name.as_str(), made_up.attribute("http.route")), ("GET", &Value::Null));
    assert_eq!((&made_up.resource["service.name"], &made_up.resource["a.b"]), (&json!("mine"), &json!("c,d")));
    let spans = world.collector.trace(&made_up).await;
    assert_eq!(spans.len(), 1, "{spans:#?}");
    let all = world.collector.spans();
    assert_eq!(all.iter().filter(|span| span.name == "GET").count(), 1, "{all:#?}");
    assert!(!world.collector.holds("made-up") && !world.collector.holds("secret") && !world.collector.holds("health"));
}
