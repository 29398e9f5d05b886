use async_graphql::{Enum, InputObject};
use chrono::{DateTime, Utc};
use tidewater_entity::selection::{Scalar, Selection, Test};
use tidewater_entity::todo;

use crate::Error;
use crate::order::{OrderDirection, Ordered, ordered};
use crate::priority::Priority;
use crate::validation;

/// Which todos are meant. Everything that is given must hold.
#[derive(Debug, Default, InputObject)]
pub(crate) struct TodoFilter {
    /// Whether it is done.
    completed: Option<bool>,
    /// One of these priorities.
    priority: Option<Vec<Priority>>,
    /// Its text contains this, whatever the case of the letters.
    text: Option<String>,
    /// Due at this time or later.
    due_from: Option<DateTime<Utc>>,
    /// Due before this time.
    due_before: Option<DateTime<Utc>>,
}

/// A term of the order of todos.
#[derive(Debug, InputObject)]
pub(crate) struct TodoOrder {
    /// What they are ordered by.
    field: TodoOrderField,
    /// Which way.
    #[graphql(default)]
    direction: OrderDirection,
}

/// What todos can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum TodoOrderField {
    /// When it was created.
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
    /// By when it is to be done; ascending, those without a time come last.
    DueAt,
    /// How much it matters.
    Priority,
}

impl Ordered for TodoOrder {
    type Column = todo::Column;
    const DEFAULT: Option<todo::Column> = Some(todo::Column::CreatedAt);

    fn term(&self) -> (todo::Column, OrderDirection) {
        let column = match self.field {
            TodoOrderField::CreatedAt => todo::Column::CreatedAt,
            TodoOrderField::UpdatedAt => todo::Column::UpdatedAt,
            TodoOrderField::DueAt => todo::Column::DueAt,
            TodoOrderField::Priority => todo::Column::Priority,
        };
        (column, self.direction)
    }
}

/// Those of `todos` that `filter` admits, in the order that is asked for.
///
/// # Errors
/// `BAD_USER_INPUT`
pub(crate) fn select(
    mut todos: Selection,
    filter: Option<TodoFilter>,
    order_by: Option<Vec<TodoOrder>>,
) -> Result<Selection, Error> {
    let filter = filter.unwrap_or_default();
    if let Some(completed) = filter.completed {
        todos = todos.filter(todo::Column::Completed, Test::Is(completed.into()));
    }
    if let Some(priorities) = filter.priority {
        let priorities = validation::at_most("filter.priority", 10, priorities)?;
        let priorities = priorities.into_iter().map(|priority| Scalar::Integer(priority.rank())).collect();
        todos = todos.filter(todo::Column::Priority, Test::OneOf(priorities));
    }
    if let Some(text) = filter.text {
        todos = todos.filter(todo::Column::Text, Test::Contains(validation::search("filter.text", text)?));
    }
    if let Some(from) = filter.due_from {
        todos = todos.filter(todo::Column::DueAt, Test::AtLeast(validation::time("filter.dueFrom", from)?.into()));
    }
    if let Some(before) = filter.due_before {
        todos = todos.filter(todo::Column::DueAt, Test::Below(validation::time("filter.dueBefore", before)?.into()));
    }
    ordered(todos, order_by)
}
