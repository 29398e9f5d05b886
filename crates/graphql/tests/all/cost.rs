//! What reads cost: how many statements, and what makes them read again.

use serde_json::{Value, json};
use tidewater_testkit::on_each_backend;

use crate::fixture::Fixture;

const EVERYTHING: &str = "{
    todos(first: 100) { totalCount nodes { text user { name profile { bio } } tags(first: 5) { totalCount nodes { name } } } }
}";

const NONE: [String; 0] = [];

fn todos(answer: &Value) -> &Vec<Value> {
    answer["todos"]["nodes"].as_array().unwrap()
}

on_each_backend! {
    async fn a_hundred_todos_with_all_around_them_cost_few_statements_cold_and_none_warm(backend) {
        let fixture = Fixture::seeded(backend).await;
        let admin = fixture.sign_in(1).await;
        fixture.data("{ viewer { name } }", json!({}), Some(&admin)).await;
        fixture.statements_taken();

        let cold = fixture.data(EVERYTHING, json!({}), Some(&admin)).await;
        assert_eq!(todos(&cold).len(), 100);
        assert!(todos(&cold).iter().any(|todo| todo["tags"]["totalCount"].as_u64() > Some(0)));
        let statements = fixture.statements_taken();
        // Todos: keys, count, rows. Users, profiles. Tags: keys and their links, counts and their links, rows.
        assert_eq!(statements.len(), 10, "{statements:#?}");

        assert_eq!(fixture.data(EVERYTHING, json!({}), Some(&admin)).await, cold);
        assert_eq!(fixture.statements_taken(), NONE);
    }

    async fn a_new_text_costs_one_row_and_no_list(backend) {
        let fixture = Fixture::seeded(backend).await;
        let token = fixture.sign_in(2).await;
        let query = "{ todos(orderBy: [{ field: DUE_AT }]) { totalCount nodes { id text } } }";
        let before = fixture.data(query, json!({}), Some(&token)).await;
        let text = todos(&before)[0]["text"].as_str().unwrap();
        fixture.database.sql(&format!("UPDATE todo SET text = 'new' WHERE text = '{text}' AND user_id IN (SELECT user_id FROM session)")).await;
        fixture.statements_taken();
        let after = fixture.data(query, json!({}), Some(&token)).await;
        assert_eq!(todos(&after)[0]["text"], "new");
        let statements = fixture.statements_taken();
        assert_eq!(statements.len(), 1, "the row alone: {statements:#?}");
    }

    async fn what_others_do_costs_nothing(backend) {
        let fixture = Fixture::seeded(backend).await;
        let (token, other) = (fixture.sign_in(2).await, fixture.sign_in(3).await);
        let query = "{
            todos(filter: { completed: false }) { totalCount nodes { text tags { totalCount nodes { name } } } }
            tags { totalCount nodes { name } }
        }";
        let before = fixture.data(query, json!({}), Some(&token)).await;
        for change in [
            "mutation { createTodo(input: { text: \"theirs\" }) { todo { id } } }",
            "mutation { createTag(input: { name: \"theirs\" }) { tag { id } } }",
            "mutation { createNote(input: { title: \"theirs\", body: \"\" }) { note { id } } }",
            "mutation { updateProfile(input: { name: \"They\" }) { viewer { id } } }",
        ] {
            fixture.data(change, json!({}), Some(&other)).await;
        }
        fixture.statements_taken();
        assert_eq!(fixture.data(query, json!({}), Some(&token)).await, before);
        assert_eq!(fixture.statements_taken(), NONE);
    }

    async fn an_absent_row_and_an_empty_list_are_kept(backend) {
        let fixture = Fixture::seeded(backend).await;
        let token = fixture.sign_in(2).await;
        let query = "{
            todo(id: \"todo_01h455vb4pex5vsknk084sn02q\") { text }
            todos(filter: { text: \"there is none with this text\" }) { totalCount nodes { text } }
        }";
        let before = fixture.data(query, json!({}), Some(&token)).await;
        assert_eq!((&before["todo"], before["todos"]["totalCount"].as_u64()), (&Value::Null, Some(0)));
        fixture.statements_taken();
        assert_eq!(fixture.data(query, json!({}), Some(&token)).await, before);
        assert_eq!(fixture.statements_taken(), NONE);
    }
}
