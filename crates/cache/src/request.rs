use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidewater_changelog::PollError;
use tracing::Instrument;

use crate::explanation::Explanation;
use crate::gate::{Entry, Gate, Outcome, Passage, settled};
use crate::memo::Memo;
use crate::provenance::{Account, nanoseconds};
use crate::recording::Recording;
use crate::terms::Terms;
use crate::tide::Tide;
use crate::{Acceptance, Basis, GateError, HistoryMark, Misses, Position, Provenance};

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
    acceptance: Mutex<Option<Acceptance>>,
    required: Mutex<Vec<HistoryMark>>,
    recording: Mutex<Option<Recording>>,
    /// The position that strict reads are made at, plus one; 0 until the gate is passed.
    strict: AtomicU64,
    asked: Mutex<Option<Outcome>>,
    /// Why it has waited for the gate in vain.
    shut_out: OnceLock<GateError>,
    /// When the youngest value that was served had been read from its source, in nanoseconds after the arrival; 0 if before.
    read_until: AtomicU64,
    account: Account,
    /// Where it is written down how it is answered, if that is to be explained.
    explanation: OnceLock<Mutex<Explanation>>,
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
            recording: Mutex::default(),
            strict: AtomicU64::new(0),
            asked: Mutex::default(),
            shut_out: OnceLock::new(),
            read_until: AtomicU64::new(0),
            account: Account::default(),
            explanation: OnceLock::new(),
        }))
    }

    /// A request that arrived when a poll began that has ended successfully since: its reads are up to date with what that poll saw,
    /// and wait for no other one.
    pub(crate) fn after(gate: Arc<Gate>, tide: Arc<Tide>, patience: Duration, passage: Passage) -> Self {
        let strict = AtomicU64::new(passage.position.get() + 1);
        let request = Self::new(gate, tide, patience);
        match Arc::try_unwrap(request.0) {
            Ok(inner) => Self(Arc::new(Inner { arrived: passage.began, strict, ..inner })),
            Err(shared) => Self(shared),
        }
    }

    /// From now on, reads for this request answer what `acceptance` says. [`Acceptance::Policy`] until then.
    pub fn accept(&self, acceptance: Acceptance) {
        *self.0.acceptance.lock() = Some(acceptance);
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

    /// How long ago it arrived.
    pub fn elapsed(&self) -> Duration {
        self.0.arrived.elapsed()
    }

    /// How long before it arrived that was; zero if later.
    pub(crate) fn age_of(&self, moment: Instant) -> Duration {
        self.0.arrived.saturating_duration_since(moment)
    }

    /// What of it no cache could answer so far, by reason.
    pub fn misses(&self) -> Misses {
        self.0.account.misses()
    }

    /// From now on it is written down how the reads for this request are answered.
    pub fn explain(&self) {
        self.0.explanation.get_or_init(Mutex::default);
    }

    /// What has been written down; None unless it was to be.
    pub fn explanation(&self) -> Option<Explanation> {
        self.0.explanation.get().map(|explanation| explanation.lock().clone())
    }

    /// Whether it is written down how this request is answered.
    pub fn is_explained(&self) -> bool {
        self.0.explanation.get().is_some()
    }

    /// Writes down what is only known if it is to be explained.
    pub(crate) fn note<T>(&self, note: impl FnOnce(&mut Explanation) -> T) -> Option<T> {
        self.0.explanation.get().map(|explanation| note(&mut explanation.lock()))
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
        Some(self.0.tide.now().history_mark().clone())
    }

    pub(crate) fn acceptance(&self) -> Acceptance {
        self.0.acceptance.lock().unwrap_or_default()
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

    /// From now on it is recorded what the reads for this request rest on. What they answer is up to date at the position that
    /// is returned, or later.
    pub(crate) fn record(&self) -> Position {
        let as_of = self.0.tide.now().position;
        *self.0.recording.lock() = Some(Recording::new(as_of));
        as_of
    }

    /// What has been recorded.
    pub(crate) fn recorded(&self) -> Option<Recording> {
        self.0.recording.lock().take()
    }

    /// What `work` answers, and what was recorded meanwhile, apart from what else the request's reads rest on, to which it belongs
    /// all the same. What is read meanwhile is up to date at the recording's position, or later.
    ///
    /// As long as `work` takes, nothing else that is read for the request may be taken for a part of it; where something is, the
    /// recording only has more than it need have.
    pub(crate) fn recorded_apart<T>(&self, work: impl FnOnce() -> T) -> (T, Option<Recording>) {
        let part = Recording::new(self.0.tide.now().position);
        let whole = self.0.recording.lock().replace(part);
        let answer = work();
        let mut recording = self.0.recording.lock();
        let part = std::mem::replace(&mut *recording, whole);
        if let (Some(whole), Some(part)) = (&mut *recording, &part) {
            whole.add_recording(part);
        }
        (answer, part)
    }

    /// Waits for leave to serve, as a part of whatever is computed for the request, something that was derived on these terms.
    pub(crate) async fn leave_for_part(&self, fixed: Terms, asked: Terms) -> Result<Leave, GateError> {
        let leave = self.leave_on(fixed.and(self.acceptance().of(asked))).await?;
        let as_of = self.0.recording.lock().as_ref().map_or(Position::default(), |recording| recording.as_of);
        Ok(Leave { position: leave.position.max(as_of), ..leave })
    }

    /// Notes that what `memo` holds, which was derived on these terms, is served by that leave as a part of the whole.
    pub(crate) fn rests_on_part<T: ?Sized>(&self, memo: &Memo<T>, fixed: Terms, asked: Terms, leave: &Leave) {
        self.saw(memo.read_at);
        if let Some(recording) = &mut *self.0.recording.lock() {
            recording.add_part(memo, fixed, asked);
            if leave.unreachable.is_some() {
                recording.spoil();
            }
        }
    }

    /// Notes that what `memo` holds is served.
    pub(crate) fn rests_on<T: ?Sized>(&self, memo: &Memo<T>) {
        self.saw(memo.read_at);
        if let Some(recording) = &mut *self.0.recording.lock() {
            recording.add(memo);
        }
    }

    /// What `work` answers, and what that rests on: all that is read for this request meanwhile. None if something is read of which it
    /// is not known when it changes.
    pub async fn with_basis<T>(&self, work: impl Future<Output = T>) -> (T, Option<Basis>) {
        let as_of = self.record();
        let answer = work.await;
        let footprint = self.recorded().and_then(|recording| recording.footprint());
        (answer, footprint.map(|footprint| Basis { footprint, as_of }))
    }

    /// Notes that something is served of which it is not known when it changes.
    pub fn rests_on_the_unknown(&self) {
        if let Some(recording) = &mut *self.0.recording.lock() {
            recording.spoil();
        }
    }

    /// Waits for leave to answer a read from a space with these terms. Asks the gate at most once for strict reads.
    pub(crate) async fn leave(&self, terms: Terms) -> Result<Leave, GateError> {
        let acceptance = *self.0.acceptance.lock();
        let leave = self.leave_on(acceptance.unwrap_or_default().of(terms)).await?;
        let mut recording = self.0.recording.lock();
        let Some(recording) = &mut *recording else { return Ok(leave) };
        if leave.unreachable.is_some() {
            recording.spoil();
        }
        recording.keep_to(terms, acceptance.is_some());
        Ok(Leave { position: leave.position.max(recording.as_of), ..leave })
    }

    /// Waits for leave to answer on these terms.
    pub(crate) async fn leave_on(&self, terms: Terms) -> Result<Leave, GateError> {
        if let Some(position) = self.strict() {
            return Ok(Leave { position, unreachable: None });
        }
        let Terms { max_staleness: bound, stale_if_error } = terms;
        if !bound.is_zero() {
            let entered = self.enter(self.0.arrived.checked_sub(bound)).await;
            if let Ok(passage) = entered
                && let Some(position) = self.position_with_marks(passage)
            {
                return Ok(Leave { position, unreachable: None });
            }
        }
        // Whoever does without the source while it cannot be asked need not wait to be told so again.
        let may_be_stale = !stale_if_error.is_zero();
        if may_be_stale && let Some(error) = self.0.gate.error().filter(is_passing) {
            // Somebody has to ask it, or nobody would learn that it is back.
            let _ = self.0.gate.enter(Some(self.0.arrived));
            if let Some(leave) = self.stale(stale_if_error, &error) {
                return Ok(leave);
            }
        }
        match self.pass().await {
            Ok(position) => Ok(Leave { position, unreachable: None }),
            Err(error) if may_be_stale && is_passing(&error) => self.stale(stale_if_error, &error).ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// Moves the request past everything that is committed by now.
    pub(crate) async fn settle(&self) -> Result<(), GateError> {
        let passage = self.enter(Some(Instant::now())).await?;
        self.advance(passage.position);
        Ok(())
    }

    /// The position that it was moved to last.
    pub(crate) fn settled(&self) -> Position {
        self.strict().unwrap_or_default()
    }

    /// Waits for a poll that began after the request arrived, and that includes the marks that it requires.
    async fn pass(&self) -> Result<Position, GateError> {
        if let Some(error) = self.0.shut_out.get() {
            return Err(error.clone());
        }
        let entry = {
            let mut asked = self.0.asked.lock();
            match &*asked {
                Some(outcome) => Entry::Joined(outcome.clone()),
                None => {
                    let entry = self.0.gate.enter(Some(self.0.arrived));
                    if let Entry::Wait(outcome, _) = &entry {
                        *asked = Some(outcome.clone());
                    }
                    entry
                }
            }
        };
        let passage = match self.wait(entry).await {
            Ok(passage) => passage,
            // It has had its time. Others of the request's reads need not wait as long again.
            Err(error) => return Err(self.0.shut_out.get_or_init(|| error).clone()),
        };
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
            Entry::Wait(outcome, span) => {
                let begun = Instant::now();
                let passage = settled(outcome, self.0.patience).instrument(span).await;
                self.0.gate.waited(self.0.account.gate_time.add_since(begun));
                passage
            }
            Entry::Joined(outcome) => {
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

    /// Leave to answer what was valid at most `age` before the arrival, while the source cannot be asked.
    fn stale(&self, age: Duration, error: &GateError) -> Option<Leave> {
        let passage = self.0.gate.passed(self.0.arrived.checked_sub(age))?;
        let position = self.position_with_marks(passage)?;
        self.0.account.went_stale();
        self.0.gate.did_without();
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
