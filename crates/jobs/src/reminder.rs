use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use tidewater_entity::{NotificationKind, begin, new_id, notification, todo};
use uuid::Uuid;

use crate::{Context, Error, clock};

/// Tells the owner of a todo that the time has come, if it has and nobody has told them yet.
pub(crate) async fn remind(context: &Context, todo: Uuid) -> Result<(), Error> {
    let transaction = begin(&context.database).await?;
    let now = clock::now(&transaction).await?;
    // Whoever waits for the lock looks at the row again when it is free.
    let due = todo::Entity::awaiting_reminder()
        .filter(todo::Column::Id.eq(todo))
        .filter(todo::Column::RemindAt.lte(now))
        .lock_exclusive();
    let Some(todo) = due.one(&transaction).await? else { return Ok(()) };
    let notification = notification::Model {
        id: new_id(),
        user_id: todo.user_id,
        kind: NotificationKind::Reminder,
        todo_id: Some(todo.id),
        text: todo.text.clone(),
        created_at: now,
        read_at: None,
    };
    notification::Entity::insert(notification.into_active_model()).exec_without_returning(&transaction).await?;
    let remind_at = todo.remind_at;
    let mut todo = todo.into_active_model();
    todo.reminded_for = Set(remind_at);
    todo.update(&transaction).await?;
    transaction.commit().await?;
    Ok(())
}
