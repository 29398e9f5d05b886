//! `tidewater top` beside a real server: on a terminal that nobody sees, and printed.

use std::process::Command;

use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestTerminal, on_each_backend};

use crate::fixture::{binary, fail, on_sqlite, seeded, sign_in, start_over, succeed};

const TOKEN: &str = "TIDEWATER_TOKEN";

/// `top` on a terminal of this size.
fn watch(server: &Server, token: &str, environment: &[(&str, &str)], columns: u16, lines: u16) -> TestTerminal {
    let mut command = Command::new(binary());
    command
        .args(["top", "--url", server.url(), "--interval", "200ms"])
        .env(TOKEN, token)
        .current_dir(server.directory());
    command.envs(environment.iter().copied());
    TestTerminal::start(command, columns, lines)
}

/// Has the server look something up, twice.
async fn read(server: &Server, token: &str) {
    let query = "query Mine { viewer { todos(first: 3) { totalCount nodes { id text } } } }";
    for _ in 0..2 {
        let answer = server.graphql_as(token, query, Value::Null).await;
        assert!(answer.get("errors").is_none(), "{answer}");
    }
}

on_each_backend! {
    async fn what_a_server_does_is_printed_once(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 1).await;
        read(&server, &token).await;
        let environment = [(TOKEN, token.as_str())];
        let text = succeed(&["top", "--once", "--url", server.url()], &environment).await;
        let redis_state = if redis.is_some() { "Redis answers" } else { "no Redis" };
        for expected in [server.url(), "database answers", redis_state, "\nKIND ", "\nMine ", "\nREASON ", "0 dead", "\nSEEN AT ", "\ntimes   gate ", "p50/p95/p99 since its start"] {
            assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
        }
        let row = text.lines().find(|line| line.starts_with("todo.list ")).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(row.split_whitespace().nth(4), Some("1"), "it was looked up once, and then the response was kept: {row}");

        let json = succeed(&["top", "--once", "--json", "--url", server.url()], &environment).await;
        let told: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&told["url"], &told["polls"]["isFailing"]), (&json!(server.url()), &json!(false)));
        let space = told["spaces"].as_array().unwrap().iter().find(|space| space["name"] == "todo.list").unwrap();
        assert_eq!(space["misses"], json!([{ "reason": "NEVER_FILLED", "count": 1 }]));
        let mine = told["operations"].as_array().unwrap().iter().find(|operation| operation["name"] == "Mine").unwrap();
        assert_eq!((&mine["count"], &mine["remembered"]), (&json!(2), &json!(1)));
        assert_eq!(told["jobs"]["counts"]["dead"], 0);
        assert_eq!(told["changes"][0]["operation"], "INSERT", "the session: {told:#}");
        assert_eq!(told["redis"].is_null(), redis.is_none());
        let mut timed = vec![&told["polls"]["waits"], &told["database"]["latency"]];
        timed.extend(redis.is_some().then_some(&told["redis"]["latency"]));
        for durations in timed {
            let buckets = durations["buckets"].as_array().unwrap();
            let sum: f64 = buckets.iter().map(|bucket| bucket["count"].as_f64().unwrap()).sum();
            assert!(sum > 0.0 && Some(sum) == durations["count"].as_f64(), "{durations}");
            assert!(durations["sumSeconds"].as_f64().unwrap() > 0.0, "{durations}");
        }
    }

    async fn changes_are_shown_as_they_happen_with_who_made_them(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let server = start_over(&database, redis.as_ref()).await;
        let token = sign_in(&server, 1).await;
        let mut terminal = watch(&server, &token, &[], 160, 30);
        terminal.shows("database answers").await;
        // The session was made by this server.
        terminal.shows("this server insert  session(").await;

        database.sql("UPDATE todo SET text = 'changed behind its back' WHERE text = (SELECT min(text) FROM todo)").await;
        // On SQLite, nobody says who they are.
        let by = if backend == Backend::Sqlite { "unknown" } else { "outside" };
        terminal.shows(&format!("{by:11} update  todo(id=todo_")).await;
        let text = terminal.text();
        let line = text.lines().find(|line| line.contains("update  todo(")).unwrap();
        assert!(line.contains(") ") && line.contains(" text "), "the column that changed: {line}");
        assert!(!text.contains("changed behind"), "no value: {text}");

        if backend == Backend::PostgresRedis {
            let other = start_over(&database, redis.as_ref()).await;
            let create = "mutation { createTag(input: { name: \"from elsewhere\" }) { tag { id } } }";
            let answer = other.graphql_as(&token, create, Value::Null).await;
            assert!(answer.get("errors").is_none(), "{answer}");
            terminal.shows("another     insert  tag(id=tag_").await;
        }
        terminal.types("q");
        assert!(terminal.ended().await.success());
    }
}

#[tokio::test]
async fn the_terminal_is_given_back_by_a_key_and_by_a_signal() {
    let (_database, server) = on_sqlite(&["--development"]).await;
    let ends: [fn(&mut TestTerminal); 3] =
        [|terminal| terminal.types("q"), |terminal| terminal.types("\u{3}"), |terminal| terminal.terminate()];
    for end in ends {
        let mut terminal = watch(&server, "", &[], 80, 24);
        terminal.shows("database answers").await;
        assert!(terminal.is_taken());
        end(&mut terminal);
        assert!(terminal.ended().await.success());
        assert!(terminal.is_given_back());
        assert_eq!(terminal.text(), "", "nothing is left of it");
    }
}

#[tokio::test]
async fn keys_choose_what_is_shown_and_it_fits_another_size() {
    let (_database, server) = on_sqlite(&["--development"]).await;
    let mut terminal = watch(&server, "", &[("TIDEWATER_LOG_LEVEL", "trace")], 100, 30);
    terminal.shows("1 Values").await;
    for (keys, shown) in [
        ("\t", "reason"),
        ("3", "operation"),
        ("s", "database ms▾"),
        ("4", "no job is dead"),
        ("?", "Any key ends this"),
        ("x", "no job is dead"),
        (" ", "stopped: space lets it go on"),
        (" ", "? help"),
    ] {
        terminal.types(keys);
        terminal.shows(shown).await;
    }
    terminal.resize(60, 15);
    terminal.types("1");
    terminal.shows("q quit").await;
    assert_eq!(terminal.text().lines().count(), 15, "{}", terminal.text());
    terminal.resize(50, 15);
    terminal.shows("This needs 60 columns and 15 lines").await;
    assert!(!terminal.text().contains("TRACE"), "a log would draw over it: {}", terminal.text());
}

#[tokio::test]
async fn colours_are_left_out_where_they_are_not_wanted() {
    let (_database, server) = on_sqlite(&["--development"]).await;
    for (no_color, expected) in [("", true), ("1", false)] {
        let terminal = watch(&server, "", &[("NO_COLOR", no_color)], 80, 24);
        terminal.shows("database answers").await;
        assert_eq!(terminal.has_colours(), expected);
    }
}

#[tokio::test]
async fn a_server_that_goes_and_comes_is_shown_as_it_is() {
    let (database, mut server) = on_sqlite(&["--development"]).await;
    let terminal = watch(&server, "", &[], 160, 30);
    terminal.shows("database answers").await;
    database.sql("UPDATE todo SET text = 'before'").await;
    terminal.shows("update  todo(id=todo_").await;
    server.kill().await;
    terminal.shows("cannot be reached (nobody listens there)").await;
    terminal.shows("as it was").await;
    database.sql("UPDATE todo SET text = 'meanwhile'").await;
    server.start_again().await;
    terminal.shows("from here on another server tells, or the same one started anew").await;
    terminal.shows("q quit").await;
    assert!(!terminal.text().contains("as it was"), "{}", terminal.text());
}

#[tokio::test]
async fn what_cannot_be_watched_is_told_in_one_sentence() {
    let (_database, server) = on_sqlite(&[]).await;
    let once = ["top", "--once", "--url", server.url()];
    let user = sign_in(&server, 2).await;
    for (token, expected) in [
        ("", "set TIDEWATER_TOKEN to a token"),
        ("rubbish", "sign in again, and set it to the new token"),
        (user.as_str(), "the token in TIDEWATER_TOKEN is not of an ADMIN"),
    ] {
        let (code, sentence) = fail(&once, &[(TOKEN, token)]).await;
        assert_eq!(code, 1);
        assert!(sentence.contains(expected), "{sentence}");
    }
    for (arguments, environment, code, expected) in [
        (&["top"][..], &[][..], 2, "this is no terminal: print once with --once"),
        (&["top", "--json"], &[], 2, "--once"),
        (&["top", "--once", "--url", "https://127.0.0.1"], &[], 2, "this speaks no TLS"),
        (&["top", "--once"], &[("TIDEWATER_LISTEN", "127.0.0.1:0")], 2, "name the server with --url"),
        (&["top", "--once"], &[("TIDEWATER_LISTEN", "127.0.0.1:1")], 1, "http://127.0.0.1:1 cannot be reached"),
        (&["top", "--once"], &[(TOKEN, "sec\nret")], 2, "TIDEWATER_TOKEN"),
    ] {
        let (told, sentence) = fail(arguments, environment).await;
        assert_eq!(told, code, "{arguments:?}: {sentence}");
        assert!(sentence.contains(expected) && !sentence.contains("sec"), "{arguments:?}: {sentence}");
    }
}

#[tokio::test]
async fn what_is_wrong_at_the_beginning_is_told_on_a_terminal_that_was_never_taken() {
    let (_database, server) = on_sqlite(&[]).await;
    for (environment, arguments, code, expected) in [
        ([(TOKEN, "")], &["top", "--url", server.url()][..], 1, "set TIDEWATER_TOKEN"),
        ([(TOKEN, "")], &["top", "--interval", "1ms"], 2, "expected 200ms to 1min"),
    ] {
        let mut command = Command::new(binary());
        command.args(arguments).envs(environment).current_dir(server.directory());
        let mut terminal = TestTerminal::start(command, 80, 24);
        assert_eq!(terminal.ended().await.code(), Some(code));
        terminal.shows("tidewater: ").await;
        let text = terminal.text().replace('\n', " ");
        assert!(text.contains(expected), "{text}");
        assert!(terminal.is_given_back());
    }
}
