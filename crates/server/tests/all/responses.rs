//! Responses that are remembered whole: when they are, and above all when they are not.

use std::time::Duration;

use serde_json::{Value, json};
use tidewater_testkit::{Answer, Backend, Server, TestDatabase, on_each_backend};
use tokio::time::timeout;

use crate::fixture::{binary, seeded, sign_in};

const TODOS: &str = "query Mine { viewer { name role } todos(first: 5) { totalCount nodes { text } } }";

struct Served {
    database: TestDatabase,
    server: Server,
}

impl Served {
    async fn new(backend: Backend, environment: &[(&str, &str)]) -> Self {
        let database = seeded(backend).await;
        let environment = [environment, &[("DATABASE_URL", database.url())]].concat();
        let server = Server::start(binary(), &["serve"], &environment).await;
        Self { database, server }
    }

    async fn ask(&self, token: Option<&str>, query: &str) -> Answer {
        let authorization = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        self.server.ask(&headers, &json!({ "query": query })).await
    }

    /// Asks until the answer is remembered, and answers its data.
    async fn remembered(&self, token: Option<&str>, query: &str) -> Value {
        let first = self.ask(token, query).await;
        let second = self.ask(token, query).await;
        assert!(is_remembered(&second), "{query}: {:?}", second.headers);
        assert_eq!(first.body["data"], second.body["data"]);
        second.body["data"].clone()
    }
}

fn is_remembered(answer: &Answer) -> bool {
    answer.headers["cache-status"] == "Tidewater; hit; detail=\"response\""
}

on_each_backend! {
    async fn a_response_is_made_anew_when_a_row_of_it_changes(backend) {
        let served = Served::new(backend, &[]).await;
        let token = sign_in(&served.server, 2).await;
        let before = served.remembered(Some(&token), TODOS).await;
        served.database.sql("UPDATE todo SET text = 'changed'").await;
        let changed = served.ask(Some(&token), TODOS).await;
        assert!(!is_remembered(&changed));
        assert!(changed.body["data"] != before && changed.body.to_string().contains("changed"));
        assert_eq!(served.remembered(Some(&token), TODOS).await, changed.body["data"]);
    }

    async fn nobody_is_shown_the_response_of_another(backend) {
        let served = Served::new(backend, &[]).await;
        let (two, three) = (sign_in(&served.server, 2).await, sign_in(&served.server, 3).await);
        let mine = served.remembered(Some(&two), TODOS).await;
        assert_ne!(served.remembered(Some(&three), TODOS).await, mine);
        assert_eq!(served.remembered(Some(&two), TODOS).await, mine);
        for stranger in [None, Some("rubbish"), Some("")] {
            let refused = served.ask(stranger, TODOS).await;
            assert_eq!(refused.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{}", refused.body);
        }
    }

    async fn the_end_of_a_session_ends_its_responses(backend) {
        let served = Served::new(backend, &[]).await;
        let (token, other) = (sign_in(&served.server, 2).await, sign_in(&served.server, 2).await);
        served.remembered(Some(&token), TODOS).await;
        served.remembered(Some(&other), TODOS).await;
        served.ask(Some(&token), "mutation { signOut { user { name } } }").await;
        assert_eq!(served.ask(Some(&token), TODOS).await.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert!(is_remembered(&served.ask(Some(&other), TODOS).await), "another session goes on");
        served.database.sql("DELETE FROM session").await;
        assert_eq!(served.ask(Some(&other), TODOS).await.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }

    async fn a_session_that_expires_takes_its_responses_along(backend) {
        let served = Served::new(backend, &[("TIDEWATER_SESSION_LIFETIME", "6s"), ("TIDEWATER_SESSION_IDLE_TIMEOUT", "6s")]).await;
        let token = sign_in(&served.server, 2).await;
        served.remembered(Some(&token), TODOS).await;
        let expired = async {
            while served.ask(Some(&token), TODOS).await.body.get("errors").is_none() {}
        };
        timeout(Duration::from_secs(60), expired).await.unwrap();
    }

    async fn a_lost_role_is_lost_at_once(backend) {
        let served = Served::new(backend, &[]).await;
        let admin = sign_in(&served.server, 1).await;
        assert_eq!(served.remembered(Some(&admin), TODOS).await["todos"]["totalCount"], 9);
        served.database.sql("UPDATE \"user\" SET role = 'USER' WHERE email = 'user1@example.test'").await;
        let refused = served.ask(Some(&admin), TODOS).await;
        assert_eq!(refused.body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{}", refused.body);
        let user = sign_in(&served.server, 1).await;
        assert_eq!(served.remembered(Some(&user), TODOS).await["todos"]["totalCount"], 3);
    }

    async fn mutations_and_errors_are_never_remembered(backend) {
        let served = Served::new(backend, &[]).await;
        let token = sign_in(&served.server, 2).await;
        let create = "mutation { createTodo(input: { text: \"again\" }) { todo { id } } }";
        let (one, two) = (served.ask(Some(&token), create).await, served.ask(Some(&token), create).await);
        assert_ne!(one.body["data"]["createTodo"]["todo"]["id"], two.body["data"]["createTodo"]["todo"]["id"]);
        for wrong in ["{ todo(id: \"rubbish\") { text } }", "{ nonsense }", "{ nonsense"] {
            for _ in 0..2 {
                let refused = served.ask(Some(&token), wrong).await;
                assert_eq!(refused.body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{wrong}");
                assert!(!is_remembered(&refused));
            }
        }
    }

    async fn some_are_excluded_by_name(backend) {
        let served = Served::new(backend, &[("TIDEWATER_RESPONSE_EXCLUDE", "Dashboard,Todo.notes")]).await;
        let token = sign_in(&served.server, 2).await;
        served.remembered(Some(&token), TODOS).await;
        for excluded in ["query Dashboard { viewer { name } }", "{ todos { nodes { notes } } }"] {
            for _ in 0..3 {
                assert!(!is_remembered(&served.ask(Some(&token), excluded).await), "{excluded}");
            }
        }
        let none = Served::new(backend, &[("TIDEWATER_RESPONSE_MEMORY", "0")]).await;
        for _ in 0..3 {
            assert!(!is_remembered(&none.ask(None, "{ notes { totalCount } }").await));
        }
    }

    async fn only_the_same_form_of_a_request_is_the_same_request(backend) {
        let served = Served::new(backend, &[]).await;
        let query = "{ notes { totalCount } }";
        served.remembered(None, query).await;
        let get = || async {
            let url = format!("{}/graphql?query=%7B%20notes%20%7B%20totalCount%20%7D%20%7D", served.server.url());
            served.server.client().get(url).send().await.unwrap()
        };
        assert_ne!(get().await.headers()["cache-status"], "Tidewater; hit; detail=\"response\"");
        assert_eq!(get().await.headers()["cache-status"], "Tidewater; hit; detail=\"response\"");
        // The bytes of a query string are no body.
        let posted = served.server.post_raw(&[("content-type", "application/json")], "query=%7B%20notes%20%7B%20totalCount%20%7D%20%7D").await;
        assert_eq!(posted.status(), 400);
        assert!(!is_remembered(&served.server.ask(&[("cache-control", "no-cache")], &json!({ "query": query })).await));
    }
}

#[tokio::test]
async fn what_is_remembered_stays_within_the_bound() {
    let served = Served::new(Backend::Sqlite, &[("TIDEWATER_RESPONSE_MEMORY", "64KiB")]).await;
    let query = |number: usize| format!("{{ notes(first: 1) {{ totalCount }} }} # {number:200}");
    for number in 0..300 {
        served.ask(None, &query(number)).await;
    }
    let mut remembered = 0;
    for number in 0..300 {
        remembered += usize::from(is_remembered(&served.ask(None, &query(number)).await));
    }
    assert!(remembered < 150, "{remembered} of at least 528 bytes each");
}
