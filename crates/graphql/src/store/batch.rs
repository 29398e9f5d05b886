use std::collections::HashMap;
use std::hash::Hash;

use futures::channel::oneshot;
use parking_lot::Mutex;

use crate::Error;

/// Makes one load of all the keys of a group that the resolvers of one level of one request ask for.
///
/// The first to ask leads: it lets the task's turns pass until the other resolvers, which run in the same task, have asked too,
/// then loads for all. There is no timer. On a worker of tokio's runtime what yields is woken only after the task's turn; in
/// `block_on` it is woken within, and batches are smaller than they could be.
///
/// What waits here waits on channels of `futures`, not of tokio: tokio's make a task yield after 128 of them, which would split
/// the batch.
#[derive(Debug)]
pub(super) struct Batch<G, K, V> {
    waiting: Mutex<HashMap<G, Vec<Waiting<K, V>>>>,
}

type Waiting<K, V> = (K, Sender<V>);
type Sender<V> = oneshot::Sender<Result<V, Error>>;

impl<G, K, V> Default for Batch<G, K, V> {
    fn default() -> Self {
        Self { waiting: Mutex::default() }
    }
}

impl<G: Clone + Eq + Hash, K: Clone + Eq + Hash, V: Clone> Batch<G, K, V> {
    /// The value of `key`, loaded with others of `group`. `load` gets each key once and answers the keys in their order.
    ///
    /// # Errors
    /// What `load` answers, to all who wait for it.
    pub(super) async fn get<L>(&self, group: G, key: K, load: impl Fn(Vec<K>) -> L) -> Result<V, Error>
    where
        L: Future<Output = Result<Vec<V>, Error>>,
    {
        loop {
            let (sender, receiver) = oneshot::channel();
            if self.join(&group, key.clone(), sender) {
                let waiting = {
                    let lead = Lead { batch: self, group: &group };
                    lead.gather().await;
                    lead.take()
                };
                let mut senders: HashMap<K, Vec<Sender<V>>> = HashMap::with_capacity(waiting.len());
                for (key, sender) in waiting {
                    senders.entry(key).or_default().push(sender);
                }
                let (keys, senders): (Vec<_>, Vec<_>) = senders.into_iter().unzip();
                deliver(load(keys).await, senders);
            }
            // Canceled: the leader was dropped with a branch of the query that had failed.
            if let Ok(result) = receiver.await {
                return result;
            }
        }
    }

    /// Whether the caller is the first, and so leads.
    fn join(&self, group: &G, key: K, sender: Sender<V>) -> bool {
        let mut groups = self.waiting.lock();
        let waiting = groups.entry(group.clone()).or_default();
        waiting.push((key, sender));
        waiting.len() == 1
    }
}

fn deliver<V: Clone>(result: Result<Vec<V>, Error>, senders: Vec<Vec<Sender<V>>>) {
    // Who no longer listens has no need of its value.
    match result {
        Ok(values) => {
            for (senders, value) in senders.into_iter().zip(values) {
                for sender in senders {
                    drop(sender.send(Ok(value.clone())));
                }
            }
        }
        Err(error) => {
            for sender in senders.into_iter().flatten() {
                drop(sender.send(Err(error.clone())));
            }
        }
    }
}

/// Sends home who waits for a leader that was dropped before it led, so that one of them leads.
struct Lead<'a, G: Eq + Hash, K, V> {
    batch: &'a Batch<G, K, V>,
    group: &'a G,
}

impl<G: Eq + Hash, K, V> Lead<'_, G, K, V> {
    /// Ends the task's turn until one passes in which nobody else has asked: the executor may need several to get round.
    async fn gather(&self) {
        let mut gathered = 0;
        while let waiting = self.waiting()
            && waiting > gathered
        {
            gathered = waiting;
            tokio::task::yield_now().await;
        }
    }

    fn waiting(&self) -> usize {
        self.batch.waiting.lock().get(self.group).map_or(0, Vec::len)
    }

    fn take(&self) -> Vec<Waiting<K, V>> {
        self.batch.waiting.lock().remove(self.group).unwrap_or_default()
    }
}

impl<G: Eq + Hash, K, V> Drop for Lead<'_, G, K, V> {
    fn drop(&mut self) {
        self.take();
    }
}
