//! What a server does, told once, for scripts.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use serde::Serialize;

use crate::client::Client;
use crate::controls::{Controls, Pane};
use crate::source::{Sample, Told, seen};
use crate::state::State;
use crate::tide::{Change, Jobs, Seen, Tide};
use crate::{Error, Settings, lists, summary};

/// How many changes are told.
const CHANGES: usize = 20;

/// What a server does. Displays as plain text, and serialises as one object in the API's own words.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    url: String,
    #[serde(flatten)]
    tide: Tide,
    /// None if they are not known.
    jobs: Option<Jobs>,
    /// Why they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    jobs_failure: Option<String>,
    /// Those that were seen last, the latest first.
    changes: Vec<Change>,
}

/// Asks the server once.
///
/// # Errors
/// Where it does not answer as it should.
pub async fn once(settings: &Settings) -> Result<Report, Error> {
    let client = Client::new(&settings.url, settings.token.as_deref())?;
    let (sample, seen) = tokio::try_join!(Sample::ask(&client), seen(&client))?;
    let Sample { tide, jobs } = sample;
    let Seen { mut changes, .. } = seen;
    changes.truncate(CHANGES);
    let (jobs, jobs_failure) = match jobs {
        Ok(jobs) => (Some(jobs), None),
        Err(sentence) => (None, Some(sentence)),
    };
    Ok(Report { url: client.url().to_owned(), tide, jobs, jobs_failure, changes })
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { url, tide, jobs, jobs_failure, changes } = self.clone();
        let mut state = State::new(&url);
        let server = tide.server.clone();
        let jobs = jobs.ok_or_else(|| jobs_failure.unwrap_or_default());
        state.take(Duration::ZERO, Told::Sample(Sample { tide, jobs }));
        state.take(Duration::ZERO, Told::Following(Seen { server, changes }));
        for line in summary::lines(&state, None) {
            let parts: Vec<_> = line.parts.into_iter().map(|part| part.text).collect();
            writeln!(formatter, "{:8}{}", line.title, parts.join(" · "))?;
        }
        for pane in Pane::ALL {
            write!(formatter, "\n{}\n{}", pane.title(), lists::sheet(pane, &state, &Controls::default()).printed())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tide::{DeadJob, Misses, Operation, Space};

    #[test]
    fn nothing_that_a_server_says_drives_the_terminal() {
        let hostile = || "a\x1b]0;x\x07\x1b[2J\r\u{9b}".to_owned();
        let misses = || vec![Misses { reason: hostile(), count: 1 }];
        let tide = Tide {
            server: hostile(),
            spaces: vec![Space { name: hostile(), misses: misses(), ..Space::default() }],
            operations: vec![
                Operation { name: Some(hostile()), misses: misses(), ..Operation::default() },
                Operation { document: hostile(), ..Operation::default() },
            ],
            ..Tide::default()
        };
        let died_at = tide.now;
        let jobs = Jobs { dead: vec![DeadJob { name: hostile(), attempts: 1, died_at }], ..Jobs::default() };
        let change = Change {
            server: hostile(),
            position: 1,
            seen_at: died_at,
            writer: hostile(),
            writer_name: Some(hostile()),
            transaction: Some(hostile()),
            table: hostile(),
            operation: hostile(),
            row: hostile(),
            columns: Some(vec![hostile()]),
        };
        let report = Report { url: String::new(), tide, jobs: Some(jobs), jobs_failure: None, changes: vec![change] };
        let texts = [report.to_string(), serde_json::to_string(&report).unwrap()];
        for text in texts {
            assert!(text.matches("]0;x").count() > 9, "{text}");
            // As JSON, they are escaped.
            let is_command = |character: char| character.is_ascii_control() && character != '\n';
            assert!(!text.chars().any(is_command), "{text:?}");
        }
        assert!(!report.to_string().contains('\u{9b}'));
    }
}
