use std::fmt::Debug;
use std::time::Instant;

use sea_orm::{DatabaseConnection, EntityTrait, ModelTrait, QueryOrder};
use sha2::{Digest, Sha256};
use tidewater_entity::seed::{Plan, Stage, Summary, seed};
use tidewater_entity::{Error, Role, Visibility, normalised_email, note, note_tag, profile, tag, todo, todo_tag, user};
use tidewater_testkit::Backend;

use crate::migrated::Migrated;
use crate::on_both_databases;

const PLAN: Plan = Plan { users: 7, todos: 100, notes: 40, seed: 42 };
const HASH: &str = "$argon2id$demo";

/// Everything that seeding wrote.
#[derive(Debug, PartialEq)]
struct Content {
    users: Vec<user::Model>,
    profiles: Vec<profile::Model>,
    tags: Vec<tag::Model>,
    todos: Vec<todo::Model>,
    notes: Vec<note::Model>,
    todo_tags: Vec<todo_tag::Model>,
    note_tags: Vec<note_tag::Model>,
}

impl Content {
    async fn of(connection: &DatabaseConnection) -> Self {
        use sea_orm::Iterable;
        macro_rules! rows {
            ($entity:ident) => {{
                let mut query = $entity::Entity::find();
                for key in $entity::PrimaryKey::iter() {
                    query = query.order_by_asc(sea_orm::PrimaryKeyToColumn::into_column(key));
                }
                query.all(connection).await.unwrap()
            }};
        }
        Self {
            users: rows!(user),
            profiles: rows!(profile),
            tags: rows!(tag),
            todos: rows!(todo),
            notes: rows!(note),
            todo_tags: rows!(todo_tag),
            note_tags: rows!(note_tag),
        }
    }

    fn digest(&self) -> String {
        Sha256::digest(format!("{self:?}")).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

async fn seeded(backend: Backend, plan: Plan) -> Content {
    let migrated = Migrated::new(backend).await;
    seed(&migrated.connection, plan, HASH, |_, _, _| ()).await.unwrap();
    Content::of(&migrated.connection).await
}

fn assert_prefix<M: ModelTrait + PartialEq + Debug>(shorter: &[M], longer: &[M]) {
    assert_eq!(shorter, &longer[..shorter.len()]);
}

#[tokio::test]
async fn one_plan_makes_the_same_rows_on_every_database() {
    let (one, two) = (seeded(Backend::Postgres, PLAN).await, seeded(Backend::Postgres, PLAN).await);
    assert_eq!(one.digest(), two.digest());
    assert_eq!(one, seeded(Backend::Sqlite, PLAN).await);
    let otherwise = seeded(Backend::Sqlite, Plan { seed: 43, ..PLAN }).await;
    assert_ne!(one.digest(), otherwise.digest());
}

#[tokio::test]
async fn a_larger_plan_keeps_the_rows_of_the_smaller() {
    let small = seeded(Backend::Sqlite, PLAN).await;
    let large = seeded(Backend::Sqlite, Plan { todos: 200, notes: 80, ..PLAN }).await;
    assert_eq!(small.users, large.users);
    assert_eq!(small.tags, large.tags);
    assert_prefix(&small.todos, &large.todos);
    assert_prefix(&small.notes, &large.notes);
    assert_prefix(&small.todo_tags, &large.todo_tags);
}

on_both_databases! {
    async fn rows_are_distributed_as_the_plan_says(migrated) {
        let connection = &migrated.connection;
        let summary = seed(connection, PLAN, HASH, |_, _, _| ()).await.unwrap();
        let content = Content::of(connection).await;
        let counted = Summary {
            users: content.users.len(),
            profiles: content.profiles.len(),
            tags: content.tags.len(),
            todos: content.todos.len(),
            notes: content.notes.len(),
            todo_tags: content.todo_tags.len(),
            note_tags: content.note_tags.len(),
        };
        assert_eq!(summary, counted);
        assert_eq!(summary, Summary { users: 7, profiles: 7, tags: 56, todos: 100, notes: 40, todo_tags: 99, note_tags: 38 });

        assert!(content.users.is_sorted_by_key(|user| user.created_at), "ids sort as the times of creation do");
        assert!(content.todos.is_sorted_by(|one, next| one.created_at < next.created_at));
        for (index, user) in content.users.iter().enumerate() {
            assert_eq!(user.email, format!("user{}@example.test", index + 1));
            assert_eq!(user.email, normalised_email(&user.email));
            assert_eq!(user.role, if index == 0 { Role::Admin } else { Role::User });
            assert_eq!(user.password_hash.as_str(), HASH);
        }
        for (index, todo) in content.todos.iter().enumerate() {
            assert_eq!(todo.user_id, content.users[index % 7].id);
            assert_eq!(todo.completed, (index + 1).is_multiple_of(3));
        }
        for (index, note) in content.notes.iter().enumerate() {
            assert_eq!(note.user_id, content.users[index % 7].id);
            let public = (index + 1).is_multiple_of(3);
            assert_eq!(note.visibility, if public { Visibility::Public } else { Visibility::Private });
        }
        let due = content.todos.iter().filter(|todo| todo.due_at.is_some()).count();
        assert!((1..100).contains(&due), "some todos are due, others are not");
        for link in &content.todo_tags {
            let todo = content.todos.iter().find(|todo| todo.id == link.todo_id).unwrap();
            let tag = content.tags.iter().find(|tag| tag.id == link.tag_id).unwrap();
            assert_eq!(todo.user_id, tag.user_id, "only tags of its own owner");
        }
        let tagged = |note: &&note::Model| content.note_tags.iter().any(|link| link.note_id == note.id);
        for visibility in [Visibility::Public, Visibility::Private] {
            let some = content.notes.iter().filter(|note| note.visibility == visibility).partition::<Vec<_>, _>(tagged);
            assert!(!some.0.is_empty() && !some.1.is_empty(), "notes of either kind come with tags and without");
        }
        for link in &content.note_tags {
            let note = content.notes.iter().find(|note| note.id == link.note_id).unwrap();
            let tag = content.tags.iter().find(|tag| tag.id == link.tag_id).unwrap();
            assert_eq!(note.user_id, tag.user_id, "only tags of its own owner");
        }
    }

    async fn a_second_time_is_refused_and_changes_nothing(migrated) {
        let connection = &migrated.connection;
        seed(connection, PLAN, HASH, |_, _, _| ()).await.unwrap();
        let before = Content::of(connection).await;
        for plan in [PLAN, Plan { seed: 1, ..PLAN }, Plan { users: 1, todos: 0, notes: 0, seed: 2 }] {
            let refused = seed(connection, plan, "other", |_, _, _| ()).await.unwrap_err();
            assert!(matches!(refused, Error::Seeded), "{refused}");
        }
        assert_eq!(Content::of(connection).await, before);
    }

    async fn what_fails_on_the_way_leaves_nothing(migrated) {
        let connection = &migrated.connection;
        migrated.database.sql("DROP TABLE note_tag").await;
        assert!(matches!(seed(connection, PLAN, HASH, |_, _, _| ()).await, Err(Error::Database(_))));
        assert!(user::Entity::find().all(connection).await.unwrap().is_empty());
    }

    async fn empty_plans_make_nothing_and_ownerless_ones_are_refused(migrated) {
        let connection = &migrated.connection;
        let nothing = Plan { users: 0, todos: 0, notes: 0, seed: 0 };
        assert_eq!(seed(connection, nothing, HASH, |_, _, _| ()).await.unwrap(), Summary::default());
        let refused = seed(connection, Plan { todos: 1, ..nothing }, HASH, |_, _, _| ()).await;
        assert!(matches!(refused, Err(Error::Ownerless)));
    }

    async fn a_thousand_users_with_all_that_is_theirs(migrated) {
        let plan = Plan { users: 1_000, todos: 20_000, notes: 5_000, seed: 1 };
        let mut told: Vec<(Stage, usize, usize)> = Vec::new();
        let start = Instant::now();
        let summary = seed(&migrated.connection, plan, HASH, |stage, done, total| told.push((stage, done, total))).await;
        println!("seeded {summary:?} in {:?}", start.elapsed());
        let summary = summary.unwrap();
        assert_eq!((summary.users, summary.todos, summary.notes), (1_000, 20_000, 5_000));

        let todos: Vec<_> = told.iter().filter(|(stage, _, _)| *stage == Stage::Todos).collect();
        assert!(todos.is_sorted_by_key(|(_, done, _)| done));
        assert!(todos.iter().all(|(_, _, total)| *total == 20_000));
        let ended: Vec<_> = told.iter().filter(|(_, done, total)| done == total).map(|(stage, _, _)| *stage).collect();
        let stages =
            [Stage::Users, Stage::Profiles, Stage::Tags, Stage::Todos, Stage::Notes, Stage::TodoTags, Stage::NoteTags];
        assert_eq!(ended, stages);
    }
}
