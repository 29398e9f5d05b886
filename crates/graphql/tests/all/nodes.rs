//! Objects that are read by their ids.

use serde_json::{Value, json};
use tidewater_testkit::on_each_backend;

use crate::fixture::Fixture;

const NODES: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Note { body } } }";

on_each_backend! {
    async fn a_hundred_can_be_asked_for_at_once(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let ids = |count: usize| json!({ "ids": vec![&ann.id; count] });
        let data = fixture.data(NODES, ids(100), None).await;
        assert_eq!(data["nodes"].as_array().unwrap().len(), 100);
        let refused = fixture.refusal(NODES, ids(101), None).await;
        assert_eq!(refused, json!({ "code": "BAD_USER_INPUT", "field": "ids" }));
    }

    async fn each_counts_by_what_is_selected_of_it(backend) {
        let fixture = Fixture::adjusted(backend, |settings| settings.limits.complexity = 1_000).await;
        let ids = |count: usize| json!({ "ids": vec!["note_01h455vb4pex5vsknk084sn02q"; count] });
        assert_eq!(fixture.data(NODES, ids(10), None).await["nodes"], Value::from(vec![Value::Null; 10]));
        let refused = fixture.refusal(NODES, ids(40), None).await;
        assert_eq!(refused, json!({ "code": "BAD_USER_INPUT" }), "each costs fifty");
    }
}
