//! What is looked at when nothing is written any more.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::Error;
use crate::client::{Client, Demand};
use crate::clock::Nanos;
use crate::context::Context;
use crate::court::describe;
use crate::database::{Database, Stored};
use crate::judge::{Floor, Ruling, Window};
use crate::plan::{Account, Key};
use crate::question::Question;
use crate::reader;
use crate::state::{Family, Shown};
use crate::violation::{Example, Kind};

/// For how long a server is asked again that cannot answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a server waits that is asked again.
const BREATH: Duration = Duration::from_millis(100);

/// Asks every server everything, and calls what differs from the truth `called`. Returns the servers that did not answer.
pub(crate) async fn ask_all(client: &mut Client, demand: Demand, called: Kind) -> Vec<String> {
    let context = client.context.clone();
    let mut silent = Vec::new();
    for (place, url) in context.settings.urls.iter().enumerate() {
        let pools = context.pools.read().clone();
        'server: for pool in &pools {
            for question in Question::all(pool, &mut client.random) {
                // Of each question: many take longer in all than a server may be silent.
                let deadline = Instant::now() + PATIENCE;
                while let Err(failure) = reader::ask(client, place, &question, demand, Some(called)).await {
                    client.note(&failure);
                    if Instant::now() > deadline {
                        silent.push(url.clone());
                        break 'server;
                    }
                    sleep(BREATH).await;
                }
            }
        }
    }
    silent
}

/// Compares what the database has with what was acknowledged.
pub(crate) async fn compare(context: &Context, database: &Database) -> Result<(), Error> {
    let sent = context.clock.now();
    let accounts = context.accounts.read().clone();
    let ids: Vec<Uuid> = accounts.iter().map(|account| account.id).collect();
    let mut rows = [(Family::Todo, Vec::new()), (Family::Note, Vec::new())];
    for (family, rows) in &mut rows {
        *rows = database.rows(*family, &ids).await?;
    }
    let names = database.texts(Family::Name, &ids).await?;
    let bios = database.texts(Family::Bio, &ids).await?;
    let inspection = Inspection { context, sent, received: context.clock.now(), accounts: &accounts };
    for (family, rows) in &rows {
        for pool in context.pools.read().iter() {
            for key in pool.keys(*family).read().iter() {
                inspection.rows(key, rows);
            }
        }
    }
    for account in &accounts {
        let text =
            |texts: &[(Uuid, String)]| texts.iter().find(|(id, _)| *id == account.id).map(|(_, text)| text.clone());
        inspection.text(&account.name, text(&names));
        inspection.text(&account.bio, text(&bios));
    }
    Ok(())
}

/// What the database had in the end.
struct Inspection<'a> {
    context: &'a Context,
    sent: Nanos,
    received: Nanos,
    accounts: &'a [Arc<Account>],
}

impl Inspection<'_> {
    /// Judges one key by all rows of its family.
    fn rows(&self, key: &Key, rows: &[Stored]) {
        let label = |row: &&Stored| self.context.labels.read(&row.text);
        let mut own = rows.iter().filter(|row| label(row).is_some_and(|label| key.is(&label)));
        let row = own.next();
        if let (Some(row), Some(other)) = (row, own.next()) {
            self.violate(Kind::Doubled, key, format!("there are {} and {}", row.id, other.id));
        }
        let shown = row.map(|row| Shown {
            id: Some(row.id),
            owner: Some(self.accounts.iter().find(|account| account.id == row.owner).map_or(u32::MAX, |a| a.number)),
            flag: Some(row.flag),
            stamp: label(&row).map_or(0, |label| label.stamp),
        });
        self.judge(key, shown, row.map(|row| row.text.as_str()));
    }

    fn text(&self, key: &Key, text: Option<String>) {
        let label = text.as_deref().map(|text| self.context.labels.read(text).filter(|label| key.is(label)));
        let stamp = label.map(|label| label.map_or(0, |label| label.stamp));
        let shown = stamp.map(|stamp| Shown { id: None, owner: None, flag: None, stamp });
        self.judge(key, shown, text.as_deref());
    }

    fn judge(&self, key: &Key, shown: Option<Shown>, text: Option<&str>) {
        let history = key.history();
        let judged = match &shown {
            Some(shown) => self.ruling().judge_shown(&history, shown, None),
            None => self.ruling().judge(&history, |version| version.row.is_none()),
        };
        drop(history);
        match judged {
            Ok(_) => {}
            Err(kind @ (Kind::RolledBack | Kind::Doubled)) => self.violate(kind, key, format!("there is {text:?}")),
            Err(_) => self.violate(Kind::Lost, key, format!("there is {text:?}")),
        }
    }

    fn ruling(&self) -> Ruling {
        let window = Window { sent: self.sent, received: self.received, bound: 0 };
        Ruling { window, floor: Floor::default() }
    }

    fn violate(&self, kind: Kind, key: &Key, fact: String) {
        let seconds = |time: Nanos| time as f64 / 1e9;
        self.context.tally.violation(kind, || Example {
            kind,
            url: "database".to_owned(),
            asked: "all rows of the run".to_owned(),
            answered: String::new(),
            fact,
            admissible: format!("{}: {}", describe(key), self.ruling().describe(&key.history())),
            sent_seconds: seconds(self.sent),
            received_seconds: seconds(self.received),
            bound_seconds: 0.0,
        });
    }
}
