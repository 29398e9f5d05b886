//! The questions that are asked again and again.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom, SliceRandom};
use rand::{Rng, RngExt};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::context::Context;
use crate::court::Court;
use crate::graphql::{self, Data, body, prefix, public_id};
use crate::plan::{Account, Key, Pool};
use crate::state::{Family, Scope};
use crate::tally::Read;

/// What is asked of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Rows of a family by their ids, absent ones among them.
    Items(Family),
    /// One row by its id, with its user and the user's profile.
    Item(Family),
    /// The viewer with all their todos and notes.
    Viewer,
    /// The viewer's todos, done ones and open ones.
    SplitTodos,
    /// How many todos of the viewer's there are, in all, done and open.
    TodoCounts,
    /// The viewer's todos with texts of the pool.
    PoolTodos,
    /// The notes with titles of the pool that the viewer may see.
    PoolNotes,
    /// The public notes with titles of the pool.
    PublicNotes,
    /// A user's notes that the viewer may see.
    UserNotes,
}

/// One question, by one viewer.
pub(crate) struct Question {
    pub(crate) subject: Subject,
    pub(crate) pool: Arc<Pool>,
    /// Who asks.
    pub(crate) viewer: Option<Arc<Account>>,
    /// Of whom is asked.
    user: Arc<Account>,
    /// The rows that are asked for.
    rows: Vec<(Arc<Key>, Uuid)>,
}

/// What everybody can ask.
const PUBLIC: [Subject; 4] =
    [Subject::Items(Family::Note), Subject::Item(Family::Note), Subject::PublicNotes, Subject::PoolNotes];
/// What somebody who is signed in can ask, too.
const SIGNED_IN: [Subject; 3] = [Subject::Items(Family::Todo), Subject::Item(Family::Todo), Subject::PoolTodos];
/// What can be asked where accounts own nothing but what is in the pool.
const EXCLUSIVE: [Subject; 3] = [Subject::Viewer, Subject::SplitTodos, Subject::TodoCounts];

impl Question {
    /// Any question; one by nobody if `anonymous`.
    pub(crate) fn any(context: &Context, random: &mut StdRng, anonymous: bool) -> Option<Self> {
        let exclusive = anonymous || context.settings.bulk_rows == 0 || !once_in(random, 4);
        // Where nobody writes any more, little can go wrong.
        let forsaken = once_in(random, 16);
        let is_wanted = |pool: &Pool| {
            pool.exclusive == exclusive && (forsaken || !exclusive || pool.writers.load(Ordering::Relaxed) > 0)
        };
        let pools = context.pools.read();
        let pool = pools.iter().filter(|pool| is_wanted(pool)).choose(random)?.clone();
        drop(pools);
        let viewer = if anonymous { None } else { pool.accounts.choose(random).cloned() };
        let mut subjects = Vec::with_capacity(11);
        // Notes are not written in bulk.
        if !pool.keys(Family::Note).read().is_empty() {
            subjects.extend(PUBLIC);
        }
        if pool.exclusive {
            subjects.push(Subject::UserNotes);
        }
        if viewer.is_some() {
            subjects.extend(SIGNED_IN);
            if pool.exclusive {
                subjects.extend(EXCLUSIVE);
            }
        }
        let subject = *subjects.choose(random)?;
        Self::about(subject, pool, viewer, random)
    }

    /// A question of that subject.
    pub(crate) fn about(
        subject: Subject,
        pool: Arc<Pool>,
        viewer: Option<Arc<Account>>,
        random: &mut StdRng,
    ) -> Option<Self> {
        let user = pool.accounts.choose(random)?.clone();
        let rows = match subject {
            Subject::Items(family) => named(&pool, family),
            Subject::Item(family) => vec![named(&pool, family).choose(random)?.clone()],
            _ => Vec::new(),
        };
        if matches!(subject, Subject::Items(_)) && rows.is_empty() {
            return None;
        }
        Some(Self { subject, pool, viewer, user, rows })
    }

    /// All that can be asked about a pool, without chance.
    pub(crate) fn all(pool: &Arc<Pool>, random: &mut StdRng) -> Vec<Self> {
        let mut questions = Vec::new();
        let mut ask = |subject, viewer: Option<&Arc<Account>>, random: &mut _| {
            questions.extend(Self::about(subject, pool.clone(), viewer.cloned(), random));
        };
        for viewer in &pool.accounts {
            ask(Subject::Items(Family::Todo), Some(viewer), random);
            ask(Subject::Items(Family::Note), Some(viewer), random);
            ask(Subject::PoolTodos, Some(viewer), random);
            ask(Subject::PoolNotes, Some(viewer), random);
            if pool.exclusive {
                for subject in EXCLUSIVE {
                    ask(subject, Some(viewer), random);
                }
            }
        }
        ask(Subject::PublicNotes, None, random);
        ask(Subject::Items(Family::Note), None, random);
        questions.shuffle(random);
        questions
    }

    /// The body of the request.
    pub(crate) fn body(&self, context: &Context) -> String {
        let text = || json!({ "text": context.labels.pool(self.pool.number) });
        let ids: Vec<String> = self.rows.iter().map(|(key, id)| public_id(prefix(key.family), *id)).collect();
        match self.subject {
            Subject::Items(_) => body(graphql::ITEMS, &json!({ "ids": ids })),
            Subject::Item(Family::Note) => body(graphql::NOTE, &json!({ "id": ids.first() })),
            Subject::Item(_) => body(graphql::TODO, &json!({ "id": ids.first() })),
            Subject::Viewer => body(graphql::OWN_TODOS, &Value::Null),
            Subject::SplitTodos => body(graphql::SPLIT_TODOS, &Value::Null),
            Subject::TodoCounts => body(graphql::TODO_COUNTS, &Value::Null),
            Subject::PoolTodos => body(graphql::POOL_TODOS, &text()),
            Subject::PoolNotes => body(graphql::POOL_NOTES, &text()),
            Subject::PublicNotes => body(graphql::PUBLIC_NOTES, &text()),
            Subject::UserNotes => body(graphql::USER_NOTES, &json!({ "id": self.user.public_id })),
        }
    }

    /// Judges every fact of the answer.
    pub(crate) fn judge(&self, court: &mut Court<'_>, data: &Data<'_>) {
        let pool = &*self.pool;
        let scope = Scope { viewer: self.viewer.as_ref().map(|viewer| viewer.number), ..Scope::default() };
        let flagged = |flag| Scope { flag: Some(flag), ..scope };
        let missing = || note_missing(court.context);
        match self.subject {
            Subject::Items(_) => match &data.items {
                Some(items) if items.len() == self.rows.len() => {
                    for ((key, id), item) in self.rows.iter().zip(items) {
                        court.item(pool, (key, *id), item.as_ref(), &scope, false);
                    }
                }
                _ => missing(),
            },
            Subject::Item(_) => {
                for (key, id) in &self.rows {
                    court.item(pool, (key, *id), data.item.as_ref(), &scope, true);
                }
            }
            Subject::Viewer => {
                let Some(viewer) = &self.viewer else { return };
                court.user(viewer, data.viewer.as_ref(), true);
                if let Some(user) = &data.viewer {
                    let own = Scope { owner: Some(viewer.number), ..scope };
                    court.list(pool, Family::Todo, &own, user.todos.as_ref(), Read::List);
                    court.list(pool, Family::Note, &own, user.notes.as_ref(), Read::List);
                }
            }
            Subject::SplitTodos => {
                court.list(pool, Family::Todo, &flagged(true), data.done.as_ref(), Read::FilteredList);
                court.list(pool, Family::Todo, &flagged(false), data.open.as_ref(), Read::FilteredList);
            }
            Subject::TodoCounts => {
                court.count(pool, Family::Todo, &flagged(true), data.done.as_ref());
                court.count(pool, Family::Todo, &flagged(false), data.open.as_ref());
                court.count(pool, Family::Todo, &scope, data.todos.as_ref());
            }
            Subject::PoolTodos => court.list(pool, Family::Todo, &scope, data.todos.as_ref(), Read::FilteredList),
            Subject::PoolNotes => court.list(pool, Family::Note, &scope, data.notes.as_ref(), Read::FilteredList),
            Subject::PublicNotes => {
                court.list(pool, Family::Note, &flagged(true), data.notes.as_ref(), Read::FilteredList);
            }
            Subject::UserNotes => {
                court.user(&self.user, data.user.as_ref(), true);
                if let Some(user) = &data.user {
                    let theirs = Scope { owner: Some(self.user.number), ..scope };
                    court.list(pool, Family::Note, &theirs, user.notes.as_ref(), Read::List);
                }
            }
        }
    }
}

fn note_missing(context: &Context) {
    context.tally.unexpected("an answer lacks what was asked for");
}

/// The keys of a family that have ids.
fn named(pool: &Pool, family: Family) -> Vec<(Arc<Key>, Uuid)> {
    let keys = pool.keys(family).read();
    keys.iter().filter_map(|key| key.id().map(|id| (key.clone(), id))).collect()
}

/// Whether something happens that happens once in `times`.
pub(crate) fn once_in(random: &mut impl Rng, times: u32) -> bool {
    random.random_range(0..times) == 0
}
