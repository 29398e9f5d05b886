use std::sync::Arc;

use parking_lot::Mutex;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tidewater_entity::todo as todo_entity;
use tidewater_graphql::Wake;
use tidewater_jobs::{Context, Job, Scheduled, run, sweep};
use tidewater_testkit::on_each_backend;

use crate::content::{administrator, change, refused, text};
use crate::fixture::{Fixture, SignedIn};

const NOTIFICATIONS: &str = "{ viewer { unreadNotificationCount
    notifications { totalCount nodes { id kind text readAt todo { id } } } } }";
const UNREAD: &str = "query($unread: Boolean) { viewer { notifications(filter: { unread: $unread }) {
    totalCount nodes { text } } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { id ... on Notification { text } } }";
const PAST: &str = "2026-01-01T00:00:00Z";

/// Does all that is due.
pub(crate) async fn work(fixture: &Fixture) {
    let context = Context::new(fixture.database.connect().await, std::time::Duration::from_secs(60));
    for Scheduled { job, .. } in sweep(&context, 100).await.unwrap() {
        run(&context, job).await.unwrap();
    }
}

async fn reminded(fixture: &Fixture, who: &SignedIn, content: &str) -> String {
    let input = json!({ "text": content, "remindAt": PAST });
    let id = text(&change(fixture, who, "createTodo", "todo { id }", input).await["todo"]["id"]);
    work(fixture).await;
    id
}

async fn notifications(fixture: &Fixture, who: &SignedIn) -> Value {
    fixture.data(NOTIFICATIONS, json!({}), Some(&who.token)).await["viewer"].take()
}

fn ids(viewer: &Value) -> Vec<String> {
    let nodes = viewer["notifications"]["nodes"].as_array().unwrap();
    assert_eq!(viewer["notifications"]["totalCount"], nodes.len());
    nodes.iter().map(|node| text(&node["id"])).collect()
}

/// Notes what is told.
#[derive(Debug, Default)]
struct Listening(Mutex<Vec<Scheduled>>);

impl Wake for Listening {
    fn wake(&self, job: Scheduled) {
        self.0.lock().push(job);
    }
}

on_each_backend! {
    async fn a_reminder_becomes_a_notification_that_is_seen_at_once(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        assert_eq!(ids(&notifications(&fixture, &ann).await), [""; 0]);
        let todo = reminded(&fixture, &ann, "water").await;
        let seen = notifications(&fixture, &ann).await;
        let id = ids(&seen).pop().unwrap();
        assert!(id.starts_with("notification_"), "{id}");
        let expected = json!({ "unreadNotificationCount": 1, "notifications": { "totalCount": 1, "nodes": [
            { "id": id, "kind": "REMINDER", "text": "water", "readAt": null, "todo": { "id": todo } } ] } });
        assert_eq!(seen, expected);
        reminded(&fixture, &ann, "harvest").await;
        let seen = notifications(&fixture, &ann).await;
        assert_eq!(seen["notifications"]["nodes"][0]["text"], "harvest", "the newest comes first");

        change(&fixture, &ann, "deleteTodo", "deletedId", json!({ "id": todo })).await;
        let seen = notifications(&fixture, &ann).await;
        assert_eq!(seen["notifications"]["nodes"][1], json!(
            { "id": id, "kind": "REMINDER", "text": "water", "readAt": null, "todo": null }));
    }

    async fn nobody_else_sees_a_notification(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        reminded(&fixture, &ann, "water").await;
        let id = ids(&notifications(&fixture, &ann).await).pop().unwrap();
        let node = async |token: Option<&str>| fixture.data(NODE, json!({ "id": id }), token).await["node"].take();
        assert_eq!(node(Some(&ann.token)).await["text"], "water");
        let of_ann = "query($id: ID!) { user(id: $id) { unreadNotificationCount notifications { totalCount nodes { id } } } }";
        for token in [None, Some(bob.token.as_str()), Some(admin.token.as_str())] {
            assert_eq!(node(token).await, Value::Null);
            let seen = fixture.data(of_ann, json!({ "id": ann.id }), token).await;
            let nothing = json!({ "unreadNotificationCount": 0, "notifications": { "totalCount": 0, "nodes": [] } });
            assert_eq!(seen["user"], nothing);
        }
        for (who, code) in [(Some(&bob), "NOT_FOUND"), (Some(&admin), "NOT_FOUND"), (None, "UNAUTHENTICATED")] {
            assert_eq!(refused(&fixture, who, "markRead", json!({ "ids": [id] })).await["code"], code);
        }
        let mark_all = "mutation { markAllRead { viewer { id } } }";
        assert_eq!(fixture.refusal(mark_all, json!({}), None).await["code"], "UNAUTHENTICATED");
        fixture.data(mark_all, json!({}), Some(&bob.token)).await;
        assert_eq!(notifications(&fixture, &ann).await["unreadNotificationCount"], 1);
    }

    async fn what_is_marked_as_read_stays_read_since_then(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for content in ["one", "two", "three"] {
            reminded(&fixture, &ann, content).await;
        }
        let all = ids(&notifications(&fixture, &ann).await);
        let selection = "notifications { text readAt }";
        let input = json!({ "ids": [all[1], all[2]] });
        let marked = change(&fixture, &ann, "markRead", selection, input.clone()).await;
        let texts: Vec<&Value> = marked["notifications"].as_array().unwrap().iter().map(|row| &row["text"]).collect();
        assert_eq!(texts, ["two", "one"]);
        assert!(marked["notifications"][0]["readAt"].is_string());
        assert_eq!(change(&fixture, &ann, "markRead", selection, input).await, marked);

        let unread = async |unread: Value| {
            let seen = fixture.data(UNREAD, json!({ "unread": unread }), Some(&ann.token)).await;
            seen["viewer"]["notifications"]["totalCount"].as_u64().unwrap()
        };
        assert_eq!((unread(json!(true)).await, unread(json!(false)).await, unread(Value::Null).await), (1, 2, 3));
        let mark_all = "mutation { markAllRead { viewer { unreadNotificationCount notifications { nodes { readAt } } } } }";
        let marked_all = fixture.data(mark_all, json!({}), Some(&ann.token)).await["markAllRead"]["viewer"].take();
        assert_eq!(marked_all["unreadNotificationCount"], 0);
        assert_eq!(marked_all["notifications"]["nodes"][1]["readAt"], marked["notifications"][0]["readAt"]);
        assert_eq!((unread(json!(true)).await, unread(json!(false)).await), (0, 3));
    }

    async fn all_are_marked_or_none(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        reminded(&fixture, &ann, "mine").await;
        reminded(&fixture, &bob, "theirs").await;
        let (mine, theirs) = (notifications(&fixture, &ann).await, notifications(&fixture, &bob).await);
        let input = json!({ "ids": [ids(&mine)[0], ids(&theirs)[0]] });
        assert_eq!(refused(&fixture, Some(&ann), "markRead", input).await["code"], "NOT_FOUND");
        assert_eq!(notifications(&fixture, &ann).await["unreadNotificationCount"], 1);
        let wrong = json!({ "code": "BAD_USER_INPUT", "field": "ids" });
        assert_eq!(refused(&fixture, Some(&ann), "markRead", json!({ "ids": [ann.id] })).await, wrong);
        let many = vec![ids(&mine)[0].clone(); 101];
        assert_eq!(refused(&fixture, Some(&ann), "markRead", json!({ "ids": many })).await, wrong);
    }

    async fn what_changes_behind_the_api_is_seen_at_once(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        reminded(&fixture, &ann, "water").await;
        assert_eq!(notifications(&fixture, &ann).await["unreadNotificationCount"], 1);
        fixture.database.sql("UPDATE notification SET read_at = created_at").await;
        let seen = notifications(&fixture, &ann).await;
        assert_eq!(seen["unreadNotificationCount"], 0);
        assert!(seen["notifications"]["nodes"][0]["readAt"].is_string());
        fixture.statements_taken();
        notifications(&fixture, &ann).await;
        assert_eq!(fixture.statements_taken(), [""; 0], "what has not changed is answered from a cache");
        fixture.database.sql("DELETE FROM todo").await;
        assert_eq!(notifications(&fixture, &ann).await["notifications"]["nodes"][0]["todo"], Value::Null);
        fixture.database.sql("DELETE FROM notification").await;
        assert_eq!(ids(&notifications(&fixture, &ann).await), [""; 0]);
    }

    async fn a_time_to_be_reminded_at_is_set_moved_and_cleared(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let input = json!({ "text": "water", "remindAt": "2126-01-01T10:00:00.1234567+02:00" });
        let created = change(&fixture, &ann, "createTodo", "todo { id remindAt }", input).await["todo"].take();
        assert_eq!(created["remindAt"], "2126-01-01T08:00:00.123456+00:00");
        let update = async |input: Value| {
            let mut input = input;
            input["id"] = created["id"].clone();
            change(&fixture, &ann, "updateTodo", "todo { remindAt }", input).await["todo"]["remindAt"].take()
        };
        assert_eq!(update(json!({ "text": "more water" })).await, created["remindAt"]);
        assert_eq!(update(json!({ "remindAt": null })).await, Value::Null);
        work(&fixture).await;
        assert_eq!(ids(&notifications(&fixture, &ann).await).len(), 0);
        for round in 1..=2 {
            update(json!({ "remindAt": format!("2026-01-0{round}T00:00:00Z") })).await;
            work(&fixture).await;
            work(&fixture).await;
            assert_eq!(ids(&notifications(&fixture, &ann).await).len(), round);
        }
        let input = json!({ "id": created["id"], "remindAt": "+12026-01-01T00:00:00Z" });
        assert_eq!(refused(&fixture, Some(&ann), "updateTodo", input).await["code"], "BAD_USER_INPUT");
    }

    async fn whoever_runs_jobs_is_told_of_reminders_that_wait(backend) {
        let listening = Arc::new(Listening::default());
        let fixture = Fixture::adjusted(backend, |settings| settings.wake = Arc::clone(&listening) as _).await;
        let ann = fixture.user("ann").await;
        let told = || std::mem::take(&mut *listening.0.lock());
        change(&fixture, &ann, "createTodo", "todo { id }", json!({ "text": "none" })).await;
        assert_eq!(told(), []);
        let todo = text(&change(&fixture, &ann, "createTodo", "todo { id }", json!({ "text": "a", "remindAt": PAST })).await["todo"]["id"]);
        let row = todo_entity::Entity::find().all(&fixture.connection).await.unwrap().into_iter().find(|row| row.text == "a").unwrap();
        let at = PAST.parse().unwrap();
        let expected = [Scheduled { job: Job::Remind { todo: row.id, at }, at }];
        assert_eq!(told(), expected);
        let update = async |input: Value| {
            let mut input = input;
            input["id"] = json!(todo);
            change(&fixture, &ann, "updateTodo", "todo { id }", input).await
        };
        update(json!({ "completed": true })).await;
        assert_eq!(told(), []);
        update(json!({ "completed": false })).await;
        assert_eq!(told(), expected);
        work(&fixture).await;
        update(json!({ "text": "b" })).await;
        assert_eq!(told(), []);
    }
}
