//! Todos: what one may put in, who may see and change them, and how several are completed at once.

use serde_json::{Value, json};
use tidewater_testkit::on_each_backend;

use crate::fixture::{Fixture, SignedIn};

const CREATE: &str = "mutation($input: CreateTodoInput!) { createTodo(input: $input) { todo {
    id text notes completed priority dueAt user { id } tags { totalCount } } } }";
const UPDATE: &str = "mutation($input: UpdateTodoInput!) { updateTodo(input: $input) { todo {
    text notes completed priority dueAt } } }";
const DELETE: &str = "mutation($input: DeleteTodoInput!) { deleteTodo(input: $input) { deletedId } }";
const COMPLETE: &str =
    "mutation($input: CompleteTodosInput!) { completeTodos(input: $input) { todos { id completed } } }";
const TODO: &str = "query($id: ID!) { todo(id: $id) { text completed } node(id: $id) { id } }";
const TODOS: &str = "query($filter: TodoFilter, $orderBy: [TodoOrder!]) {
    todos(filter: $filter, orderBy: $orderBy) { totalCount nodes { text } } }";

async fn create(fixture: &Fixture, owner: &SignedIn, input: Value) -> Value {
    fixture.data(CREATE, json!({ "input": input }), Some(&owner.token)).await["createTodo"]["todo"].clone()
}

async fn texts(fixture: &Fixture, viewer: &str, variables: Value) -> Vec<String> {
    let todos = fixture.data(TODOS, variables, Some(viewer)).await["todos"].clone();
    let nodes = todos["nodes"].as_array().unwrap();
    assert_eq!(todos["totalCount"], nodes.len());
    nodes.iter().map(|todo| todo["text"].as_str().unwrap().to_owned()).collect()
}

fn bad(field: &str) -> Value {
    json!({ "code": "BAD_USER_INPUT", "field": field })
}

on_each_backend! {
    async fn a_todo_is_created_changed_and_deleted(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let todo = create(&fixture, &ann, json!({ "text": "  Sail  " })).await;
        assert!(todo["id"].as_str().unwrap().starts_with("todo_"));
        let plain = json!({ "id": todo["id"], "text": "Sail", "notes": null, "completed": false, "priority": "MEDIUM",
            "dueAt": null, "user": { "id": ann.id }, "tags": { "totalCount": 0 } });
        assert_eq!(todo, plain);

        let id = &todo["id"];
        let update = async |change: Value| {
            let mut input = change;
            input["id"] = id.clone();
            fixture.data(UPDATE, json!({ "input": input }), Some(&ann.token)).await["updateTodo"]["todo"].clone()
        };
        let full = json!({ "text": "Swim", "notes": "Far", "completed": true, "priority": "HIGH",
            "dueAt": "2030-01-02T03:04:05.000006+00:00" });
        assert_eq!(update(full.clone()).await, full);
        assert_eq!(update(json!({})).await, full, "absent is unchanged");
        let cleared = json!({ "text": "Swim", "notes": null, "completed": true, "priority": "HIGH", "dueAt": null });
        assert_eq!(update(json!({ "notes": null, "dueAt": null })).await, cleared, "null clears");

        let deleted = fixture.data(DELETE, json!({ "input": { "id": id } }), Some(&ann.token)).await;
        assert_eq!(deleted["deleteTodo"]["deletedId"], *id);
        let gone = json!({ "todo": null, "node": null });
        assert_eq!(fixture.data(TODO, json!({ "id": id }), Some(&ann.token)).await, gone);
        let again = fixture.refusal(DELETE, json!({ "input": { "id": id } }), Some(&ann.token)).await;
        assert_eq!(again, json!({ "code": "NOT_FOUND" }));
    }

    async fn what_is_put_in_is_checked(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let token = Some(ann.token.as_str());
        let id = create(&fixture, &ann, json!({ "text": "Sail" })).await["id"].clone();
        let far = "9".repeat(10_001);
        for (field, input) in [
            ("text", json!({ "text": "" })),
            ("text", json!({ "text": " \n " })),
            ("text", json!({ "text": "ä".repeat(1_001) })),
            ("text", json!({ "text": "a\u{0}b" })),
            ("notes", json!({ "text": "a", "notes": far })),
            ("dueAt", json!({ "text": "a", "dueAt": "+20000-01-01T00:00:00Z" })),
            ("dueAt", json!({ "text": "a", "dueAt": "0000-01-01T00:00:00Z" })),
        ] {
            assert_eq!(fixture.refusal(CREATE, json!({ "input": input }), token).await, bad(field), "{input}");
            let mut change = input.clone();
            change["id"] = id.clone();
            assert_eq!(fixture.refusal(UPDATE, json!({ "input": change }), token).await, bad(field), "{change}");
        }
        for field in ["text", "completed", "priority"] {
            let input = json!({ "id": id, field: null });
            assert_eq!(fixture.refusal(UPDATE, json!({ "input": input }), token).await, bad(field), "{input}");
        }
        create(&fixture, &ann, json!({ "text": "ä".repeat(1_000), "notes": "ä".repeat(10_000) })).await;
        for id in ["", "todo", "todo_", "todo_01h455vb4pex5vsknk084sn02", ann.id.as_str()] {
            assert_eq!(fixture.refusal(DELETE, json!({ "input": { "id": id } }), token).await, bad("id"), "{id}");
            assert_eq!(fixture.refusal("query($id: ID!) { todo(id: $id) { id } }", json!({ "id": id }), token).await, bad("id"));
        }
        assert_eq!(texts(&fixture, &ann.token, json!({})).await.len(), 2);
    }

    async fn somebody_elses_todo_is_as_good_as_none(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let id = create(&fixture, &ann, json!({ "text": "Sail" })).await["id"].clone();
        let (unseen, seen) = (json!({ "todo": null, "node": null }), json!({ "todo": { "text": "Sail", "completed": false }, "node": { "id": id } }));
        let not_found = json!({ "code": "NOT_FOUND" });
        let see = async |token: Option<&str>| fixture.data(TODO, json!({ "id": id }), token).await;
        assert_eq!((see(Some(&ann.token)).await, see(Some(&bob.token)).await, see(None).await), (seen.clone(), unseen.clone(), unseen));
        for (mutation, input) in [
            (UPDATE, json!({ "id": id, "text": "Sink" })),
            (DELETE, json!({ "id": id })),
            (COMPLETE, json!({ "ids": [id] })),
        ] {
            assert_eq!(fixture.refusal(mutation, json!({ "input": input }), Some(&bob.token)).await, not_found);
            let anonymous = fixture.refusal(mutation, json!({ "input": input }), None).await;
            assert_eq!(anonymous, json!({ "code": "UNAUTHENTICATED" }));
        }
        let mine = "{ todos { totalCount nodes { text } } }";
        let none = json!({ "todos": { "totalCount": 0, "nodes": [] } });
        assert_eq!(fixture.data(mine, json!({}), Some(&bob.token)).await, none);
        let anonymous = fixture.refusal("{ todos { totalCount } }", json!({}), None).await;
        assert_eq!(anonymous, json!({ "code": "UNAUTHENTICATED" }));
        let of_ann = "query($id: ID!) { user(id: $id) { name todos { totalCount nodes { text } } } }";
        let nothing = json!({ "user": { "name": "ann", "todos": { "totalCount": 0, "nodes": [] } } });
        assert_eq!(fixture.data(of_ann, json!({ "id": ann.id }), Some(&bob.token)).await, nothing);

        fixture.database.sql("UPDATE \"user\" SET role = 'ADMIN' WHERE name = 'bob'").await;
        let bob = fixture.again(&bob).await;
        assert_eq!(see(Some(&bob.token)).await, seen);
        assert_eq!(texts(&fixture, &bob.token, json!({})).await, ["Sail"]);
        let all = fixture.data(of_ann, json!({ "id": ann.id }), Some(&bob.token)).await;
        assert_eq!(all["user"]["todos"]["nodes"], json!([{ "text": "Sail" }]));
        let renamed = fixture.data(UPDATE, json!({ "input": { "id": id, "text": "Row" } }), Some(&bob.token)).await;
        assert_eq!(renamed["updateTodo"]["todo"]["text"], "Row");
    }

    async fn several_are_completed_together_or_not_at_all(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let mut ids = Vec::new();
        for text in ["a", "b", "c"] {
            ids.push(create(&fixture, &ann, json!({ "text": text })).await["id"].clone());
        }
        let foreign = create(&fixture, &bob, json!({ "text": "d" })).await["id"].clone();
        let absent = json!("todo_01h455vb4pex5vsknk084sn02q");
        let done = async || texts(&fixture, &ann.token, json!({ "filter": { "completed": true } })).await;
        for stranger in [&foreign, &absent] {
            let input = json!({ "ids": [ids[0], ids[1], stranger] });
            let refusal = fixture.refusal(COMPLETE, json!({ "input": input }), Some(&ann.token)).await;
            assert_eq!((refusal, done().await.len()), (json!({ "code": "NOT_FOUND" }), 0));
        }
        let input = json!({ "ids": [ids[2], ids[0], ids[2]] });
        let completed = fixture.data(COMPLETE, json!({ "input": input }), Some(&ann.token)).await;
        let expected = [&ids[2], &ids[0], &ids[2]].map(|id| json!({ "id": id, "completed": true }));
        assert_eq!(completed["completeTodos"]["todos"], json!(expected));
        assert_eq!(done().await, ["a", "c"]);
        let many = vec![&ids[0]; 101];
        assert_eq!(fixture.refusal(COMPLETE, json!({ "input": { "ids": many } }), Some(&ann.token)).await, bad("ids"));
        let none = fixture.data(COMPLETE, json!({ "input": { "ids": [] } }), Some(&ann.token)).await;
        assert_eq!(none["completeTodos"]["todos"], json!([]));
    }

    async fn filters_and_orders_say_which_todos_and_how(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for (text, priority, due) in [
            ("Sail to 100% of_it", "LOW", Some("2030-01-02T00:00:00Z")),
            ("swim", "HIGH", Some("2030-01-01T00:00:00Z")),
            ("Row", "MEDIUM", None),
        ] {
            create(&fixture, &ann, json!({ "text": text, "priority": priority, "dueAt": due })).await;
        }
        let filtered = async |filter: Value| texts(&fixture, &ann.token, json!({ "filter": filter })).await;
        let ordered = async |order: Value| texts(&fixture, &ann.token, json!({ "orderBy": order })).await;
        let (sail, swim, row) = ("Sail to 100% of_it", "swim", "Row");
        assert_eq!(filtered(json!({})).await, [sail, swim, row]);
        assert_eq!(filtered(json!({ "text": "S" })).await, [sail, swim]);
        assert_eq!(filtered(json!({ "text": "0% of_" })).await, [sail]);
        assert_eq!(filtered(json!({ "text": "%" })).await, [sail]);
        assert_eq!(filtered(json!({ "priority": ["LOW", "MEDIUM"] })).await, [sail, row]);
        assert_eq!(filtered(json!({ "priority": [] })).await, Vec::<String>::new());
        assert_eq!(filtered(json!({ "dueFrom": "2030-01-02T00:00:00Z" })).await, [sail]);
        assert_eq!(filtered(json!({ "dueBefore": "2030-01-02T01:00:00+01:00" })).await, [swim]);
        assert_eq!(ordered(json!([{ "field": "DUE_AT" }])).await, [swim, sail, row]);
        assert_eq!(ordered(json!([{ "field": "DUE_AT", "direction": "DESC" }])).await, [row, sail, swim]);
        assert_eq!(ordered(json!([{ "field": "PRIORITY", "direction": "DESC" }])).await, [swim, row, sail]);
        assert_eq!(ordered(json!([{ "field": "CREATED_AT", "direction": "DESC" }])).await, [row, swim, sail]);
        let twice = json!({ "orderBy": [{ "field": "DUE_AT" }, { "field": "DUE_AT" }] });
        assert_eq!(fixture.refusal(TODOS, twice, Some(&ann.token)).await, bad("orderBy"));
        let long = json!({ "filter": { "text": "a".repeat(101) } });
        assert_eq!(fixture.refusal(TODOS, long, Some(&ann.token)).await, bad("filter.text"));
    }
}
