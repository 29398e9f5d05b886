//! The README's recipe for an entity of one's own, followed to the letter: a table, an entity, an object, and no line about
//! caches. The answers are cached nevertheless, and right.

mod entity;
mod migration;
mod object;

use async_graphql::{EmptySubscription, Request, Schema};
use sea_orm::EntityTrait;
use sea_orm_migration::SchemaManager;
use serde_json::{Value, json};
use tidewater_entity::{Role, Tracked};
use tidewater_graphql::{Policies, Scope, Store, Viewer};
use tidewater_testkit::on_each_backend;
use uuid::Uuid;

use crate::fixture::{open, seeded};
use object::{BookmarkMutation, BookmarkQuery};

const BOOKMARKS: &str = "{ bookmarks { totalCount nodes { url } } }";

on_each_backend! {
    async fn an_entity_of_ones_own_is_cached_and_never_stale(backend) {
        let (database, redis) = (seeded(backend).await, backend.redis().await);
        let mut tracking = tidewater_entity::tracking();
        tracking.push(entity::Entity::TRACKING);
        let prepare = database.connect().await;
        migration::up(&SchemaManager::new(&prepare)).await.unwrap();
        tidewater_changelog::install(&prepare, &tracking).await.unwrap();
        let users = tidewater_entity::user::Entity::find().all(&prepare).await.unwrap();
        let (me, other) = (users[1].id, users[2].id);

        let (connection, cache, statements) = open(&database, redis.as_ref(), &tracking).await;
        let uncounted = tidewater_entity::Statements::uncounted(&connection);
        let store = Store::new(connection, uncounted, cache, tracking, Policies::default());
        let schema = Schema::build(BookmarkQuery, BookmarkMutation, EmptySubscription).finish();
        let ask = async |user: Uuid, query: &str| {
            let viewer = Viewer { user, role: Role::User, session: Uuid::nil() };
            let scope = Scope::new(store.reader(), Some(viewer));
            let response = schema.execute(Request::new(query).data(scope)).await;
            assert_eq!(response.errors, vec![]);
            response.data.into_json().unwrap()
        };
        let urls = |answer: &Value| {
            let nodes = answer["bookmarks"]["nodes"].as_array().unwrap();
            assert_eq!(answer["bookmarks"]["totalCount"], nodes.len());
            nodes.iter().map(|node| node["url"].clone()).collect::<Vec<_>>()
        };
        let create = |url: &str| format!("mutation {{ createBookmark(input: {{ url: \"{url}\" }}) {{ bookmark {{ url }} }} }}");

        assert_eq!(urls(&ask(me, BOOKMARKS).await), Vec::<Value>::new());
        ask(me, &create("https://a.test")).await;
        assert_eq!(urls(&ask(me, BOOKMARKS).await), ["https://a.test"]);

        ask(other, &create("https://b.test")).await;
        statements.taken();
        assert_eq!(urls(&ask(me, BOOKMARKS).await), ["https://a.test"]);
        assert_eq!(statements.taken(), Vec::<String>::new(), "somebody else's bookmark");

        database.sql("UPDATE bookmark SET url = 'https://c.test' WHERE url = 'https://a.test'").await;
        assert_eq!(urls(&ask(me, BOOKMARKS).await), ["https://c.test"]);
        database.sql("DELETE FROM bookmark").await;
        assert_eq!(ask(me, BOOKMARKS).await, json!({ "bookmarks": { "totalCount": 0, "nodes": [] } }));
    }

    async fn an_entity_that_is_not_tracked_cannot_be_read(backend) {
        let database = seeded(backend).await;
        let tracking = tidewater_entity::tracking();
        let prepare = database.connect().await;
        migration::up(&SchemaManager::new(&prepare)).await.unwrap();
        let (connection, cache, _) = open(&database, None, &tracking).await;
        let uncounted = tidewater_entity::Statements::uncounted(&connection);
        let store = Store::new(connection, uncounted, cache, tracking, Policies::default());
        let read = store.reader().item::<entity::Entity>(Uuid::nil()).await;
        assert_eq!(read.unwrap_err().code(), "INTERNAL");
    }
}
