//! Nothing private is in any log record or span, whatever is logged and traced: marked secrets are sent through every door.

use std::time::SystemTime;

use reqwest::Method;
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Span};

use super::world::{Caller, World};
use crate::subscriptions::socket::Socket;

/// What every secret here has, so that none is overlooked.
const MARK: &str = "confidential";

const TODO: &str = "query Todo($id: ID!) { todo(id: $id) { text } }";
const CREATE: &str = "mutation Create($text: String!, $at: DateTime) {
    createTodo(input: { text: $text, remindAt: $at }) { todo { id text } } }";
const SIGN_IN: &str = "mutation In($input: SignInInput!) { signIn(input: $input) { token } }";
const SIGN_UP: &str = "mutation Up($input: SignUpInput!) { signUp(input: $input) { token } }";
const RENAME: &str =
    "mutation Rename($id: ID!, $text: String!) { updateTodo(input: { id: $id, text: $text }) { todo { id } } }";

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

impl World {
    async fn send(&self, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) {
        let parent = Caller::new().header(true);
        let headers = [&[("content-type", "application/json"), ("traceparent", parent.as_str())], headers].concat();
        self.server.post_raw(&headers, body).await;
    }

    async fn post(&self, headers: &[(&str, &str)], query: &str, variables: Value) {
        self.send(headers, json!({ "query": query, "variables": variables }).to_string()).await;
    }

    /// Goes through every door with something secret.
    async fn tell_secrets(&self) -> Vec<String> {
        let credentials = |email: &str| json!({ "input": { "email": email, "password": "confidential-password" } });
        self.post(&[], SIGN_IN, credentials("confidential-nobody@example.test")).await;
        let mut new = credentials("confidential-user@example.test");
        new["input"]["name"] = json!("confidential-name");
        self.post(&[], SIGN_UP, new.clone()).await;
        // The address is taken.
        self.post(&[], SIGN_UP, new).await;
        let signed_in = self.server.graphql(SIGN_IN, credentials("confidential-user@example.test")).await;
        let token = signed_in["data"]["signIn"]["token"].as_str().unwrap_or_else(|| panic!("{signed_in}")).to_owned();
        let bearer = format!("Bearer {token}");
        let mine = [("authorization", bearer.as_str())];

        let at = now();
        self.post(&mine, CREATE, json!({ "text": "confidential-text", "at": at })).await;
        self.post(&mine, CREATE, json!({ "text": "confidential-text\u{0}", "at": "confidential-time" })).await;
        self.post(&mine, TODO, json!({ "id": "confidential-id" })).await;
        self.post(&mine, TODO, json!({ "confidential-variable": { "confidential-key": 1 } })).await;
        self.post(&mine, "{ viewer { email name todos(first: 5) { nodes { text } } } }", Value::Null).await;
        self.post(&mine, "{ todo(id: \"confidential-literal\") { text } }", Value::Null).await;
        self.post(&mine, "{ confidentialField(a: \"confidential-argument\") }", Value::Null).await;
        self.post(&mine, "mutation { exportMyData { export { id } } }", Value::Null).await;

        self.post(&[("authorization", "Bearer confidential-token")], "{ viewer { id } }", Value::Null).await;
        self.post(&[("cookie", "tidewater_session=confidential-cookie")], "{ viewer { id } }", Value::Null).await;
        self.post(
            &[("user-agent", "confidential-agent"), ("x-forwarded-for", "confidential-address")],
            "{ __typename }",
            Value::Null,
        )
        .await;
        self.post(&[("idempotency-key", "confidential-key"), mine[0]], CREATE, json!({ "text": "confidential-again" }))
            .await;
        self.post(&[("tidewater-mark", "confidential-mark")], "{ __typename }", Value::Null).await;
        self.post(&[("x-request-id", "confidential id")], "{ __typename }", Value::Null).await;
        self.post(
            &[("tracestate", "a=confidential-state"), ("origin", "https://confidential.example")],
            "{ __typename }",
            Value::Null,
        )
        .await;
        self.post(&[("tidewater-explain", "1"), mine[0]], TODO, json!({ "id": "confidential-id" })).await;

        for malformed in [
            "{ confidential",
            "[\"confidential\"]",
            "\"confidential\"",
            r#"{"query": 1, "confidential": "confidential"}"#,
        ] {
            self.send(&mine, malformed).await;
        }
        self.send(&[("content-type", "text/confidential")], "confidential").await;
        self.send(&[("content-encoding", "confidential")], "confidential").await;
        let url = |query: &str| format!("{}/graphql?{query}", self.server.url());
        for query in [
            "query=query($id:ID!){todo(id:$id){text}}&variables={\"id\":\"confidential-query\"}",
            "query={todo(id:\"confidential-literal\"){text}}",
            "documentId=confidential-document",
            "confidential=confidential",
        ] {
            let request = self.server.client().get(url(query)).header("traceparent", Caller::new().header(true));
            request.header(mine[0].0, mine[0].1).send().await.unwrap();
        }
        let method = Method::from_bytes(b"CONFIDENTIAL").unwrap();
        self.server.client().request(method, url("confidential")).send().await.unwrap();

        let mut socket = Socket::open(&self.server).await;
        let payload = json!({ "Authorization": bearer, "confidential": "confidential-payload" });
        socket.initialise(payload).await;
        socket.answer("confidential-operation", TODO, json!({ "id": "todo_01h455vb4pex5vsknk084sn02q" })).await;
        socket.subscribe("2", "{ confidential", Value::Null).await;
        socket.error("2").await;
        socket.send(json!({ "type": "confidential", "payload": "confidential" })).await;
        socket.closed().await;
        let mut guessing = Socket::open(&self.server).await;
        guessing
            .send(json!({ "type": "connection_init", "payload": { "Authorization": "Bearer confidential-guess" } }))
            .await;
        guessing.closed().await;

        vec![token, MARK.to_owned()]
    }

    /// Has statements fail, of requests and of jobs, so that the database says what it was given.
    async fn fail(&self) {
        let id = self.server.graphql_as(&self.token, CREATE, json!({ "text": "a" })).await["data"]["createTodo"]["todo"]["id"].take();
        // As a trigger of somebody else's may, it repeats what is in the row.
        self.database
            .sql(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'not %', NEW USING ERRCODE = 'P0001', DETAIL = NEW.text; END $$; \
                 CREATE TRIGGER refuse BEFORE UPDATE ON todo FOR EACH ROW EXECUTE FUNCTION refuse(); \
                 CREATE TRIGGER refuse BEFORE INSERT ON notification FOR EACH ROW EXECUTE FUNCTION refuse()",
            )
            .await;
        let bearer = format!("Bearer {}", self.token);
        let mine = [("authorization", bearer.as_str())];
        self.post(&mine, RENAME, json!({ "id": id, "text": "confidential-refused" })).await;
        let at = now();
        self.post(&mine, CREATE, json!({ "text": "confidential-reminder", "at": at })).await;
        self.server.logged("a job has failed").await;
    }
}

#[tokio::test]
async fn nothing_private_is_logged_or_traced() {
    for format in ["text", "json"] {
        let environment = [
            ("TIDEWATER_LOG_LEVEL", "trace"),
            ("TIDEWATER_LOG_FORMAT", format),
            ("TIDEWATER_SLOW_OPERATION", "1us"),
            ("TIDEWATER_CORS_ORIGINS", "https://app.example"),
        ];
        let mut world = World::new(Backend::PostgresRedis, &environment).await;
        let mut secrets = world.tell_secrets().await;
        secrets.extend([world.token.clone(), "user1@example.test".to_owned()]);
        world.fail().await;
        let (_, log) = world.server.terminate().await;
        assert!(log.contains("slow operation") && log.contains("internal error") && log.contains("a job has failed"));
        assert!(world.collector.spans().len() > 100);
        let mut leaks = Vec::new();
        for secret in &secrets {
            let is_told = |text: &str| text.contains(secret.as_str());
            leaks.extend(log.lines().filter(|line| is_told(line)).map(|line| format!("logged, {secret}: {line}")));
            let spans = world.collector.spans().into_iter().map(|span| Span { state: String::new(), ..span });
            let spans = spans.map(|span| format!("{span:?}")).filter(|span| is_told(span));
            leaks.extend(spans.map(|span| format!("traced, {secret}: {span}")));
        }
        assert!(leaks.is_empty(), "{format}: {leaks:#?}");
        // What a caller adds to its own place in a trace is passed on, by the standard; nothing else is.
        assert!(secrets.iter().filter(|secret| *secret != MARK).all(|secret| !world.collector.holds(secret)));
        assert!(!world.collector.holds(&MARK.to_uppercase()));
    }
}
