//! Who is told of which changes. Only the API is between a change and what is told of it: no connection that would end first.

use async_graphql::Request;
use serde_json::{Value, json};
use tidewater_graphql::{Begun, Caller, Event, Events};
use tidewater_testkit::on_each_backend;

use crate::content::{administrator, note, todo};
use crate::fixture::{Fixture, SignedIn};

const TODOS: &str = "subscription { todoChanged { kind node { text } } }";
const NOTES: &str = "subscription { noteChanged { kind node { title } } }";
const NOTIFICATIONS: &str = "subscription { notifications { kind node { text } } }";

/// Begins a subscription of `who`, or of nobody: what is committed from now on is told of.
async fn begin(fixture: &Fixture, who: Option<&SignedIn>, query: &str) -> Events {
    let document = fixture.api.document(query).unwrap();
    let caller = Caller { credential: who.map(|who| who.token.clone()), ..Caller::default() };
    match fixture.api.begin(Request::new(query), caller, document).await {
        Begun::GoesOn(events) => *events,
        Begun::Answered(answered) => panic!("{answered:?}"),
    }
}

/// What is told next: the kind of a change and what it is a change of, or the code of the error that ends the subscription.
async fn told(subscription: &mut Events) -> Result<(String, Value), String> {
    match subscription.next().await {
        Some(Event::Next { json, .. }) => {
            let mut response: Value = serde_json::from_str(&json).unwrap();
            assert!(response.get("errors").is_none(), "{response}");
            assert!(response["extensions"]["tidewater"]["mark"].is_string(), "{response}");
            let change = response["data"].as_object_mut().unwrap().values_mut().next().unwrap();
            let of = change["node"].as_object().and_then(|node| node.values().next()).cloned();
            Ok((change["kind"].as_str().unwrap().to_owned(), of.unwrap_or_default()))
        }
        Some(Event::Failed(errors)) => Err(errors[0]["extensions"]["code"].as_str().unwrap().to_owned()),
        None => panic!("the subscription is over"),
    }
}

/// The kinds of what is told until something is told of `end`, which is not among them.
async fn told_before(subscription: &mut Events, end: &str) -> Vec<String> {
    let mut kinds = Vec::new();
    loop {
        let (kind, of) = told(subscription).await.unwrap();
        if of == end {
            return kinds;
        }
        kinds.push(kind);
    }
}

fn unauthenticated() -> Result<(String, Value), String> {
    Err("UNAUTHENTICATED".to_owned())
}

/// The key of a user's row, as an expression in SQL.
fn key(who: &SignedIn) -> String {
    format!("(SELECT id FROM \"user\" WHERE email = '{}')", who.email)
}

/// A notification of `who`, as a reminder makes it.
async fn notify(fixture: &Fixture, who: &SignedIn, text: &str) {
    todo(fixture, who, text).await;
    let of_reminder = format!(
        "INSERT INTO notification (id, user_id, kind, todo_id, text, created_at)
         SELECT id, user_id, 'REMINDER', id, text, created_at FROM todo WHERE text = '{text}'"
    );
    assert_eq!(fixture.database.sql(&of_reminder).await, 1);
}

on_each_backend! {
    async fn what_is_committed_with_the_end_of_a_session_is_not_told_in_it(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        todo(&fixture, &ann, "a").await;
        for ending in [
            format!("DELETE FROM session WHERE user_id = {}", key(&ann)),
            format!("UPDATE session SET expires_at = '2020-01-01T00:00:00+00:00' WHERE user_id = {}", key(&ann)),
            format!("UPDATE session SET role = 'ADMIN' WHERE user_id = {}", key(&ann)),
            format!("UPDATE \"user\" SET role = 'ADMIN' WHERE email = '{}'", ann.email),
        ] {
            let mut followed = begin(&fixture, Some(&fixture.again(&ann).await), TODOS).await;
            fixture.database.sql(&format!("BEGIN; UPDATE todo SET text = text || '.'; {ending}; COMMIT")).await;
            assert_eq!(told(&mut followed).await, unauthenticated(), "{ending}");
            assert!(followed.next().await.is_none(), "{ending}");
        }
    }

    async fn what_is_committed_after_the_end_of_a_session_is_not_told_in_it(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let (mut notes, mut todos) = (begin(&fixture, Some(&ann), NOTES).await, begin(&fixture, Some(&ann), TODOS).await);
        let again = fixture.again(&ann).await;
        fixture.data("mutation { revokeOtherSessions { revokedCount } }", json!({}), Some(&again.token)).await;
        // Each is seen by a poll of its own, and nobody has looked at any of it yet.
        todo(&fixture, &again, "not to be told").await;
        note(&fixture, &bob, "not to be told either", "PUBLIC").await;
        for followed in [&mut notes, &mut todos] {
            assert_eq!(told(followed).await, unauthenticated());
            assert!(followed.next().await.is_none());
        }
    }

    async fn other_sessions_that_end_and_users_that_change_end_nothing(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let again = fixture.again(&ann).await;
        let (mut of_ann, mut of_nobody) = (begin(&fixture, Some(&ann), NOTES).await, begin(&fixture, None, NOTES).await);
        for token in [&again.token, &bob.token] {
            fixture.data("mutation { signOut { user { id } } }", json!({}), Some(token)).await;
        }
        fixture.database.sql("UPDATE \"user\" SET name = 'Another'").await;
        note(&fixture, &ann, "a", "PUBLIC").await;
        for followed in [&mut of_ann, &mut of_nobody] {
            assert_eq!(told(followed).await, Ok(("CREATED".to_owned(), json!("a"))));
        }
    }

    async fn todos_are_told_to_their_owner_and_to_administrators(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let mut followed = Vec::new();
        for who in [&ann, &bob, &admin] {
            followed.push((begin(&fixture, Some(who), TODOS).await, format!("end of {}", who.id)));
        }
        todo(&fixture, &ann, "a").await;
        fixture.database.sql("UPDATE todo SET text = 'b' WHERE text = 'a'").await;
        fixture.database.sql("DELETE FROM todo WHERE text = 'b'").await;
        for who in [&ann, &bob, &admin] {
            todo(&fixture, who, &format!("end of {}", who.id)).await;
        }
        let mut kinds = Vec::new();
        for (followed, end) in &mut followed {
            kinds.push(told_before(followed, end).await);
        }
        assert_eq!(kinds[0], ["CREATED", "UPDATED", "DELETED"], "the owner");
        assert_eq!(kinds[1], [""; 0], "another user");
        // The ends of the others, too.
        assert_eq!(kinds[2], ["CREATED", "UPDATED", "DELETED", "CREATED", "CREATED"], "an administrator");
    }

    async fn notes_are_told_to_whom_they_come_into_sight_and_go_out_of_it(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let mut followed = Vec::new();
        for who in [Some(&ann), Some(&admin), Some(&bob), None] {
            followed.push(begin(&fixture, who, NOTES).await);
        }
        note(&fixture, &ann, "a", "PRIVATE").await;
        for visibility in ["PUBLIC", "PRIVATE"] {
            fixture.database.sql(&format!("UPDATE note SET visibility = '{visibility}'")).await;
            fixture.database.sql("UPDATE note SET body = body || '.'").await;
        }
        fixture.database.sql("DELETE FROM note").await;
        note(&fixture, &ann, "end", "PUBLIC").await;
        let mut kinds = Vec::new();
        for followed in &mut followed {
            kinds.push(told_before(followed, "end").await);
        }
        for whole in &kinds[..2] {
            assert_eq!(*whole, ["CREATED", "UPDATED", "UPDATED", "UPDATED", "UPDATED", "DELETED"], "all of it");
        }
        for part in &kinds[2..] {
            assert_eq!(*part, ["CREATED", "UPDATED", "DELETED"], "while it is public");
        }
    }

    async fn notifications_are_told_to_whom_they_are_for(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let mut followed = Vec::new();
        for who in [&ann, &bob, &admin] {
            followed.push((begin(&fixture, Some(who), NOTIFICATIONS).await, format!("end of {}", who.id)));
        }
        notify(&fixture, &ann, "a").await;
        fixture.data("mutation { markAllRead { viewer { id } } }", json!({}), Some(&ann.token)).await;
        for who in [&ann, &bob, &admin] {
            notify(&fixture, who, &format!("end of {}", who.id)).await;
        }
        let mut kinds = Vec::new();
        for (followed, end) in &mut followed {
            kinds.push(told_before(followed, end).await);
        }
        assert_eq!(kinds[0], ["CREATED", "UPDATED"], "whom it is for");
        assert_eq!((&kinds[1], &kinds[2]), (&vec![], &vec![]), "another user and an administrator");
    }
}
