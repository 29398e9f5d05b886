use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Context, Error, export, prune, reminder};

/// Something to be done in the background.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Job {
    /// Tell the owner of a todo that the time has come.
    Remind {
        /// The primary key of the todo.
        todo: Uuid,
        /// When. It tells jobs apart; whether the time has come, the row says.
        at: DateTime<Utc>,
    },
    /// Write the file of an export, or go on with it.
    Export {
        /// The primary key of the export.
        export: Uuid,
    },
    /// Delete the files of exports that have expired, and give up exports that do not get done.
    PruneExports,
}

impl Job {
    /// What is done, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Remind { .. } => "remind",
            Self::Export { .. } => "export",
            Self::PruneExports => "prune-exports",
        }
    }

    /// What a job has in common with those that would do the same. At most 80 ASCII characters.
    pub fn name(&self) -> String {
        match self {
            Self::Remind { todo, at } => format!("remind:{todo}:{}", at.timestamp_micros()),
            Self::Export { export } => format!("export:{export}"),
            Self::PruneExports => "prune-exports".to_owned(),
        }
    }
}

/// Does a job, as far as its rows say that it is to be done now. May be dropped at any time and done again, twice or at once.
///
/// # Errors
/// When the database fails.
pub async fn run(context: &Context, job: Job) -> Result<(), Error> {
    match job {
        Job::Remind { todo, .. } => reminder::remind(context, todo).await,
        Job::Export { export } => export::export(context, export).await,
        Job::PruneExports => prune::exports(context).await,
    }
}
