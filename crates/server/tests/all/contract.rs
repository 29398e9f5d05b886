//! The freshness contract as a client meets it: what may be asked for by headers, and what they tell.

use reqwest::StatusCode;
use serde_json::json;
use tidewater_testkit::{Answer, Backend, Server, TestDatabase, on_each_backend};

use crate::fixture::{binary, seeded, sign_in};

const NOTES: &str = "{ notes(first: 5) { totalCount nodes { title } } }";
const RETITLE: &str = "UPDATE note SET title = 'changed' WHERE visibility = 'PUBLIC'";

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).unwrap_or_else(|| panic!("{name} in {:?}", answer.headers)).to_str().unwrap()
}

fn is_changed(answer: &Answer) -> bool {
    answer.body.to_string().contains("changed")
}

async fn ask_notes(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let told = server.ask(headers, &json!({ "query": NOTES })).await;
    assert!(told.body.get("errors").is_none(), "{}", told.body);
    told
}

/// Servers over one database that are content with answers of the last hour, each warm.
async fn patient(backend: Backend, count: usize) -> (TestDatabase, Vec<Server>) {
    let database = seeded(backend).await;
    let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_MAX_STALENESS", "1h")];
    let mut servers = Vec::new();
    for _ in 0..count {
        let server = Server::start(binary(), &["serve"], &environment).await;
        ask_notes(&server, &[]).await;
        servers.push(server);
    }
    (database, servers)
}

on_each_backend! {
    async fn an_answer_tells_what_served_it(backend) {
        let database = seeded(backend).await;
        let server = Server::start(binary(), &["serve"], &[("DATABASE_URL", database.url())]).await;
        let cold = ask_notes(&server, &[]).await;
        assert!(header(&cold, "cache-status").starts_with("Tidewater; fwd=miss; "), "{:?}", cold.headers);
        let warm = ask_notes(&server, &[]).await;
        assert!(header(&warm, "cache-status").starts_with("Tidewater; hit; "), "{:?}", warm.headers);
        assert_eq!(header(&warm, "age"), "0");
        assert_eq!(header(&warm, "cache-status"), "Tidewater; hit; detail=\"response\"");
        for (told, parts) in [(&cold, ["gate;dur=", "database;dur=", "total;dur="]), (&warm, ["gate;dur=", "total;dur=", ""])] {
            let timing = header(told, "server-timing");
            assert!(parts.iter().all(|part| timing.contains(part)), "{timing}");
        }
        assert!(!header(&warm, "server-timing").contains("database"));
        assert_eq!(header(&warm, "tidewater-mark"), warm.body["extensions"]["tidewater"]["mark"].as_str().unwrap());

        let token = format!("Bearer {}", sign_in(&server, 2).await);
        let create = json!({ "query": "mutation { createTag(input: { name: \"new\" }) { tag { name } } }" });
        let created = server.ask(&[("authorization", &token)], &create).await;
        assert!(header(&created, "cache-status").starts_with("Tidewater; fwd=method; "), "{:?}", created.headers);
        assert_ne!(header(&created, "tidewater-mark"), header(&cold, "tidewater-mark"));
    }

    async fn a_request_says_which_age_it_accepts(backend) {
        let (database, servers) = patient(backend, 1).await;
        database.sql(RETITLE).await;
        assert!(!is_changed(&ask_notes(&servers[0], &[]).await), "an hour is accepted");
        assert!(!is_changed(&ask_notes(&servers[0], &[("cache-control", "max-age=600")]).await));
        let unkept = ask_notes(&servers[0], &[("cache-control", "no-store")]).await;
        assert!(is_changed(&unkept));
        assert!(header(&unkept, "cache-status").starts_with("Tidewater; fwd=request; "), "{:?}", unkept.headers);
        assert!(is_changed(&ask_notes(&servers[0], &[("cache-control", "max-age=0")]).await));
    }

    async fn what_no_cache_has_read_is_kept_for_others(backend) {
        let (database, servers) = patient(backend, 1).await;
        database.sql(RETITLE).await;
        assert!(is_changed(&ask_notes(&servers[0], &[("cache-control", "no-cache")]).await));
        assert!(is_changed(&ask_notes(&servers[0], &[]).await));
    }

    async fn a_mark_is_honoured_by_any_server_at_any_staleness(backend) {
        let (database, servers) = patient(backend, 2).await;
        database.sql(RETITLE).await;
        let seen = ask_notes(&servers[0], &[("cache-control", "max-age=0")]).await;
        assert!(is_changed(&seen));
        assert!(!is_changed(&ask_notes(&servers[1], &[]).await));
        let extended = json!({ "query": NOTES, "extensions": { "tidewater": { "mark": header(&seen, "tidewater-mark") } } });
        assert!(is_changed(&servers[1].ask(&[], &extended).await), "a mark in the extensions");
        // Of what came later, the mark says nothing.
        database.sql("UPDATE note SET title = 'later' WHERE visibility = 'PUBLIC'").await;
        let marked = ask_notes(&servers[1], &[("tidewater-mark", header(&seen, "tidewater-mark"))]).await;
        assert!(is_changed(&marked) || backend == Backend::Sqlite, "{}", marked.body);
    }

    async fn what_is_no_mark_is_refused(backend) {
        let (_database, servers) = patient(backend, 1).await;
        for rubbish in ["", "x", "x/y", "x/S1/S2"] {
            let told = servers[0].ask(&[("tidewater-mark", rubbish)], &json!({ "query": NOTES })).await;
            assert_eq!((told.status, &told.body["errors"][0]["extensions"]["code"]), (StatusCode::BAD_REQUEST, &json!("BAD_USER_INPUT")));
            let told = servers[0].ask(&[], &json!({ "query": NOTES, "extensions": { "tidewater": { "mark": rubbish } } })).await;
            assert_eq!(told.body["errors"][0]["extensions"]["field"], "extensions.tidewater.mark");
        }
        let known = ask_notes(&servers[0], &[]).await;
        let (generation, _) = header(&known, "tidewater-mark").split_once('/').unwrap();
        let ahead = match backend {
            Backend::Sqlite => format!("{generation}/S999999999"),
            _ => format!("{generation}/P999999999:999999999:"),
        };
        let told = servers[0].ask(&[("tidewater-mark", &ahead)], &json!({ "query": NOTES })).await;
        assert_eq!(told.body["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{}", told.body);
    }

    async fn every_served_value_can_be_verified(backend) {
        let database = seeded(backend).await;
        let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_VERIFY_SAMPLE", "1")];
        let mut server = Server::start(binary(), &["serve"], &environment).await;
        ask_notes(&server, &[]).await;
        ask_notes(&server, &[]).await;
        // Where no trigger sees it, the change log is not told.
        let unseen = match backend {
            Backend::Sqlite => "DROP TRIGGER tidewater_note_update",
            _ => "ALTER TABLE note DISABLE TRIGGER USER",
        };
        database.sql(&format!("{unseen}; {RETITLE}")).await;
        assert!(is_changed(&ask_notes(&server, &[]).await), "what is disproved is replaced");
        let (_, log) = server.terminate().await;
        assert!(log.lines().any(|line| line.contains("ERROR") && line.contains("a cached value was stale")), "{log}");
        assert!(!log.contains("key="), "what it was looked up by may be private: {log}");
        let totals: Vec<_> = log.lines().filter(|line| line.contains("what was served")).collect();
        assert!(totals.iter().any(|line| !line.contains("disproved=0")), "{log}");
        assert!(totals.iter().any(|line| !line.contains("proven=0 ")), "{log}");
    }
}
