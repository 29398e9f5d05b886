//! Demo data: the same rows for the same plan, on every machine and database.

mod draw;
mod rows;
mod words;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, ModelTrait, SqlErr,
    TransactionTrait,
};

use crate::Error;
use rows::Rows;

/// At nine columns a row below what either database binds in one statement: 32,766 values on SQLite, 65,535 on PostgreSQL.
const ROWS_PER_STATEMENT: usize = 2_000;

/// What to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many users, each with a profile. User 1 is an admin; user n has the address `userN@example.test`.
    pub users: u32,
    /// How many todos. Todo i, counted from 1, belongs to user ((i - 1) mod users) + 1; every third is completed.
    pub todos: u32,
    /// How many notes. They belong to users as todos do; every third is public.
    pub notes: u32,
    /// What else the rows depend on: ids, names, texts, due dates, priorities.
    pub seed: u64,
}

/// What is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Users.
    Users,
    /// Profiles, one for each user.
    Profiles,
    /// Tags, eight for each of the first thousand users.
    Tags,
    /// Todos.
    Todos,
    /// Notes.
    Notes,
    /// Tags of todos, none to two for each todo whose owner has tags.
    TodoTags,
    /// Tags of notes, none to two for each note whose owner has tags.
    NoteTags,
}

/// How many rows were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Users.
    pub users: usize,
    /// Profiles.
    pub profiles: usize,
    /// Tags.
    pub tags: usize,
    /// Todos.
    pub todos: usize,
    /// Notes.
    pub notes: usize,
    /// Tags of todos.
    pub todo_tags: usize,
    /// Tags of notes.
    pub note_tags: usize,
}

/// Makes the rows of `plan`, all of them or, on an error, none. Users sign in with the password of `password_hash`.
///
/// `progress` is told the stage, how many of its rows are written, and how many there will be, after each statement.
/// Plans that differ only in their numbers of todos and notes agree on the rows that both have.
pub async fn seed(
    database: &DatabaseConnection,
    plan: Plan,
    password_hash: &str,
    progress: impl FnMut(Stage, usize, usize) + Send,
) -> Result<Summary, Error> {
    if plan.users == 0 && (plan.todos > 0 || plan.notes > 0) {
        return Err(Error::Ownerless);
    }
    let rows = Rows::new(plan, password_hash);
    let mut writer = Writer { transaction: database.begin().await?, progress };
    let summary = write_all(&mut writer, &rows).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Error::Seeded,
        _ => Error::Database(error),
    })?;
    writer.transaction.commit().await?;
    // Until a database has statistics of so many new rows, it plans as if there were none.
    database.execute_unprepared("ANALYZE").await?;
    Ok(summary)
}

async fn write_all<P>(writer: &mut Writer<P>, rows: &Rows<'_>) -> Result<Summary, DbErr>
where
    P: FnMut(Stage, usize, usize) + Send,
{
    Ok(Summary {
        users: writer.write(Stage::Users, rows.users()).await?,
        profiles: writer.write(Stage::Profiles, rows.profiles()).await?,
        tags: writer.write(Stage::Tags, rows.tags()).await?,
        todos: writer.write(Stage::Todos, rows.todos()).await?,
        notes: writer.write(Stage::Notes, rows.notes()).await?,
        todo_tags: writer.write(Stage::TodoTags, rows.todo_tags()).await?,
        note_tags: writer.write(Stage::NoteTags, rows.note_tags()).await?,
    })
}

struct Writer<P> {
    transaction: DatabaseTransaction,
    progress: P,
}

impl<P: FnMut(Stage, usize, usize) + Send> Writer<P> {
    /// Writes `rows`, of which `total` come; returns `total`.
    async fn write<M>(
        &mut self,
        stage: Stage,
        (total, mut rows): (usize, impl Iterator<Item = M> + Send),
    ) -> Result<usize, DbErr>
    where
        M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
        <M::Entity as EntityTrait>::ActiveModel: Send,
    {
        let mut done = 0;
        while done < total {
            let chunk: Vec<_> =
                rows.by_ref().take(ROWS_PER_STATEMENT).map(IntoActiveModel::into_active_model).collect();
            done += chunk.len();
            M::Entity::insert_many(chunk).exec_without_returning(&self.transaction).await?;
            (self.progress)(stage, done, total);
        }
        Ok(total)
    }
}
