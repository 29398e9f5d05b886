//! What it costs to come from the text of a request to its document: to parse it, and to find it parsed and validated.
#![allow(clippy::unwrap_used, reason = "a measurement ends with what it cannot do")]

use async_graphql::parser::parse_query;
use divan::{Bencher, black_box};
use sea_orm::DatabaseConnection;
use tidewater_cache::{Cache, Settings};
use tidewater_changelog::{ChangeSource, Generation, Mark, Poll, PollError};
use tidewater_graphql::{Api, ApiSettings};
use tokio::runtime::Builder;

const TEXTS: [&str; 2] = [
    "query Todo($id: ID!) { todo(id: $id) { id text completed user { id name } } }",
    "query Todos($id: ID!) { user(id: $id) { todos(first: 20) { nodes { id text completed createdAt
        user { id name profile { bio } } } } } }",
];

fn main() {
    divan::main();
}

/// A change log in which nothing happens.
struct Nothing;

impl ChangeSource for Nothing {
    async fn poll(&mut self) -> Result<Poll, PollError> {
        Ok(Poll::Restarted { generation: Generation::new("one"), history: vec![(Mark::Sequence(0), Vec::new())] })
    }
}

#[divan::bench(args = TEXTS)]
fn parsed(text: &str) {
    black_box(parse_query(text).unwrap());
}

#[divan::bench(args = TEXTS)]
fn held(bencher: Bencher<'_, '_>, text: &str) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let cache = runtime.block_on(Cache::start(Nothing, Settings::new(&tidewater_entity::tracking()))).unwrap();
    let api = {
        let _entered = runtime.enter();
        Api::start(ApiSettings::new(DatabaseConnection::default(), cache))
    };
    bencher.bench_local(|| api.document(text).unwrap().unwrap());
}
