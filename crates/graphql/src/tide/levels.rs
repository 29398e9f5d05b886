use std::fmt;
use std::sync::Arc;

use async_graphql::Context;
use tracing::Level;

use crate::{Error, id, scope};

/// What a server logs, as far as whoever looks after it may see and change that.
pub trait LogLevels: fmt::Debug + Send + Sync {
    /// The directives in force.
    fn directives(&self) -> String;

    /// Whether these are directives.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    fn check(&self, directives: &str) -> Result<(), String>;

    /// Puts other directives in force, until the server ends.
    ///
    /// # Errors
    /// A sentence, as before; then all is as it was.
    fn set(&self, directives: &str) -> Result<(), String>;
}

/// What is logged cannot be changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct FixedLogLevels;

impl LogLevels for FixedLogLevels {
    fn directives(&self) -> String {
        "info".to_owned()
    }

    fn check(&self, _: &str) -> Result<(), String> {
        Err("what is logged cannot be changed here".to_owned())
    }

    fn set(&self, directives: &str) -> Result<(), String> {
        self.check(directives)
    }
}

/// What the server that answers logs.
pub(super) fn levels<'a>(context: &Context<'a>) -> Result<&'a dyn LogLevels, Error> {
    let levels = context.data::<Arc<dyn LogLevels>>().map_err(|_| Error::internal("a schema without log levels"))?;
    Ok(&**levels)
}

/// Puts directives in force, and logs who did it, where that is seen by the old ones or else by the new ones. Answers what is in force.
pub(super) fn set(context: &Context<'_>, directives: &str) -> Result<String, Error> {
    let levels = levels(context)?;
    let viewer = scope(context)?.viewer().map_or_else(|| "nobody".to_owned(), |viewer| id::text("user", viewer.user));
    let refused = |reason| Error::bad_user_input("directives", reason);
    levels.check(directives).map_err(refused)?;
    let before = levels.directives();
    let tell = || tracing::warn!(viewer, before, now = directives, "what is logged is changed");
    let is_seen = tracing::enabled!(Level::WARN);
    if is_seen {
        tell();
    }
    levels.set(directives).map_err(refused)?;
    if !is_seen {
        tell();
    }
    Ok(levels.directives())
}
