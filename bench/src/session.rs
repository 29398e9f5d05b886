//! One system, started anew, under all of its workloads.

use std::collections::HashSet;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::dataset::Dataset;
use crate::environment::Environment;
use crate::error::Error;
use crate::expected::{ListData, TodoData, checked};
use crate::judge::Judge;
use crate::load::{self, Script};
use crate::measurement::{Measurement, Meter};
use crate::request::Requester;
use crate::response::Response;
use crate::results::{Cell, Results};
use crate::script::{EachOnce, Mixed, RandomReads, Reads};
use crate::server::Server;
use crate::system::{Kind, System, Workload};
use crate::template::Template;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    /// How many connections there are, each with one request under way.
    pub(crate) connections: usize,
    /// How long one cell takes.
    pub(crate) duration: Duration,
    /// How long it runs before that.
    pub(crate) warm_up: Duration,
}

/// Runs these workloads on a new process of the system.
pub(crate) async fn run(
    environment: &mut Environment,
    system: &System,
    workloads: &[Workload],
    amount: Amount,
    round: usize,
    results: &mut Results,
) -> Result<(), Error> {
    environment.reset().await?;
    let server = system.start(environment, amount.connections).await?;
    let requester = system.requester(environment, server.port());
    let seed = round as u64;
    for &workload in workloads {
        let measurement = match workload {
            Workload::Todo => {
                let reads = todos(environment, system, &requester).await?;
                measure(environment, &server, amount, &mut RandomReads::new(&reads, seed)).await?
            }
            Workload::List => {
                let reads = lists(environment, system, &requester).await?;
                measure(environment, &server, amount, &mut RandomReads::new(&reads, seed)).await?
            }
            Workload::Mixed => {
                let todos = todos(environment, system, &requester).await?;
                let lists = lists(environment, system, &requester).await?;
                let places = environment.dataset.hot_todos();
                let ids = places.iter().map(|place| environment.dataset.todos[*place].id.clone()).collect();
                let mut mixed = Mixed {
                    todos: &todos,
                    lists: &lists,
                    ids,
                    requester: requester.clone(),
                    judge: Judge::new(places.len(), system.allowance()),
                    random: SmallRng::seed_from_u64(seed),
                };
                measure(environment, &server, amount, &mut mixed).await?
            }
            Workload::Cold => {
                let hot = todos(environment, system, &requester).await?;
                let mut warming = RandomReads::new(&hot, seed);
                load::run(server.port(), amount.connections, Some(amount.warm_up), &mut warming).await?;
                let asked: HashSet<usize> = environment.dataset.hot_todos().into_iter().collect();
                let places = (0..environment.dataset.todos.len()).filter(|place| !asked.contains(place));
                let reads = unasked(&environment.dataset, &requester, places)?;
                once(environment, &server, amount, &mut EachOnce::new(&reads, seed)).await?
            }
        };
        let measurement = if system.asks_postgres() { measurement } else { measurement.alone() };
        let cell = Cell::new(workload.name(), &system.name, system.category(), system.must_be_fresh());
        results.add(cell, measurement);
    }
    Ok(())
}

/// Warms the server up, and then measures.
pub(crate) async fn measure<S: Script>(
    environment: &mut Environment,
    server: &Server,
    amount: Amount,
    script: &mut S,
) -> Result<Measurement, Error> {
    let Amount { connections, duration, warm_up } = amount;
    let warm_up = load::run(server.port(), connections, Some(warm_up), script).await?;
    let meter = Meter::begin(environment, server.process()).await?;
    let load = load::run(server.port(), connections, Some(duration), script).await?;
    let mut measurement = meter.end(environment, load).await?;
    // What goes wrong there is not better than what goes wrong later.
    measurement.errors += warm_up.errors;
    measurement.wrong += warm_up.wrong;
    measurement.stale += warm_up.stale;
    measurement.complaint = warm_up.complaint.or(measurement.complaint);
    Ok(measurement)
}

/// Measures until the script has nothing left to ask.
pub(crate) async fn once<S: Script>(
    environment: &mut Environment,
    server: &Server,
    amount: Amount,
    script: &mut S,
) -> Result<Measurement, Error> {
    let meter = Meter::begin(environment, server.process()).await?;
    let load = load::run(server.port(), amount.connections, None, script).await?;
    meter.end(environment, load).await
}

/// W1 for every hot todo, asked once and checked against the database.
pub(crate) async fn todos(environment: &Environment, system: &System, requester: &Requester) -> Result<Reads, Error> {
    let dataset = &environment.dataset;
    let places = dataset.hot_todos();
    let asked = places.iter().map(|place| {
        let expected = TodoData::of(dataset, *place);
        let check = move |response: &Response<'_>| checked(response, &expected).map(<[u8]>::to_owned);
        (requester.todo(&dataset.todos[*place].id), check)
    });
    ask_once(system, requester, asked).await
}

/// W2 for every hot user, asked once and checked against the database.
async fn lists(environment: &Environment, system: &System, requester: &Requester) -> Result<Reads, Error> {
    let dataset = &environment.dataset;
    let asked = dataset.hot_users().iter().map(|user| {
        let expected = ListData::of(dataset, user);
        let check = move |response: &Response<'_>| checked(response, &expected).map(<[u8]>::to_owned);
        (requester.list(&user.id), check)
    });
    ask_once(system, requester, asked).await
}

async fn ask_once<C>(
    system: &System,
    requester: &Requester,
    asked: impl Iterator<Item = (Vec<u8>, C)>,
) -> Result<Reads, Error>
where
    C: FnOnce(&Response<'_>) -> Result<Vec<u8>, String>,
{
    let wrong = |what| Error::Answer { system: system.name.clone(), what };
    let mut reads = Reads { requests: Vec::new(), templates: Vec::new() };
    // The static server has one answer.
    let count = if matches!(system.kind, Kind::Static) { 1 } else { usize::MAX };
    for (request, check) in asked.take(count) {
        let found = load::ask(requester.port(), &request, |response| {
            let data = check(&response)?;
            let template = Template::new(&data);
            if template.is_in(response.body) {
                Ok(template)
            } else {
                Err("the right data, but with something before them or unknown beside them".to_owned())
            }
        });
        reads.templates.push(found.await.map_err(wrong)?.map_err(wrong)?);
        reads.requests.push(request);
    }
    Ok(reads)
}

/// W1 for the todos at these places, without asking.
pub(crate) fn unasked(
    dataset: &Dataset,
    requester: &Requester,
    places: impl IntoIterator<Item = usize>,
) -> Result<Reads, Error> {
    let mut reads = Reads { requests: Vec::new(), templates: Vec::new() };
    for place in places {
        let data = serde_json::to_vec(&TodoData::of(dataset, place));
        let data = data.map_err(|error| Error::System { what: "memory for the answers", reason: error.into() })?;
        reads.requests.push(requester.todo(&dataset.todos[place].id));
        reads.templates.push(Template::new(&data));
    }
    Ok(reads)
}
