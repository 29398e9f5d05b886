use indicatif::{ProgressBar, ProgressStyle};
use tidewater_entity::seed::{Plan, Stage};

use crate::cli::SeedArguments;
use crate::configuration::DatabaseConfiguration;
use crate::error::Error;
use crate::output::print;
use crate::{database, demo};

/// Fills the database, with a bar on a terminal, and says on standard output how to sign in.
pub(crate) async fn seed(configuration: &DatabaseConfiguration, arguments: SeedArguments) -> Result<(), Error> {
    let database = database::connect(configuration).await?;
    if !database::pending(&database).await?.is_empty() {
        return Err(Error::Unmigrated);
    }
    let SeedArguments { users, todos, notes } = arguments;
    let bar = progress_bar();
    let summary = demo::plant(&database, Plan { users, todos, notes, seed: demo::SEED }, |stage, done, total| {
        bar.set_message(name(stage));
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    })
    .await;
    bar.finish_and_clear();
    let summary = summary?;
    let text = format!(
        "made {} users, {} todos, {} notes and {} tags\n{}\n",
        summary.users,
        summary.todos,
        summary.notes,
        summary.tags,
        demo::sign_in_data(users)
    );
    print(&text)
}

/// Drawn on stderr, and only if that is a terminal.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    match ProgressStyle::with_template("{msg:12} {wide_bar} {human_pos} of {human_len}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Users => "users",
        Stage::Profiles => "profiles",
        Stage::Tags => "tags",
        Stage::Todos => "todos",
        Stage::Notes => "notes",
        Stage::TodoTags => "tags of todos",
        Stage::NoteTags => "tags of notes",
    }
}
