use futures::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tidewater_entity::{note_tag, todo_tag};
use tidewater_testkit::on_each_backend;

use crate::content::{administrator, change, mutation, note, refused, tag, todo};
use crate::fixture::{Fixture, SignedIn};

const BY_ID: &str = "query($id: ID!) { tag(id: $id) { name } node(id: $id) { ... on Tag { name } } }";
const LISTS: &str = "query($user: ID!) {
    tags { totalCount nodes { name } }
    user(id: $user) { tags { totalCount nodes { name } } } }";
const CARRIERS: &str = "query($id: ID!) { node(id: $id) { ... on Tag {
    user { id }
    todos { totalCount nodes { name: text } }
    notes { totalCount nodes { name: title } } } } }";
const CARRIED: &str = "query($todo: ID!, $note: ID!) {
    todo(id: $todo) { tags { totalCount nodes { name } } }
    note(id: $note) { tags { totalCount nodes { name } } } }";
const SELECTED: &str = "query($filter: TagFilter, $orderBy: [TagOrder!]) {
    tags(filter: $filter, orderBy: $orderBy) { totalCount nodes { name } } }";

fn token(who: Option<&SignedIn>) -> Option<&str> {
    who.map(|who| who.token.as_str())
}

/// The names in a connection, which must count them right.
fn names(connection: &Value) -> Vec<&str> {
    let nodes = connection["nodes"].as_array().unwrap();
    assert_eq!(connection["totalCount"], nodes.len());
    nodes.iter().map(|node| node["name"].as_str().unwrap()).collect()
}

/// Whether the tag is seen by its id, either way.
async fn sees(fixture: &Fixture, who: Option<&SignedIn>, id: &str) -> bool {
    let data = fixture.data(BY_ID, json!({ "id": id }), token(who)).await;
    assert_eq!(data["tag"], data["node"]);
    !data["tag"].is_null()
}

async fn put_on_note(fixture: &Fixture, who: &SignedIn, note: &str, tag: &str) {
    change(fixture, who, "tagNote", "note { id }", json!({ "noteId": note, "tagId": tag })).await;
}

on_each_backend! {
    async fn a_tag_is_created_and_deleted(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let created = change(&fixture, &ann, "createTag", "tag { id name user { id } createdAt }", json!({ "name": " home " }));
        let created = created.await["tag"].take();
        assert_eq!((&created["name"], &created["user"]["id"]), (&json!("home"), &json!(ann.id)));
        let id = created["id"].as_str().unwrap();
        assert!(id.starts_with("tag_"), "{id}");
        let lists = fixture.data(LISTS, json!({ "user": ann.id }), Some(&ann.token)).await;
        assert_eq!((names(&lists["tags"]), names(&lists["user"]["tags"])), (vec!["home"], vec!["home"]));

        let (todo, note) = (todo(&fixture, &ann, "sweep").await, note(&fixture, &ann, "plan", "PUBLIC").await);
        let input = json!({ "todoId": todo, "tagId": id });
        change(&fixture, &ann, "tagTodo", "todo { id }", input).await;
        put_on_note(&fixture, &ann, &note, id).await;
        let carried = || fixture.data(CARRIED, json!({ "todo": todo, "note": note }), Some(&ann.token));
        let before = carried().await;
        assert_eq!((names(&before["todo"]["tags"]), names(&before["note"]["tags"])), (vec!["home"], vec!["home"]));
        let deleted = change(&fixture, &ann, "deleteTag", "deletedId", json!({ "id": id })).await;
        assert_eq!(deleted, json!({ "deletedId": id }));
        let after = carried().await;
        assert_eq!((names(&after["todo"]["tags"]), names(&after["note"]["tags"])), (vec![], vec![]));
        assert!(!sees(&fixture, Some(&ann), id).await);
        assert_eq!(refused(&fixture, Some(&ann), "deleteTag", json!({ "id": id })).await["code"], "NOT_FOUND");
    }

    async fn a_user_has_one_tag_of_a_name(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let document = mutation("createTag", "tag { name }");
        let attempts = ["home", " home", "home\n", "home"];
        let attempts = attempts.map(|name| fixture.execute(&document, json!({ "input": { "name": name } }), Some(&ann.token)));
        let answers = join_all(attempts).await;
        let (refused_ones, created): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.get("errors").is_some());
        assert_eq!(created.len(), 1);
        let conflict = json!({ "code": "CONFLICT", "field": "name" });
        assert!(refused_ones.iter().all(|answer| answer["errors"][0]["extensions"] == conflict), "{refused_ones:?}");
        assert_eq!(refused(&fixture, Some(&ann), "createTag", json!({ "name": "home" })).await, conflict);
        tag(&fixture, &bob, "home").await;
        for name in [String::new(), "ü".repeat(51), "a\0".to_owned()] {
            let expected = json!({ "code": "BAD_USER_INPUT", "field": "name" });
            assert_eq!(refused(&fixture, Some(&bob), "createTag", json!({ "name": name })).await, expected, "{name:?}");
        }
        tag(&fixture, &bob, &"ü".repeat(50)).await;
        assert_eq!(refused(&fixture, None, "createTag", json!({ "name": "x" })).await["code"], "UNAUTHENTICATED");
    }

    async fn tags_are_for_their_owner_and_administrators(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let (of_ann, of_bob) = (tag(&fixture, &ann, "ann's").await, tag(&fixture, &bob, "bob's").await);
        for (who, all, by_user) in [
            (&ann, vec!["ann's"], vec!["ann's"]),
            (&bob, vec!["bob's"], vec![]),
            (&admin, vec!["ann's", "bob's"], vec!["ann's"]),
        ] {
            let lists = fixture.data(LISTS, json!({ "user": ann.id }), Some(&who.token)).await;
            assert_eq!((names(&lists["tags"]), names(&lists["user"]["tags"])), (all.clone(), by_user), "{}", who.email);
            assert_eq!(sees(&fixture, Some(who), &of_ann).await, all.contains(&"ann's"));
            assert_eq!(sees(&fixture, Some(who), &of_bob).await, all.contains(&"bob's"));
        }
        assert!(!sees(&fixture, None, &of_ann).await);
        assert_eq!(fixture.refusal("{ tags { totalCount } }", json!({}), None).await["code"], "UNAUTHENTICATED");
        let document = "query($id: ID!) { user(id: $id) { tags { totalCount nodes { name } } } }";
        let by_nobody = fixture.data(document, json!({ "id": ann.id }), None).await;
        assert_eq!(names(&by_nobody["user"]["tags"]), [""; 0]);
        for (who, code) in [(Some(&bob), "NOT_FOUND"), (None, "UNAUTHENTICATED")] {
            assert_eq!(refused(&fixture, who, "deleteTag", json!({ "id": of_ann })).await["code"], code);
        }
        change(&fixture, &admin, "deleteTag", "deletedId", json!({ "id": of_ann })).await;
        assert!(!sees(&fixture, Some(&ann), &of_ann).await);
    }

    async fn a_tag_is_seen_by_everybody_while_a_public_note_carries_it(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let id = tag(&fixture, &ann, "news").await;
        let (diary, article) = (note(&fixture, &ann, "diary", "PRIVATE").await, note(&fixture, &ann, "article", "PUBLIC").await);
        let chore = todo(&fixture, &ann, "chore").await;
        change(&fixture, &ann, "tagTodo", "todo { id }", json!({ "todoId": chore, "tagId": id })).await;
        put_on_note(&fixture, &ann, &diary, &id).await;
        for who in [Some(&bob), None] {
            assert!(!sees(&fixture, who, &id).await);
        }
        assert_eq!(refused(&fixture, Some(&bob), "deleteTag", json!({ "id": id })).await["code"], "NOT_FOUND");

        put_on_note(&fixture, &ann, &article, &id).await;
        for who in [Some(&bob), None] {
            assert!(sees(&fixture, who, &id).await);
            let seen = fixture.data(CARRIERS, json!({ "id": id }), token(who)).await["node"].take();
            assert_eq!(seen["user"]["id"], json!(ann.id));
            assert_eq!((names(&seen["todos"]), names(&seen["notes"])), (vec![], vec!["article"]));
        }
        let admin = administrator(&fixture, "admin").await;
        for who in [&ann, &admin] {
            let seen = fixture.data(CARRIERS, json!({ "id": id }), Some(&who.token)).await["node"].take();
            assert_eq!((names(&seen["todos"]), names(&seen["notes"])), (vec!["chore"], vec!["diary", "article"]));
        }
        assert_eq!(refused(&fixture, Some(&bob), "deleteTag", json!({ "id": id })).await["code"], "FORBIDDEN");

        fixture.database.sql("UPDATE note SET visibility = 'PRIVATE'").await;
        assert!(!sees(&fixture, Some(&bob), &id).await);
        fixture.database.sql("UPDATE note SET visibility = 'PUBLIC'").await;
        assert!(sees(&fixture, Some(&bob), &id).await);
        fixture.database.sql("DELETE FROM note_tag").await;
        assert!(!sees(&fixture, Some(&bob), &id).await);
    }

    async fn a_private_note_that_carries_somebody_elses_tag_is_not_even_counted(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let id = tag(&fixture, &ann, "word").await;
        note(&fixture, &bob, "secret", "PRIVATE").await;
        // The database allows it.
        let link = "INSERT INTO note_tag (note_id, tag_id, created_at) SELECT note.id, tag.id, note.created_at FROM note, tag";
        assert_eq!(fixture.database.sql(link).await, 1);
        let seen = fixture.data(CARRIERS, json!({ "id": id }), Some(&ann.token)).await["node"].take();
        assert_eq!(names(&seen["notes"]), [""; 0]);
    }

    async fn to_tag_and_to_untag_can_be_repeated(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let (home, garden) = (tag(&fixture, &ann, "home").await, tag(&fixture, &ann, "garden").await);
        let (todo, note) = (todo(&fixture, &ann, "dig").await, note(&fixture, &ann, "seeds", "PRIVATE").await);
        for (kind, id) in [("Todo", &todo), ("Note", &note)] {
            let lower = kind.to_lowercase();
            let selection = format!("tag {{ id name }} carrier: {lower} {{ id tags {{ totalCount nodes {{ name }} }} }}");
            let steps = [
                ("tag", &garden, vec!["garden"]),
                ("tag", &home, vec!["home", "garden"]),
                ("tag", &home, vec!["home", "garden"]),
                ("untag", &garden, vec!["home"]),
                ("untag", &garden, vec!["home"]),
            ];
            for (verb, tag, expected) in steps {
                let input = json!({ format!("{lower}Id"): id, "tagId": tag });
                let payload = change(&fixture, &ann, &format!("{verb}{kind}"), &selection, input).await;
                assert_eq!((&payload["tag"]["id"], &payload["carrier"]["id"]), (&json!(tag), &json!(id)));
                assert_eq!(names(&payload["carrier"]["tags"]), expected, "{verb}{kind} {tag}");
            }
        }
    }

    async fn only_what_is_of_one_owner_goes_together(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let (of_ann, of_bob) = (tag(&fixture, &ann, "ann's").await, tag(&fixture, &bob, "bob's").await);
        let (private, public) = (note(&fixture, &ann, "private", "PRIVATE").await, note(&fixture, &ann, "public", "PUBLIC").await);
        let todo = todo(&fixture, &ann, "chore").await;
        let refusals = [
            (Some(&bob), "Todo", &todo, &of_bob, json!({ "code": "NOT_FOUND" })),
            (Some(&ann), "Todo", &todo, &of_bob, json!({ "code": "NOT_FOUND" })),
            (Some(&admin), "Todo", &todo, &of_bob, json!({ "code": "BAD_USER_INPUT", "field": "tagId" })),
            (Some(&ann), "Todo", &todo, &private, json!({ "code": "BAD_USER_INPUT", "field": "tagId" })),
            (Some(&ann), "Todo", &private, &of_ann, json!({ "code": "BAD_USER_INPUT", "field": "todoId" })),
            (None, "Todo", &todo, &of_ann, json!({ "code": "UNAUTHENTICATED" })),
            (Some(&bob), "Note", &private, &of_bob, json!({ "code": "NOT_FOUND" })),
            (Some(&bob), "Note", &public, &of_bob, json!({ "code": "FORBIDDEN" })),
            (Some(&ann), "Note", &private, &of_bob, json!({ "code": "NOT_FOUND" })),
            (Some(&admin), "Note", &private, &of_bob, json!({ "code": "BAD_USER_INPUT", "field": "tagId" })),
            (Some(&ann), "Note", &todo, &of_ann, json!({ "code": "BAD_USER_INPUT", "field": "noteId" })),
            (None, "Note", &public, &of_ann, json!({ "code": "UNAUTHENTICATED" })),
        ];
        for (who, kind, carrier, tag, expected) in refusals {
            for verb in ["tag", "untag"] {
                let input = json!({ format!("{}Id", kind.to_lowercase()): carrier, "tagId": tag });
                let name = format!("{verb}{kind}");
                assert_eq!(refused(&fixture, who, &name, input).await, expected, "{name} {carrier} {tag}");
            }
        }
        assert_eq!(todo_tag::Entity::find().count(&fixture.connection).await.unwrap(), 0);
        assert_eq!(note_tag::Entity::find().count(&fixture.connection).await.unwrap(), 0);
        let input = json!({ "todoId": todo, "tagId": of_ann });
        let tagged = change(&fixture, &admin, "tagTodo", "todo { tags { totalCount nodes { name } } }", input).await;
        assert_eq!(names(&tagged["todo"]["tags"]), ["ann's"]);
    }

    async fn many_at_once_tag_as_one_does(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let (id, todo) = (tag(&fixture, &ann, "home").await, todo(&fixture, &ann, "sweep").await);
        let input = json!({ "todoId": todo, "tagId": id });
        let selection = "todo { tags { totalCount nodes { name } } }";
        let payloads = join_all((0..8).map(|_| change(&fixture, &ann, "tagTodo", selection, input.clone()))).await;
        for payload in payloads {
            assert_eq!(names(&payload["todo"]["tags"]), ["home"]);
        }
        let deletion = mutation("deleteTag", "deletedId");
        let deletions = (0..4).map(|_| fixture.execute(&deletion, json!({ "input": { "id": id } }), Some(&ann.token)));
        let tagging = mutation("tagTodo", selection);
        let taggings = (0..4).map(|_| fixture.execute(&tagging, json!({ "input": input }), Some(&ann.token)));
        let (deletions, taggings) = tokio::join!(join_all(deletions), join_all(taggings));
        assert_eq!(deletions.iter().filter(|answer| answer.get("errors").is_none()).count(), 1, "{deletions:?}");
        for answer in deletions.iter().chain(&taggings) {
            let code = &answer["errors"][0]["extensions"]["code"];
            assert!(code.is_null() || code == "NOT_FOUND", "{answer}");
        }
        assert_eq!(todo_tag::Entity::find().count(&fixture.connection).await.unwrap(), 0);
    }

    async fn tags_are_filtered_and_ordered(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for name in ["cherry", "banana", "apple"] {
            tag(&fixture, &ann, name).await;
        }
        let cases = [
            (json!({}), vec!["cherry", "banana", "apple"]),
            (json!({ "filter": { "text": "AN" } }), vec!["banana"]),
            (json!({ "orderBy": [{ "field": "NAME" }] }), vec!["apple", "banana", "cherry"]),
            (json!({ "orderBy": [{ "field": "CREATED_AT", "direction": "DESC" }] }), vec!["apple", "banana", "cherry"]),
            (json!({ "filter": { "text": "e" }, "orderBy": [{ "field": "NAME", "direction": "DESC" }] }), vec!["cherry", "apple"]),
        ];
        for (variables, expected) in cases {
            let data = fixture.data(SELECTED, variables.clone(), Some(&ann.token)).await;
            assert_eq!(names(&data["tags"]), expected, "{variables}");
        }
    }

    async fn what_carries_a_tag_is_filtered_and_ordered(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let id = tag(&fixture, &ann, "home").await;
        for content in ["sweep", "dig", "dust"] {
            let todo = todo(&fixture, &ann, content).await;
            change(&fixture, &ann, "tagTodo", "todo { id }", json!({ "todoId": todo, "tagId": id })).await;
            let note = note(&fixture, &ann, content, if content == "dig" { "PRIVATE" } else { "PUBLIC" }).await;
            put_on_note(&fixture, &ann, &note, &id).await;
        }
        let document = "query($id: ID!) { tag(id: $id) {
            todos(filter: { text: \"D\" }, orderBy: [{ field: CREATED_AT, direction: DESC }]) { totalCount nodes { name: text } }
            notes(filter: { visibility: PUBLIC }, orderBy: [{ field: TITLE }]) { totalCount nodes { name: title } } } }";
        let tag = fixture.data(document, json!({ "id": id }), Some(&ann.token)).await["tag"].take();
        assert_eq!((names(&tag["todos"]), names(&tag["notes"])), (vec!["dust", "dig"], vec!["dust", "sweep"]));
    }

    async fn one_s_own_tag_costs_no_look_at_its_notes(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let id = tag(&fixture, &ann, "home").await;
        fixture.statements_taken();
        assert!(sees(&fixture, Some(&ann), &id).await);
        let statements = fixture.statements_taken();
        assert!(!statements.iter().any(|statement| statement.contains("note")), "{statements:?}");
    }
}
