use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Enum, ID, SimpleObject};
use tidewater_cache::{Holding, Holdings, Request};
use tidewater_entity::{export, note, notification, profile, session, tag, todo, user};
use uuid::Uuid;

use super::change::TideChange;
use super::space::MissReason;
use crate::account::Session;
use crate::export::Export;
use crate::note::Note;
use crate::notification::Notification;
use crate::store::{KeptRows, Store};
use crate::tag::Tag;
use crate::todo::Todo;
use crate::user::{Profile, User};
use crate::{Error, id};

/// What the caches keep of one row.
#[derive(SimpleObject)]
pub(crate) struct RowMemo {
    /// The id of the row.
    node_id: ID,
    /// What the memory of the server that answers keeps.
    memory: TierMemo,
    /// What Redis keeps; null if there is no Redis.
    redis: Option<TierMemo>,
    /// The last change of the row, or of its whole table, as far as changes are remembered.
    last_change: Option<TideChange>,
}

/// What one tier keeps of a row.
#[derive(SimpleObject)]
pub(crate) struct TierMemo {
    /// What a read would find there.
    state: MemoState,
    /// Why it would be a miss, where the tier knows.
    missed: Option<MissReason>,
    /// How many seconds ago it was read from the database; in memory, from there or from Redis. Null unless it is `VALID`.
    age_seconds: Option<f64>,
    /// For how many seconds more it may be kept. Null unless it is `VALID`.
    remaining_seconds: Option<f64>,
}

/// What a read would find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum MemoState {
    /// The row, or that there is none, as it is.
    Valid,
    /// Something of which the server does not remember whether it is as it is: it has kept too much else since.
    Held,
    /// Nothing that it would be served.
    Missed,
}

impl RowMemo {
    /// What is kept of the rows with these ids, in their order.
    pub(super) async fn of(store: &Store, request: &Request, ids: &[ID]) -> Result<Vec<Self>, Error> {
        let parsed = ids.iter().map(|id| id::parse("ids", id)).collect::<Result<Vec<_>, Error>>()?;
        let mut by_kind = BTreeMap::<&str, Vec<Uuid>>::new();
        for (kind, key) in &parsed {
            by_kind.entry(kind).or_default().push(*key);
        }
        let (mut rows, mut holdings) = (Vec::new(), HashMap::new());
        for (kind, keys) in by_kind {
            let kept = kept(store, "ids", kind)?;
            let told = kept.holdings(request, &keys).await?;
            rows.extend(keys.iter().map(|key| (kept.table(), *key)));
            holdings.extend(keys.into_iter().zip(told).map(|(key, told)| ((kind, key), (kept.table(), told))));
        }
        let last = TideChange::last_of(store, &rows);
        let memos = ids.iter().zip(&parsed).map(|(id, (kind, key))| {
            let (table, Holdings { memory, redis }) = holdings[&(kind.as_str(), *key)];
            let last_change = last.get(&(table, *key)).cloned();
            Self { node_id: id.clone(), memory: memory.into(), redis: redis.map(TierMemo::from), last_change }
        });
        Ok(memos.collect())
    }
}

impl From<Holding> for TierMemo {
    fn from(holding: Holding) -> Self {
        let (state, missed, times) = match holding {
            Holding::Valid { age, remaining } => (MemoState::Valid, None, Some((age, remaining))),
            Holding::Held => (MemoState::Held, None, None),
            Holding::Missed(reason) => (MemoState::Missed, Some(reason.into()), None),
            Holding::Nothing => (MemoState::Missed, None, None),
        };
        let seconds = |time: Duration| time.as_secs_f64();
        let (age_seconds, remaining_seconds) = times.map(|(age, remaining)| (seconds(age), seconds(remaining))).unzip();
        Self { state, missed, age_seconds, remaining_seconds }
    }
}

/// What is kept of the rows whose ids begin with `kind`.
///
/// # Errors
/// `BAD_USER_INPUT` for `field` when there are none.
pub(super) fn kept(store: &Store, field: &str, kind: &str) -> Result<Arc<dyn KeptRows>, Error> {
    match kind {
        User::PREFIX => store.kept::<user::Entity>(),
        Profile::PREFIX => store.kept::<profile::Entity>(),
        Session::PREFIX => store.kept::<session::Entity>(),
        Todo::PREFIX => store.kept::<todo::Entity>(),
        Note::PREFIX => store.kept::<note::Entity>(),
        Tag::PREFIX => store.kept::<tag::Entity>(),
        Notification::PREFIX => store.kept::<notification::Entity>(),
        Export::PREFIX => store.kept::<export::Entity>(),
        _ => Err(Error::bad_user_input(field, "no rows with such ids are kept")),
    }
}
