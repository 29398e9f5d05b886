use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidewater_changelog::PollError;

use crate::gate::{Entry, Gate, Outcome, Passage, settled};
use crate::provenance::{Account, nanoseconds};
use crate::tide::Tide;
use crate::{Acceptance, GateError, HistoryMark, Policy, Position, Provenance};

/// One request, for as long as it is answered: no read made for it is older than its arrival, or than the staleness that it or
/// the read's policy accepts before that. Cheap to clone; all clones are the same request.
#[derive(Clone, Debug)]
pub struct Request(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    gate: Arc<Gate>,
    tide: Arc<Tide>,
    patience: Duration,
    arrived: Instant,
    acceptance: Mutex<Acceptance>,
    required: Mutex<Vec<HistoryMark>>,
    /// The position that strict reads are made at, plus one; 0 until the gate is passed.
    strict: AtomicU64,
    asked: Mutex<Option<Outcome>>,
    /// When the youngest value that was served had been read from its source, in nanoseconds after the arrival; 0 if before.
    read_until: AtomicU64,
    account: Account,
}

/// Leave to answer a read.
#[derive(Debug)]
pub(crate) struct Leave {
    /// What is served is valid at this position or later.
    pub(crate) position: Position,
    /// Why the source must not be asked, if it cannot be.
    pub(crate) unreachable: Option<GateError>,
}

impl Request {
    pub(crate) fn new(gate: Arc<Gate>, tide: Arc<Tide>, patience: Duration) -> Self {
        Self(Arc::new(Inner {
            gate,
            tide,
            patience,
            arrived: Instant::now(),
            acceptance: Mutex::default(),
            required: Mutex::default(),
            strict: AtomicU64::new(0),
            asked: Mutex::default(),
            read_until: AtomicU64::new(0),
            account: Account::default(),
        }))
    }

    /// From now on, reads for this request answer what `acceptance` says. [`Acceptance::Policy`] until then.
    pub fn accept(&self, acceptance: Acceptance) {
        *self.0.acceptance.lock() = acceptance;
    }

    /// From now on, no read for this request answers anything older than `mark`, whatever staleness is accepted. A mark of
    /// another history cannot be compared; then reads are strict, which includes whatever was acknowledged before.
    pub fn require(&self, mark: HistoryMark) {
        self.0.required.lock().push(mark);
    }

    /// What has served this request so far.
    pub fn provenance(&self) -> Provenance {
        self.0.account.read()
    }

    /// A mark at which everything is visible that this request has read or written: whoever requires it from now on, on
    /// any node, sees nothing older. None if the source cannot be asked, when that is needed.
    ///
    /// What was read from the source may be newer than the last poll; only then this waits for another one.
    pub async fn mark(&self) -> Option<HistoryMark> {
        let read_until = self.0.read_until.load(Ordering::Acquire);
        if read_until > 0 {
            self.enter(Some(self.0.arrived + Duration::from_nanos(read_until))).await.ok()?;
        }
        let now = self.0.tide.now();
        Some(HistoryMark::new(now.generation.clone(), now.mark.clone()))
    }

    pub(crate) fn acceptance(&self) -> Acceptance {
        *self.0.acceptance.lock()
    }

    pub(crate) fn account(&self) -> &Account {
        &self.0.account
    }

    /// Notes that a value is served which was read from its source before `moment`.
    pub(crate) fn saw(&self, moment: Instant) {
        let after_arrival = nanoseconds(moment.saturating_duration_since(self.0.arrived));
        if after_arrival > 0 {
            self.0.read_until.fetch_max(after_arrival, Ordering::AcqRel);
        } else if self.0.gate.passed(Some(moment)).is_none() {
            // Read before the request arrived and after the last poll had begun: as young as the arrival itself.
            self.0.read_until.fetch_max(1, Ordering::AcqRel);
        }
    }

    /// Waits for leave to answer a read from a space with `policy`. Asks the gate at most once for strict reads.
    pub(crate) async fn leave(&self, policy: &Policy) -> Result<Leave, GateError> {
        if let Some(position) = self.strict() {
            return Ok(Leave { position, unreachable: None });
        }
        let bound = self.acceptance().max_staleness(policy);
        if !bound.is_zero() {
            let entered = self.enter(self.0.arrived.checked_sub(bound)).await;
            if let Ok(passage) = entered
                && let Some(position) = self.position_with_marks(passage)
            {
                return Ok(Leave { position, unreachable: None });
            }
        }
        // Whoever does without the source while it cannot be asked need not wait to be told so again.
        let may_be_stale = !policy.stale_if_error.is_zero();
        if may_be_stale && let Some(error) = self.0.gate.error().filter(is_passing) {
            // Somebody has to ask it, or nobody would learn that it is back.
            let _ = self.0.gate.enter(Some(self.0.arrived));
            if let Some(leave) = self.stale(policy, &error) {
                return Ok(leave);
            }
        }
        match self.pass().await {
            Ok(position) => Ok(Leave { position, unreachable: None }),
            Err(error) if may_be_stale && is_passing(&error) => self.stale(policy, &error).ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// Moves the request past everything that is committed by now.
    pub(crate) async fn settle(&self) -> Result<(), GateError> {
        let passage = self.enter(Some(Instant::now())).await?;
        self.advance(passage.position);
        Ok(())
    }

    /// Waits for a poll that began after the request arrived, and that includes the marks that it requires.
    async fn pass(&self) -> Result<Position, GateError> {
        let entry = {
            let mut asked = self.0.asked.lock();
            match &*asked {
                Some(outcome) => Entry::Wait(outcome.clone()),
                None => {
                    let entry = self.0.gate.enter(Some(self.0.arrived));
                    if let Entry::Wait(outcome) = &entry {
                        *asked = Some(outcome.clone());
                    }
                    entry
                }
            }
        };
        let passage = self.wait(entry).await?;
        let now = self.0.tide.now();
        if self.0.required.lock().iter().any(|mark| mark.is_ahead_of(&now.generation, &now.mark)) {
            return Err(GateError::Ahead);
        }
        Ok(self.advance(passage.position))
    }

    async fn enter(&self, not_before: Option<Instant>) -> Result<Passage, GateError> {
        self.wait(self.0.gate.enter(not_before)).await
    }

    async fn wait(&self, entry: Entry) -> Result<Passage, GateError> {
        match entry {
            Entry::Passed(passage) => Ok(passage),
            Entry::Wait(outcome) => {
                let begun = Instant::now();
                let passage = settled(outcome, self.0.patience).await;
                self.0.account.gate_time.add_since(begun);
                passage
            }
        }
    }

    /// The position to read at after `passage`, if the marks that the request requires are included there.
    fn position_with_marks(&self, passage: Passage) -> Option<Position> {
        let required = self.0.required.lock();
        let position = if required.is_empty() {
            passage.position
        } else {
            // What is published is what whoever reads now is served by, even if it is newer than the passage.
            let now = self.0.tide.now();
            let are_included = required.iter().all(|mark| mark.is_included_in(&now.generation, &now.mark));
            are_included.then_some(now.position)?
        };
        self.0.account.aged(self.0.arrived.saturating_duration_since(passage.began));
        Some(position)
    }

    /// Leave to answer what was valid at most as long ago as `policy` allows while the source cannot be asked.
    fn stale(&self, policy: &Policy, error: &GateError) -> Option<Leave> {
        let passage = self.0.gate.passed(self.0.arrived.checked_sub(policy.stale_if_error))?;
        let position = self.position_with_marks(passage)?;
        self.0.account.went_stale();
        Some(Leave { position, unreachable: Some(error.clone()) })
    }

    fn strict(&self) -> Option<Position> {
        self.0.strict.load(Ordering::Acquire).checked_sub(1).map(Position::new)
    }

    fn advance(&self, position: Position) -> Position {
        let before = self.0.strict.fetch_max(position.get() + 1, Ordering::AcqRel);
        Position::new(before.saturating_sub(1)).max(position)
    }
}

/// Whether the source may answer again later: then, and only then, what was valid last is worth more than nothing.
fn is_passing(error: &GateError) -> bool {
    matches!(error, GateError::Poll(PollError::Unreachable(_)) | GateError::TimedOut(_))
}
