//! The lists of all users and of their profiles, which are for administrators.

use serde_json::{Value, json};
use tidewater_entity::new_id;
use tidewater_testkit::{Backend, on_each_backend};

use crate::content::{administrator, text};
use crate::fixture::{Fixture, SignedIn};

const USERS: &str = "query($filter: UserFilter, $orderBy: [UserOrder!]) {
    users(filter: $filter, orderBy: $orderBy) { totalCount nodes { name email role } } }";
const PAGE: &str = "query($orderBy: [UserOrder!], $first: Int, $after: String, $last: Int, $before: String) {
    users(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { name } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

const PROFILES: &str = "query($filter: ProfileFilter, $orderBy: [ProfileOrder!], $first: Int, $after: String) {
    profiles(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
        totalCount nodes { id bio user { name } } pageInfo { hasNextPage endCursor } } }";

/// The names that are listed, which must be as many as are counted.
async fn names(fixture: &Fixture, who: &SignedIn, variables: Value) -> Vec<String> {
    let users = fixture.data(USERS, variables, Some(&who.token)).await["users"].take();
    let nodes = users["nodes"].as_array().unwrap();
    assert_eq!(users["totalCount"], nodes.len());
    nodes.iter().map(|user| text(&user["name"])).collect()
}

/// A term of an order.
fn by(field: &str, descending: bool) -> Value {
    json!({ "orderBy": [{ "field": field, "direction": if descending { "DESC" } else { "ASC" } }] })
}

fn filter(field: &str, value: &str) -> Value {
    json!({ "filter": { field: value } })
}

/// Inserts a user behind the API's back.
async fn insert(fixture: &Fixture, backend: Backend, name: &str, email: &str) {
    let id = new_id();
    let key = if backend == Backend::Sqlite { format!("x'{}'", id.simple()) } else { format!("'{id}'") };
    let insert = format!(
        r#"INSERT INTO "user" (id, email, name, role, password_hash, created_at, updated_at)
           SELECT {key}, '{email}', '{name}', 'USER', password_hash, created_at, created_at FROM "user" LIMIT 1"#
    );
    assert_eq!(fixture.database.sql(&insert).await, 1);
}

on_each_backend! {
    async fn users_are_listed_for_administrators_alone(backend) {
        let fixture = Fixture::new(backend).await;
        let (admin, ann) = (administrator(&fixture, "admin").await, fixture.user("ann").await);
        let listed = fixture.data(USERS, json!({}), Some(&admin.token)).await;
        let expected = [("admin", "ADMIN"), ("ann", "USER")];
        let expected = expected.map(|(name, role)| json!({ "name": name, "email": format!("{name}@example.test"), "role": role }));
        assert_eq!(listed["users"], json!({ "totalCount": 2, "nodes": expected }));
        for query in [USERS, "{ users(first: 1) { totalCount } }", "{ users { pageInfo { hasNextPage } } }"] {
            let refused = fixture.refusal(query, json!({}), Some(&ann.token)).await;
            assert_eq!(refused["code"], "FORBIDDEN", "{query}");
            assert_eq!(fixture.refusal(query, json!({}), None).await["code"], "UNAUTHENTICATED", "{query}");
        }
        // Whoever has been one is refused what was kept for them.
        fixture.database.sql(r#"UPDATE "user" SET role = 'USER'"#).await;
        assert_eq!(fixture.refusal(USERS, json!({}), Some(&admin.token)).await["code"], "UNAUTHENTICATED");
        let again = fixture.again(&admin).await;
        assert_eq!(fixture.refusal(USERS, json!({}), Some(&again.token)).await["code"], "FORBIDDEN");
    }

    async fn users_are_filtered_and_ordered(backend) {
        let fixture = Fixture::new(backend).await;
        let admin = administrator(&fixture, "ada").await;
        // The order of addresses is not that of names.
        for (name, email) in [("Cleo 100%", "a@example.test"), ("Bob", "z@example.test"), ("Bob", "m@example.test")] {
            insert(&fixture, backend, name, email).await;
        }
        assert_eq!(names(&fixture, &admin, filter("role", "ADMIN")).await, ["ada"]);
        assert_eq!(names(&fixture, &admin, filter("role", "USER")).await.len(), 3);
        assert_eq!(names(&fixture, &admin, filter("text", "bO")).await, ["Bob", "Bob"]);
        assert_eq!(names(&fixture, &admin, filter("text", "0%")).await, ["Cleo 100%"]);
        let both = json!({ "filter": { "role": "ADMIN", "text": "b" } });
        assert_eq!(names(&fixture, &admin, both).await, [""; 0]);

        let mut by_email = ["Cleo 100%", "ada", "Bob", "Bob"];
        assert_eq!(names(&fixture, &admin, by("EMAIL", false)).await, by_email);
        by_email.reverse();
        assert_eq!(names(&fixture, &admin, by("EMAIL", true)).await, by_email);
        let mut by_name = names(&fixture, &admin, by("NAME", false)).await;
        // Which of "ada" and "Bob" comes first is the database's.
        assert_eq!(by_name.iter().position(|name| name == "Cleo 100%").unwrap() - by_name.iter().position(|name| name == "Bob").unwrap(), 2);
        by_name.reverse();
        assert_eq!(names(&fixture, &admin, by("NAME", true)).await, by_name);
        assert_eq!(names(&fixture, &admin, by("CREATED_AT", false)).await, names(&fixture, &admin, json!({})).await);

        let twice = json!({ "orderBy": [{ "field": "NAME" }, { "field": "NAME" }] });
        for (variables, field) in [(twice, "orderBy"), (filter("text", &"x".repeat(101)), "filter.text")] {
            let refused = fixture.refusal(USERS, variables, Some(&admin.token)).await;
            assert_eq!(refused, json!({ "code": "BAD_USER_INPUT", "field": field }));
        }
    }

    async fn pages_of_users_show_each_once_in_every_order(backend) {
        let fixture = Fixture::seeded(backend).await;
        let admin = fixture.sign_in(1).await;
        // Ties of names, which their keys decide.
        fixture.database.sql(r#"UPDATE "user" SET name = 'Ann' WHERE email < 'user3'"#).await;
        for (field, descending) in ["CREATED_AT", "NAME", "EMAIL"].into_iter().flat_map(|field| [(field, false), (field, true)]) {
            let ask = async |arguments: Value| {
                let mut variables = by(field, descending);
                variables.as_object_mut().unwrap().extend(arguments.as_object().unwrap().clone());
                fixture.data(PAGE, variables, Some(&admin)).await["users"].take()
            };
            let cursors = |page: &Value| -> Vec<String> {
                page["edges"].as_array().unwrap().iter().map(|edge| text(&edge["cursor"])).collect()
            };
            let whole = cursors(&ask(json!({ "first": 100 })).await);
            assert_eq!(whole.len(), 100);
            for (size, edge, next, begins) in
                [("first", "endCursor", "after", "hasNextPage"), ("last", "startCursor", "before", "hasPreviousPage")]
            {
                let (mut walked, mut bound) = (Vec::new(), Value::Null);
                loop {
                    let page = ask(json!({ size: 33, next: bound })).await;
                    assert_eq!(page["totalCount"], 100);
                    let shown = cursors(&page);
                    if size == "first" { walked.extend(shown) } else { walked.splice(..0, shown); }
                    bound = page["pageInfo"][edge].clone();
                    if page["pageInfo"][begins] == false {
                        break;
                    }
                }
                assert_eq!(walked, whole, "{field} {size}");
            }
        }
    }

    async fn profiles_are_listed_for_administrators_alone_and_found_by_their_ids(backend) {
        let fixture = Fixture::new(backend).await;
        let (admin, ann, bob) =
            (administrator(&fixture, "admin").await, fixture.user("ann").await, fixture.user("bob").await);
        // The users' order is not that of their profiles' changes.
        for (who, bio) in [(&bob, "Swims 100%"), (&ann, "Sails")] {
            let input = json!({ "input": { "bio": bio } });
            let update = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { viewer { id } } }";
            fixture.data(update, input, Some(&who.token)).await;
        }
        let listed = async |variables: Value| fixture.data(PROFILES, variables, Some(&admin.token)).await["profiles"].take();
        let names = |page: &Value| -> Vec<String> {
            page["nodes"].as_array().unwrap().iter().map(|profile| text(&profile["user"]["name"])).collect()
        };
        let all = listed(json!({})).await;
        assert_eq!((names(&all), &all["totalCount"]), (vec!["ann".to_owned(), "bob".to_owned()], &json!(2)));
        assert_eq!(names(&listed(by("UPDATED_AT", false)).await), ["bob", "ann"]);
        assert_eq!(names(&listed(by("UPDATED_AT", true)).await), ["ann", "bob"]);
        assert_eq!(names(&listed(filter("text", "SWIMS 100%")).await), ["bob"]);
        assert_eq!(names(&listed(filter("text", "100_")).await), [""; 0]);
        let first = listed(json!({ "first": 1 })).await;
        assert_eq!((names(&first), &first["pageInfo"]["hasNextPage"]), (vec!["ann".to_owned()], &json!(true)));
        let second = listed(json!({ "first": 1, "after": first["pageInfo"]["endCursor"] })).await;
        assert_eq!((names(&second), &second["pageInfo"]["hasNextPage"]), (vec!["bob".to_owned()], &json!(false)));

        // Everybody may read the one that they know of.
        let node = "query($id: ID!) { node(id: $id) { __typename ... on Profile { bio } } }";
        let found = fixture.data(node, json!({ "id": all["nodes"][0]["id"] }), None).await;
        assert_eq!(found["node"], json!({ "__typename": "Profile", "bio": "Sails" }));
        assert_eq!(fixture.refusal(PROFILES, json!({}), Some(&ann.token)).await["code"], "FORBIDDEN");
        assert_eq!(fixture.refusal(PROFILES, json!({}), None).await["code"], "UNAUTHENTICATED");

        fixture.database.sql("UPDATE profile SET bio = 'Rows' WHERE bio = 'Sails'").await;
        assert_eq!(listed(json!({})).await["nodes"][0]["bio"], "Rows");
        fixture.database.sql("DELETE FROM profile WHERE bio = 'Rows'").await;
        assert_eq!(names(&listed(json!({})).await), ["bob"]);
    }

    async fn what_changes_behind_the_servers_back_is_seen_at_once(backend) {
        let fixture = Fixture::new(backend).await;
        let admin = administrator(&fixture, "admin").await;
        assert_eq!(names(&fixture, &admin, filter("role", "USER")).await, [""; 0]);
        assert_eq!(names(&fixture, &admin, by("NAME", true)).await, ["admin"]);
        insert(&fixture, backend, "zoe", "zoe@example.test").await;
        assert_eq!(names(&fixture, &admin, filter("role", "USER")).await, ["zoe"]);
        assert_eq!(names(&fixture, &admin, by("NAME", true)).await, ["zoe", "admin"]);
        fixture.database.sql(r#"UPDATE "user" SET name = 'aaa' WHERE name = 'zoe'"#).await;
        assert_eq!(names(&fixture, &admin, by("NAME", true)).await, ["admin", "aaa"]);
        assert_eq!(names(&fixture, &admin, filter("text", "zoe")).await, [""; 0]);
        fixture.database.sql(r#"UPDATE "user" SET role = 'ADMIN' WHERE name = 'aaa'"#).await;
        assert_eq!(names(&fixture, &admin, filter("role", "USER")).await, [""; 0]);
        fixture.database.sql(r#"DELETE FROM "user" WHERE name = 'aaa'"#).await;
        assert_eq!(names(&fixture, &admin, json!({})).await, ["admin"]);
    }
}
