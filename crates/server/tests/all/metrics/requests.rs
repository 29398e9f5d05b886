use std::time::Duration;

use reqwest::header::ACCEPT;
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tidewater_testkit::{Backend, on_each_backend};
use tokio::time::sleep;

use super::scrape::Measured;
use crate::fixture::{credentials, eventually, wait_for_blocked};
use crate::subscriptions::socket::Socket;

const GRAPHQL_OK: &str = "tidewater_http_requests_total{route=\"graphql\",status=\"200\"}";

on_each_backend! {
    async fn operations_are_counted_by_name_and_errors_by_code(backend) {
        let measured = Measured::new(backend, &[]).await;
        let count = "tidewater_operation_duration_seconds_count{operation=\"Mine\"}";
        let failed = "tidewater_operation_failures_total{operation=\"Mine\"}";
        let mine = "query Mine { viewer { id } }";
        let grown = measured.grown([count, failed, GRAPHQL_OK], async || {
            measured.ask(mine, Value::Null).await;
            // Remembered as a whole.
            measured.ask(mine, Value::Null).await;
        }).await;
        assert_eq!(grown, [2.0, 0.0, 2.0]);

        let mistaken = "query Mine { node(id: \"nothing\") { id } }";
        let code = "tidewater_errors_total{code=\"BAD_USER_INPUT\"}";
        let grown = measured.grown([count, failed, code], async || drop(measured.ask(mistaken, Value::Null).await)).await;
        assert_eq!(grown, [1.0, 1.0, 1.0]);

        let others = "tidewater_operation_duration_seconds_count{operation=\"(other)\"}";
        let grown = measured.grown([others], async || drop(measured.ask("{ viewer { name } }", Value::Null).await)).await;
        assert_eq!(grown, [1.0], "an operation without a name");
    }

    async fn statements_are_counted_by_what_they_do(backend) {
        let measured = Measured::new(backend, &[]).await;
        let count = |verb: &str| format!("tidewater_database_statement_duration_seconds_count{{verb=\"{verb}\"}}");
        let (select, insert, waits) = (count("select"), count("insert"), "tidewater_database_wait_seconds_count");
        let grown = measured.grown([&select, &insert, waits, "tidewater_polls_total"], async || {
            let create = "mutation { createTag(input: { name: \"measured\" }) { tag { name } } }";
            let answer = measured.ask(create, Value::Null).await;
            assert!(answer.get("errors").is_none(), "{answer}");
        }).await;
        let [selected, inserted, waited, polled] = grown;
        assert!(selected >= 1.0 && inserted >= 1.0 && waited >= 2.0 && polled >= 1.0);

        let failed = "tidewater_database_statement_failures_total{verb=\"insert\"}";
        let grown = measured.grown([failed, "tidewater_errors_total{code=\"CONFLICT\"}"], async || {
            let again = "mutation { createTag(input: { name: \"measured\" }) { tag { name } } }";
            measured.ask(again, Value::Null).await;
        }).await;
        assert_eq!(grown, [1.0, 1.0]);
        let scrape = measured.scrape().await;
        assert_eq!(scrape.value("tidewater_database_connections_limit"), 16.0);
        let open = |state: &str| scrape.value(&format!("tidewater_database_connections{{state=\"{state}\"}}"));
        assert!((1.0..=16.0).contains(&(open("idle") + open("used"))));
        let waited = scrape.value("tidewater_gate_wait_seconds_count");
        assert!(waited >= 1.0 && scrape.value("tidewater_gate_passes_total") >= waited);
        assert!(scrape.value("tidewater_poll_duration_seconds_count") >= 1.0);
    }
}

/// However many names strangers make up, there are only so many series.
#[tokio::test]
async fn ten_thousand_names_of_operations_are_at_most_a_hundred() {
    let settings = [("TIDEWATER_REQUEST_RATE", "0"), ("TIDEWATER_MAX_BATCH", "100")];
    let measured = Measured::new(Backend::Sqlite, &settings).await;
    measured.ask("query First { viewer { id } }", Value::Null).await;
    let before = measured.scrape().await;
    for batch in 0..100 {
        let query = |number: i32| json!({ "query": format!("query Made{batch}up{number} {{ __typename }}") });
        let requests = Value::Array((0..100).map(query).collect());
        let response = measured.server.post_raw(&[("content-type", "application/json")], requests.to_string()).await;
        assert_eq!(response.status(), 200);
    }
    let after = measured.scrape().await;
    let names = after.0.lines().filter(|line| line.starts_with("tidewater_operation_failures_total{")).count();
    assert_eq!(names, 101);
    let count = |scrape: &super::scrape::Scrape| -> f64 {
        let counts = scrape.0.lines().filter(|line| line.starts_with("tidewater_operation_duration_seconds_count{"));
        counts.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
    };
    assert_eq!(count(&after) - count(&before), 10_000.0, "each is counted somewhere");
    // Whoever was there first keeps its name.
    let first = "tidewater_operation_duration_seconds_count{operation=\"First\"}";
    let grown =
        measured.grown([first], async || drop(measured.ask("query First { viewer { id } }", Value::Null).await)).await;
    assert_eq!(grown, [1.0]);
    assert!(after.0.len() < 1 << 20, "{} bytes", after.0.len());
}

#[tokio::test]
async fn nothing_that_is_anybodys_is_told() {
    let measured = Measured::new(Backend::Postgres, &[("TIDEWATER_DEVELOPMENT", "true")]).await;
    let secret = "s3cr3t-text-of-a-row";
    let create = "mutation Create($text: String!) { createTodo(input: { text: $text }) { todo { id } } }";
    let created = measured.ask(create, json!({ "text": secret })).await;
    let id = created["data"]["createTodo"]["todo"]["id"].as_str().unwrap();
    measured.ask("query($email: String) { node(id: $email) { id } }", json!({ "email": "private@example.test" })).await;
    measured.ask(&format!("# {secret}\nquery Hidden {{ todo(id: \"{id}\") {{ text }} }}"), Value::Null).await;
    let wrong = json!({ "input": { "email": "user2@example.test", "password": secret } });
    measured.server.graphql("mutation($input: SignInInput!) { signIn(input: $input) { token } }", wrong).await;
    let header = [("x-request-id", secret), ("cookie", secret), ("user-agent", secret), ("authorization", secret)];
    measured.server.ask(&header, &json!({ "query": "{ viewer { id } }" })).await;
    let path = format!("{}/{secret}?token={secret}", measured.server.url());
    measured.server.client().get(path).send().await.unwrap();
    let told = measured.scrape().await.0;
    assert!(told.contains("operation=\"Hidden\"") && told.contains("route=\"other\",status=\"404\""));
    let url = measured.database.url();
    for private in [secret, id, "private@", "example.test", measured.token.as_str(), url, "127.0.0.1"] {
        assert!(!told.contains(private), "{private}");
    }
}

#[tokio::test]
async fn what_is_refused_by_a_limit_is_counted_by_its_name() {
    let settings = [("TIDEWATER_REQUEST_RATE", "5/h"), ("TIDEWATER_SIGN_IN_RATE", "2/h")];
    let measured = Measured::new(Backend::Sqlite, &settings).await;
    let refused = |policy: &str| format!("tidewater_rate_limited_total{{policy=\"{policy}\"}}");
    let too_many = "tidewater_http_requests_total{route=\"graphql\",status=\"429\"}";
    let grown = measured
        .grown([&refused("sign-in"), &refused("requests"), too_many], async || {
            for _ in 0..2 {
                let sign_in = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
                measured.server.graphql(sign_in, credentials(2)).await;
            }
            for _ in 0..10 {
                measured.server.graphql("{ __typename }", Value::Null).await;
            }
        })
        .await;
    let [sign_in, requests, answered] = grown;
    assert_eq!(sign_in, 1.0);
    assert!(requests >= 7.0 && answered >= requests, "{requests} {answered}");
}

#[tokio::test]
async fn what_is_open_is_counted_until_it_is_not() {
    let measured = Measured::new(Backend::Sqlite, &[]).await;
    let open = [
        "tidewater_streams_open{kind=\"websocket\"}",
        "tidewater_streams_open{kind=\"event_stream\"}",
        "tidewater_subscriptions_open",
        "tidewater_live_queries_open",
        "tidewater_sessions_watched",
    ];
    let are = async |expected: [f64; 5]| {
        let what = format!("{expected:?} are open");
        eventually(&what, async || {
            let scrape = measured.scrape().await;
            open.map(|series| scrape.value(series)) == expected
        })
        .await;
    };
    are([0.0; 5]).await;
    let mut socket = Socket::connect(&measured.server, Some(&measured.token)).await;
    are([1.0, 0.0, 0.0, 0.0, 1.0]).await;
    socket.subscribe("1", "subscription { todoChanged { kind } }", Value::Null).await;
    socket.subscribe("2", "query @live { viewer { id } }", Value::Null).await;
    are([1.0, 0.0, 1.0, 1.0, 1.0]).await;
    let query = json!({ "query": "query @live { viewer { name } }" }).to_string();
    let stream = measured.server.client().post(format!("{}/graphql", measured.server.url()));
    let stream = stream.header(ACCEPT, "text/event-stream").header("content-type", "application/json").body(query);
    let stream = stream.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    are([1.0, 1.0, 1.0, 2.0, 1.0]).await;
    drop(stream);
    are([1.0, 0.0, 1.0, 1.0, 1.0]).await;
    drop(socket);
    are([0.0; 5]).await;
}

#[tokio::test]
async fn an_operation_that_is_cut_off_has_failed() {
    let measured = Measured::new(Backend::Postgres, &[("TIDEWATER_REQUEST_TIMEOUT", "1s")]).await;
    let connection = measured.database.connect().await;
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let of_others = |what: &str| format!("tidewater_operation_{what}{{operation=\"(other)\"}}");
    let [count, failed, took] = ["duration_seconds_count", "failures_total", "duration_seconds_sum"].map(of_others);
    let grown = measured
        .grown([&count, &failed, &took], async || {
            let answer = measured.ask("query Held { tags { nodes { name } } }", Value::Null).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT", "{answer}");
        })
        .await;
    lock.rollback().await.unwrap();
    assert_eq!((grown[0], grown[1]), (1.0, 1.0));
    assert!(grown[2] >= 1.0, "{grown:?}");
}

/// It joins another request with the same bytes, and is then carried out once more, to tell what the response rests on.
#[tokio::test]
async fn an_error_is_counted_once_though_its_request_is_carried_out_again_to_be_explained() {
    let measured = Measured::new(Backend::Postgres, &[]).await;
    let (connection, watching) = (measured.database.connect().await, measured.database.connect().await);
    let lock = connection.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let authorization = format!("Bearer {}", measured.token);
    let request = json!({ "query": "query Held { tags { totalCount } note(id: \"rubbish\") { id } }" });
    let ask = async |explain: &[(&str, &str)]| {
        let headers = [&[("authorization", authorization.as_str())], explain].concat();
        measured.server.ask(&headers, &request).await.body
    };
    let joining = async {
        wait_for_blocked(&watching, 1).await;
        ask(&[("tidewater-explain", "1")]).await
    };
    let release = async {
        wait_for_blocked(&watching, 1).await;
        sleep(Duration::from_millis(500)).await;
        lock.rollback().await.unwrap();
    };
    let grown = measured
        .grown(["tidewater_errors_total{code=\"BAD_USER_INPUT\"}"], async || {
            let (_, explained, ()) = tokio::join!(ask(&[]), joining, release);
            let told = &explained["extensions"]["tidewater"]["explain"];
            assert_eq!((&told["servedBy"], &told["isReplayed"]), (&json!("JOINED"), &json!(true)), "{explained}");
            assert_eq!(explained["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{explained}");
        })
        .await;
    assert_eq!(grown, [1.0]);
}

#[tokio::test]
async fn errors_in_events_are_counted() {
    let measured = Measured::new(Backend::Postgres, &[]).await;
    let mut socket = Socket::connect(&measured.server, Some(&measured.token)).await;
    socket.subscribe("1", "subscription { todoChanged { node { tags { nodes { name } } } } }", Value::Null).await;
    eventually("it is followed", async || measured.scrape().await.value("tidewater_subscriptions_open") == 1.0).await;
    measured.database.sql("DROP TABLE todo_tag").await;
    let mine =
        "(SELECT id FROM todo WHERE user_id = (SELECT id FROM \"user\" WHERE email = 'user1@example.test') LIMIT 1)";
    let grown = measured
        .grown(["tidewater_errors_total{code=\"INTERNAL\"}"], async || {
            measured.database.sql(&format!("UPDATE todo SET text = 'changed' WHERE id = {mine}")).await;
            let event = socket.result("1").await;
            assert_eq!(event["errors"][0]["extensions"]["code"], "INTERNAL", "{event}");
        })
        .await;
    assert_eq!(grown, [1.0]);
}
