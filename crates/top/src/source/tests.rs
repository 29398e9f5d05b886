use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::changes::Entry;

/// A server that breaks off, and what it has been asked.
#[derive(Default)]
struct Fragile {
    streams: AtomicUsize,
    samples: AtomicUsize,
    /// Whether another one answers what is not streamed, as behind a load balancer.
    is_balanced: bool,
}

fn change(position: u64, row: &str) -> Value {
    json!({
        "server": "0123abcd", "position": position as f64, "seenAt": "2026-11-27T09:00:00Z", "writer": "OUTSIDE", "writerName": "psql", "transaction": "7",
        "table": "todo", "operation": "UPDATE", "row": row, "columns": ["text"],
    })
}

fn durations() -> Value {
    json!({ "count": 1.0, "sumSeconds": 0.1, "buckets": [{ "upToSeconds": 0.2, "count": 1.0 }, { "upToSeconds": null, "count": 0.0 }] })
}

fn tide() -> Value {
    json!({
        "server": "0123abcd", "now": "2026-11-27T09:00:00Z", "mark": { "position": 1.0 },
        "polls": { "polls": 1.0, "passes": 2.0, "waits": durations(), "isFailing": false, "followers": 1 },
        "redis": null, "database": { "latency": durations() }, "memoryBytes": 3.0, "spaces": [], "operations": [],
    })
}

/// Answers like a server whose streams break after an event each, and that does not answer each second question.
async fn answer(State(fragile): State<Arc<Fragile>>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap();
    let asked = asked["query"].as_str().unwrap();
    let json = |data: Value| axum::Json(json!({ "data": data })).into_response();
    if asked == TIDE {
        return match fragile.samples.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => json(json!({ "tide": tide() })),
            _ => StatusCode::BAD_GATEWAY.into_response(),
        };
    }
    if asked == JOBS {
        let error = json!({ "message": "the queue cannot be asked", "extensions": { "code": "UNAVAILABLE" } });
        return axum::Json(json!({ "data": null, "errors": [error] })).into_response();
    }
    if asked == CHANGES && fragile.is_balanced {
        let mut before = change(9, "before");
        before["server"] = json!("another1");
        return json(json!({ "tide": { "server": "another1", "changes": [before] } }));
    }
    if asked == CHANGES {
        let changes = match fragile.streams.load(Ordering::Relaxed) {
            1 => vec![change(1, "before")],
            _ => vec![change(3, "meanwhile"), change(2, "told"), change(1, "before")],
        };
        return json(json!({ "tide": { "server": "0123abcd", "changes": changes } }));
    }
    assert_eq!(asked, CHANGED);
    let told = match fragile.streams.fetch_add(1, Ordering::Relaxed) {
        0 => vec![change(1, "before"), change(2, "told")],
        _ => vec![change(3, "meanwhile"), change(4, "after")],
    };
    let events = told.into_iter().map(|change| {
        let data = json!({ "data": { "tideChanged": change } });
        Ok::<_, Infallible>(Bytes::from(format!("event: next\ndata: {data}\n\n")))
    });
    let first = stream::iter([Ok(Bytes::from_static(b":\n\n"))]);
    let body = Body::from_stream(first.chain(stream::iter(events.collect::<Vec<_>>())));
    ([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], body).into_response()
}

async fn fragile(is_balanced: bool) -> Client {
    let state = Arc::new(Fragile { is_balanced, ..Fragile::default() });
    at(Router::new().route("/graphql", post(answer)).with_state(state)).await
}

/// A client of a server that is `router`.
async fn at(router: Router) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    Client::new(&url, None).unwrap()
}

/// What `collected` becomes while `source` tells it, which is soon or never.
async fn while_told<Collected>(source: impl Future, collected: impl Future<Output = Collected>) -> Collected {
    let told = async {
        tokio::select! {
            _ = source => unreachable!("somebody listens"),
            collected = collected => collected,
        }
    };
    tokio::time::timeout(Duration::from_secs(60), told).await.expect("what is waited for is not told")
}

#[tokio::test]
async fn a_broken_stream_is_followed_again_and_nothing_is_lost_or_told_twice() {
    let client = fragile(false).await;
    let (sender, mut told) = mpsc::channel(16);
    let mut rows: Vec<String> = Vec::new();
    let mut state = crate::state::State::default();
    let collect = async {
        while rows.last().is_none_or(|row| row != "after") {
            let what = told.recv().await.unwrap();
            if let Told::NotFollowing(error, pause) = &what {
                assert!(matches!(error, Error::Ended), "{error}");
                assert_eq!(*pause, FIRST_PAUSE);
            }
            state.take(Duration::ZERO, what);
            let row = |entry: &Entry| match entry {
                Entry::Changed(change) => change.row.clone(),
                Entry::Gap(what) => (*what).to_owned(),
            };
            rows = state.changes.entries().iter().rev().map(row).collect();
        }
    };
    while_told(follow(&client, sender), collect).await;
    assert_eq!(rows, ["before", "told", "meanwhile", "after"]);
    assert!(state.following.is_none());
}

/// A stream that begins, and then tells nothing, not even that it lives.
async fn dead() -> Response {
    let body = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b":\n\n"))]).chain(stream::pending());
    ([(CONTENT_TYPE, "text/event-stream; charset=utf-8")], Body::from_stream(body)).into_response()
}

#[tokio::test]
async fn a_stream_without_a_sign_of_life_is_given_up() {
    let client = at(Router::new().route("/graphql", post(dead))).await;
    let mut stream = client.follow(CHANGED).await.unwrap();
    // From here on time passes whenever nothing else does.
    tokio::time::pause();
    let told = tokio::time::timeout(Duration::from_secs(3_600), stream.next::<Changed>()).await;
    let given_up = told.expect("it is waited for longer").err();
    assert!(matches!(given_up, Some(Error::Silent { seconds: 60, .. })), "{given_up:?}");
}

#[tokio::test]
async fn no_change_is_left_out_because_another_server_is_further_by_its_own_count() {
    let client = fragile(true).await;
    let (sender, mut told) = mpsc::channel(16);
    let mut state = crate::state::State::default();
    let collect = async {
        while !matches!(state.changes.entries().front(), Some(Entry::Changed(change)) if change.row == "told") {
            state.take(Duration::ZERO, told.recv().await.unwrap());
        }
    };
    while_told(follow(&client, sender), collect).await;
    let gaps = state.changes.entries().iter().filter(|entry| matches!(entry, Entry::Gap(_))).count();
    assert_eq!((gaps, state.changes.entries().len()), (1, 4));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_asked_again() {
    let client = fragile(false).await;
    let (sender, mut told) = mpsc::channel(16);
    let collect = async {
        for _ in 0..2 {
            let Some(Told::Sample(sample)) = told.recv().await else { panic!("no sample") };
            assert_eq!(sample.tide.polls.passes, 2);
            assert_eq!(sample.jobs.err().unwrap(), "the server cannot tell (UNAVAILABLE): the queue cannot be asked");
            let Some(Told::NotAnswered(error, pause)) = told.recv().await else { panic!("it answered") };
            assert!(matches!(error, Error::NotTidewater { status: 502, .. }), "{error}");
            assert_eq!(pause, FIRST_PAUSE, "what has been answered in between is no row of failures");
        }
    };
    while_told(poll(&client, Duration::from_millis(1), sender), collect).await;
}

#[test]
fn pauses_grow_up_to_a_bound() {
    let mut pauses = Pauses::default();
    let mut after = |error: &Error| pauses.after(error).as_secs();
    assert_eq!(after(&Error::RateLimited { seconds: 5 }), 5);
    assert_eq!([after(&Error::Ended), after(&Error::Ended), after(&Error::Ended)], [2, 4, 8]);
    for _ in 0..1_000 {
        assert_eq!(after(&Error::Ended), LONGEST_PAUSE.as_secs());
    }
    assert_eq!(after(&Error::RateLimited { seconds: 3_600 }), 3_600, "the server knows when it answers again");
    assert_eq!(after(&Error::RateLimited { seconds: 2 }), LONGEST_PAUSE.as_secs());
    assert_eq!(
        after(&Error::RateLimited { seconds: u64::MAX }),
        LONGEST_LIMIT.as_secs(),
        "and none is as slow as that"
    );
}
