//! Requests that come at the same time.

use futures::future::join_all;
use serde_json::{Value, json};
use tidewater_testkit::on_each_backend;

use crate::content::text;
use crate::fixture::Fixture;

const TODO: &str = "query($id: ID!) { todo(id: $id) { id text } }";
const REQUESTS: i64 = 60;

on_each_backend! {
    async fn they_ask_the_database_in_a_few_statements(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let many = "mutation($input: CreateTodoInput!) { createTodo(input: $input) { todo { id text } } }";
        let mut todos = Vec::new();
        for number in 0..REQUESTS {
            let input = json!({ "input": { "text": format!("todo {number}") } });
            todos.push(fixture.data(many, input, Some(&ann.token)).await["createTodo"]["todo"].clone());
        }
        let read = async |todo: &Value| fixture.data(TODO, json!({ "id": todo["id"] }), Some(&ann.token)).await;
        fixture.database.sql("UPDATE todo SET text = 'changed ' || text").await;
        fixture.statements_taken();
        let answers = join_all(todos.iter().map(read)).await;
        for (todo, answer) in todos.iter().zip(answers) {
            let changed = format!("changed {}", text(&todo["text"]));
            assert_eq!(answer, json!({ "todo": { "id": todo["id"], "text": changed } }));
        }
        let statements = fixture.statements_taken();
        let of_todos = statements.iter().filter(|statement| statement.contains("FROM \"todo\"")).count();
        assert!((1..=20).contains(&of_todos), "{of_todos} statements for {REQUESTS} requests: {statements:#?}");
    }
}
