use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Variables};
use parking_lot::Mutex;
use sea_orm::{DatabaseConnection, Statement};
use serde_json::{Value, json};
use tidewater_cache::{Cache, RedisSettings, Settings};
use tidewater_changelog::{Log, Tracking};
use tidewater_counter::Counter;
use tidewater_entity::seed::{Plan, seed};
use tidewater_entity::{connect, tracking};
use tidewater_graphql::{
    Api, ApiSettings, Caller, Executed, ResponseKey, Views, flush_views, hash_password, new_secret,
};
use tidewater_migration::migrate_up;
use tidewater_testkit::{Backend, TestDatabase, TestRedis};

/// The API over a migrated database of a test's own.
pub(crate) struct Fixture {
    pub(crate) api: Api,
    /// The pool of the API, for reading what it wrote.
    pub(crate) connection: DatabaseConnection,
    /// For changing rows behind the API's back.
    pub(crate) database: TestDatabase,
    /// The Redis of the API, if it has one.
    pub(crate) redis: Option<TestRedis>,
    /// What the API counts views with.
    pub(crate) counter: Counter,
    statements: Statements,
}

/// The statements that a pool has run, but for `BEGIN` and `COMMIT`.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<Mutex<Vec<Statement>>>);

impl Statements {
    /// The texts of what was run since the last call, in order.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.taken_whole().into_iter().map(|statement| statement.sql).collect()
    }

    /// What was run since the last call, in order, with its parameters.
    pub(crate) fn taken_whole(&self) -> Vec<Statement> {
        std::mem::take(&mut self.0.lock())
    }
}

/// Somebody who is signed in.
pub(crate) struct SignedIn {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
}

/// The password of whom [`Fixture::user`] makes.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

impl Fixture {
    /// With the default settings.
    pub(crate) async fn new(backend: Backend) -> Self {
        Self::adjusted(backend, |_| {}).await
    }

    /// With the default settings as `adjust` leaves them.
    pub(crate) async fn adjusted(backend: Backend, adjust: impl FnOnce(&mut ApiSettings)) -> Self {
        let database = migrated(backend).await;
        Self::over(backend, database, adjust).await
    }

    /// With the data of [`PLAN`].
    pub(crate) async fn seeded(backend: Backend) -> Self {
        let database = seeded(backend).await;
        Self::over(backend, database, |_| {}).await
    }

    /// With the data of `plan`.
    pub(crate) async fn planted(backend: Backend, plan: Plan) -> Self {
        let fixture = Self::new(backend).await;
        plant(&fixture.connection, plan).await;
        fixture
    }

    /// Over `database`, with the default settings as `adjust` leaves them.
    pub(crate) async fn over(backend: Backend, database: TestDatabase, adjust: impl FnOnce(&mut ApiSettings)) -> Self {
        let redis = backend.redis().await;
        let (connection, cache, statements) = open(&database, redis.as_ref(), &tracking()).await;
        let counter = counter(redis.as_ref()).await;
        let mut settings = ApiSettings::new(connection.clone(), cache);
        settings.views = Views::new(counter.clone(), new_secret().to_vec());
        adjust(&mut settings);
        Self { api: Api::start(settings), connection, database, redis, counter, statements }
    }

    /// Signs in a user of [`PLAN`]; user 1 is an administrator. Answers the token.
    pub(crate) async fn sign_in(&self, user: u32) -> String {
        let query = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
        let input = json!({ "input": { "email": format!("user{user}@example.test"), "password": PASSWORD } });
        self.data(query, input, None).await["signIn"]["token"].as_str().unwrap().to_owned()
    }

    /// Executes a request of the holder of `credential`. The answer is what HTTP would carry: `data` and, if any, `errors`.
    pub(crate) async fn execute(&self, query: &str, variables: Value, credential: Option<&str>) -> Value {
        serde_json::to_value(self.executed(query, variables, credential).await.response).unwrap()
    }

    /// Like [`execute`](Self::execute), with what became of the session.
    pub(crate) async fn executed(&self, query: &str, variables: Value, credential: Option<&str>) -> Executed {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let caller = Caller { credential: credential.map(str::to_owned), ..Caller::default() };
        self.executed_for(request, caller).await
    }

    /// Like [`executed`](Self::executed), of a caller who says more.
    pub(crate) async fn executed_for(&self, request: Request, caller: Caller) -> Executed {
        let api = self.api.clone();
        // On a worker of the runtime, as a server does: batches are formed between the turns of a task.
        tokio::spawn(async move { api.execute(request, caller).await }).await.unwrap()
    }

    /// Like [`execute`](Self::execute), as text that may be made of what was answered before.
    pub(crate) async fn written(&self, query: &str, variables: Value, credential: Option<&str>) -> String {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let caller = Caller { credential: credential.map(str::to_owned), ..Caller::default() };
        written(&self.api, request, caller).await + "}"
    }

    /// Like [`execute`](Self::execute), where nothing may go wrong. Answers `data`.
    pub(crate) async fn data(&self, query: &str, variables: Value, credential: Option<&str>) -> Value {
        let mut answer = self.execute(query, variables, credential).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    /// Like [`execute`](Self::execute), where one thing must go wrong. Answers `extensions` of its error.
    pub(crate) async fn refusal(&self, query: &str, variables: Value, credential: Option<&str>) -> Value {
        let mut answer = self.execute(query, variables, credential).await;
        assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1), "{query}: {answer}");
        answer["errors"][0]["extensions"].take()
    }

    /// A new user with the address `NAME@example.test`, signed in.
    pub(crate) async fn user(&self, name: &str) -> SignedIn {
        let email = format!("{name}@example.test");
        let sign_up = "mutation($input: SignUpInput!) { signUp(input: $input) { token viewer { id } } }";
        let input = json!({ "input": { "email": email, "name": name, "password": PASSWORD } });
        let data = self.data(sign_up, input, None).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (id, token) = (text(&data["signUp"]["viewer"]["id"]), text(&data["signUp"]["token"]));
        SignedIn { id, email, token }
    }

    /// Brings the views that were counted into the database.
    pub(crate) async fn flush_views(&self) {
        flush_views(&self.counter, &self.connection).await.unwrap();
    }

    /// The same user in another session.
    pub(crate) async fn again(&self, who: &SignedIn) -> SignedIn {
        let query = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
        let input = json!({ "input": { "email": who.email, "password": PASSWORD } });
        let token = self.data(query, input, None).await["signIn"]["token"].as_str().unwrap().to_owned();
        SignedIn { id: who.id.clone(), email: who.email.clone(), token }
    }

    /// Which statements the API's pool has run since the last call.
    pub(crate) fn statements_taken(&self) -> Vec<String> {
        self.statements.taken()
    }

    /// Like [`statements_taken`](Self::statements_taken), with their parameters.
    pub(crate) fn whole_statements_taken(&self) -> Vec<Statement> {
        self.statements.taken_whole()
    }
}

/// A response as text, but for its end. Nothing is answered by a whole one from before.
pub(crate) async fn written(api: &Api, request: Request, caller: Caller) -> String {
    let document = api.document(&request.query).unwrap();
    let key = ResponseKey::new(0, caller.credential.as_deref(), format!("{request:?}").as_bytes());
    let (api, arrival) = (api.clone(), api.arrive(caller));
    // On a worker of the runtime, as a server does: batches are formed between the turns of a task.
    let answering = tokio::spawn(async move { api.answer(arrival, &key, request, document).await });
    String::from_utf8(answering.await.unwrap().head.to_vec()).unwrap()
}

/// 100 users, 2 todos each, 1 note each, every third of them public.
const PLAN: Plan = Plan { users: 100, todos: 200, notes: 100, seed: 1 };

/// A migrated database without data.
pub(crate) async fn migrated(backend: Backend) -> TestDatabase {
    backend
        .database_from_template("migrated", async |url: String| {
            let connection = connect(&url, 1).await.unwrap();
            migrate_up(&connection, &tracking(), None).await.unwrap();
            connection.close().await.unwrap();
        })
        .await
}

/// A migrated database with the data of [`PLAN`].
pub(crate) async fn seeded(backend: Backend) -> TestDatabase {
    backend
        .database_from_template("seeded", async |url: String| {
            let connection = connect(&url, 1).await.unwrap();
            migrate_up(&connection, &tracking(), None).await.unwrap();
            plant(&connection, PLAN).await;
            connection.close().await.unwrap();
        })
        .await
}

async fn plant(connection: &DatabaseConnection, plan: Plan) {
    let hash = hash_password(PASSWORD).unwrap();
    seed(connection, plan, hash.as_str(), |_, _, _| {}).await.unwrap();
}

/// A pool whose statements are told, and a cache over the database's change log.
pub(crate) async fn open(
    database: &TestDatabase,
    redis: Option<&TestRedis>,
    tracking: &[Tracking],
) -> (DatabaseConnection, Cache, Statements) {
    let mut connection = connect(database.url(), 8).await.unwrap();
    let statements = Statements::default();
    let told = statements.clone();
    connection.set_metric_callback(move |info| told.0.lock().push(info.statement.clone()));
    let mut settings = Settings::new(tracking);
    settings.redis = redis.map(redis_of);
    let log = Log::connect(database.url(), tracking).await.unwrap();
    (connection, Cache::start(log, settings).await.unwrap(), statements)
}

/// What counts views, in Redis if there is one.
pub(crate) async fn counter(redis: Option<&TestRedis>) -> Counter {
    // What others have opened is left behind as soon as it is seen.
    let settings = tidewater_counter::Settings { interval: Duration::ZERO, redis: redis.map(redis_of) };
    Counter::start(settings).await.unwrap()
}

/// How `redis` is reached. A command which is late on a busy machine is none that failed.
fn redis_of(redis: &TestRedis) -> RedisSettings {
    let (prefix, command_timeout) = (redis.prefix().to_owned(), Duration::from_secs(10));
    RedisSettings { prefix, command_timeout, ..RedisSettings::new(redis.url()) }
}
