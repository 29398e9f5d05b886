//! Live queries, by what is executed for them.

use std::net::IpAddr;
use std::time::Duration;

use async_graphql::{Request, Variables};
use sea_orm::{ConnectionTrait, TransactionTrait};
use serde_json::{Value, json};
use tidewater_cache::SpaceStatistics;
use tidewater_entity::tracking;
use tidewater_graphql::{Api, ApiSettings, Begun, Caller, Event, Events, Shown};
use tidewater_limit::{Limiter, Quota, Settings};
use tidewater_testkit::{Backend, on_each_backend};
use tokio::time::{Instant, sleep, timeout};

use crate::content::{note, todo};
use crate::fixture::{Fixture, SignedIn, open};

const PATIENCE: Duration = Duration::from_secs(60);
const MINE: &str = "query @live { todos(first: 10) { nodes { text } } }";

async fn begin(fixture: &Fixture, query: &str, variables: Value, caller: Caller) -> Events {
    begin_on(&fixture.api, query, variables, caller).await
}

async fn begin_on(api: &Api, query: &str, variables: Value, caller: Caller) -> Events {
    let request = Request::new(query).variables(Variables::from_json(variables));
    let document = api.document(query).unwrap();
    match api.begin(request, caller, document).await {
        Begun::GoesOn(events) => *events,
        Begun::Answered(executed) => panic!("{:?}", executed.response),
    }
}

fn caller(user: &SignedIn) -> Caller {
    Caller { credential: Some(user.token.clone()), ..Caller::default() }
}

/// The next answer, and what stands for it.
async fn next(events: &mut Events) -> (Value, Shown) {
    match timeout(PATIENCE, events.next()).await.expect("nothing is told") {
        Some(Event::Next { json, shown }) => (serde_json::from_str(&json).unwrap(), shown.unwrap()),
        other => panic!("{other:?}"),
    }
}

/// The texts of the todos in the next answer.
async fn texts(events: &mut Events) -> Vec<String> {
    let (answer, _) = next(events).await;
    assert!(answer["extensions"]["tidewater"]["mark"].is_string(), "{answer}");
    let nodes = answer["data"]["todos"]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["text"].as_str().unwrap().to_owned()).collect()
}

/// The code of the error by which it ends, and its sentence.
async fn failure(events: &mut Events) -> (String, String) {
    let failed = timeout(PATIENCE, events.next()).await.expect("nothing is told");
    let Some(Event::Failed(errors)) = failed else { panic!("{failed:?}") };
    assert!(timeout(PATIENCE, events.next()).await.unwrap().is_none());
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{errors}")).to_owned();
    (text(&errors[0]["extensions"]["code"]), text(&errors[0]["message"]))
}

async fn add(fixture: &Fixture, user: &SignedIn, text: &str) {
    let query = "mutation($text: String!) { createTodo(input: { text: $text }) { todo { id } } }";
    fixture.data(query, json!({ "text": text }), Some(&user.token)).await;
}

/// How many responses were computed so far.
fn computed(fixture: &Fixture) -> u64 {
    responses(fixture).misses.total()
}

/// How often a response was looked for so far.
fn looked(fixture: &Fixture) -> u64 {
    let SpaceStatistics { memory_hits, joined, misses, .. } = responses(fixture);
    memory_hits + joined + misses.total()
}

fn responses(fixture: &Fixture) -> SpaceStatistics {
    let statistics = fixture.api.cache().statistics();
    statistics.into_iter().find(|space| &*space.name == "response").unwrap()
}

on_each_backend! {
    async fn it_is_executed_again_when_and_only_when_something_it_rests_on_changed(backend) {
        let fixture = Fixture::new(backend).await;
        let (me, other) = (fixture.user("me").await, fixture.user("other").await);
        let mut events = begin(&fixture, MINE, Value::Null, caller(&me)).await;
        assert_eq!(texts(&mut events).await, [""; 0]);
        let before = looked(&fixture);
        // Nobody waits for the answer meanwhile, so whatever would be executed is executed in its turn.
        let mut waiting = tokio::spawn(async move {
            let texts = texts(&mut events).await;
            (texts, events)
        });
        for round in 0..5 {
            add(&fixture, &other, &format!("of no interest {round}")).await;
            fixture.database.sql("UPDATE todo SET notes = 'edited'").await;
            assert!(timeout(Duration::from_millis(100), &mut waiting).await.is_err());
        }
        assert_eq!(looked(&fixture), before, "what others have is none of its business");
        add(&fixture, &me, "a").await;
        let (told, mut events) = waiting.await.unwrap();
        assert_eq!(told, ["a"]);
        fixture.database.sql("UPDATE todo SET text = 'b' WHERE text = 'a'").await;
        assert_eq!(texts(&mut events).await, ["b"], "whoever changes it");
        fixture.database.sql("DELETE FROM todo WHERE text = 'b'").await;
        assert_eq!(texts(&mut events).await, [""; 0]);
    }

    async fn an_answer_that_is_the_same_is_not_told_again(backend) {
        let fixture = Fixture::new(backend).await;
        let me = fixture.user("me").await;
        add(&fixture, &me, "a").await;
        let mut events = begin(&fixture, MINE, Value::Null, caller(&me)).await;
        assert_eq!(texts(&mut events).await, ["a"]);
        let before = computed(&fixture);
        let waiting = tokio::spawn(async move { texts(&mut events).await });
        // The row changes, its text does not.
        fixture.database.sql("UPDATE todo SET text = 'b'").await;
        fixture.database.sql("UPDATE todo SET text = 'a'").await;
        fixture.database.sql("UPDATE todo SET completed = NOT completed").await;
        let mut rounds = 0;
        while computed(&fixture) == before && rounds < 100 {
            rounds += 1;
            sleep(Duration::from_millis(20)).await;
        }
        assert!(computed(&fixture) > before, "it was looked at");
        fixture.database.sql("UPDATE todo SET text = 'c'").await;
        let told = waiting.await.unwrap();
        assert!(told == ["c"] || told == ["b"], "{told:?}: `a` is what the client has");
    }

    async fn who_comes_again_is_told_only_what_is_new(backend) {
        let fixture = Fixture::new(backend).await;
        let me = fixture.user("me").await;
        add(&fixture, &me, "a").await;
        let mut events = begin(&fixture, MINE, Value::Null, caller(&me)).await;
        let (answer, shown) = next(&mut events).await;
        assert_eq!(answer["extensions"]["tidewater"]["shown"], json!(shown.to_string()));
        drop(events);
        let again = || Caller { shown: Some(shown.to_string().parse().unwrap()), ..caller(&me) };
        let mut events = begin(&fixture, MINE, Value::Null, again()).await;
        assert!(timeout(Duration::from_millis(300), events.next()).await.is_err(), "nothing is new");
        fixture.database.sql("UPDATE todo SET text = 'b'").await;
        assert_eq!(texts(&mut events).await, ["b"]);
        drop(events);
        let mut events = begin(&fixture, MINE, Value::Null, again()).await;
        assert_eq!(texts(&mut events).await, ["b"], "what changed meanwhile");
        // A client that knows no header says it in the request.
        let mut request = Request::new(MINE);
        let (_, shown) = next(&mut begin(&fixture, MINE, Value::Null, caller(&me)).await).await;
        let said = async_graphql::Value::from_json(json!({ "shown": shown.to_string() })).unwrap();
        request.extensions.insert("tidewater".to_owned(), said);
        let document = fixture.api.document(MINE).unwrap().unwrap();
        let mut events = fixture.api.follow(request, caller(&me), document).await;
        assert!(timeout(Duration::from_millis(300), events.next()).await.is_err(), "nothing is new");
    }

    async fn who_comes_again_elsewhere_is_told_nothing_older(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        note(&fixture, &ann, "a", "PUBLIC").await;
        // Content with what was true an hour ago, unless it has to be newer.
        let (connection, cache, _) = open(&fixture.database, fixture.redis.as_ref(), &tracking()).await;
        let mut settings = ApiSettings::new(connection, cache);
        let hour = Duration::from_secs(60 * 60);
        (settings.policies.items.max_staleness, settings.policies.lists.max_staleness) = (hour, hour);
        let elsewhere = Api::start(settings);
        let query = "query @live { notes(first: 10) { nodes { title } } }";
        let title = |answer: &Value| answer["data"]["notes"]["nodes"][0]["title"].clone();
        let (old, _) = next(&mut begin_on(&elsewhere, query, Value::Null, Caller::default()).await).await;
        assert_eq!(title(&old), "a");
        // When nobody looks there any more, it does not learn of what comes.
        let polls = || elsewhere.cache().gate_statistics().polls;
        loop {
            let before = polls();
            sleep(Duration::from_millis(300)).await;
            if polls() == before {
                break;
            }
        }
        fixture.database.sql("UPDATE note SET title = 'b'").await;
        let (new, shown) = next(&mut begin(&fixture, query, Value::Null, Caller::default()).await).await;
        assert_eq!(title(&new), "b");
        let (still, _) = next(&mut begin_on(&elsewhere, query, Value::Null, Caller::default()).await).await;
        assert_eq!(title(&still), "a", "who has seen nothing newer");
        let again = Caller { shown: Some(shown), ..Caller::default() };
        let mut events = begin_on(&elsewhere, query, Value::Null, again).await;
        assert!(timeout(Duration::from_millis(300), events.next()).await.is_err(), "it has been told");
    }

    async fn what_rests_on_the_unknown_is_looked_at_again_and_again(backend) {
        let fixture = Fixture::adjusted(backend, |settings| {
            (settings.policies.items.enabled, settings.policies.lists.enabled) = (false, false);
        });
        let fixture = fixture.await;
        let me = fixture.user("me").await;
        let mut events = begin(&fixture, MINE, Value::Null, caller(&me)).await;
        assert_eq!(texts(&mut events).await, [""; 0]);
        add(&fixture, &me, "a").await;
        assert_eq!(texts(&mut events).await, ["a"]);
    }

    async fn what_exceeds_a_limit_is_executed_when_it_allows_that_again(backend) {
        let fixture = Fixture::adjusted(backend, |settings| settings.counts_cost = true).await;
        let me = fixture.user("me").await;
        let cost = Quota::new(50, Duration::from_secs(6)).ok();
        let limiter = Limiter::start(Settings { cost, ..Settings::default() }).await.unwrap();
        let allowance = limiter.allowance(None, IpAddr::from([127, 0, 0, 1]).into());
        let limited = Caller { allowance: allowance.clone(), ..caller(&me) };
        // It costs 40.
        let mut events = begin(&fixture, MINE, Value::Null, limited).await;
        assert_eq!(texts(&mut events).await, [""; 0]);
        while allowance.cost(1).await.is_ok() {}
        let before = computed(&fixture);
        add(&fixture, &me, "a").await;
        assert_eq!(texts(&mut events).await, ["a"]);
        assert_eq!(computed(&fixture) - before, 2, "once in vain, and once after nearly five seconds");
    }

    async fn it_ends_with_the_session(backend) {
        let fixture = Fixture::new(backend).await;
        let me = fixture.user("me").await;
        let mut events = begin(&fixture, MINE, Value::Null, caller(&me)).await;
        assert_eq!(texts(&mut events).await, [""; 0]);
        fixture.database.sql("DELETE FROM session").await;
        assert_eq!(failure(&mut events).await.0, "UNAUTHENTICATED");
    }

    async fn a_session_that_expires_while_its_answer_is_remembered_is_over(backend) {
        let fixture = Fixture::new(backend).await;
        let me = fixture.user("me").await;
        let soon = chrono::Utc::now() + Duration::from_secs(3);
        let soon = soon.to_rfc3339_opts(chrono::SecondsFormat::Micros, false);
        fixture.database.sql(&format!("UPDATE session SET expires_at = '{soon}'")).await;
        // Before this is known, no answer can be remembered that rests on the session.
        fixture.data("{ viewer { name } }", Value::Null, Some(&me.token)).await;
        let query = "query @live { viewer { name } }";
        let mut events = begin(&fixture, query, Value::Null, caller(&me)).await;
        assert_eq!(next(&mut events).await.0["data"]["viewer"]["name"], "me");
        sleep(Duration::from_secs(3)).await;
        let before = computed(&fixture);
        let mut events = begin(&fixture, query, Value::Null, caller(&me)).await;
        assert_eq!(next(&mut events).await.0["data"]["viewer"], Value::Null);
        assert_eq!(computed(&fixture), before + 1);
    }

    async fn what_is_partly_refused_is_answered_again_too(backend) {
        let fixture = Fixture::new(backend).await;
        let me = fixture.user("me").await;
        let query = "query($id: ID!) @live { viewer { name } todo(id: $id) { text } node(id: $id) { id } }";
        let add = "mutation { createTodo(input: { text: \"a\" }) { todo { id } } }";
        let id = fixture.data(add, Value::Null, Some(&me.token)).await["createTodo"]["todo"]["id"].take();
        let mut events = begin(&fixture, query, json!({ "id": id }), caller(&me)).await;
        assert_eq!(next(&mut events).await.0["data"]["todo"]["text"], "a");
        fixture.database.sql("DELETE FROM todo").await;
        let (answer, _) = next(&mut events).await;
        assert_eq!((&answer["data"]["todo"], &answer["data"]["viewer"]["name"]), (&Value::Null, &json!("me")), "{answer}");
    }
}

#[tokio::test]
async fn a_storm_of_changes_is_answered_as_often_as_the_client_wants() {
    let fixture = Fixture::new(Backend::Sqlite).await;
    let me = fixture.user("me").await;
    add(&fixture, &me, "0").await;
    let query = "query($every: Int) @live(throttle: $every) { todos(first: 10) { nodes { text } } }";
    let mut events = begin(&fixture, query, json!({ "every": 1_000 }), caller(&me)).await;
    assert_eq!(texts(&mut events).await, ["0"]);
    let begun = Instant::now();
    let storm = async {
        for round in 1..=40 {
            fixture.database.sql(&format!("UPDATE todo SET text = '{round}'")).await;
            sleep(Duration::from_millis(60)).await;
        }
    };
    let mut told = 0;
    let listen = async {
        loop {
            let texts = texts(&mut events).await;
            told += 1;
            if texts == ["40"] {
                break;
            }
        }
    };
    futures::join!(storm, listen);
    let seconds = begun.elapsed().as_secs() + 1;
    assert!(told <= seconds, "{told} answers in less than {seconds} seconds");
}

#[tokio::test]
async fn what_failed_for_a_moment_is_answered_when_it_does_not() {
    let fixture = Fixture::new(Backend::Postgres).await;
    let me = fixture.user("me").await;
    let id = todo(&fixture, &me, "b").await;
    fixture.database.sql("UPDATE todo SET text = 'a'").await;
    // Of this the change log does not tell, nor of what makes it good.
    fixture.database.sql("ALTER TABLE todo RENAME COLUMN notes TO renamed").await;
    let query = "query($id: ID!) @live { viewer { name } todo(id: $id) { text } }";
    let mut events = begin(&fixture, query, json!({ "id": id }), caller(&me)).await;
    let (first, _) = next(&mut events).await;
    assert_eq!((&first["data"]["viewer"]["name"], &first["data"]["todo"]), (&json!("me"), &Value::Null), "{first}");
    assert_eq!(first["errors"][0]["extensions"]["code"], "INTERNAL", "{first}");
    let failed = || fixture.api.errors().into_iter().find(|(code, _)| *code == "INTERNAL").unwrap().1;
    let (before, begun) = (failed(), Instant::now());
    let waiting = tokio::spawn(async move { next(&mut events).await.0 });
    while failed() == before {
        sleep(Duration::from_millis(20)).await;
    }
    fixture.database.sql("ALTER TABLE todo RENAME COLUMN renamed TO notes").await;
    assert_eq!(waiting.await.unwrap()["data"]["todo"]["text"], "a");
    assert!(begun.elapsed() >= Duration::from_secs(3), "it fails after a second, and is done again after two more");
}

#[tokio::test]
async fn one_that_takes_too_long_makes_room_for_others() {
    let tagged = "query @live { todos(first: 10) { nodes { text tags(first: 5) { nodes { name } } } } }";
    for (time_limit, soon, makes_room) in
        [(Duration::from_millis(200), Duration::from_secs(5), true), (PATIENCE, Duration::from_secs(1), false)]
    {
        let fixture =
            Fixture::adjusted(Backend::Postgres, |settings| settings.live_queries.time_limit = time_limit).await;
        let (me, other) = (fixture.user("me").await, fixture.user("other").await);
        let mut slow = Vec::new();
        // As many as are executed at once.
        for _ in 0..64 {
            let mut events = begin(&fixture, tagged, Value::Null, caller(&me)).await;
            assert_eq!(texts(&mut events).await, [""; 0]);
            slow.push(tokio::spawn(async move { texts(&mut events).await }));
        }
        let mut events = begin(&fixture, "query @live { viewer { name } }", Value::Null, caller(&other)).await;
        next(&mut events).await;

        let connection = fixture.database.connect().await;
        let lock = connection.begin().await.unwrap();
        // The tags of a new todo have to be read.
        lock.execute_unprepared("LOCK TABLE todo_tag IN ACCESS EXCLUSIVE MODE").await.unwrap();
        add(&fixture, &me, "a").await;
        fixture.database.sql("UPDATE \"user\" SET name = 'renamed' WHERE name = 'other'").await;
        let told = timeout(soon, next(&mut events)).await;
        assert_eq!(told.is_ok(), makes_room, "within {time_limit:?}");
        lock.rollback().await.unwrap();
        for texts in slow {
            assert_eq!(texts.await.unwrap(), ["a"], "what was given up is done again");
        }
    }
}

#[tokio::test]
async fn what_is_no_live_query_is_refused() {
    let fixture = Fixture::new(Backend::Sqlite).await;
    let me = fixture.user("me").await;
    for (query, said) in [
        ("query @live(throttle: -1) { todos(first: 1) { totalCount } }", "expected milliseconds, from 0 to 3600000"),
        (
            "query @live(every: 1) { todos(first: 1) { totalCount } }",
            "Unknown argument \"every\" on directive \"live\".",
        ),
        ("query @live @live { todos(first: 1) { totalCount } }", "Duplicate directive \"live\""),
        ("query @live { nonsense }", "Unknown field \"nonsense\" on type \"Query\"."),
        ("subscription @live { todoChanged { kind } }", "Directive \"live\" may not be used on \"SUBSCRIPTION\""),
    ] {
        let mut events = begin(&fixture, query, Value::Null, caller(&me)).await;
        let refused = ("BAD_USER_INPUT".to_owned(), said.to_owned());
        assert_eq!(failure(&mut events).await, refused, "{query}");
    }
    for (query, place) in
        [("mutation @live { signOut { __typename } }", "MUTATION"), ("{ viewer @live { name } }", "FIELD")]
    {
        let answer = fixture.execute(query, Value::Null, Some(&me.token)).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert_eq!(error["message"], format!("Directive \"live\" may not be used on \"{place}\""), "{answer}");
    }
    let once = fixture.data("query @live(if: false) { viewer { name } }", Value::Null, Some(&me.token)).await;
    assert_eq!(once["viewer"]["name"], "me", "it is answered once");
    assert_eq!(fixture.data("{ viewer { name } }", Value::Null, Some(&me.token)).await["viewer"]["name"], "me");
}
