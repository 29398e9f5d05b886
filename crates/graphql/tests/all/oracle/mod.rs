//! The uncached answer as an oracle: whatever happens to the database, what is answered through the cache is what the database
//! itself answers.

mod changes;
mod questions;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Request, Variables};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};
use tidewater_entity::selection::{Page, Scalar, Selection};
use tidewater_entity::{connect, todo, tracking};
use tidewater_graphql::{Api, ApiSettings, Caller, Policies, Store};
use tidewater_testkit::{Backend, TestDatabase, TestRedis, on_each_backend};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::fixture::{Statements, migrated, open, written};
use changes::{Change, TODO, TOKEN, Transaction, USERS, Way, beginning, contents, transaction};
use questions::{Question, question, time};

/// What happens, and what is asked after each time.
#[derive(Clone, Debug)]
struct History {
    crowded: bool,
    contents: Vec<Change>,
    questions: Vec<Question>,
    transactions: Vec<Transaction>,
}

/// Who is asked.
struct Asked {
    store: Arc<Store>,
    api: Api,
}

struct World {
    backend: Backend,
    database: TestDatabase,
    cached: Asked,
    uncached: Asked,
    /// Of whom is cached.
    statements: Statements,
    counts: RefCell<Counts>,
    _redis: Option<TestRedis>,
}

/// By kind of question: how often an answer was the same as the time before, and how often the database was asked for it.
type Counts = BTreeMap<&'static str, (u32, u32)>;

impl Asked {
    async fn ask(&self, question: &Question) -> String {
        let (store, api, question) = (Arc::clone(&self.store), self.api.clone(), question.clone());
        // On a worker of the runtime, as a server does: batches are formed between the turns of a task.
        let asked = tokio::spawn(async move {
            let Question::Document { document, variables, viewer } = question else {
                return question.ask(&store.reader()).await;
            };
            let request = Request::new(document).variables(Variables::from_json(variables));
            let credential = (viewer < USERS).then(|| format!("{TOKEN}{viewer}"));
            written(&api, request, Caller { credential, ..Caller::default() }).await
        });
        asked.await.unwrap()
    }
}

impl World {
    async fn open(backend: Backend) -> Self {
        let (database, redis) = (migrated(backend).await, backend.redis().await);
        let (connection, cache, statements) = open(&database, redis.as_ref(), &tracking()).await;
        let asked = |connection: &DatabaseConnection, policies: Policies| {
            let settings =
                ApiSettings { policies: policies.clone(), ..ApiSettings::new(connection.clone(), cache.clone()) };
            let uncounted = tidewater_entity::Statements::uncounted(connection);
            let store = Store::new(connection.clone(), uncounted, cache.clone(), tracking(), policies);
            Asked { store, api: Api::start(settings) }
        };
        let mut disabled = Policies::default();
        (disabled.items.enabled, disabled.lists.enabled) = (false, false);
        let uncached = asked(&connect(database.url(), 4).await.unwrap(), disabled);
        let cached = asked(&connection, Policies::default());
        Self { backend, database, cached, uncached, statements, counts: RefCell::default(), _redis: redis }
    }

    /// Follows a history, and compares each answer.
    async fn follow(&self, history: &History) -> Result<(), TestCaseError> {
        let contents: String = history.contents.iter().map(|change| change.sql(self.backend)).collect();
        let beginning = beginning(history.crowded, self.backend);
        self.database.sql(&format!("BEGIN;\n{beginning}{contents}COMMIT")).await;
        let mut before = BTreeMap::<usize, String>::new();
        for transaction in &history.transactions {
            self.change(transaction).await;
            for (index, question) in history.questions.iter().enumerate() {
                self.statements.taken();
                let answer = self.cached.ask(question).await;
                let read = !self.statements.taken().is_empty();
                let truth = self.uncached.ask(question).await;
                prop_assert_eq!(&answer, &truth, "{:?} after {}", question, transaction.sql(self.backend));
                if matches!(question, Question::Document { .. }) {
                    // Now memory knows all rows, so the items of lists are kept as they are written.
                    let again = self.cached.ask(question).await;
                    prop_assert_eq!(&again, &truth, "{:?} again after {}", question, transaction.sql(self.backend));
                }
                if before.get(&index) == Some(&answer) {
                    let mut counts = self.counts.borrow_mut();
                    let (same, reads) = counts.entry(question.kind()).or_default();
                    *same += 1;
                    *reads += u32::from(read);
                }
                before.insert(index, answer);
            }
        }
        Ok(())
    }

    /// A transaction that the database refuses changes nothing, like one that is rolled back.
    async fn change(&self, transaction: &Transaction) {
        let sql = transaction.sql(self.backend);
        match transaction.way {
            Way::OutOfBand if transaction.changes.len() == 1 => drop(self.database.try_sql(&sql).await),
            Way::OutOfBand => drop(self.database.try_sql(&format!("BEGIN;\n{sql}COMMIT")).await),
            Way::RolledBack => drop(self.database.try_sql(&format!("BEGIN;\n{sql}ROLLBACK")).await),
            Way::Store => {
                let work = async |transaction: &DatabaseTransaction| Ok(transaction.execute_unprepared(&sql).await?);
                drop(self.cached.store.reader().write(work).await);
            }
        }
    }
}

fn history() -> impl Strategy<Value = History> {
    let transactions = prop::collection::vec(transaction(), 8..24);
    (prop::bool::weighted(0.1), contents(), prop::collection::vec(question(), 3..7), transactions)
        .prop_map(|(crowded, contents, questions, transactions)| History { crowded, contents, questions, transactions })
}

on_each_backend! {
    async fn what_is_cached_is_what_the_database_answers(backend) {
        let world = World::open(backend).await;
        let config = Config { cases: 16, max_shrink_iters: 60, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let followed = runner.run(&history(), |history| {
            block_in_place(|| Handle::current().block_on(world.follow(&history)))
        });
        if let Err(failure) = followed {
            panic!("{failure}");
        }
        for (kind, (same, reads)) in world.counts.borrow().iter() {
            println!("{kind}: read again for {reads} of {same} answers that were the same");
        }
    }

    /// What the log does not record, and what it cannot hold, is a matter of the whole table and of the column itself.
    async fn sets_that_the_log_cannot_tell_apart_are_never_stale(backend) {
        let world = World::open(backend).await;
        world.database.sql(&beginning(false, backend)).await;
        let todo = Change::Put { table: &TODO, key: [0; 2], values: [0; 8], replace: false };
        world.database.sql(&todo.sql(backend)).await;
        let times = [Scalar::Time(time(1))];
        let done = Selection::each::<todo::Entity>(todo::Column::Completed, true);
        let due = Selection::any_of::<todo::Entity>(times.map(|time| (todo::Column::DueAt, time)));
        for (column, selection) in [("completed", done), ("due_at", due)] {
            for value in [1, 0, 1] {
                let reader = || world.cached.store.reader();
                let expected = u64::from(value);
                let change = Change::Set { table: &TODO, key: Some([0; 2]), column: TODO.column(column), value };
                world.database.sql(&change.sql(backend)).await;
                assert_eq!(reader().count::<todo::Entity>(&selection).await.unwrap(), expected, "{column} {value}");
                let page = reader().page::<todo::Entity>(&selection, &Page::first(2)).await.unwrap();
                assert_eq!(page.rows.len() as u64, expected, "{column} {value}");
            }
        }
    }
}
