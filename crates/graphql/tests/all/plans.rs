//! How PostgreSQL finds what the API reads: by an index, wherever one can lead to it.

use async_graphql::{Request, Variables};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tidewater_cache::Acceptance;
use tidewater_entity::seed::Plan;
use tidewater_graphql::Caller;
use tidewater_testkit::Backend;

use crate::content::text;
use crate::fixture::Fixture;

/// So many that reading a whole table to find a few rows is never the better plan.
const PLAN: Plan = Plan { users: 1_000, todos: 20_000, notes: 5_000, seed: 1 };

/// Of the size that a table of sessions has when users sign in on several devices.
const SESSIONS: &str = r#"
    INSERT INTO session (id, user_id, token_hash, created_at, expires_at, role)
    SELECT gen_random_uuid(), id, md5(id::text || device) || md5(device::text), now(), now() + interval '1 day', role
    FROM "user", generate_series(1, 5) AS device"#;

/// Four users like each note, and each was seen.
const COUNTERS: &str = r#"
    INSERT INTO note_like (note_id, user_id, created_at)
    SELECT note.id, liking.id, now() FROM note, (SELECT id FROM "user" ORDER BY id LIMIT 4) AS liking;
    INSERT INTO note_views (note_id, view_count, viewer_count, counted_at) SELECT id, 7, 5, now() FROM note"#;

/// One for each todo, and as many exports as several users keep.
const TOLD: &str = r#"
    INSERT INTO notification (id, user_id, kind, todo_id, text, created_at)
    SELECT gen_random_uuid(), user_id, 'REMINDER', id, text, created_at FROM todo;
    INSERT INTO export (id, user_id, status, progress, created_at, finished_at, expires_at)
    SELECT gen_random_uuid(), id, 'DONE', 100, now(), now(), now() FROM "user", generate_series(1, 5)"#;

/// As many users as an administrator's list of them has to cope with.
const USERS: &str = r#"
    INSERT INTO "user" (id, email, name, role, password_hash, created_at, updated_at)
    SELECT gen_random_uuid(), 'filler' || number || '@example.test', 'Filler ' || md5(number::text), 'USER', 'none',
        now() - number * interval '1 minute', now()
    FROM generate_series(1, 19000) AS number"#;

/// Also tells the planner which pages an index alone can answer for, as PostgreSQL itself does some time after a change.
const STATISTICS: &str = "VACUUM (ANALYZE)";

/// The orders of `fields`, each in both directions.
fn orders(fields: &[&str]) -> Vec<String> {
    let order = |field: &&str| ["ASC", "DESC"].map(|way| format!("orderBy: [{{ field: {field}, direction: {way} }}]"));
    fields.iter().flat_map(order).collect()
}

const TODO_ORDERS: [&str; 4] = ["CREATED_AT", "UPDATED_AT", "DUE_AT", "PRIORITY"];
const NOTE_ORDERS: [&str; 3] = ["CREATED_AT", "UPDATED_AT", "TITLE"];
const TAG_ORDERS: [&str; 2] = ["CREATED_AT", "NAME"];
const USER_ORDERS: [&str; 3] = ["CREATED_AT", "NAME", "EMAIL"];

const TODO_FILTERS: [&str; 6] = [
    "completed: true",
    "completed: false, priority: [HIGH]",
    "priority: [LOW, HIGH]",
    "text: \"the\"",
    "dueFrom: \"2026-03-02T00:00:00Z\"",
    "dueBefore: \"2026-03-02T00:00:00Z\"",
];

/// Reads that are of a whole table by their nature: only an administrator has them, for whom every row is visible, and an index
/// for an order or a test over everybody's rows would cost each write more than it saves the few who read so.
const WHOLE: [&str; 14] = [
    "todos(first: 5, orderBy: [{ field: UPDATED_AT }]) { nodes { id } }",
    "todos(first: 5, orderBy: [{ field: DUE_AT }]) { nodes { id } }",
    "todos(first: 5, orderBy: [{ field: PRIORITY }]) { nodes { id } }",
    "todos(filter: { dueBefore: \"2026-03-02T00:00:00Z\" }) { totalCount }",
    "todos(filter: { text: \"the\" }) { totalCount }",
    "todos(filter: { completed: true }) { totalCount }",
    "todos(first: 1) { totalCount }",
    "notes(filter: { text: \"the\" }) { totalCount }",
    "notes(first: 1) { totalCount }",
    "tags(first: 5, orderBy: [{ field: NAME }]) { nodes { id } }",
    "tags(filter: { text: \"o\" }) { totalCount }",
    "profiles(first: 5, orderBy: [{ field: UPDATED_AT }]) { nodes { id } }",
    "profiles(filter: { text: \"o\" }) { totalCount }",
    "profiles(first: 1) { totalCount }",
];

/// Somebody who asks.
#[derive(Clone, Copy)]
struct Who<'a> {
    name: &'a str,
    token: Option<&'a str>,
}

/// Asks, and keeps the plans that read a whole table.
struct Observer {
    fixture: Fixture,
    /// Not the API's pool, which tells what is run on it.
    explaining: DatabaseConnection,
    scans: Vec<String>,
}

impl Observer {
    async fn new() -> Self {
        let fixture = Fixture::planted(Backend::Postgres, PLAN).await;
        fixture.database.sql(SESSIONS).await;
        fixture.database.sql(COUNTERS).await;
        fixture.database.sql(TOLD).await;
        fixture.database.sql(USERS).await;
        fixture.database.sql(STATISTICS).await;
        let explaining = fixture.database.connect().await;
        Self { fixture, explaining, scans: Vec::new() }
    }

    /// Answers `data`, which the database itself was asked for.
    async fn ask(&mut self, who: Who<'_>, query: &str, variables: Value) -> Value {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let acceptance = Acceptance::Source { keep: false };
        let caller = Caller { credential: who.token.map(str::to_owned), acceptance, ..Caller::default() };
        self.fixture.whole_statements_taken();
        let response = self.fixture.executed_for(request, caller).await.response;
        assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
        let statements = self.fixture.whole_statements_taken();
        assert!(!statements.is_empty(), "{query} reads nothing");
        for statement in statements {
            let plan = self.plan(&statement).await;
            if plan.contains("Seq Scan") {
                self.scans.push(format!("{}: {query}\n{}\n{plan}\n", who.name, statement.sql));
            }
        }
        response.data.into_json().unwrap()
    }

    async fn plan(&self, statement: &Statement) -> String {
        let explain = Statement { sql: format!("EXPLAIN {}", statement.sql), ..statement.clone() };
        let rows = self.explaining.query_all_raw(explain).await.unwrap();
        let lines: Vec<String> = rows.iter().map(|row| row.try_get("", "QUERY PLAN").unwrap()).collect();
        lines.join("\n")
    }

    /// Asks for the first and the last page of a list, and for those next to them. `field` is under `parent`, if that is given.
    async fn turn(&mut self, who: Who<'_>, parent: Option<&str>, field: &str, arguments: &str) {
        let list = format!(
            "list: {field}({arguments} first: $first, after: $after, last: $last, before: $before) {{
                nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"
        );
        let (list, path) = match parent {
            Some(parent) => (format!("at: {parent} {{ {list} }}"), "/at/list/pageInfo"),
            None => (list, "/list/pageInfo"),
        };
        let query = format!("query($first: Int, $after: String, $last: Int, $before: String) {{ {list} }}");
        let around = |data: &Value| data.pointer(path).unwrap_or_else(|| panic!("{query}: {data}")).clone();
        let first = around(&self.ask(who, &query, json!({ "first": 2 })).await);
        self.ask(who, &query, json!({ "first": 2, "after": first["endCursor"] })).await;
        let last = around(&self.ask(who, &query, json!({ "last": 2 })).await);
        self.ask(who, &query, json!({ "last": 2, "before": last["startCursor"] })).await;
    }

    /// The text at `path` of what `who` is answered.
    async fn find(&mut self, who: Who<'_>, query: &str, path: &str) -> String {
        let data = self.ask(who, query, json!({})).await;
        text(data.pointer(path).unwrap_or_else(|| panic!("{query}: {data}")))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_index_can_lead_to_is_never_searched_for_in_a_whole_table() {
    let mut observer = Observer::new().await;
    let (admin, user) = (observer.fixture.sign_in(1).await, observer.fixture.sign_in(2).await);
    let admin = Who { name: "administrator", token: Some(&admin) };
    let user = Who { name: "user", token: Some(&user) };
    let nobody = Who { name: "nobody", token: None };

    // Items, and many of them at once.
    let viewer = observer.find(user, "{ viewer { id profile { bio } } }", "/viewer/id").await;
    let todo = observer.find(user, "{ todos(first: 1) { nodes { id } } }", "/todos/nodes/0/id").await;
    let public = "{ notes(filter: { visibility: PUBLIC }, first: 1) { nodes { id } } }";
    let note = observer.find(nobody, public, "/notes/nodes/0/id").await;
    let tag = observer.find(user, "{ tags(first: 1) { nodes { id } } }", "/tags/nodes/0/id").await;
    let many = observer.ask(admin, "{ todos(first: 100) { nodes { id } } }", json!({})).await;
    let many: Vec<&Value> = many["todos"]["nodes"].as_array().unwrap().iter().map(|todo| &todo["id"]).collect();
    for who in [user, nobody] {
        let items = format!(
            r#"{{ todo(id: "{todo}") {{ text }} note(id: "{note}") {{ title }} tag(id: "{tag}") {{ name }}
                user(id: "{viewer}") {{ name profile {{ bio }} }} node(id: "{tag}") {{ id }} }}"#
        );
        observer.ask(who, &items, json!({})).await;
    }
    observer.ask(admin, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": many })).await;

    // Lists, from both ends and onwards.
    let (of_viewer, of_user, of_tag) =
        ("viewer".to_owned(), format!("user(id: \"{viewer}\")"), format!("tag(id: \"{tag}\")"));
    for order in orders(&TODO_ORDERS) {
        for parent in [None, Some(&of_viewer), Some(&of_tag)] {
            observer.turn(user, parent.map(String::as_str), "todos", &order).await;
        }
        observer.turn(admin, Some(&of_user), "todos", &order).await;
        observer.turn(admin, Some(&of_tag), "todos", &order).await;
    }
    for order in orders(&NOTE_ORDERS) {
        for (who, parent) in
            [(user, &of_viewer), (user, &of_tag), (admin, &of_user), (admin, &of_tag), (nobody, &of_user)]
        {
            observer.turn(who, Some(parent), "notes", &order).await;
        }
        for who in [user, admin, nobody] {
            observer.turn(who, None, "notes", &order).await;
        }
    }
    for order in orders(&TAG_ORDERS) {
        for (who, parent) in [(user, None), (user, Some(&of_viewer)), (admin, Some(&of_user))] {
            observer.turn(who, parent.map(String::as_str), "tags", &order).await;
        }
    }
    for field in ["notifications", "exports"] {
        observer.turn(user, Some(&of_viewer), field, "").await;
    }
    for order in orders(&["CREATED_AT"]) {
        for field in ["todos", "tags"] {
            observer.turn(admin, None, field, &order).await;
        }
    }
    for order in orders(&USER_ORDERS) {
        for filter in ["", "filter: { role: USER },", "filter: { role: ADMIN },", "filter: { text: \"e\" },"] {
            observer.turn(admin, None, "users", &format!("{filter} {order}")).await;
        }
    }
    for filter in ["", "(filter: { role: USER })", "(filter: { role: ADMIN })", "(filter: { text: \"e\" })"] {
        // Counting them reads all, be it in the table or in an index.
        observer.ask(admin, &format!("{{ users{filter} {{ nodes {{ email }} }} }}"), json!({})).await;
    }
    observer.turn(admin, None, "profiles", "").await;
    for (parent, field) in [("todo", &todo), ("note", &note)] {
        observer.turn(user, Some(&format!("{parent}(id: \"{field}\")")), "tags", "").await;
    }

    // Filters, and counts of what they leave.
    for filter in TODO_FILTERS {
        let list = format!("todos(filter: {{ {filter} }}, first: 5) {{ totalCount nodes {{ id }} }}");
        observer.ask(user, &format!("{{ {list} {of_tag} {{ {list} }} }}"), json!({})).await;
        observer.ask(admin, &format!("{{ {of_user} {{ {list} }} }}"), json!({})).await;
    }
    for filter in ["visibility: PRIVATE", "visibility: PUBLIC", "text: \"the\""] {
        let list = format!("notes(filter: {{ {filter} }}, first: 5) {{ totalCount nodes {{ id }} }}");
        for who in [user, nobody, admin] {
            observer.ask(who, &format!("{{ {of_user} {{ {list} }} }}"), json!({})).await;
        }
        observer.ask(user, &format!("{{ {of_tag} {{ {list} }} }}"), json!({})).await;
    }
    let tags = "{ tags(filter: { text: \"o\" }, first: 5) { totalCount nodes { id } } }";
    observer.ask(user, tags, json!({})).await;

    for filter in ["unread: true", "unread: false"] {
        let list =
            format!("notifications(filter: {{ {filter} }}, first: 5) {{ totalCount nodes {{ id todo {{ id }} }} }}");
        observer.ask(user, &format!("{{ viewer {{ unreadNotificationCount {list} }} }}"), json!({})).await;
    }

    // What lies around the rows of a list: each kind of list and count, of many at once.
    for query in [
        "{ todos(first: 3) { nodes { text user { name profile { bio } } } } }",
        "{ todos(first: 3) { nodes { tags(first: 5) { totalCount nodes { name user { name } } } } } }",
        "{ notes(first: 3) { nodes { tags(first: 5) { totalCount nodes { name } } } } }",
        "{ notes(first: 3) { nodes { likeCount viewerHasLiked viewCount viewerCount viewsCountedAt } } }",
        "{ todos(first: 3) { nodes { user { todos(first: 5) { totalCount nodes { text } } } } } }",
        "{ todos(first: 3) { nodes { user { notes(first: 5) { totalCount nodes { title } } } } } }",
        "{ todos(first: 3) { nodes { user { tags(first: 5) { totalCount nodes { name } } } } } }",
        "{ tags(first: 3) { nodes { todos(first: 5) { totalCount nodes { text } } } } }",
        "{ tags(first: 3) { nodes { notes(first: 5) { totalCount nodes { title } } } } }",
    ] {
        observer.ask(admin, query, json!({})).await;
    }
    let around =
        "{ todos(first: 20) { totalCount nodes { tags(first: 5) { nodes { todos(first: 2) { totalCount nodes { id } }
        notes(first: 2) { totalCount nodes { id } } } } } } notes(first: 100) { nodes { id } } }";
    observer.ask(user, around, json!({})).await;

    assert!(observer.scans.is_empty(), "{}", observer.scans.join("\n"));

    for read in WHOLE {
        observer.ask(admin, &format!("{{ {read} }}"), json!({})).await;
        assert!(!observer.scans.is_empty(), "an index leads to {read}");
        observer.scans.clear();
    }
}
