//! What goes on being asked of a server: its state at each interval, and its changes as they happen.
//!
//! Whatever fails is told, and tried again after a pause that doubles up to [`LONGEST_PAUSE`]; after a longer one, if the server says so.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::Error;
use crate::client::Client;
use crate::documents::{CHANGED, CHANGES, JOBS, TIDE};
use crate::tide::{Asked, Change, Changed, Jobs, OfJobs, Seen, Tide};

/// The first pause after a failure, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What no limit of rates takes to forget, whatever an answer says.
const LONGEST_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What comes from a server.
#[derive(Debug)]
pub(crate) enum Told {
    /// It answered.
    Sample(Sample),
    /// It did not; it is asked again after the pause.
    NotAnswered(Error, Duration),
    /// From here on its changes are followed. These were the last until then.
    Following(Seen),
    /// A change.
    Changed(Change),
    /// Its changes are not followed any more; that is tried again after the pause.
    NotFollowing(Error, Duration),
}

/// What a server tells of one moment.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) tide: Tide,
    /// Or why they are not known.
    pub(crate) jobs: Result<Jobs, String>,
}

impl Sample {
    /// Asks for it.
    pub(crate) async fn ask(client: &Client) -> Result<Self, Error> {
        let (tide, jobs) = tokio::join!(client.ask::<Asked<Tide>>(TIDE), client.ask::<Asked<OfJobs>>(JOBS));
        let Asked { tide } = tide?;
        let jobs = match jobs {
            Ok(Asked { tide: OfJobs { jobs } }) => Ok(jobs),
            // Redis may be gone, where they are, and what was told otherwise holds all the same.
            Err(error @ (Error::Refused { .. } | Error::Silent { .. })) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        Ok(Self { tide, jobs })
    }
}

/// The changes that a server saw last.
pub(crate) async fn seen(client: &Client) -> Result<Seen, Error> {
    let Asked { tide } = client.ask::<Asked<Seen>>(CHANGES).await?;
    Ok(tide)
}

/// Asks for a sample at each interval until nobody listens, after the first interval.
pub(crate) async fn poll(client: &Client, interval: Duration, told: mpsc::Sender<Told>) {
    let mut pauses = Pauses::default();
    // Whoever begins has just asked. A rate of the moment since would be one of that question.
    sleep(interval).await;
    loop {
        let begun = Instant::now();
        let (what, next) = match Sample::ask(client).await {
            Ok(sample) => {
                pauses = Pauses::default();
                (Told::Sample(sample), begun + interval)
            }
            Err(error) => {
                let pause = pauses.after(&error).max(interval);
                (Told::NotAnswered(error, pause), Instant::now() + pause)
            }
        };
        if told.send(what).await.is_err() {
            return;
        }
        sleep_until(next).await;
    }
}

/// Follows the changes until nobody listens.
pub(crate) async fn follow(client: &Client, told: mpsc::Sender<Told>) {
    let mut pauses = Pauses::default();
    loop {
        let Err(error) = follow_once(client, &told, &mut pauses).await else { return };
        let pause = pauses.after(&error);
        if told.send(Told::NotFollowing(error, pause)).await.is_err() {
            return;
        }
        sleep(pause).await;
    }
}

async fn follow_once(client: &Client, told: &mpsc::Sender<Told>, pauses: &mut Pauses) -> Result<(), Error> {
    let mut stream = client.follow(CHANGED).await?;
    // Asked for when the stream has begun, so that nothing comes in between; what comes twice has a position that is known, unless
    // a load balancer has had another server answer, which counts its polls for itself.
    let seen = seen(client).await?;
    let (server, known) = (seen.server.clone(), seen.changes.first().map_or(0, |change| change.position));
    *pauses = Pauses::default();
    if told.send(Told::Following(seen)).await.is_err() {
        return Ok(());
    }
    loop {
        let Changed { tide_changed: change } = stream.next().await?;
        let is_known = change.server == server && change.position <= known;
        if !is_known && told.send(Told::Changed(change)).await.is_err() {
            return Ok(());
        }
    }
}

/// How long it is waited after failures that follow one another.
#[derive(Default)]
struct Pauses(u32);

impl Pauses {
    fn after(&mut self, error: &Error) -> Duration {
        let doubled = (FIRST_PAUSE * (1 << self.0.min(8))).min(LONGEST_PAUSE);
        self.0 += 1;
        match error {
            // Whoever asks before has to wait the longer.
            Error::RateLimited { seconds } => doubled.max(Duration::from_secs(*seconds).min(LONGEST_LIMIT)),
            _ => doubled,
        }
    }
}

#[cfg(test)]
mod tests;
