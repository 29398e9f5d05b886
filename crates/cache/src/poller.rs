use std::sync::Arc;
use std::time::Duration;

use tidewater_changelog::{ChangeSource, Poll, PollError, fault};
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{Instrument, Span};

use crate::feed::Feed;
use crate::gate::{Gate, Passage};
use crate::memory::Memory;
use crate::tide::TideWriter;
use crate::unlink::Unlinks;
use crate::{GateError, Position, tier};

/// The task that polls the change log whenever the gate asks for it.
#[derive(Debug)]
pub(crate) struct Poller<S> {
    pub(crate) source: S,
    pub(crate) timeout: Duration,
    /// The least time between the beginnings of two polls.
    pub(crate) interval: Duration,
    /// How long after a poll the next one begins for those who follow.
    pub(crate) follow_interval: Duration,
    pub(crate) tide: TideWriter,
    pub(crate) memory: Memory,
    pub(crate) unlinks: Arc<Unlinks>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) failing: bool,
}

/// Closes the gate however the task ends: by a panic of the source, by being aborted, or with the runtime.
struct Closing(Arc<Gate>, Arc<Feed>);

impl<S: ChangeSource> Poller<S> {
    pub(crate) async fn run(mut self) {
        let _closing = Closing(Arc::clone(&self.gate), Arc::clone(&self.feed));
        let mut next = Instant::now();
        let mut due = next;
        loop {
            tokio::select! {
                () = self.gate.wanted() => {}
                () = self.feed.due(due) => self.gate.want(),
            }
            // A timer would end with the next millisecond, and with it a poll could begin no earlier.
            if next > Instant::now() {
                sleep_until(next).await;
            }
            let Some(round) = self.gate.begin() else { continue };
            next = (round.began() + self.interval).into();
            let result = self.poll(round.began()).instrument(round.span()).await;
            self.tell_once(result.as_ref().err());
            let lost = matches!(result, Err(GateError::Stopped));
            self.gate.end(round, result);
            due = Instant::now() + if self.failing { self.follow_interval * 10 } else { self.follow_interval };
            self.tide.note_late().await;
            if lost {
                return;
            }
        }
    }

    /// Logs the first failure of several, and the success that ends them: all readers share them.
    fn tell_once(&mut self, error: Option<&GateError>) {
        match error {
            Some(cause) if !self.failing => {
                tracing::warn!(%cause, "the change log cannot be polled; strict reads fail")
            }
            None if self.failing => tracing::info!("the change log can be polled again"),
            _ => {}
        }
        self.failing = error.is_some();
    }

    async fn poll(&mut self, began: std::time::Instant) -> Result<Position, GateError> {
        let poll = timeout(self.timeout, self.source.poll()).await.map_err(|_| GateError::TimedOut(self.timeout))??;
        match poll {
            Poll::Continued { mark, changes, origins } => {
                Span::current().record("tidewater.changes", tier::number(changes.len()));
                self.gate.saw(changes.len());
                let next = self.tide.note(mark, &changes).ok_or_else(never_started)?;
                fault::hold("before_publish").await;
                let position = self.tide.publish(next);
                self.unlinks.notice(&changes, &self.tide);
                self.feed.apply(Passage { position, began }, changes, origins);
                Ok(position)
            }
            Poll::Restarted { generation, history } => {
                tracing::info!(%generation, steps = history.len(), "the cache starts over");
                self.gate.restarted();
                // The source believes that it told everything, so going on without it would miss changes for good.
                let position = self.tide.start_over(generation, history).ok_or(GateError::Stopped)?;
                self.memory.clear();
                self.feed.interrupt(position);
                Ok(position)
            }
        }
    }
}

fn never_started() -> GateError {
    PollError::Unusable("the first poll gave no history".to_owned()).into()
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
        self.1.close();
    }
}
