use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use sea_orm::sea_query::{PostgresQueryBuilder, SelectStatement};
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_cache::{Dependency, Footprint, Found, Lookup, Request, Space};
use tidewater_changelog::Value;
use tidewater_entity::Statements;
use tidewater_entity::selection::{self, Among, Page, PageRows, Scalar, Selection, Shape};
use uuid::Uuid;

use super::batch::Batch;
use super::dependencies::{TRACED_LINKS, links};
use super::persistent::persistent;
use super::spaces::Spaces;
use super::{Ground, Item, Noted, Store, Stored};
use crate::Error;

/// To be changed when the form of kept answers to free statements changes.
pub(super) const ANSWER_FORMAT: u64 = 1;

/// Reads for one request. No answer is older than the request's arrival, or than the last write made through it. Resolvers
/// that ask at the same time are answered by one statement, and under load those of several requests. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reader(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    request: Request,
    loaders: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// Whether the database had to be asked for several keys at once.
    has_asked: AtomicBool,
    /// What the lookups are for, if the request is explained.
    noted: Noted,
}

/// The batches of one entity.
#[derive(Debug)]
struct Loaders<E: Stored> {
    spaces: Arc<Spaces<E>>,
    items: Batch<(), Uuid, Arc<Option<E::Model>>>,
    lists: Batch<Vec<u8>, Scalar, Arc<PageRows>>,
    counts: Batch<Vec<u8>, Scalar, Arc<u64>>,
}

impl Reader {
    pub(super) fn new(store: Arc<Store>, request: Request) -> Self {
        let (loaders, has_asked, noted) = (Mutex::default(), AtomicBool::new(false), Noted::default());
        Self(Arc::new(Inner { store, request, loaders, has_asked, noted }))
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.0.store
    }

    /// The request, for what it accepts and for what has served it.
    pub(crate) fn request(&self) -> &Request {
        &self.0.request
    }

    /// What the lookups so far are for, if the request is explained.
    pub(crate) fn noted(&self) -> &Noted {
        &self.0.noted
    }

    /// The row of `E` with this primary key.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the database cannot be asked; `INTERNAL` for faults.
    pub async fn item<E: Stored>(&self, key: Uuid) -> Result<Option<Item<E::Model>>, Error> {
        let loaders = self.loaders::<E>()?;
        if self.request().is_explained() {
            let table = E::TRACKING.table;
            self.0.noted.add(table.to_owned(), &item_lookup::<E>(&key), vec![Ground::row(table, key)]);
        }
        if let Some(row) = self.remembered(&loaders.spaces.items, || Ok(item_lookup::<E>(&key))).await? {
            return Ok(Item::new(row));
        }
        let row = loaders.items.get((), key, |keys| self.load_items::<E>(&loaders.spaces, keys)).await?;
        Ok(Item::new(row))
    }

    /// A page of `selection`, whose rows are of `E`: their keys and places.
    ///
    /// # Errors
    /// As [`Reader::item`].
    pub async fn page<E: Stored>(&self, selection: &Selection, page: &Page) -> Result<Arc<PageRows>, Error> {
        let loaders = self.loaders::<E>()?;
        let lookup = || self.lookup(&selection.shape, Some(page), &selection.value);
        if self.request().is_explained() {
            self.note("list", &lookup()?, selection, true)?;
        }
        if let Some(page) = self.remembered(&loaders.spaces.lists, lookup).await? {
            return Ok(page);
        }
        let group = encoded(&(&selection.shape, page))?;
        let load = |values| self.load_pages(&loaders.spaces, &group, &selection.shape, page, values);
        loaders.lists.get(group.clone(), selection.value.clone(), load).await
    }

    /// How many rows are in `selection`, whose rows are of `E`.
    ///
    /// # Errors
    /// As [`Reader::item`].
    pub async fn count<E: Stored>(&self, selection: &Selection) -> Result<u64, Error> {
        let loaders = self.loaders::<E>()?;
        let shape = Shape { order: Vec::new(), ..selection.shape.clone() };
        let lookup = || self.lookup(&shape, None, &selection.value);
        if self.request().is_explained() {
            self.note("count", &lookup()?, selection, false)?;
        }
        if let Some(count) = self.remembered(&loaders.spaces.counts, lookup).await? {
            return Ok(*count);
        }
        let group = encoded(&shape)?;
        let load = |values| self.load_counts(&loaders.spaces, &group, &shape, values);
        loaders.counts.get(group.clone(), selection.value.clone(), load).await.map(|count| *count)
    }

    /// The first row of `selection`, whose rows are of `E`. What a unique column's value leads to is found so.
    ///
    /// # Errors
    /// As [`Reader::item`].
    pub async fn first<E: Stored>(&self, selection: &Selection) -> Result<Option<Item<E::Model>>, Error> {
        match self.page::<E>(selection, &Page::first(1)).await?.rows.first() {
            Some(row) => self.item::<E>(row.key).await,
            None => Ok(None),
        }
    }

    /// What a statement of any form answers, kept until a table that it reads changes in any way. Precise dependencies need a
    /// [`Selection`]; this is for what no selection can say.
    ///
    /// # Errors
    /// As [`Reader::item`]; `INTERNAL` also when the statement reads a table that is not tracked.
    pub async fn select<T>(&self, statement: &SelectStatement) -> Result<Vec<T>, Error>
    where
        T: FromQueryResult + Serialize + DeserializeOwned + Send + Sync,
    {
        let store = &self.0.store;
        let known: Vec<&str> = store.tracking.iter().map(|tracking| tracking.table).collect();
        let tables = selection::tables_in(statement, &known)?;
        let dependencies = tables.iter().map(|table| Ok(Dependency::table(store.tracking(table)?.table)));
        let dependencies = dependencies.collect::<Result<Footprint, Error>>()?;
        let text = statement.to_string(PostgresQueryBuilder);
        let key = format!("{} {text}", std::any::type_name::<T>()).into_bytes().into_boxed_slice();
        let load = |_| async {
            let asked = persistent(&store.statements, || store.database.query_all(statement));
            let (rows, statements) = Statements::made_by(asked).await;
            let rows = rows?.iter().map(|row| T::from_query_result(row, "")).collect::<Result<Vec<T>, _>>()?;
            Ok(vec![Found { statements, ..Found::new(encoded(&rows)?) }])
        };
        let answers = store.answers.read(self.request(), vec![Lookup { key, dependencies }], load).await?;
        let answer = answers.first().ok_or(Error::Internal)?;
        postcard::from_bytes(answer).map_err(Error::internal)
    }

    /// The database itself, for what must not be kept in any cache: secrets. What it answers is as fresh as can be. No response
    /// that it has part in is kept.
    pub fn source(&self) -> &DatabaseConnection {
        self.request().rests_on_the_unknown();
        self.database()
    }

    pub(super) fn database(&self) -> &DatabaseConnection {
        &self.0.store.database
    }

    pub(super) fn statements(&self) -> &Statements {
        &self.0.store.statements
    }

    /// Whether single reads are answered on the spot, where memory can answer them.
    pub(crate) fn is_answered_by_memory(&self) -> bool {
        !self.0.has_asked.load(Ordering::Relaxed)
    }

    fn asks<K>(&self, missing: &[K]) {
        if missing.len() > 1 {
            self.0.has_asked.store(true, Ordering::Relaxed);
        }
    }

    /// What memory can answer. Nothing any more once the database had to be asked for several keys at once: of
    /// the resolvers that wait for them, none must run ahead of the others, or it would ask for what comes next in a statement
    /// of its own.
    async fn remembered<V>(
        &self,
        space: &Space<V>,
        lookup: impl FnOnce() -> Result<Lookup, Error>,
    ) -> Result<Option<Arc<V>>, Error>
    where
        V: Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        if !self.is_answered_by_memory() {
            return Ok(None);
        }
        Ok(space.peek(self.request(), &lookup()?).await)
    }

    fn loaders<E: Stored>(&self) -> Result<Arc<Loaders<E>>, Error> {
        let known = self.0.loaders.lock().get(&TypeId::of::<E>()).cloned();
        let loaders = match known {
            Some(loaders) => loaders,
            None => {
                let spaces = self.0.store.spaces::<E>()?;
                let made = move || -> Arc<dyn Any + Send + Sync> {
                    let (items, lists, counts) = (Batch::default(), Batch::default(), Batch::default());
                    Arc::new(Loaders { spaces, items, lists, counts })
                };
                Arc::clone(self.0.loaders.lock().entry(TypeId::of::<E>()).or_insert_with(made))
            }
        };
        loaders.downcast().map_err(|_| Error::internal("the loaders of another entity"))
    }

    async fn load_items<E: Stored>(
        &self,
        spaces: &Spaces<E>,
        keys: Vec<Uuid>,
    ) -> Result<Vec<Arc<Option<E::Model>>>, Error> {
        let lookups = keys.iter().map(item_lookup::<E>).collect();
        let ask = |missing: Vec<Uuid>| {
            counted(async move {
                let asked = persistent(self.statements(), || selection::by_keys::<E>(self.database(), &missing));
                let mut rows = asked.await?;
                Ok(missing.iter().map(|key| Found::new(rows.remove(key))).collect())
            })
        };
        let load = |missing: Vec<usize>| {
            self.asks(&missing);
            spaces.asked.items.ask((), picked(&keys, missing), ask)
        };
        Ok(spaces.items.read(self.request(), lookups, load).await?)
    }

    async fn load_pages<E: Stored>(
        &self,
        spaces: &Spaces<E>,
        group: &[u8],
        shape: &Shape,
        page: &Page,
        values: Vec<Scalar>,
    ) -> Result<Vec<Arc<PageRows>>, Error> {
        let lookups = self.lookups(shape, Some(page), &values)?;
        let ask = |missing: Vec<Scalar>| {
            counted(async move {
                let asked = persistent(self.statements(), || selection::pages(self.database(), shape, page, &missing));
                self.found(shape, true, &missing, asked.await?).await
            })
        };
        let load = |missing: Vec<usize>| {
            self.asks(&missing);
            spaces.asked.lists.ask(group.to_owned(), picked(&values, missing), ask)
        };
        Ok(spaces.lists.read(self.request(), lookups, load).await?)
    }

    async fn load_counts<E: Stored>(
        &self,
        spaces: &Spaces<E>,
        group: &[u8],
        shape: &Shape,
        values: Vec<Scalar>,
    ) -> Result<Vec<Arc<u64>>, Error> {
        let lookups = self.lookups(shape, None, &values)?;
        let ask = |missing: Vec<Scalar>| {
            counted(async move {
                let asked = persistent(self.statements(), || selection::counts(self.database(), shape, &missing));
                self.found(shape, false, &missing, asked.await?).await
            })
        };
        let load = |missing: Vec<usize>| {
            self.asks(&missing);
            spaces.asked.counts.ask(group.to_owned(), picked(&values, missing), ask)
        };
        Ok(spaces.counts.read(self.request(), lookups, load).await?)
    }

    /// Remembers what a lookup of a list or a count is for.
    fn note(&self, kind: &str, lookup: &Lookup, selection: &Selection, ordered: bool) -> Result<(), Error> {
        let grounds = self.0.store.grounds(selection, ordered)?;
        self.0.noted.add(format!("{}.{kind}", selection.shape.table), lookup, grounds);
        Ok(())
    }

    fn lookups(&self, shape: &Shape, page: Option<&Page>, values: &[Scalar]) -> Result<Vec<Lookup>, Error> {
        values.iter().map(|value| self.lookup(shape, page, value)).collect()
    }

    fn lookup(&self, shape: &Shape, page: Option<&Page>, value: &Scalar) -> Result<Lookup, Error> {
        let selection = Selection { shape: shape.clone(), value: value.clone() };
        let dependencies = self.0.store.declared(&selection, page.is_some())?;
        Ok(Lookup { key: encoded(&(shape, page, value))?.into_boxed_slice(), dependencies })
    }

    /// What was found, with what it depends on beyond what its selection declares.
    async fn found<V>(
        &self,
        shape: &Shape,
        ordered: bool,
        values: &[Scalar],
        found: Vec<V>,
    ) -> Result<Vec<Found<V>>, Error> {
        let Among::Linked(link) = shape.among else {
            return Ok(found.into_iter().map(Found::new).collect());
        };
        let store = &self.0.store;
        let (links, page) = (links(link), Page::first(TRACED_LINKS));
        let leading =
            persistent(self.statements(), || selection::pages(self.database(), &links, &page, values)).await?;
        let found = found.into_iter().zip(&leading);
        let with_links = |(value, links)| {
            let dependencies = store.linked_to(shape, ordered, links);
            Found { dependencies, ..Found::new(value) }
        };
        Ok(found.map(with_links).collect())
    }
}

pub(super) fn item_lookup<E: Stored>(key: &Uuid) -> Lookup {
    let dependencies = Dependency::row(E::TRACKING.table, &[Value::Uuid(*key)]).into();
    Lookup { key: Box::from(key.as_bytes().as_slice()), dependencies }
}

/// What `asking` finds, with how many statements were sent for it.
async fn counted<V>(asking: impl Future<Output = Result<Vec<Found<V>>, Error>>) -> Result<Vec<Found<V>>, Error> {
    // Boxed, because what is within other futures is copied with each of them, and statements take far longer.
    let (found, statements) = Statements::made_by(Box::pin(asking)).await;
    Ok(found?.into_iter().map(|found| Found { statements, ..found }).collect())
}

fn picked<T: Clone>(values: &[T], indices: Vec<usize>) -> Vec<T> {
    indices.into_iter().map(|index| values[index].clone()).collect()
}

fn encoded(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    postcard::to_allocvec(value).map_err(Error::internal)
}
