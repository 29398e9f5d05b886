use sea_orm::{DatabaseConnection, EntityTrait, IntoActiveModel, ModelTrait, prelude::DateTimeUtc};
use tidewater_entity::{
    ExportStatus, NotificationKind, PasswordHash, Priority, Role, Visibility, export, new_id, note, note_like,
    note_tag, note_view_day, note_views, notification, now, profile, session, session_activity, tag, todo, todo_tag,
    user,
};

/// One row of each entity, of one user.
pub(crate) struct Rows {
    pub(crate) user: user::Model,
    pub(crate) profile: profile::Model,
    pub(crate) session: session::Model,
    pub(crate) session_activity: session_activity::Model,
    pub(crate) todo: todo::Model,
    pub(crate) note: note::Model,
    pub(crate) tag: tag::Model,
    pub(crate) todo_tag: todo_tag::Model,
    pub(crate) note_tag: note_tag::Model,
    pub(crate) note_like: note_like::Model,
    pub(crate) note_views: note_views::Model,
    pub(crate) note_view_day: note_view_day::Model,
    pub(crate) notification: notification::Model,
    pub(crate) export: export::Model,
}

impl Rows {
    /// Rows in which every nullable column has a value.
    pub(crate) fn new() -> Self {
        let now = now();
        let user = user(now);
        let (user_id, session_id) = (user.id, new_id());
        let (todo_id, note_id, tag_id) = (new_id(), new_id(), new_id());
        Self {
            profile: profile::Model {
                user_id,
                bio: "Ünï çødé 🌊".to_owned(),
                avatar_url: Some("https://example.test/a.png".to_owned()),
                updated_at: now,
            },
            session: session::Model {
                id: session_id,
                user_id,
                token_hash: new_id().simple().to_string().repeat(2),
                created_at: now,
                expires_at: now,
                role: Role::User,
                device: Some("curl/8.5.0".to_owned()),
            },
            session_activity: session_activity::Model { session_id, last_seen_at: now },
            todo: todo::Model {
                id: todo_id,
                user_id,
                text: "Water the tomatoes".to_owned(),
                notes: Some("twice".to_owned()),
                completed: true,
                priority: Priority::High,
                due_at: Some(now),
                created_at: now,
                updated_at: now,
                remind_at: Some(now),
                reminded_for: Some(now),
            },
            note: note::Model {
                id: note_id,
                user_id,
                title: "Soup".to_owned(),
                body: "Try it with less salt.".to_owned(),
                visibility: Visibility::Public,
                created_at: now,
                updated_at: now,
            },
            tag: tag::Model { id: tag_id, user_id, name: "home".to_owned(), created_at: now },
            todo_tag: todo_tag::Model { todo_id, tag_id, created_at: now },
            note_tag: note_tag::Model { note_id, tag_id, created_at: now },
            note_like: note_like::Model { note_id, user_id, created_at: now },
            note_views: note_views::Model { note_id, view_count: 1 << 40, viewer_count: 7, counted_at: now },
            note_view_day: note_view_day::Model {
                note_id,
                day: now.date_naive(),
                viewer_count: 7,
                sketch: vec![1, 0, 255],
            },
            notification: notification::Model {
                id: new_id(),
                user_id,
                kind: NotificationKind::Reminder,
                todo_id: Some(todo_id),
                text: "Water the tomatoes".to_owned(),
                created_at: now,
                read_at: Some(now),
            },
            export: export::Model {
                id: new_id(),
                user_id,
                status: ExportStatus::Done,
                progress: 100,
                chunks: Some(1),
                created_at: now,
                finished_at: Some(now),
                expires_at: Some(now),
            },
            user,
        }
    }

    pub(crate) async fn insert(&self, connection: &DatabaseConnection) {
        insert(connection, &self.user).await;
        insert(connection, &self.profile).await;
        insert(connection, &self.session).await;
        insert(connection, &self.session_activity).await;
        insert(connection, &self.todo).await;
        insert(connection, &self.note).await;
        insert(connection, &self.tag).await;
        insert(connection, &self.todo_tag).await;
        insert(connection, &self.note_tag).await;
        insert(connection, &self.note_like).await;
        insert(connection, &self.note_views).await;
        insert(connection, &self.note_view_day).await;
        insert(connection, &self.notification).await;
        insert(connection, &self.export).await;
    }
}

/// An admin with an address of their own.
pub(crate) fn user(now: DateTimeUtc) -> user::Model {
    let id = new_id();
    user::Model {
        id,
        email: format!("{}@example.test", id.simple()),
        name: "Ada".to_owned(),
        role: Role::Admin,
        password_hash: PasswordHash::new("$argon2id$secret"),
        created_at: now,
        updated_at: now,
    }
}

pub(crate) async fn insert<M>(connection: &DatabaseConnection, model: &M)
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
    <M::Entity as EntityTrait>::ActiveModel: Send,
{
    M::Entity::insert_many([model.clone().into_active_model()]).exec_without_returning(connection).await.unwrap();
}
