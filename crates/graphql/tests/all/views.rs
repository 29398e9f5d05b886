use std::pin::pin;
use std::task::Poll;

use async_graphql::{Request, Variables};
use chrono::{DateTime, Utc};
use futures::future::{join_all, poll_fn};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tidewater_graphql::{Caller, flush_views};
use tidewater_testkit::on_each_backend;

use crate::content::{administrator, change, mutation, note, refused};
use crate::fixture::{Fixture, SignedIn, counter};

const VIEWS: &str = "query($id: ID!) { note(id: $id) { viewCount viewerCount viewsCountedAt } }";

/// Sees the note, as somebody who is signed in or who is at an address.
async fn see(fixture: &Fixture, who: Result<&SignedIn, &str>, id: &str) {
    let request = Request::new(mutation("viewNote", "note { id }"));
    let request = request.variables(Variables::from_json(json!({ "input": { "id": id } })));
    let (credential, address) = (who.ok().map(|who| who.token.clone()), who.err());
    let network = address.map(|address| address.parse::<std::net::IpAddr>().unwrap().into());
    let executed = fixture.executed_for(request, Caller { credential, network, ..Caller::default() }).await;
    assert_eq!(executed.response.errors, vec![]);
}

/// How often the note was seen, by how many, and when that was counted.
async fn views(fixture: &Fixture, id: &str) -> (u64, u64, Option<DateTime<Utc>>) {
    let note = fixture.data(VIEWS, json!({ "id": id }), None).await["note"].take();
    let counted_at = note["viewsCountedAt"].as_str().map(|text| text.parse().unwrap());
    (note["viewCount"].as_u64().unwrap(), note["viewerCount"].as_u64().unwrap(), counted_at)
}

/// Lets a flush go on until it has waited so often, and drops it then.
async fn flush_until(fixture: &Fixture, mut waits: usize) {
    let mut flush = pin!(flush_views(&fixture.counter, &fixture.connection));
    poll_fn(|context| match flush.as_mut().poll(context) {
        Poll::Pending if waits > 0 => {
            waits -= 1;
            Poll::Pending
        }
        _ => Poll::Ready(()),
    })
    .await;
}

on_each_backend! {
    async fn views_count_when_they_are_flushed_and_viewers_once_a_day(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let id = note(&fixture, &ann, "news", "PUBLIC").await;
        assert_eq!(views(&fixture, &id).await, (0, 0, None));
        let begun = tidewater_entity::now();
        for who in [Ok(&ann), Ok(&bob), Ok(&ann), Err("192.0.2.1"), Err("192.0.2.1"), Err("2001:db8::1")] {
            see(&fixture, who, &id).await;
        }
        assert_eq!(views(&fixture, &id).await, (0, 0, None));
        fixture.flush_views().await;
        let (view_count, viewer_count, counted_at) = views(&fixture, &id).await;
        assert_eq!((view_count, viewer_count), (6, 4));
        assert!((begun..=tidewater_entity::now()).contains(&counted_at.unwrap()));

        // Who was counted is known to the database.
        if let Some(redis) = &fixture.redis {
            redis.flush_all().await;
        }
        for who in [Ok(&ann), Err("192.0.2.1"), Err("2001:db8::2"), Err("192.0.2.2")] {
            see(&fixture, who, &id).await;
        }
        fixture.flush_views().await;
        let (view_count, viewer_count, counted_again_at) = views(&fixture, &id).await;
        assert_eq!((view_count, viewer_count), (10, 5));
        assert!(counted_again_at > counted_at);
        fixture.flush_views().await;
        assert_eq!(views(&fixture, &id).await, (10, 5, counted_again_at));
    }

    async fn another_day_counts_viewers_again(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let id = note(&fixture, &ann, "news", "PUBLIC").await;
        for day in 1..=2 {
            see(&fixture, Ok(&ann), &id).await;
            fixture.flush_views().await;
            assert_eq!(views(&fixture, &id).await.1, day);
            fixture.database.sql(&format!("UPDATE note_view_day SET day = '2001-01-0{day}' WHERE day > '2001-01-09'")).await;
        }
        assert_eq!(views(&fixture, &id).await.0, 2);
    }

    async fn one_sees_what_one_may_see(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let id = note(&fixture, &ann, "diary", "PRIVATE").await;
        for who in [None, Some(&bob)] {
            let absent = refused(&fixture, who, "viewNote", json!({ "id": "note_01h455vb4pex5vsknk084sn02q" })).await;
            assert_eq!(absent["code"], "NOT_FOUND");
            assert_eq!(refused(&fixture, who, "viewNote", json!({ "id": id })).await, absent);
        }
        let wrong = json!({ "code": "BAD_USER_INPUT", "field": "id" });
        assert_eq!(refused(&fixture, Some(&ann), "viewNote", json!({ "id": ann.id })).await, wrong);
        see(&fixture, Ok(&ann), &id).await;
        see(&fixture, Ok(&admin), &id).await;
        fixture.flush_views().await;
        fixture.database.sql("UPDATE note SET visibility = 'PUBLIC'").await;
        let (view_count, viewer_count, _) = views(&fixture, &id).await;
        assert_eq!((view_count, viewer_count), (2, 2));
    }

    async fn a_view_costs_no_statement_and_a_flush_leaves_notes_alone(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let mut ids = Vec::new();
        for number in 0..20 {
            ids.push(note(&fixture, &ann, &format!("note {number}"), "PUBLIC").await);
        }
        let page = "{ notes { totalCount nodes { title user { name } viewCount viewerCount } } }";
        let before = fixture.data(page, json!({}), Some(&ann.token)).await;
        fixture.statements_taken();
        for id in &ids {
            see(&fixture, Ok(&ann), id).await;
        }
        assert_eq!(fixture.data(page, json!({}), Some(&ann.token)).await, before);
        assert_eq!(fixture.statements_taken(), [""; 0]);

        fixture.flush_views().await;
        let flushing = fixture.statements_taken();
        assert!(flushing.len() <= 6, "{flushing:#?}");
        let after = fixture.data(page, json!({}), Some(&ann.token)).await;
        let statements = fixture.statements_taken();
        assert_eq!(statements.len(), 1, "{statements:#?}");
        assert!(statements[0].contains("FROM \"note_views\""), "{statements:#?}");
        for note in after["notes"]["nodes"].as_array().unwrap() {
            assert_eq!((&note["viewCount"], &note["viewerCount"]), (&json!(1), &json!(1)));
        }
        fixture.flush_views().await;
        assert_eq!(fixture.statements_taken(), [""; 0], "there was nothing to flush");
    }

    async fn views_of_notes_that_are_gone_are_dropped(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let (gone, kept) = (note(&fixture, &ann, "gone", "PUBLIC").await, note(&fixture, &ann, "kept", "PUBLIC").await);
        for id in [&gone, &kept] {
            see(&fixture, Ok(&ann), id).await;
        }
        fixture.flush_views().await;
        for id in [&gone, &kept] {
            see(&fixture, Ok(&ann), id).await;
        }
        change(&fixture, &ann, "deleteNote", "deletedId", json!({ "id": gone })).await;
        assert_eq!(fixture.database.sql("UPDATE note_views SET view_count = view_count").await, 1, "it is gone with its note");
        fixture.flush_views().await;
        assert_eq!(views(&fixture, &kept).await.0, 2);
        change(&fixture, &ann, "deleteNote", "deletedId", json!({ "id": kept })).await;
        assert_eq!(fixture.database.sql("DELETE FROM note_view_day").await, 0);
    }

    async fn viewers_in_a_form_that_is_not_known_stay_as_they_are(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let id = note(&fixture, &ann, "news", "PUBLIC").await;
        see(&fixture, Ok(&ann), &id).await;
        fixture.flush_views().await;
        let unknown = if fixture.database.url().starts_with("sqlite") { "x'ff00'" } else { "'\\xff00'" };
        fixture.database.sql(&format!("UPDATE note_view_day SET sketch = {unknown}")).await;
        see(&fixture, Ok(&bob), &id).await;
        fixture.flush_views().await;
        let (view_count, viewer_count, _) = views(&fixture, &id).await;
        assert_eq!((view_count, viewer_count), (2, 1));
    }

    async fn servers_that_flush_at_once_add_each_batch_once(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let (one, two) = (note(&fixture, &ann, "one", "PUBLIC").await, note(&fixture, &ann, "two", "PUBLIC").await);
        let other = counter(fixture.redis.as_ref()).await;
        for round in 1..=15 {
            for id in [&one, &two, &one] {
                see(&fixture, Ok(&ann), id).await;
            }
            let flushes = [&fixture.counter, &other, &fixture.counter].map(|counter| flush_views(counter, &fixture.connection));
            assert!(join_all(flushes).await.iter().all(Result::is_ok));
            fixture.flush_views().await;
            assert_eq!(views(&fixture, &one).await.0, 2 * round);
            assert_eq!(views(&fixture, &two).await.0, round);
        }
        assert_eq!(views(&fixture, &one).await.1, 1);
    }

    async fn wherever_a_flush_is_cut_off_the_total_is_exact(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let ids = [note(&fixture, &ann, "one", "PUBLIC").await, note(&fixture, &ann, "two", "PUBLIC").await];
        // How many views, and after how many waits the flush is dropped; in the same order each time.
        let rounds = prop::collection::vec((0..4_usize, 0..30_usize), 60);
        let rounds = rounds.new_tree(&mut TestRunner::deterministic()).unwrap().current();
        let mut seen = [0, 0];
        for (number, (many, waits)) in rounds.into_iter().enumerate() {
            for _ in 0..many {
                see(&fixture, Ok(&ann), &ids[number % 2]).await;
                seen[number % 2] += 1;
            }
            flush_until(&fixture, waits).await;
            let counted = views(&fixture, &ids[number % 2]).await.0;
            assert!(counted <= seen[number % 2], "something was counted twice");
        }
        fixture.flush_views().await;
        for (id, seen) in ids.iter().zip(seen) {
            let (view_count, viewer_count, _) = views(&fixture, id).await;
            assert_eq!((view_count, viewer_count), (seen, 1));
        }
    }
}

#[tokio::test]
async fn an_address_is_not_to_be_found_anywhere() {
    let fixture = Fixture::new(tidewater_testkit::Backend::PostgresRedis).await;
    let ann = fixture.user("ann").await;
    let id = note(&fixture, &ann, "news", "PUBLIC").await;
    see(&fixture, Err("192.0.2.1"), &id).await;
    let redis = fixture.redis.as_ref().unwrap();
    let dump: Vec<Value> = join_all(redis.keys().await.iter().map(async |key| {
        let kind = redis.command(&["TYPE", key]).await;
        let command: &[&str] = match kind.as_str().unwrap() {
            "hash" => &["HGETALL", key],
            "zset" => &["ZRANGE", key, "0", "-1"],
            _ => &["GET", key],
        };
        redis.command(command).await
    }))
    .await;
    assert!(!dump.is_empty() && !json!(dump).to_string().contains("192.0.2.1"));
}
