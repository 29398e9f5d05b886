use async_graphql::Enum;
use tidewater_entity as entity;

/// How much a todo matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::Priority")]
pub(crate) enum Priority {
    /// It can wait.
    Low,
    /// The usual.
    Medium,
    /// It cannot wait.
    High,
}

impl Priority {
    /// The number by which the database orders priorities.
    pub(crate) fn rank(self) -> i64 {
        entity::Priority::from(self) as i64
    }
}
