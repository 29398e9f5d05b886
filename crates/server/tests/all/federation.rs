use serde_json::{Value, json};

use crate::fixture::{on_sqlite, sign_in, succeed};

const SERVICE: &str = "{ _service { sdl } }";

#[tokio::test]
async fn a_router_gets_the_schema_that_is_printed_and_entities_in_the_name_of_who_asks() {
    let (_database, server) = on_sqlite(&["--federation", "--introspection", "off"]).await;
    let printed = succeed(&["schema"], &[("TIDEWATER_FEDERATION", "true")]).await;
    assert_eq!(server.graphql(SERVICE, Value::Null).await["data"]["_service"]["sdl"], printed);
    assert_ne!(printed, succeed(&["schema"], &[]).await);

    let token = sign_in(&server, 2).await;
    let todos = server.graphql_as(&token, "{ todos(first: 1) { nodes { __typename id } } }", Value::Null).await;
    let query = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Todo { id } } }";
    let variables = json!({ "of": todos["data"]["todos"]["nodes"] });
    let mine = server.graphql_as(&token, query, variables.clone()).await["data"]["_entities"].take();
    assert_eq!(mine, json!([{ "id": variables["of"][0]["id"] }]));
    assert_eq!(server.graphql(query, variables).await["data"]["_entities"], json!([null]));
}

#[tokio::test]
async fn by_default_there_is_nothing_for_routers() {
    let (_database, server) = on_sqlite(&[]).await;
    let told = server.graphql(SERVICE, Value::Null).await;
    assert_eq!(told["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{told}");
}
