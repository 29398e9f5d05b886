use std::sync::Arc;
use std::sync::atomic::Ordering;

use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::json;
use tokio::time::sleep;

use super::{BREATH, Batch, changed, current};
use crate::client::{Client, Demand, Exchange, Failure};
use crate::court::Court;
use crate::graphql::{Operation, UPDATE_PROFILE, Written, body, mutation_body, prefix, primary_key, public_id};
use crate::history::Outcome;
use crate::plan::{Account, Key, Pool};
use crate::prepare::{Share, move_on};
use crate::question::{Question, Subject, once_in};
use crate::reader;
use crate::state::{Family, Row};

/// Writes through the servers, and now and then reads what it wrote.
pub(crate) struct GraphqlWriter {
    client: Client,
    pool: Arc<Pool>,
    keys: Vec<Arc<Key>>,
    profile: Option<Arc<Account>>,
}

impl GraphqlWriter {
    pub(crate) fn new(client: Client, share: Share) -> Self {
        Self { client, pool: share.pool, keys: share.keys, profile: share.profile }
    }

    /// Writes until the writers are to end.
    pub(crate) async fn write(mut self) {
        let context = self.client.context.clone();
        while !context.written.load(Ordering::Relaxed) {
            let written = match (self.profile.clone(), self.keys.choose(&mut self.client.random).cloned()) {
                (Some(account), Some(_)) if once_in(&mut self.client.random, 12) => self.write_profile(&account).await,
                (_, Some(key)) => self.write_key(&key).await,
                (_, None) => self.move_on().await,
            };
            if let Err(failure) = written {
                self.client.note(&failure);
                sleep(BREATH).await;
            }
            sleep(context.settings.pause).await;
        }
    }

    async fn move_on(&mut self) -> Result<(), Failure> {
        let Share { pool, keys, profile, .. } = move_on(&mut self.client, false).await?;
        self.pool.writers.fetch_sub(1, Ordering::Relaxed);
        (self.pool, self.keys, self.profile) = (pool, keys, profile);
        Ok(())
    }

    async fn write_key(&mut self, key: &Arc<Key>) -> Result<(), Failure> {
        let context = self.client.context.clone();
        let old = current(key);
        let random = &mut self.client.random;
        let (operation, new) = match old {
            None => {
                let Some(owner) = self.pool.accounts.choose(random) else { return Ok(()) };
                // A new todo is open; a new note may be public.
                let flag = key.family == Family::Note && random.random();
                let row = Row { id: None, owner: owner.number, flag, stamp: context.stamp() };
                (Operation::Create, Some(row))
            }
            Some(_) if once_in(random, 8) => (Operation::Delete, None),
            Some(row) => (Operation::Update, Some(changed(&context, random, &row, None))),
        };
        let Some(account) = old.or(new).and_then(|row| self.pool.account(row.owner)).cloned() else { return Ok(()) };
        let input = input(key, old.as_ref(), new.as_ref(), |row| context.labels.write(key.label(row.stamp)));
        let kind = match operation {
            Operation::Create => "graphql_create",
            Operation::Update => "graphql_update",
            Operation::Delete => "graphql_delete",
        };
        let mut batch = Batch::default();
        let version = batch.add(key, new, kind);
        let request = mutation_body(key.family, operation, &input);
        let exchange = self.send(&batch, request, &account, std::slice::from_ref(key)).await?;

        let answered = exchange.data().and_then(|mut data| {
            let unreadable = || Failure::Unexpected(format!("the answer to {kind} lacks what was written"));
            let written = data.written.take().ok_or_else(unreadable)?;
            if operation == Operation::Delete {
                return written.deleted_id.map(|_| None).ok_or_else(unreadable);
            }
            let Written { todo, note, .. } = written;
            let item = todo.or(note).ok_or_else(unreadable)?;
            let id = primary_key(&item.id).ok_or_else(unreadable)?;
            Ok(Some((id, item)))
        });
        let answered = self.settle(&batch, answered, std::slice::from_ref(key), |shown| {
            if let (Some((id, _)), Operation::Create) = (shown, operation) {
                key.history().name(version, *id);
                key.set_id(*id);
            }
        });
        let judged = answered.map(|shown| {
            if let Some((_, item)) = shown {
                let mut court = Court::new(&context, &mut self.client.floors, &exchange);
                court.written = vec![(key.serial, version)];
                court.written(&self.pool, key, &item);
                court.close();
            }
        });
        self.client.judged();
        judged?;
        self.client.remember(&exchange);
        self.client.floors.raise(key.serial, version, true, exchange.mark.is_some());
        self.read_back(key, &account).await
    }

    async fn write_profile(&mut self, account: &Arc<Account>) -> Result<(), Failure> {
        let context = self.client.context.clone();
        let (name, bio) = (account.name.clone(), account.bio.clone());
        let keys = [name, bio];
        // Stamps of their own, so that one in place of the other is noticed.
        let rows = [(); 2].map(|()| Row { id: None, owner: account.number, flag: false, stamp: context.stamp() });
        let mut batch = Batch::default();
        let versions = [0, 1].map(|place| batch.add(&keys[place], Some(rows[place]), "graphql_profile"));
        let [name, bio] = [0, 1].map(|place| context.labels.write(keys[place].label(rows[place].stamp)));
        let request = body(UPDATE_PROFILE, &json!({ "input": { "name": name, "bio": bio } }));
        let exchange = self.send(&batch, request, account, &keys).await?;
        let answered = exchange.data().and_then(|data| {
            let lacking = || Failure::Unexpected("the answer to graphql_profile lacks what was written".to_owned());
            data.update_profile.ok_or_else(lacking)
        });
        let answered = self.settle(&batch, answered, &keys, |_| {});
        let judged = answered.map(|shown| {
            let mut court = Court::new(&context, &mut self.client.floors, &exchange);
            court.written = keys.iter().zip(versions).map(|(key, version)| (key.serial, version)).collect();
            court.user(account, Some(&shown.viewer), true);
            court.close();
        });
        self.client.judged();
        judged?;
        self.client.remember(&exchange);
        for (key, version) in keys.iter().zip(versions) {
            self.client.floors.raise(key.serial, version, true, exchange.mark.is_some());
        }
        Ok(())
    }

    /// Sends a mutation. Where it is not answered, the batch is ended.
    async fn send(
        &mut self,
        batch: &Batch,
        request: String,
        account: &Account,
        keys: &[Arc<Key>],
    ) -> Result<Exchange, Failure> {
        let context = self.client.context.clone();
        let url = self.client.any_url();
        batch.begin_commit(&context);
        let sent = self.client.ask(url, request, Some(&account.authorization), Demand::Usual).await;
        sent.inspect_err(|failure| self.give_up(batch, failure, keys))
    }

    /// Ends the batch by what was answered; `before` is done before it counts as acknowledged.
    fn settle<T>(
        &mut self,
        batch: &Batch,
        answered: Result<T, Failure>,
        keys: &[Arc<Key>],
        before: impl FnOnce(&T),
    ) -> Result<T, Failure> {
        match &answered {
            Ok(value) => {
                before(value);
                batch.end(&self.client.context, Outcome::Committed);
            }
            Err(failure) => self.give_up(batch, failure, keys),
        }
        answered
    }

    /// A mutation was not answered as it should be. If it may have arrived, its keys are not written to any more.
    fn give_up(&mut self, batch: &Batch, failure: &Failure, keys: &[Arc<Key>]) {
        let context = self.client.context.clone();
        if matches!(failure, Failure::Refused { unsent: true, .. }) {
            return batch.end(&context, Outcome::RolledBack);
        }
        batch.end(&context, Outcome::Unknown);
        for retired in keys {
            self.keys.retain(|key| !Arc::ptr_eq(key, retired));
            match retired.family {
                Family::Todo | Family::Note => {
                    self.keys.extend(self.pool.add(&context.serials, retired.family, None));
                }
                Family::Name | Family::Bio => self.profile = None,
            }
        }
    }

    /// Now and then asks any server for what was just written.
    async fn read_back(&mut self, key: &Arc<Key>, account: &Arc<Account>) -> Result<(), Failure> {
        if !once_in(&mut self.client.random, 3) {
            return Ok(());
        }
        let subject = match (key.family, once_in(&mut self.client.random, 2)) {
            (Family::Note, true) => Subject::PoolNotes,
            (_, true) => Subject::PoolTodos,
            (family, false) => Subject::Items(family),
        };
        let question = Question::about(subject, self.pool.clone(), Some(account.clone()), &mut self.client.random);
        let Some(question) = question else { return Ok(()) };
        let url = self.client.any_url();
        reader::ask(&mut self.client, url, &question, Demand::Usual, None).await
    }
}

/// The input of the mutation that makes `new` of `old`.
fn input(key: &Key, old: Option<&Row>, new: Option<&Row>, text: impl Fn(&Row) -> String) -> serde_json::Value {
    let is_note = key.family == Family::Note;
    let mut input = serde_json::Map::new();
    if old.is_some() {
        let id = key.id().map(|id| public_id(prefix(key.family), id));
        input.insert("id".to_owned(), id.into());
    }
    let Some(new) = new else { return input.into() };
    if old.is_none_or(|old| old.stamp != new.stamp) {
        input.insert(if is_note { "title" } else { "text" }.to_owned(), text(new).into());
    }
    if is_note && old.is_none() {
        input.insert("body".to_owned(), "".into());
    }
    match old {
        // A new todo cannot be done yet.
        None if !is_note => {}
        Some(old) if old.flag == new.flag => {}
        _ if is_note => {
            let visibility = if new.flag { "PUBLIC" } else { "PRIVATE" };
            input.insert("visibility".to_owned(), visibility.into());
        }
        _ => {
            input.insert("completed".to_owned(), new.flag.into());
        }
    }
    input.into()
}
