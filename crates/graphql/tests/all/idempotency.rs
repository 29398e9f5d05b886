//! Mutations that are sent again.

use std::collections::BTreeSet;
use std::time::Duration;

use async_graphql::{Request, Variables};
use futures::future::join_all;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tidewater_entity::{idempotency_record, now, prune_idempotency_records};
use tidewater_graphql::{Caller, IdempotencyKey};
use tidewater_testkit::on_each_backend;

use crate::content::administrator;
use crate::fixture::{Fixture, PASSWORD, SignedIn};

const CREATE_TODO: &str =
    "mutation($input: CreateTodoInput!) { createTodo(input: $input) { todo { id text completed } } }";
const UPDATE_TODO: &str = "mutation($input: UpdateTodoInput!) { updateTodo(input: $input) { todo { text } } }";
const CREATE_TAG: &str = "mutation($input: CreateTagInput!) { createTag(input: $input) { tag { id name } } }";
const DELETE_TAG: &str = "mutation($input: DeleteTagInput!) { deleteTag(input: $input) { deletedId } }";
const TODOS: &str = "{ todos { totalCount } }";

/// Sends a mutation under `key`. Answers what HTTP would carry, and whether it had been done before.
async fn send(fixture: &Fixture, who: Option<&SignedIn>, key: &str, query: &str, variables: Value) -> (Value, bool) {
    let request = json!({ "query": query, "variables": variables }).to_string();
    let caller = Caller {
        credential: who.map(|who| who.token.clone()),
        idempotency_key: IdempotencyKey::new(key, request.as_bytes()),
        ..Caller::default()
    };
    let executed = fixture.executed_for(Request::new(query).variables(Variables::from_json(variables)), caller).await;
    (without_extensions(serde_json::to_value(executed.response).unwrap()), executed.replayed)
}

/// The mark of a later request is another.
fn without_extensions(mut answer: Value) -> Value {
    answer.as_object_mut().unwrap().remove("extensions");
    answer
}

fn code(answer: &Value) -> &Value {
    &answer["errors"][0]["extensions"]["code"]
}

async fn count(fixture: &Fixture, who: &SignedIn) -> u64 {
    fixture.data(TODOS, json!({}), Some(&who.token)).await["todos"]["totalCount"].as_u64().unwrap()
}

async fn records(fixture: &Fixture) -> usize {
    idempotency_record::Entity::find().all(&fixture.connection).await.unwrap().len()
}

fn text(text: &str) -> Value {
    json!({ "input": { "text": text } })
}

on_each_backend! {
    async fn what_is_sent_again_is_answered_and_not_done_again(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let first = send(&fixture, Some(&ann), "one", CREATE_TODO, text("milk")).await;
        assert_eq!((&first.0["data"]["createTodo"]["todo"]["text"], first.1), (&json!("milk"), false));
        assert_eq!(send(&fixture, Some(&ann), "one", CREATE_TODO, text("milk")).await, (first.0.clone(), true));
        assert_eq!(count(&fixture, &ann).await, 1);
        // What it became since does not change what was done.
        let input = json!({ "input": { "id": first.0["data"]["createTodo"]["todo"]["id"], "text": "bread" } });
        fixture.data(UPDATE_TODO, input, Some(&ann.token)).await;
        assert_eq!(send(&fixture, Some(&ann), "one", CREATE_TODO, text("milk")).await, (first.0.clone(), true));
        let other = send(&fixture, Some(&ann), "two", CREATE_TODO, text("milk")).await;
        assert!(!other.1 && other.0 != first.0);
        assert_eq!(count(&fixture, &ann).await, 2);
        assert_eq!(records(&fixture).await, 2);
    }

    async fn a_key_is_for_one_request_of_one_user(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let first = send(&fixture, Some(&ann), "one", CREATE_TODO, text("milk")).await;
        let (answer, replayed) = send(&fixture, Some(&ann), "one", CREATE_TODO, text("bread")).await;
        assert_eq!((code(&answer), replayed), (&json!("CONFLICT"), false));
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("Idempotency-Key"), "{answer}");
        assert_eq!(count(&fixture, &ann).await, 1);
        let of_bob = send(&fixture, Some(&bob), "one", CREATE_TODO, text("bread")).await;
        assert!(!of_bob.1 && code(&of_bob.0).is_null());
        assert_eq!((count(&fixture, &ann).await, count(&fixture, &bob).await), (1, 1));
        // In another session of the same user, too.
        let elsewhere = fixture.again(&ann).await;
        assert_eq!(send(&fixture, Some(&elsewhere), "one", CREATE_TODO, text("milk")).await, (first.0, true));
        let (answer, _) = send(&fixture, None, "one", CREATE_TODO, text("milk")).await;
        assert_eq!(code(&answer), "UNAUTHENTICATED");
    }

    async fn many_that_send_the_same_at_once_do_it_once(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let answers = join_all((0..8).map(|_| send(&fixture, Some(&ann), "one", CREATE_TODO, text("milk")))).await;
        assert_eq!(answers.iter().filter(|(_, replayed)| !replayed).count(), 1, "{answers:?}");
        assert!(code(&answers[0].0).is_null() && answers.iter().all(|(answer, _)| *answer == answers[0].0));
        assert_eq!(count(&fixture, &ann).await, 1);
    }

    async fn what_failed_is_tried_again(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let name = json!({ "input": { "name": "home" } });
        let tag = fixture.data(CREATE_TAG, name.clone(), Some(&ann.token)).await["createTag"]["tag"].take();
        assert_eq!(code(&send(&fixture, Some(&ann), "one", CREATE_TAG, name.clone()).await.0), "CONFLICT");
        assert_eq!(records(&fixture).await, 0);
        fixture.data(DELETE_TAG, json!({ "input": { "id": tag["id"] } }), Some(&ann.token)).await;
        let (answer, replayed) = send(&fixture, Some(&ann), "one", CREATE_TAG, name).await;
        assert!(code(&answer).is_null() && !replayed, "{answer}");
    }

    async fn what_is_too_much_to_be_kept_is_not_done(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let mut ids = Vec::new();
        for _ in 0..30 {
            let input = json!({ "input": { "text": "milk", "notes": "🐄".repeat(10_000) } });
            let todo = fixture.data(CREATE_TODO, input, Some(&ann.token)).await["createTodo"]["todo"].take();
            ids.push(todo["id"].clone());
        }
        let complete = "mutation($input: CompleteTodosInput!) { completeTodos(input: $input) { todos { id } } }";
        let (answer, _) = send(&fixture, Some(&ann), "one", complete, json!({ "input": { "ids": ids } })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT");
        let done = fixture.data("{ todos(filter: { completed: true }) { totalCount } }", json!({}), Some(&ann.token)).await;
        assert_eq!((&done["todos"]["totalCount"], records(&fixture).await), (&json!(0), 0));
        let (answer, _) = send(&fixture, Some(&ann), "one", complete, json!({ "input": { "ids": ids[..20] } })).await;
        assert!(code(&answer).is_null(), "{answer}");
    }

    async fn a_key_goes_with_one_field(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for several in [
            "mutation { a: markAllRead { viewer { id } } b: markAllRead { viewer { id } } }",
            "mutation { ...Both ...Both } fragment Both on Mutation { markAllRead { viewer { id } } }",
            "mutation { ... { markAllRead { viewer { id } } } ... on Mutation { b: exportMyData { export { id } } } }",
        ] {
            let (answer, _) = send(&fixture, Some(&ann), "one", several, json!({})).await;
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!(extensions, &json!({ "code": "BAD_USER_INPUT", "field": "Idempotency-Key" }), "{several}");
        }
        assert_eq!(records(&fixture).await, 0);
        let one = "mutation { __typename ...One } fragment One on Mutation { markAllRead { viewer { id } } }";
        assert!(code(&send(&fixture, Some(&ann), "one", one, json!({})).await.0).is_null());
        let chosen = format!("query Q {{ viewer {{ id }} }} {}", CREATE_TODO.replacen("mutation", "mutation M", 1));
        let request = Request::new(chosen).operation_name("M").variables(Variables::from_json(text("milk")));
        let (credential, idempotency_key) = (Some(ann.token.clone()), IdempotencyKey::new("two", b"two"));
        let caller = Caller { credential, idempotency_key, ..Caller::default() };
        assert!(fixture.executed_for(request, caller).await.response.errors.is_empty());
    }

    async fn a_key_is_free_again_after_its_time(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        send(&fixture, Some(&ann), "one", CREATE_TODO, text("milk")).await;
        let hour = Duration::from_secs(3600);
        assert_eq!(prune_idempotency_records(&fixture.connection, now(), hour).await.unwrap(), 0);
        assert!(send(&fixture, Some(&ann), "one", CREATE_TODO, text("milk")).await.1);
        assert_eq!(prune_idempotency_records(&fixture.connection, now() + 2 * hour, hour).await.unwrap(), 1);
        assert!(!send(&fixture, Some(&ann), "one", CREATE_TODO, text("milk")).await.1);
        assert_eq!(count(&fixture, &ann).await, 2);
    }

    async fn every_mutation_can_be_repeated_or_refuses_a_key(backend) {
        let fixture = Fixture::new(backend).await;
        let (root, ann) = (administrator(&fixture, "root").await, fixture.user("ann").await);
        let of = async |query: &str, input: Value, path: &str| {
            let data = fixture.data(query, json!({ "input": input }), Some(&root.token)).await;
            data.pointer(path).unwrap().clone()
        };
        let todo = of(CREATE_TODO, json!({ "text": "milk" }), "/createTodo/todo/id").await;
        let tag = of(CREATE_TAG, json!({ "name": "home" }), "/createTag/tag/id").await;
        let create_note = "mutation($input: CreateNoteInput!) { createNote(input: $input) { note { id } } }";
        let new_note = json!({ "title": "a", "body": "b", "visibility": "PRIVATE" });
        let note = of(create_note, new_note.clone(), "/createNote/note/id").await;
        let elsewhere = fixture.again(&root).await;
        let sessions = "{ viewer { sessions { nodes { id isCurrent } } } }";
        let sessions = fixture.data(sessions, json!({}), Some(&elsewhere.token)).await;
        let session = |current: bool| {
            let all = sessions["viewer"]["sessions"]["nodes"].as_array().unwrap();
            all.iter().find(|session| session["isCurrent"] == current).unwrap()["id"].clone()
        };
        let credentials = json!({ "email": root.email, "password": PASSWORD });
        let (by_todo, by_note) = (json!({ "todoId": todo, "tagId": tag }), json!({ "noteId": note, "tagId": tag }));
        let all = [
            ("signUp", json!({ "email": "new@example.test", "name": "new", "password": PASSWORD }), "token", false),
            ("signIn", credentials, "token", false),
            ("changePassword", json!({ "currentPassword": PASSWORD, "newPassword": "another one" }), "token", false),
            ("signOut", Value::Null, "user { id }", false),
            ("changeRole", json!({ "userId": ann.id, "role": "ADMIN" }), "user { id }", false),
            ("viewNote", json!({ "id": note }), "note { id }", false),
            ("revokeSession", json!({ "id": session(false) }), "revokedId", true),
            ("revokeOtherSessions", Value::Null, "revokedCount", true),
            ("updateProfile", json!({ "name": "Root", "bio": "b" }), "viewer { name }", true),
            ("createTodo", json!({ "text": "bread" }), "todo { id }", true),
            ("updateTodo", json!({ "id": todo, "text": "bread" }), "todo { text updatedAt }", true),
            ("completeTodos", json!({ "ids": [todo] }), "todos { completed updatedAt }", true),
            ("createNote", new_note, "note { id }", true),
            ("updateNote", json!({ "id": note, "title": "c" }), "note { title updatedAt }", true),
            ("likeNote", json!({ "id": note }), "note { id }", true),
            ("unlikeNote", json!({ "id": note }), "note { id }", true),
            ("createTag", json!({ "name": "work" }), "tag { id }", true),
            ("tagTodo", by_todo.clone(), "todo { id } tag { id }", true),
            ("untagTodo", by_todo, "todo { id } tag { id }", true),
            ("tagNote", by_note.clone(), "note { id } tag { id }", true),
            ("untagNote", by_note, "note { id } tag { id }", true),
            ("markRead", json!({ "ids": [] }), "notifications { id }", true),
            ("markAllRead", Value::Null, "viewer { id }", true),
            ("exportMyData", Value::Null, "export { id }", true),
            ("dropMemo", json!({ "id": todo }), "wasKept", false),
            ("retryJobs", json!({ "names": ["mail"] }), "retried", false),
            ("setLogLevel", json!({ "directives": "info" }), "directives", false),
            ("deleteTodo", json!({ "id": todo }), "deletedId", true),
            ("deleteNote", json!({ "id": note }), "deletedId", true),
            ("deleteTag", json!({ "id": tag }), "deletedId", true),
        ];
        let fields = fixture.data("{ __schema { mutationType { fields { name } } } }", json!({}), None).await;
        let fields = fields["__schema"]["mutationType"]["fields"].as_array().unwrap();
        let fields: BTreeSet<&str> = fields.iter().map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!(fields, all.iter().map(|(name, ..)| *name).collect());

        for (name, input, selection, is_repeatable) in all {
            let (declared, given) = if input.is_null() {
                (String::new(), "")
            } else {
                let of_type = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
                (format!("($input: {of_type}!)"), "(input: $input)")
            };
            let query = format!("mutation{declared} {{ {name}{given} {{ {selection} }} }}");
            let variables = if input.is_null() { json!({}) } else { json!({ "input": input }) };
            let first = send(&fixture, Some(&elsewhere), name, &query, variables.clone()).await;
            let again = send(&fixture, Some(&elsewhere), name, &query, variables).await;
            if is_repeatable {
                assert!(code(&first.0).is_null() && !first.1, "{name}: {}", first.0);
                assert_eq!(again, (first.0, true), "{name}");
            } else {
                let refused = json!({ "code": "BAD_USER_INPUT", "field": "Idempotency-Key" });
                assert_eq!(first.0["errors"][0]["extensions"], refused, "{name}: {}", first.0);
            }
        }
        let own = "mutation($input: RevokeSessionInput!) { revokeSession(input: $input) { revokedId } }";
        let (answer, _) = send(&fixture, Some(&elsewhere), "own", own, json!({ "input": { "id": session(true) } })).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "it ends the session that the key belongs to");
    }
}
