use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use futures::channel::oneshot;
use parking_lot::Mutex;

/// How many statements (or commands) of one group may be under way. With more, each has less to ask for.
const STATEMENTS: usize = 2;

/// How many keys go into one statement, if no single request asks for more.
const MOST_KEYS: usize = 1_000;

/// Puts what several requests ask a store for at the same time into one statement or command.
///
/// Who comes while few statements of its group are under way is served at once. Everybody else waits for one of them to end, and
/// is then asked for together with all who wait: there is no timer, and a batch is as large as the source is slow. A statement
/// begins after whoever it is for has asked, so it answers nothing that is older.
///
/// One of those who wait leads, and asks for all. If that one is dropped, the others ask again.
#[derive(Debug)]
pub struct Crowd<G, K, V, E> {
    groups: Mutex<Groups<G, K, V, E>>,
}

type Groups<G, K, V, E> = HashMap<G, Arc<Group<K, V, E>>>;

#[derive(Debug)]
struct Group<K, V, E>(Mutex<State<K, V, E>>);

#[derive(Debug)]
struct State<K, V, E> {
    under_way: usize,
    waiting: Vec<Waiting<K, V, E>>,
}

#[derive(Debug)]
struct Waiting<K, V, E> {
    keys: Vec<K>,
    sender: oneshot::Sender<Told<K, V, E>>,
}

/// What one who waits is told.
enum Told<K, V, E> {
    /// What it asked for.
    Outcome(Result<Vec<V>, E>),
    /// To lead.
    Turn(Turn<K, V, E>),
}

type Receiver<K, V, E> = oneshot::Receiver<Told<K, V, E>>;

/// Leave to have one statement under way. Passed on to one who waits when it is dropped.
struct Turn<K, V, E>(Arc<Group<K, V, E>>);

impl<G, K, V, E> Default for Crowd<G, K, V, E> {
    fn default() -> Self {
        Self { groups: Mutex::default() }
    }
}

impl<G: Clone + Eq + Hash, K: Clone + Eq + Hash, V: Clone, E: Clone> Crowd<G, K, V, E> {
    /// The values of `keys`, in their order, perhaps loaded with others of `group`. If more than one asks, `load` gets
    /// each key once; it answers the keys in their order.
    ///
    /// # Errors
    /// What `load` answers, to all whom it was asked for.
    pub async fn ask<L>(&self, group: G, keys: Vec<K>, load: impl Fn(Vec<K>) -> L) -> Result<Vec<V>, E>
    where
        L: Future<Output = Result<Vec<V>, E>>,
    {
        let member = Member::enter(self, group);
        loop {
            let turn = match member.group.begin(&keys) {
                Ok(turn) => turn,
                Err(receiver) => match receiver.await {
                    Ok(Told::Outcome(outcome)) => return outcome,
                    Ok(Told::Turn(turn)) => turn,
                    Err(oneshot::Canceled) => continue,
                },
            };
            let others = turn.gather(keys.len());
            return lead(keys, others, load).await;
        }
    }
}

/// Loads `keys` and what the others want, and tells each of them its part.
async fn lead<K, V, E, L>(keys: Vec<K>, others: Vec<Waiting<K, V, E>>, load: impl Fn(Vec<K>) -> L) -> Result<Vec<V>, E>
where
    K: Clone + Eq + Hash,
    V: Clone,
    E: Clone,
    L: Future<Output = Result<Vec<V>, E>>,
{
    if others.is_empty() {
        return load(keys).await;
    }
    let mut places = HashMap::new();
    let mut distinct = Vec::new();
    for key in others.iter().flat_map(|waiting| &waiting.keys).chain(&keys) {
        places.entry(key.clone()).or_insert_with(|| {
            distinct.push(key.clone());
            distinct.len() - 1
        });
    }
    let values = load(distinct).await;
    let part = |keys: &[K]| {
        let values = values.as_ref().map_err(E::clone)?;
        // A loader that answers less than it was asked for is found out by whoever counts.
        Ok(keys.iter().filter_map(|key| values.get(*places.get(key)?).cloned()).collect())
    };
    for Waiting { keys, sender } in others {
        // Fails only if nobody waits any longer.
        drop(sender.send(Told::Outcome(part(&keys))));
    }
    part(&keys)
}

impl<K: Clone, V, E> Group<K, V, E> {
    /// A turn if there is one left, else what will tell.
    fn begin(self: &Arc<Self>, keys: &[K]) -> Result<Turn<K, V, E>, Receiver<K, V, E>> {
        let mut state = self.0.lock();
        if state.under_way < STATEMENTS {
            state.under_way += 1;
            return Ok(Turn(Arc::clone(self)));
        }
        let (sender, receiver) = oneshot::channel();
        state.waiting.push(Waiting { keys: keys.to_vec(), sender });
        Err(receiver)
    }
}

impl<K, V, E> Turn<K, V, E> {
    /// Those who wait, as far as there is room for their keys beside `taken` others. Who has gone meanwhile is left out.
    fn gather(&self, taken: usize) -> Vec<Waiting<K, V, E>> {
        let mut state = self.0.0.lock();
        state.waiting.retain(|waiting| !waiting.sender.is_canceled());
        let mut sum = taken;
        let fits = |waiting: &&Waiting<K, V, E>| {
            sum += waiting.keys.len();
            sum <= MOST_KEYS
        };
        let count = state.waiting.iter().take_while(fits).count();
        state.waiting.drain(..count).collect()
    }
}

impl<K, V, E> Drop for Turn<K, V, E> {
    fn drop(&mut self) {
        let next = {
            let mut state = self.0.0.lock();
            state.waiting.retain(|waiting| !waiting.sender.is_canceled());
            if state.waiting.is_empty() {
                state.under_way -= 1;
                return;
            }
            state.waiting.remove(0)
        };
        // Comes back if that one has just gone, and goes on to the next by being dropped.
        drop(next.sender.send(Told::Turn(Self(Arc::clone(&self.0)))));
    }
}

/// One who is in a group, which is forgotten when the last has left it.
struct Member<'a, G: Eq + Hash, K, V, E> {
    crowd: &'a Crowd<G, K, V, E>,
    name: G,
    group: Arc<Group<K, V, E>>,
}

impl<'a, G: Clone + Eq + Hash, K, V, E> Member<'a, G, K, V, E> {
    fn enter(crowd: &'a Crowd<G, K, V, E>, name: G) -> Self {
        let new = || Arc::new(Group(Mutex::new(State { under_way: 0, waiting: Vec::new() })));
        let group = Arc::clone(crowd.groups.lock().entry(name.clone()).or_insert_with(new));
        Self { crowd, name, group }
    }
}

impl<G: Eq + Hash, K, V, E> Drop for Member<'_, G, K, V, E> {
    fn drop(&mut self) {
        let mut groups = self.crowd.groups.lock();
        // The map's and this one's: members enter only under the lock, and turns are had by members.
        if Arc::strong_count(&self.group) == 2 {
            groups.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use futures::{FutureExt, poll};
    use tokio::sync::Notify;

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Broken;

    type Doubling = Crowd<(), u32, u32, Broken>;

    /// Doubles keys when it is let, and writes down what it was asked for.
    #[derive(Default)]
    struct Source {
        asked: Mutex<Vec<Vec<u32>>>,
        gate: Notify,
    }

    impl Source {
        async fn load(&self, keys: Vec<u32>) -> Result<Vec<u32>, Broken> {
            self.asked.lock().push(keys.clone());
            self.gate.notified().await;
            Ok(keys.into_iter().map(|key| key * 2).collect())
        }

        fn asked(&self) -> Vec<Vec<u32>> {
            std::mem::take(&mut self.asked.lock())
        }
    }

    #[tokio::test]
    async fn who_comes_while_statements_are_under_way_goes_together_in_the_next() {
        let (crowd, source) = (Doubling::default(), Source::default());
        let ask = |keys: Vec<u32>| crowd.ask((), keys, |keys| source.load(keys)).boxed_local();
        let mut all: Vec<_> = [vec![1], vec![2], vec![3, 4], vec![4, 5], vec![6]].map(ask).into();
        for asking in &mut all {
            assert!(poll!(asking).is_pending());
        }
        assert_eq!(source.asked(), [vec![1], vec![2]], "the first are served at once");
        source.gate.notify_one();
        assert_eq!(all.remove(0).await, Ok(vec![2]));
        for asking in &mut all {
            assert!(poll!(asking).is_pending());
        }
        assert_eq!(source.asked(), [vec![4, 5, 6, 3]], "each key once");
        source.gate.notify_waiters();
        assert_eq!(join_all(all).await, [Ok(vec![4]), Ok(vec![6, 8]), Ok(vec![8, 10]), Ok(vec![12])]);
        assert!(crowd.groups.lock().is_empty());
    }

    #[tokio::test]
    async fn if_the_one_who_asks_for_all_is_dropped_the_others_ask_again() {
        let (crowd, source) = (Doubling::default(), Source::default());
        let ask = |keys: Vec<u32>| crowd.ask((), keys, |keys| source.load(keys)).boxed_local();
        let (mut first, mut second) = (ask(vec![1]), ask(vec![2]));
        let (mut leading, mut led) = (ask(vec![3]), ask(vec![4]));
        for asking in [&mut first, &mut second, &mut leading, &mut led] {
            assert!(poll!(asking).is_pending());
        }
        drop(first);
        assert!(poll!(&mut leading).is_pending());
        assert_eq!(source.asked(), [vec![1], vec![2], vec![4, 3]]);
        drop(leading);
        assert!(poll!(&mut led).is_pending());
        assert_eq!(source.asked(), [vec![4]]);
        source.gate.notify_waiters();
        assert_eq!((second.await, led.await), (Ok(vec![4]), Ok(vec![8])));
    }

    #[tokio::test]
    async fn groups_do_not_wait_for_each_other() {
        let (crowd, source) = (Crowd::default(), Source::default());
        let ask = |group, key| crowd.ask(group, vec![key], |keys| source.load(keys)).boxed_local();
        let mut all = [ask('a', 1), ask('a', 2), ask('b', 3), ask('b', 4)];
        for asking in &mut all {
            assert!(poll!(asking).is_pending());
        }
        assert_eq!(source.asked().len(), 4);
    }

    #[tokio::test]
    async fn an_error_is_everybodys() {
        let crowd = Doubling::default();
        let load = |_| async { Err(Broken) };
        let all = join_all((0..5).map(|key| crowd.ask((), vec![key], load))).await;
        assert_eq!(all, vec![Err(Broken); 5]);
    }

    #[tokio::test]
    async fn a_statement_is_not_larger_than_its_bound_unless_one_request_is() {
        let (crowd, source) = (Crowd::default(), Source::default());
        let ask = |keys: Vec<u32>| crowd.ask((), keys, |keys| source.load(keys)).boxed_local();
        let many = |from: u32| (from..from + 600).collect::<Vec<_>>();
        let mut all = [ask(vec![1]), ask(vec![2]), ask(many(0)), ask(many(600)), ask(many(1_200))];
        for asking in &mut all {
            assert!(poll!(asking).is_pending());
        }
        source.asked();
        source.gate.notify_one();
        let [first, ..] = &mut all;
        assert_eq!(first.await, Ok(vec![2]));
        for asking in &mut all[1..] {
            assert!(poll!(asking).is_pending());
        }
        assert_eq!(source.asked(), [many(0)]);
    }
}
