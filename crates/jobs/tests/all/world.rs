use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{DatabaseConnection, EntityTrait, IntoActiveModel, ModelTrait, PaginatorTrait, QueryOrder};
use tidewater_entity::{
    ExportStatus, PasswordHash, Priority, Role, connect, export, export_chunk, new_id, notification, now, todo,
    tracking, user,
};
use tidewater_jobs::{Context, Job, run};
use tidewater_migration::migrate_up;
use tidewater_testkit::{Backend, TestDatabase};
use uuid::Uuid;

/// A migrated database, and jobs on it.
pub(crate) struct World {
    pub(crate) connection: DatabaseConnection,
    pub(crate) context: Context,
    pub(crate) database: TestDatabase,
}

impl World {
    pub(crate) async fn new(backend: Backend) -> Self {
        let database = backend
            .database_from_template("migrated", async |url: String| {
                let connection = connect(&url, 1).await.unwrap();
                migrate_up(&connection, &tracking(), None).await.unwrap();
                connection.close().await.unwrap();
            })
            .await;
        let connection = connect(database.url(), 8).await.unwrap();
        let context = Context::new(connection.clone(), Duration::from_secs(60 * 60));
        Self { connection, context, database }
    }

    pub(crate) async fn insert<M>(&self, model: &M)
    where
        M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
        <M::Entity as EntityTrait>::ActiveModel: Send,
    {
        self.insert_all(std::slice::from_ref(model)).await;
    }

    pub(crate) async fn insert_all<M>(&self, models: &[M])
    where
        M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
        <M::Entity as EntityTrait>::ActiveModel: Send,
    {
        for models in models.chunks(500) {
            let rows = models.iter().map(|model| model.clone().into_active_model());
            M::Entity::insert_many(rows).exec_without_returning(&self.connection).await.unwrap();
        }
    }

    /// A new user.
    pub(crate) async fn user(&self) -> Uuid {
        let id = new_id();
        let user = user::Model {
            id,
            email: format!("{}@example.test", id.simple()),
            name: "Ada".to_owned(),
            role: Role::User,
            password_hash: PasswordHash::new("$argon2id$secret"),
            created_at: now(),
            updated_at: now(),
        };
        self.insert(&user).await;
        id
    }

    /// A new todo of a new user, of which they want to be reminded so long from now.
    pub(crate) async fn todo(&self, remind_in: TimeDelta) -> todo::Model {
        let todo = todo::Model { remind_at: Some(now() + remind_in), ..todo(self.user().await, "Water the tomatoes") };
        self.insert(&todo).await;
        todo
    }

    /// A new export of `user`, asked for so long ago.
    pub(crate) async fn export(&self, user: Uuid, ago: TimeDelta) -> Uuid {
        let export = export::Model {
            id: new_id(),
            user_id: user,
            status: ExportStatus::Queued,
            progress: 0,
            chunks: None,
            created_at: now() - ago,
            finished_at: None,
            expires_at: None,
        };
        self.insert(&export).await;
        export.id
    }

    pub(crate) async fn run(&self, job: Job) {
        run(&self.context, job).await.unwrap();
    }

    pub(crate) async fn notifications(&self) -> Vec<notification::Model> {
        notification::Entity::find().all(&self.connection).await.unwrap()
    }

    pub(crate) async fn exported(&self, export: Uuid) -> Option<export::Model> {
        export::Entity::find_by_id(export).one(&self.connection).await.unwrap()
    }

    pub(crate) async fn chunks(&self) -> u64 {
        export_chunk::Entity::find().count(&self.connection).await.unwrap()
    }

    /// The file of the only export, which must be in pieces of at most 256 KiB, numbered without gaps.
    pub(crate) async fn file(&self) -> String {
        let chunks = export_chunk::Entity::find().order_by_asc(export_chunk::Column::Number);
        let mut file = Vec::new();
        for (number, chunk) in chunks.all(&self.connection).await.unwrap().into_iter().enumerate() {
            assert_eq!(usize::try_from(chunk.number), Ok(number));
            assert!(chunk.content.len() <= 256 * 1024, "{}", chunk.content.len());
            file.extend_from_slice(&chunk.content);
        }
        String::from_utf8(file).unwrap()
    }
}

/// A todo of `user`.
pub(crate) fn todo(user: Uuid, text: &str) -> todo::Model {
    todo::Model {
        id: new_id(),
        user_id: user,
        text: text.to_owned(),
        notes: None,
        completed: false,
        priority: Priority::Medium,
        due_at: None,
        created_at: now(),
        updated_at: now(),
        remind_at: None,
        reminded_for: None,
    }
}

/// A job that reminds of `todo`.
pub(crate) fn remind(todo: &todo::Model) -> Job {
    Job::Remind { todo: todo.id, at: todo.remind_at.unwrap_or(DateTime::<Utc>::UNIX_EPOCH) }
}
