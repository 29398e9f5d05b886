use std::collections::{BTreeMap, BTreeSet};

use reqwest::Response;
use serde_json::{Value, json};
use tidewater_testkit::{Backend, Server, TestDatabase, TestRedis};

use crate::fixture::{PATIENT, binary, seeded, sign_in};

/// What is asked for to have metrics, on a free port.
pub(super) const METRICS: (&str, &str) = ("TIDEWATER_METRICS_LISTEN", "127.0.0.1:0");

/// A server over a filled database, with its metrics, and somebody who is signed in.
pub(super) struct Measured {
    pub(super) database: TestDatabase,
    pub(super) redis: Option<TestRedis>,
    pub(super) server: Server,
    pub(super) token: String,
}

impl Measured {
    pub(super) async fn new(backend: Backend, environment: &[(&str, &str)]) -> Self {
        Self::over(seeded(backend).await, backend.redis().await, environment).await
    }

    pub(super) async fn over(database: TestDatabase, redis: Option<TestRedis>, environment: &[(&str, &str)]) -> Self {
        let given = redis.as_ref().map(|redis| (redis.url(), redis.prefix().to_owned()));
        let mut all = vec![("DATABASE_URL", database.url()), METRICS];
        if let Some((url, prefix)) = &given {
            all.extend([("REDIS_URL", url.as_str()), ("TIDEWATER_REDIS_KEY_PREFIX", prefix.as_str()), PATIENT]);
        }
        all.extend(environment);
        let server = Server::start(binary(), &["serve"], &all).await;
        let token = sign_in(&server, 1).await;
        Self { database, redis, server, token }
    }

    pub(super) async fn ask(&self, query: &str, variables: Value) -> Value {
        self.server.graphql_as(&self.token, query, variables).await
    }

    /// The same, by a request with these headers.
    pub(super) async fn ask_with(&self, headers: &[(&str, &str)], query: &str) {
        let authorization = format!("Bearer {}", self.token);
        let headers = [&[("authorization", authorization.as_str())], headers].concat();
        self.server.ask(&headers, &json!({ "query": query })).await;
    }

    pub(super) async fn scrape(&self) -> Scrape {
        Scrape::of(&self.server).await
    }

    /// By how much each of these series grows while something is done.
    pub(super) async fn grown<const COUNT: usize>(
        &self,
        series: [&str; COUNT],
        act: impl AsyncFnOnce(),
    ) -> [f64; COUNT] {
        let before = self.scrape().await;
        act().await;
        let after = self.scrape().await;
        series.map(|series| after.value(series) - before.value(series))
    }
}

/// What was told at one moment, in the older form of Prometheus.
pub(super) struct Scrape(pub(super) String);

impl Scrape {
    pub(super) async fn of(server: &Server) -> Self {
        let response = get(server, "/metrics", &[]).await;
        assert_eq!(response.status(), 200);
        Self(response.text().await.unwrap())
    }

    /// The number after this name with its labels, as they are written. Zero if it is not there.
    pub(super) fn value(&self, series: &str) -> f64 {
        let mut numbers = self.0.lines().filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        numbers.next().map_or(0.0, |number| number.parse().unwrap_or_else(|_| panic!("{series} {number}")))
    }

    /// Each family with its type and its help.
    pub(super) fn families(&self) -> BTreeMap<String, (String, String)> {
        let told = |what: &str| -> BTreeMap<String, String> {
            let lines = self.0.lines().filter_map(|line| line.strip_prefix(what)?.split_once(' '));
            lines.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
        };
        let mut helps = told("# HELP ");
        let types = told("# TYPE ").into_iter();
        types.map(|(name, kind)| (name.clone(), (kind, helps.remove(&name).unwrap_or_default()))).collect()
    }

    /// The names of all samples, with the names of their labels.
    pub(super) fn samples(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut samples: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for line in self.0.lines().filter(|line| !line.starts_with('#')) {
            let (series, _) = line.rsplit_once(' ').unwrap();
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels = labels.trim_end_matches('}').split("\",").filter_map(|label| label.split_once('='));
            samples.entry(name.to_owned()).or_default().extend(labels.map(|(label, _)| label.to_owned()));
        }
        samples
    }
}

/// Asks the address of the metrics.
pub(super) async fn get(server: &Server, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = server.client().get(format!("{}{path}", address(server).await));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// Where a server tells its metrics: `http://127.0.0.1:PORT`.
pub(super) async fn address(server: &Server) -> String {
    told(&server.logged("metrics are at ").await)
}

/// The address in the line of a log.
pub(super) fn told(line: &str) -> String {
    let (_, url) = line.split_once("metrics are at ").unwrap();
    url.trim_end().trim_end_matches("/metrics").to_owned()
}
