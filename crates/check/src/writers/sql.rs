use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{BREATH, Batch, changed, current};
use crate::client::{Client, Failure};
use crate::context::Context;
use crate::database::{Database, SqlFailure, Transaction};
use crate::history::Outcome;
use crate::plan::{Account, Key, Pool};
use crate::prepare::{Share, move_on};
use crate::question::once_in;
use crate::state::{Family, Row};

/// How many rows a transaction changes one by one, at most.
const LONGEST: usize = 8;

/// How long a transaction may stay open between two statements.
const THOUGHT: Duration = Duration::from_millis(3);

/// How much time lies between two statements that change very many rows, on average.
const BETWEEN_BULKS: Duration = Duration::from_secs(3);

/// Writes to the database directly, in transactions.
pub(crate) struct SqlWriter {
    /// For accounts only.
    client: Client,
    context: Arc<Context>,
    database: Database,
    random: StdRng,
    pool: Arc<Pool>,
    keys: Vec<Arc<Key>>,
    profile: Option<Arc<Account>>,
    bulk: Vec<Arc<Key>>,
    next_bulk: Instant,
}

impl SqlWriter {
    pub(crate) fn new(mut client: Client, database: Database, share: Share) -> Self {
        let Share { pool, keys, profile, bulk } = share;
        let (context, random) = (client.context.clone(), StdRng::from_rng(&mut client.random));
        Self { client, context, database, random, pool, keys, profile, bulk, next_bulk: Instant::now() }
    }

    /// Writes until the writers are to end.
    pub(crate) async fn write(mut self) {
        while !self.context.written.load(Ordering::Relaxed) {
            if self.keys.is_empty() {
                if let Err(failure) = self.move_on().await {
                    self.client.note(&failure);
                    sleep(BREATH).await;
                }
                continue;
            }
            let mut batch = Batch::default();
            match self.round(&mut batch).await {
                Ok(()) => {}
                Err(SqlFailure::Differs(what)) => {
                    batch.end(&self.context, Outcome::RolledBack);
                    self.context.tally.unexpected(&what);
                    sleep(BREATH).await;
                }
                // The commit was not sent, or was refused.
                Err(SqlFailure::Refused(what)) => {
                    batch.end(&self.context, Outcome::RolledBack);
                    self.context.tally.refuse(&what, self.context.seconds());
                    sleep(BREATH).await;
                }
                Err(SqlFailure::Lost(what)) => {
                    batch.end(&self.context, Outcome::Unknown);
                    self.context.tally.refuse(&what, self.context.seconds());
                    self.retire(&batch);
                    sleep(BREATH).await;
                }
            }
            sleep(self.context.settings.pause).await;
        }
    }

    async fn move_on(&mut self) -> Result<(), Failure> {
        let Share { pool, keys, profile, .. } = move_on(&mut self.client, true).await?;
        self.pool.writers.fetch_sub(1, Ordering::Relaxed);
        (self.pool, self.keys, self.profile) = (pool, keys, profile);
        Ok(())
    }

    /// One transaction. What is left in `batch` on failure has not been ended.
    async fn round(&mut self, batch: &mut Batch) -> Result<(), SqlFailure> {
        if !self.bulk.is_empty() && Instant::now() >= self.next_bulk {
            self.next_bulk = Instant::now() + BETWEEN_BULKS.mul_f64(self.random.random_range(0.5..1.5));
            return self.write_bulk(batch).await;
        }
        let transaction = self.database.begin().await?;
        if once_in(&mut self.random, 10) {
            let keys = self.keys.clone();
            self.update_together(&transaction, batch, &keys).await?;
        } else {
            self.write_several(&transaction, batch).await?;
        }
        if once_in(&mut self.random, 6) {
            let rolled_back = transaction.roll_back().await;
            std::mem::take(batch).end(&self.context, Outcome::RolledBack);
            return rolled_back;
        }
        self.commit(transaction, batch).await
    }

    async fn commit(&self, transaction: Transaction, batch: &mut Batch) -> Result<(), SqlFailure> {
        batch.begin_commit(&self.context);
        transaction.commit().await?;
        std::mem::take(batch).end(&self.context, Outcome::Committed);
        Ok(())
    }

    /// Changes several rows one by one, some of them within savepoints.
    async fn write_several(&mut self, transaction: &Transaction, batch: &mut Batch) -> Result<(), SqlFailure> {
        let count = self.random.random_range(1..=LONGEST);
        let keys: Vec<Arc<Key>> =
            self.keys.iter().chain(self.bulk.choose(&mut self.random)).cloned().sample(&mut self.random, count);
        let mut keys = keys.into_iter();
        while let Some(key) = keys.next() {
            if once_in(&mut self.random, 4) {
                let savepoint = transaction.savepoint().await?;
                let mut inner = Batch::default();
                let mut written = self.write_key(&savepoint, &mut inner, &key).await;
                if let (Ok(()), Some(next)) = (&written, keys.next()) {
                    written = self.write_key(&savepoint, &mut inner, &next).await;
                }
                if written.is_err() || self.random.random() {
                    inner.end(&self.context, Outcome::RolledBack);
                    written?;
                    savepoint.roll_back().await?;
                    // What was undone may be done after all, in another way.
                    self.write_key(transaction, batch, &key).await?;
                } else {
                    batch.absorb(inner);
                    savepoint.commit().await.map_err(|failure| SqlFailure::Refused(failure.to_string()))?;
                }
            } else {
                self.write_key(transaction, batch, &key).await?;
            }
            if !transaction.is_sqlite() && once_in(&mut self.random, 4) {
                sleep(THOUGHT.mul_f64(self.random.random())).await;
            }
        }
        if let (Some(account), true) = (self.profile.clone(), once_in(&mut self.random, 6)) {
            self.write_profile(transaction, batch, &account).await?;
        }
        Ok(())
    }

    async fn write_key(
        &mut self,
        transaction: &Transaction,
        batch: &mut Batch,
        key: &Arc<Key>,
    ) -> Result<(), SqlFailure> {
        let (Some(id), Some(pool)) = (key.id(), self.context.pool(key.pool)) else { return Ok(()) };
        let text = |row: &Row| self.context.labels.write(key.label(row.stamp));
        let owner = |row: &Row| pool.account(row.owner).map_or(Uuid::nil(), |account| account.id);
        match current(key) {
            None => {
                let Some(account) = pool.accounts.choose(&mut self.random) else { return Ok(()) };
                let stamp = self.context.stamp();
                let row = Row { id: Some(id), owner: account.number, flag: self.random.random(), stamp };
                batch.add(key, Some(row), "sql_insert");
                transaction.insert(key.family, &[(id, owner(&row), text(&row), row.flag)]).await
            }
            Some(_) if once_in(&mut self.random, 6) => {
                batch.add(key, None, "sql_delete");
                transaction.delete(key.family, &[id]).await
            }
            Some(old) => {
                let new = changed(&self.context, &mut self.random, &old, Some(&pool.accounts));
                batch.add(key, Some(new), if old.owner == new.owner { "sql_update" } else { "sql_move" });
                transaction.update(key.family, id, (&old, &new), text(&new), owner(&new)).await
            }
        }
    }

    async fn write_profile(
        &mut self,
        transaction: &Transaction,
        batch: &mut Batch,
        account: &Account,
    ) -> Result<(), SqlFailure> {
        let row = Row { id: None, owner: account.number, flag: false, stamp: self.context.stamp() };
        let text = |key: &Key| self.context.labels.write(key.label(row.stamp));
        if self.random.random() {
            batch.add(&account.name, Some(row), "sql_name");
            return transaction.rename(account.id, text(&account.name)).await;
        }
        let was_there = current(&account.bio).is_some();
        let new = (!was_there || !once_in(&mut self.random, 3)).then_some(row);
        batch.add(&account.bio, new, "sql_profile");
        transaction.profile(account.id, was_there, new.map(|_| text(&account.bio))).await
    }

    /// Changes all todos among `keys` in one statement, whoever's they are.
    async fn update_together(
        &mut self,
        transaction: &Transaction,
        batch: &mut Batch,
        keys: &[Arc<Key>],
    ) -> Result<(), SqlFailure> {
        let (stamp, flag) = (self.context.stamp(), self.random.random());
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys.iter().filter(|key| key.family == Family::Todo) {
            if let (Some(row), Some(id)) = (current(key), key.id()) {
                batch.add(key, Some(Row { stamp, flag, ..row }), "sql_bulk");
                ids.push(id);
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        transaction.update_todos(&ids, stamp, flag).await
    }

    /// Changes, inserts or deletes very many rows in one statement each.
    async fn write_bulk(&mut self, batch: &mut Batch) -> Result<(), SqlFailure> {
        let transaction = self.database.begin().await?;
        let bulk = self.bulk.clone();
        let (present, absent): (Vec<Arc<Key>>, Vec<Arc<Key>>) =
            bulk.into_iter().partition(|key| current(key).is_some());
        if !absent.is_empty() {
            self.insert_bulk(&transaction, batch, &absent).await?;
        }
        if once_in(&mut self.random, 8) {
            for key in &present {
                batch.add(key, None, "sql_bulk");
            }
            let ids: Vec<Uuid> = present.iter().filter_map(|key| key.id()).collect();
            if !ids.is_empty() {
                transaction.delete(Family::Todo, &ids).await?;
            }
        } else {
            self.update_together(&transaction, batch, &present).await?;
        }
        if batch.is_empty() {
            return transaction.roll_back().await;
        }
        self.commit(transaction, batch).await
    }

    async fn insert_bulk(
        &mut self,
        transaction: &Transaction,
        batch: &mut Batch,
        keys: &[Arc<Key>],
    ) -> Result<(), SqlFailure> {
        let stamp = self.context.stamp();
        let pools: BTreeMap<u32, Arc<Pool>> =
            self.context.pools.read().iter().map(|pool| (pool.number, pool.clone())).collect();
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            let (Some(id), Some(pool)) = (key.id(), pools.get(&key.pool)) else { continue };
            let Some(owner) = pool.accounts.choose(&mut self.random) else { continue };
            let row = Row { id: Some(id), owner: owner.number, flag: self.random.random(), stamp };
            batch.add(key, Some(row), "sql_bulk");
            rows.push((id, owner.id, self.context.labels.write(key.label(stamp)), row.flag));
        }
        transaction.insert(Family::Todo, &rows).await
    }

    /// Nobody knows whether the batch is in force, so its keys are not written to any more.
    fn retire(&mut self, batch: &Batch) {
        for (retired, ..) in &batch.versions {
            match retired.family {
                Family::Todo | Family::Note => {
                    let count = self.keys.len();
                    self.keys.retain(|key| !Arc::ptr_eq(key, retired));
                    if self.keys.len() < count {
                        let id = Some(self.context.next_id());
                        self.keys.extend(self.pool.add(&self.context.serials, retired.family, id));
                    }
                    self.bulk.retain(|key| !Arc::ptr_eq(key, retired));
                }
                Family::Name | Family::Bio => self.profile = None,
            }
        }
    }
}
