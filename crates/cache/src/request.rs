use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::gate::{Entry, Gate, Outcome, settled};
use crate::{GateError, Position};

/// One request, for as long as it is answered: no read made for it is older than its arrival, or than the staleness that the
/// read accepts before that. Cheap to clone; all clones are the same request.
#[derive(Clone, Debug)]
pub struct Request(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    gate: Arc<Gate>,
    arrived: Instant,
    /// The position that strict reads are made at, plus one; 0 until the gate is passed.
    strict: AtomicU64,
    asked: Mutex<Option<Outcome>>,
}

impl Request {
    pub(crate) fn new(gate: Arc<Gate>) -> Self {
        let asked = Mutex::new(None);
        Self(Arc::new(Inner { gate, arrived: Instant::now(), strict: AtomicU64::new(0), asked }))
    }

    /// The position that a read which accepts `max_staleness` is made at. Asks the gate at most once for strict reads.
    pub(crate) async fn position(&self, max_staleness: Duration) -> Result<Position, GateError> {
        if let Some(position) = self.strict() {
            return Ok(position);
        }
        if max_staleness.is_zero() {
            return self.pass().await;
        }
        match self.0.gate.enter(self.0.arrived.checked_sub(max_staleness)) {
            Entry::Passed(position) => Ok(position),
            Entry::Wait(outcome) => settled(outcome).await,
        }
    }

    /// Moves the request past everything that is committed by now.
    pub(crate) async fn settle(&self) -> Result<(), GateError> {
        let position = match self.0.gate.enter(Some(Instant::now())) {
            Entry::Passed(position) => position,
            Entry::Wait(outcome) => settled(outcome).await?,
        };
        self.advance(position);
        Ok(())
    }

    async fn pass(&self) -> Result<Position, GateError> {
        let asked = {
            let mut asked = self.0.asked.lock();
            match &*asked {
                Some(outcome) => outcome.clone(),
                None => match self.0.gate.enter(Some(self.0.arrived)) {
                    Entry::Passed(position) => return Ok(self.advance(position)),
                    Entry::Wait(outcome) => asked.insert(outcome).clone(),
                },
            }
        };
        Ok(self.advance(settled(asked).await?))
    }

    fn strict(&self) -> Option<Position> {
        self.0.strict.load(Ordering::Acquire).checked_sub(1).map(Position::new)
    }

    fn advance(&self, position: Position) -> Position {
        let before = self.0.strict.fetch_max(position.get() + 1, Ordering::AcqRel);
        Position::new(before.saturating_sub(1)).max(position)
    }
}
