use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Set,
};
use tidewater_entity::{new_id, now, todo};
use tidewater_jobs::{Job, Scheduled};
use uuid::Uuid;

use super::Todo;
use crate::priority::Priority;
use crate::scope::Scope;
use crate::validation::{self, set};
use crate::wake::wake;
use crate::{Error, id, scope};

const MAX_TEXT: usize = 1_000;
const MAX_NOTES: usize = 10_000;
const MAX_COMPLETED_AT_ONCE: usize = 100;

/// Changing todos.
#[derive(Default)]
pub(crate) struct TodoMutation;

/// A new todo.
#[derive(InputObject)]
pub(crate) struct CreateTodoInput {
    /// What is to be done; 1 to 1,000 characters.
    text: String,
    /// More about it; at most 10,000 characters.
    notes: Option<String>,
    /// How much it matters. MEDIUM where nothing is said.
    priority: Option<Priority>,
    /// By when it is to be done.
    due_at: Option<DateTime<Utc>>,
    /// When to be reminded of it; at once if that has passed. Nobody is reminded of a todo while it is completed.
    remind_at: Option<DateTime<Utc>>,
}

/// What changes in a todo. What is absent stays; null clears.
#[derive(InputObject)]
pub(crate) struct UpdateTodoInput {
    /// Which todo.
    id: ID,
    /// What is to be done; 1 to 1,000 characters.
    text: MaybeUndefined<String>,
    /// More about it; at most 10,000 characters.
    notes: MaybeUndefined<String>,
    /// Whether it is done.
    completed: MaybeUndefined<bool>,
    /// How much it matters.
    priority: MaybeUndefined<Priority>,
    /// By when it is to be done.
    due_at: MaybeUndefined<DateTime<Utc>>,
    /// When to be reminded of it; at once if that has passed. Another time than before reminds again. Nobody is reminded of a todo
    /// while it is completed.
    remind_at: MaybeUndefined<DateTime<Utc>>,
}

/// Which todo to delete.
#[derive(InputObject)]
pub(crate) struct DeleteTodoInput {
    /// Which todo.
    id: ID,
}

/// Which todos are done.
#[derive(InputObject)]
pub(crate) struct CompleteTodosInput {
    /// Which todos; at most 100.
    ids: Vec<ID>,
}

/// A todo was created.
#[derive(SimpleObject)]
pub(crate) struct CreateTodoPayload {
    /// The new todo.
    todo: Todo,
}

/// A todo was changed.
#[derive(SimpleObject)]
pub(crate) struct UpdateTodoPayload {
    /// The todo as it is now.
    todo: Todo,
}

/// A todo was deleted.
#[derive(SimpleObject)]
pub(crate) struct DeleteTodoPayload {
    /// The id that it had.
    deleted_id: ID,
}

/// Todos were completed.
#[derive(SimpleObject)]
pub(crate) struct CompleteTodosPayload {
    /// The todos as they are now, in the order of their ids in the input.
    todos: Vec<Todo>,
}

#[Object]
impl TodoMutation {
    /// Creates a todo of the viewer.
    async fn create_todo(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The new todo.")] input: CreateTodoInput,
    ) -> Result<CreateTodoPayload, Error> {
        let scope = scope(context)?;
        let viewer = scope.signed_in()?;
        let created_at = now();
        let todo = todo::Model {
            id: new_id(),
            user_id: viewer.user,
            text: validation::text("text", MAX_TEXT, input.text)?,
            notes: input.notes.map(|notes| validation::body("notes", MAX_NOTES, notes)).transpose()?,
            completed: false,
            priority: input.priority.unwrap_or(Priority::Medium).into(),
            due_at: input.due_at.map(|due_at| validation::time("dueAt", due_at)).transpose()?,
            created_at,
            updated_at: created_at,
            remind_at: input.remind_at.map(|remind_at| validation::time("remindAt", remind_at)).transpose()?,
            reminded_for: None,
        };
        let todo = scope.write(async |transaction| Ok(todo.into_active_model().insert(transaction).await?)).await?;
        tell(context, &todo)?;
        Ok(CreateTodoPayload { todo: Todo(todo.into()) })
    }

    /// Changes a todo.
    async fn update_todo(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which todo, and what changes.")] input: UpdateTodoInput,
    ) -> Result<UpdateTodoPayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let key = id::decode(Todo::PREFIX, "id", &input.id)?;
        let text = validation::required("text", input.text)?;
        let text = text.map(|text| validation::text("text", MAX_TEXT, text)).transpose()?;
        let notes = input.notes.map_value(|notes| validation::body("notes", MAX_NOTES, notes)).transpose()?;
        let completed = validation::required("completed", input.completed)?;
        let priority = validation::required("priority", input.priority)?;
        let due_at = input.due_at.map_value(|due_at| validation::time("dueAt", due_at)).transpose()?;
        let remind_at = input.remind_at.map_value(|remind_at| validation::time("remindAt", remind_at)).transpose()?;
        let todo = scope.write(async |transaction| {
            let mut todo = owned(transaction, scope, key).await?.into_active_model();
            set(&mut todo.text, text);
            set(&mut todo.notes, validation::optional(notes));
            set(&mut todo.completed, completed);
            set(&mut todo.priority, priority.map(Into::into));
            set(&mut todo.due_at, validation::optional(due_at));
            set(&mut todo.remind_at, validation::optional(remind_at));
            todo.updated_at = Set(now());
            Ok(todo.update(transaction).await?)
        });
        let todo = todo.await?;
        tell(context, &todo)?;
        Ok(UpdateTodoPayload { todo: Todo(todo.into()) })
    }

    /// Deletes a todo.
    async fn delete_todo(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which todo.")] input: DeleteTodoInput,
    ) -> Result<DeleteTodoPayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let key = id::decode(Todo::PREFIX, "id", &input.id)?;
        let deleted = scope.write(async |transaction| {
            owned(transaction, scope, key).await?;
            todo::Entity::delete_by_id(key).exec(transaction).await?;
            Ok(())
        });
        deleted.await?;
        Ok(DeleteTodoPayload { deleted_id: input.id })
    }

    /// Completes several todos: all of them, or, if one cannot be, none.
    #[graphql(complexity = "1 + MAX_COMPLETED_AT_ONCE * child_complexity")]
    async fn complete_todos(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Which todos.")] input: CompleteTodosInput,
    ) -> Result<CompleteTodosPayload, Error> {
        let scope = scope(context)?;
        scope.signed_in()?;
        let ids = validation::at_most("ids", MAX_COMPLETED_AT_ONCE, input.ids)?;
        let keys = ids.iter().map(|id| id::decode(Todo::PREFIX, "ids", id)).collect::<Result<Vec<Uuid>, Error>>()?;
        let completed = scope.write(async |transaction| {
            // In one order for all, so that two that overlap do not wait for each other.
            let rows = todo::Entity::find()
                .filter(todo::Column::Id.is_in(keys.iter().copied()))
                .order_by_asc(todo::Column::Id)
                .lock_exclusive();
            let mut rows = rows.all(transaction).await?;
            let visible = |key: &Uuid| rows.iter().any(|todo| todo.id == *key && scope.owns(todo.user_id));
            if !keys.iter().all(visible) {
                return Err(Error::NotFound("todo"));
            }
            let updated_at = now();
            todo::Entity::update_many()
                .set(todo::ActiveModel { completed: Set(true), updated_at: Set(updated_at), ..Default::default() })
                .filter(todo::Column::Id.is_in(keys.iter().copied()))
                .exec(transaction)
                .await?;
            for todo in &mut rows {
                (todo.completed, todo.updated_at) = (true, updated_at);
            }
            Ok(rows)
        });
        let rows = completed.await?;
        let of = |key: &Uuid| rows.iter().find(|todo| todo.id == *key).map(|todo| Todo(todo.clone().into()));
        Ok(CompleteTodosPayload { todos: keys.iter().filter_map(of).collect() })
    }
}

/// Tells whoever runs jobs of the reminder that waits for its time, if one does.
fn tell(context: &Context<'_>, todo: &todo::Model) -> Result<(), Error> {
    if let Some(at) = todo.remind_at.filter(|_| todo.awaits_reminder()) {
        wake(context)?.wake(Scheduled { job: Job::Remind { todo: todo.id, at }, at });
    }
    Ok(())
}

/// The todo with this primary key, locked until the transaction ends.
///
/// # Errors
/// `NOT_FOUND` when there is none that is the caller's to change.
pub(crate) async fn owned(transaction: &DatabaseTransaction, scope: &Scope, key: Uuid) -> Result<todo::Model, Error> {
    let todo = todo::Entity::find_by_id(key).lock_exclusive().one(transaction).await?;
    todo.filter(|todo| scope.owns(todo.user_id)).ok_or(Error::NotFound("todo"))
}
