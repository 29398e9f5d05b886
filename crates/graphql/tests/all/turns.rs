//! How often a request is taken up again until it is answered. Each time, all that is around it is, too.

use std::future::poll_fn;
use std::pin::pin;

use async_graphql::{Request, Variables};
use serde_json::json;
use tidewater_graphql::Caller;
use tidewater_testkit::on_each_backend;

use crate::content::text;
use crate::fixture::{Fixture, SignedIn};

const TODO: &str = "query($id: ID!) { todo(id: $id) { text completed user { name } } }";

/// In how many turns of its task a todo is read, the one included in which it begins.
async fn turns(fixture: &Fixture, id: &str, who: &SignedIn) -> usize {
    let request = Request::new(TODO).variables(Variables::from_json(json!({ "id": id })));
    let caller = Caller { credential: Some(who.token.clone()), ..Caller::default() };
    let api = fixture.api.clone();
    // On a worker of the runtime, as in a server.
    let executing = tokio::spawn(async move {
        let mut executing = pin!(api.execute(request, caller));
        let mut turns = 0;
        let executed = poll_fn(|context| {
            turns += 1;
            executing.as_mut().poll(context)
        });
        assert_eq!(executed.await.response.errors, []);
        turns
    });
    executing.await.unwrap()
}

on_each_backend! {
    async fn what_memory_holds_is_answered_when_the_gate_opens(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let create = "mutation { createTodo(input: { text: \"milk\" }) { todo { id } } }";
        let created = fixture.data(create, json!({}), Some(&ann.token)).await;
        let id = text(&created["createTodo"]["todo"]["id"]);
        let first = turns(&fixture, &id, &ann).await;
        assert!(first > 2, "what the database is asked for takes turns: {first}");
        assert!(turns(&fixture, &id, &ann).await <= 2);
    }
}
