use std::time::Duration;

use serde_json::{Value, json};
use tidewater_graphql::ApiSettings;
use tidewater_testkit::on_each_backend;

use crate::content::{administrator, change, note, refused};
use crate::fixture::{Fixture, SignedIn};

const WHOLE: &str = "note { id title body visibility createdAt updatedAt user { id } tags { totalCount } }";
const WHOLE_BY_ID: &str = "query($id: ID!) { note(id: $id) {
    id title body visibility createdAt updatedAt user { id } tags { totalCount } } }";
const BY_ID: &str = "query($id: ID!) { note(id: $id) { title } node(id: $id) { ... on Note { title } } }";
const LISTS: &str = "query($user: ID!) {
    notes { totalCount nodes { title } }
    user(id: $user) { notes { totalCount nodes { title } } } }";
const SELECTED: &str = "query($filter: NoteFilter, $orderBy: [NoteOrder!]) {
    notes(filter: $filter, orderBy: $orderBy) { totalCount nodes { title } } }";

fn token(who: Option<&SignedIn>) -> Option<&str> {
    who.map(|who| who.token.as_str())
}

/// The titles in a connection, which must count them right.
fn titles(connection: &Value) -> Vec<&str> {
    let nodes = connection["nodes"].as_array().unwrap();
    assert_eq!(connection["totalCount"], nodes.len());
    nodes.iter().map(|note| note["title"].as_str().unwrap()).collect()
}

/// Whether the note is seen by its id, either way.
async fn sees(fixture: &Fixture, who: Option<&SignedIn>, id: &str) -> bool {
    let data = fixture.data(BY_ID, json!({ "id": id }), token(who)).await;
    assert_eq!(data["note"], data["node"]);
    !data["note"].is_null()
}

on_each_backend! {
    async fn a_note_is_created_changed_and_deleted(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let input = json!({ "title": "  Soup ", "body": " Less salt.\n" });
        let created = change(&fixture, &ann, "createNote", WHOLE, input).await["note"].take();
        let expected = json!({
            "id": created["id"], "title": "Soup", "body": " Less salt.\n", "visibility": "PRIVATE",
            "createdAt": created["createdAt"], "updatedAt": created["createdAt"],
            "user": { "id": ann.id }, "tags": { "totalCount": 0 },
        });
        assert_eq!(created, expected);
        let id = created["id"].as_str().unwrap();
        assert!(id.starts_with("note_"), "{id}");

        let input = json!({ "id": id, "body": "" });
        let changed = change(&fixture, &ann, "updateNote", WHOLE, input).await["note"].take();
        assert_eq!((&changed["title"], &changed["visibility"]), (&created["title"], &created["visibility"]));
        assert_eq!((&changed["body"], &changed["createdAt"]), (&json!(""), &created["createdAt"]));
        assert!(changed["updatedAt"].as_str() > created["updatedAt"].as_str(), "{changed}");
        let input = json!({ "id": id, "title": "Stew", "visibility": "PUBLIC" });
        let changed = change(&fixture, &ann, "updateNote", WHOLE, input).await["note"].take();
        let again = fixture.data(WHOLE_BY_ID, json!({ "id": id }), Some(&ann.token)).await;
        assert_eq!(again["note"], changed);

        let deleted = change(&fixture, &ann, "deleteNote", "deletedId", json!({ "id": id })).await;
        assert_eq!(deleted, json!({ "deletedId": id }));
        assert!(!sees(&fixture, Some(&ann), id).await);
        assert_eq!(refused(&fixture, Some(&ann), "deleteNote", json!({ "id": id })).await["code"], "NOT_FOUND");
    }

    async fn everybody_sees_what_is_public_and_only_the_owner_and_administrators_what_is_not(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let private = note(&fixture, &ann, "private of ann", "PRIVATE").await;
        let public = note(&fixture, &ann, "public of ann", "PUBLIC").await;
        note(&fixture, &bob, "private of bob", "PRIVATE").await;
        note(&fixture, &bob, "public of bob", "PUBLIC").await;

        let all = vec!["private of ann", "public of ann", "private of bob", "public of bob"];
        let cases: [(Option<&SignedIn>, Vec<&str>, Vec<&str>); 4] = [
            (Some(&ann), vec![all[0], all[1], all[3]], vec![all[0], all[1]]),
            (Some(&bob), vec![all[1], all[2], all[3]], vec![all[1]]),
            (None, vec![all[1], all[3]], vec![all[1]]),
            (Some(&admin), all.clone(), vec![all[0], all[1]]),
        ];
        for (who, seen, of_ann) in cases {
            let name = who.map_or("nobody", |who| who.email.as_str());
            let data = fixture.data(LISTS, json!({ "user": ann.id }), token(who)).await;
            assert_eq!(titles(&data["notes"]), seen, "all, by {name}");
            assert_eq!(titles(&data["user"]["notes"]), of_ann, "of ann, by {name}");
            assert!(sees(&fixture, who, &public).await, "{name}");
            assert_eq!(sees(&fixture, who, &private).await, of_ann.len() == 2, "{name}");
        }
    }

    async fn only_the_owner_and_administrators_change_a_note(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let private = note(&fixture, &ann, "private", "PRIVATE").await;
        let public = note(&fixture, &ann, "public", "PUBLIC").await;
        let cases = [(Some(&bob), &private, "NOT_FOUND"), (Some(&bob), &public, "FORBIDDEN"), (None, &public, "UNAUTHENTICATED")];
        for (who, id, code) in cases {
            for name in ["updateNote", "deleteNote"] {
                assert_eq!(refused(&fixture, who, name, json!({ "id": id })).await["code"], code, "{name} {id}");
            }
        }
        let creation = refused(&fixture, None, "createNote", json!({ "title": "mine", "body": "" })).await;
        assert_eq!(creation["code"], "UNAUTHENTICATED");
        let input = json!({ "id": ann.id, "title": "me" });
        let wrong = json!({ "code": "BAD_USER_INPUT", "field": "id" });
        assert_eq!(refused(&fixture, Some(&ann), "updateNote", input).await, wrong);

        let data = fixture.data(LISTS, json!({ "user": ann.id }), Some(&ann.token)).await;
        assert_eq!(titles(&data["notes"]), ["private", "public"], "nothing was changed");
        let admin = administrator(&fixture, "admin").await;
        let changed = change(&fixture, &admin, "updateNote", "note { title user { id } }", json!({ "id": private, "title": "seen" }));
        assert_eq!(changed.await["note"], json!({ "title": "seen", "user": { "id": ann.id } }));
        change(&fixture, &admin, "deleteNote", "deletedId", json!({ "id": public })).await;
        let data = fixture.data(LISTS, json!({ "user": ann.id }), Some(&ann.token)).await;
        assert_eq!(titles(&data["notes"]), ["seen"]);
    }

    async fn what_does_not_fit_is_refused_by_field(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let long = |length: usize| "ü".repeat(length);
        let most = json!({ "title": long(200), "body": long(50_000) });
        let id = change(&fixture, &ann, "createNote", "note { id title }", most).await["note"]["id"].take();
        for (field, value) in [
            ("title", json!(" \n")),
            ("title", json!(long(201))),
            ("title", json!("a\0b")),
            ("body", json!(long(50_001))),
            ("body", json!("\0")),
        ] {
            let expected = json!({ "code": "BAD_USER_INPUT", "field": field });
            let mut input = json!({ "title": "fine", "body": "fine" });
            input[field] = value.clone();
            assert_eq!(refused(&fixture, Some(&ann), "createNote", input).await, expected, "{value}");
            let mut input = json!({ "id": id });
            input[field] = value.clone();
            assert_eq!(refused(&fixture, Some(&ann), "updateNote", input).await, expected, "{value}");
        }
        for field in ["title", "body", "visibility"] {
            let mut input = json!({ "id": id });
            input[field] = Value::Null;
            let expected = json!({ "code": "BAD_USER_INPUT", "field": field });
            assert_eq!(refused(&fixture, Some(&ann), "updateNote", input).await, expected);
        }
        let filter = json!({ "filter": { "text": long(101) } });
        let expected = json!({ "code": "BAD_USER_INPUT", "field": "filter.text" });
        assert_eq!(fixture.refusal(SELECTED, filter, Some(&ann.token)).await, expected);
    }

    async fn notes_are_filtered_and_ordered(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for (title, visibility) in [("cherry", "PUBLIC"), ("Apple", "PRIVATE"), ("banana", "PUBLIC"), ("apple", "PRIVATE")] {
            note(&fixture, &ann, title, visibility).await;
        }
        let data = fixture.data(SELECTED, json!({}), Some(&ann.token)).await;
        assert_eq!(titles(&data["notes"]), ["cherry", "Apple", "banana", "apple"]);
        let cases = [
            (json!({ "filter": { "visibility": "PUBLIC" } }), vec!["cherry", "banana"]),
            (json!({ "filter": { "text": "APP" } }), vec!["Apple", "apple"]),
            (json!({ "filter": { "text": "a", "visibility": "PUBLIC" } }), vec!["banana"]),
            (json!({ "filter": { "text": "%" } }), vec![]),
            (json!({ "orderBy": [{ "field": "CREATED_AT", "direction": "DESC" }] }), vec!["apple", "banana", "Apple", "cherry"]),
            (json!({ "filter": { "visibility": "PUBLIC" }, "orderBy": [{ "field": "TITLE" }] }), vec!["banana", "cherry"]),
        ];
        for (variables, expected) in cases {
            let data = fixture.data(SELECTED, variables.clone(), Some(&ann.token)).await;
            assert_eq!(titles(&data["notes"]), expected, "{variables}");
        }
        let banana = fixture.data("{ notes(filter: { text: \"banana\" }) { nodes { id } } }", json!({}), None).await;
        change(&fixture, &ann, "updateNote", "note { id }", json!({ "id": banana["notes"]["nodes"][0]["id"] })).await;
        let newest = json!({ "orderBy": [{ "field": "UPDATED_AT", "direction": "DESC" }] });
        let data = fixture.data(SELECTED, newest, Some(&ann.token)).await;
        assert_eq!(titles(&data["notes"])[0], "banana");
        let twice = json!({ "orderBy": [{ "field": "TITLE" }, { "field": "TITLE", "direction": "DESC" }] });
        let expected = json!({ "code": "BAD_USER_INPUT", "field": "orderBy" });
        assert_eq!(fixture.refusal(SELECTED, twice, Some(&ann.token)).await, expected);
    }

    async fn what_is_published_or_withdrawn_behind_the_api_is_so_at_once(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let id = note(&fixture, &ann, "news", "PRIVATE").await;
        for (visibility, expected) in [("PRIVATE", vec![]), ("PUBLIC", vec!["news"]), ("PRIVATE", vec![])] {
            fixture.database.sql(&format!("UPDATE note SET visibility = '{visibility}'")).await;
            for who in [None, Some(&bob)] {
                let data = fixture.data(LISTS, json!({ "user": ann.id }), token(who)).await;
                assert_eq!(titles(&data["notes"]), expected);
                assert_eq!(titles(&data["user"]["notes"]), expected);
                assert_eq!(sees(&fixture, who, &id).await, !expected.is_empty());
            }
        }
        fixture.database.sql("UPDATE note SET visibility = 'PUBLIC'").await;
        assert!(sees(&fixture, None, &id).await);
        fixture.database.sql("DELETE FROM note").await;
        assert!(!sees(&fixture, None, &id).await);
        assert_eq!(titles(&fixture.data(SELECTED, json!({}), Some(&bob.token)).await["notes"]), [""; 0]);
    }
}

on_each_backend! {
    async fn a_note_that_became_private_is_not_shown_by_an_older_page(backend) {
        let older = |settings: &mut ApiSettings| settings.policies.lists.max_staleness = Duration::from_secs(60);
        let fixture = Fixture::adjusted(backend, older).await;
        let ann = fixture.user("ann").await;
        let create = "mutation { createNote(input: { title: \"t\", body: \"open\", visibility: PUBLIC }) { note { id } } }";
        fixture.data(create, json!({}), Some(&ann.token)).await;
        let query = "{ notes { nodes { body } edges { node { body } } } }";
        let seen = fixture.data(query, json!({}), None).await;
        assert_eq!(seen["notes"]["nodes"], json!([{ "body": "open" }]));
        fixture.database.sql("UPDATE note SET visibility = 'PRIVATE', body = 'secret'").await;
        let seen = fixture.data(query, json!({}), None).await;
        assert_eq!(seen, json!({ "notes": { "nodes": [], "edges": [] } }));
    }
}
