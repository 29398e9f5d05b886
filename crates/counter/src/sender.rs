use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::sleep;
use uuid::Uuid;

use crate::here::{FILLING, Here, MOST_OPEN};
use crate::shared::{Shared, Stepped};
use crate::{Full, View};

/// How many views go in one step at most.
const STEP: usize = 512;

/// How many views wait for a step at most; further ones are counted in this process.
const QUEUE: usize = 1_024;

/// How long it takes until a step is repeated of which it is not known whether it was made.
const PAUSE: Duration = Duration::from_millis(100);

/// Brings views to Redis, a step at a time: those that come meanwhile go in the next one.
#[derive(Debug)]
pub(crate) struct Sender {
    shared: Shared,
    here: Arc<Here>,
    filling: Arc<Notify>,
    queue: Mutex<Queue>,
    /// Held by whoever makes a step, or opens another batch.
    open: tokio::sync::Mutex<Open>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(View, oneshot::Sender<Sent>)>,
    state: State,
    /// How much was open after the last step.
    opened: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Sending,
    /// It is not known whether a step was made.
    InDoubt,
}

/// The batch of this process that is open.
#[derive(Debug)]
struct Open {
    id: Uuid,
    steps: u64,
}

/// What became of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is counted, or will be.
    Counted,
    /// It is not, and never will be.
    NotCounted,
}

/// A step that may have been made or not.
struct Doubt {
    id: Uuid,
    step: u64,
    views: Vec<View>,
}

impl Open {
    /// Another one, which nobody has added to.
    fn new() -> Self {
        Self { id: Uuid::now_v7(), steps: 0 }
    }
}

impl Sender {
    pub(crate) fn new(shared: Shared, here: Arc<Here>, filling: Arc<Notify>) -> Arc<Self> {
        let open = tokio::sync::Mutex::new(Open::new());
        Arc::new(Self { shared, here, filling, queue: Mutex::default(), open })
    }

    /// Brings a view to Redis. Waits no longer than three commands may take.
    pub(crate) async fn send(self: &Arc<Self>, view: View) -> Result<Sent, Full> {
        if !self.shared.is_usable() {
            return Ok(Sent::NotCounted);
        }
        let sent = {
            let mut queue = self.queue.lock();
            if queue.opened >= MOST_OPEN {
                return Err(Full);
            }
            if queue.state == State::InDoubt || queue.waiting.len() >= QUEUE {
                return Ok(Sent::NotCounted);
            }
            let (sender, sent) = oneshot::channel();
            queue.waiting.push_back((view, sender));
            if queue.state == State::Idle {
                queue.state = State::Sending;
                // Whoever waits may be gone before there is an answer, which must not leave a step in doubt.
                tokio::spawn(Arc::clone(self).send_all());
            }
            sent
        };
        Ok(sent.await.unwrap_or(Sent::NotCounted))
    }

    /// Opens another batch, and answers the id of the one before, if anything was added to it. It is not added to any more.
    pub(crate) async fn turn(&self) -> Option<Uuid> {
        let mut open = self.open.lock().await;
        let before = (open.steps > 0).then(|| std::mem::replace(&mut *open, Open::new()).id);
        self.queue.lock().opened = 0;
        before
    }

    async fn send_all(self: Arc<Self>) {
        while let Some((views, waiting)) = self.next() {
            let doubt = self.step(views).await;
            // Until it is known, the views of the step are in this process's care.
            tell(waiting, Sent::Counted);
            if let Some(doubt) = doubt {
                self.doubted();
                self.resolve(doubt).await;
                self.queue.lock().state = State::Sending;
            }
        }
    }

    /// The next that go together. None: there are none any more, and whoever comes next has to send by themselves.
    fn next(&self) -> Option<(Vec<View>, Vec<oneshot::Sender<Sent>>)> {
        let mut queue = self.queue.lock();
        let many = queue.waiting.len().min(STEP);
        if many == 0 {
            queue.state = State::Idle;
            return None;
        }
        Some(queue.waiting.drain(..many).unzip())
    }

    /// Makes a step of these views in the batch that is open, or in another if somebody has closed that or Redis has forgotten it.
    async fn step(&self, views: Vec<View>) -> Option<Doubt> {
        let mut open = self.open.lock().await;
        loop {
            if open.steps == 0 {
                // Its age counts from its first step.
                *open = Open::new();
            }
            open.steps += 1;
            match self.shared.step(open.id, open.steps, &views).await {
                Ok(Stepped::Made(opened)) => {
                    self.queue.lock().opened = opened;
                    if opened >= FILLING {
                        self.filling.notify_one();
                    }
                    return None;
                }
                Ok(Stepped::Closed | Stepped::Forgotten) => *open = Open::new(),
                Err(_) => {
                    let Open { id, steps } = std::mem::replace(&mut *open, Open::new());
                    return Some(Doubt { id, step: steps, views });
                }
            }
        }
    }

    /// What waits has not been sent, and is not going to be.
    fn doubted(&self) {
        let mut queue = self.queue.lock();
        queue.state = State::InDoubt;
        queue.opened = 0;
        tell(queue.waiting.drain(..).map(|(_, waiting)| waiting), Sent::NotCounted);
    }

    /// Repeats the step until Redis tells whether it was made.
    async fn resolve(&self, Doubt { id, step, views }: Doubt) {
        loop {
            sleep(PAUSE).await;
            match self.shared.step(id, step, &views).await {
                Ok(Stepped::Made(_)) => return,
                Ok(Stepped::Closed) => return self.here.count_acknowledged(&views),
                Ok(Stepped::Forgotten) => {
                    let views = views.len();
                    return tracing::warn!(views, "Redis has forgotten whether it counted views; they may be lost");
                }
                Err(_) => {}
            }
        }
    }
}

fn tell(waiting: impl IntoIterator<Item = oneshot::Sender<Sent>>, sent: Sent) {
    for waiting in waiting {
        // Whoever has gone does not need to know.
        let _ = waiting.send(sent);
    }
}
