use std::time::Duration;

use futures::TryStreamExt;
use futures::future::join_all;
use serde_json::{Value, json};
use tidewater_entity::seed::Plan;
use tidewater_graphql::{Caller, Download, Error};
use tidewater_jobs::{Context, Job, Scheduled, run, sweep};
use tidewater_testkit::on_each_backend;

use crate::content::{administrator, text, todo};
use crate::fixture::{Fixture, SignedIn};

const EXPORT: &str = "mutation { exportMyData { export { id status progress createdAt finishedAt expiresAt } } }";
const EXPORTS: &str = "{ viewer { exports { totalCount nodes { id status progress } } } }";
const NODE: &str = "query($id: ID!) { node(id: $id) { ... on Export { status progress finishedAt expiresAt } } }";

async fn begin(fixture: &Fixture, who: &SignedIn) -> String {
    text(&fixture.data(EXPORT, json!({}), Some(&who.token)).await["exportMyData"]["export"]["id"])
}

async fn context(fixture: &Fixture) -> Context {
    Context::new(fixture.database.connect().await, Duration::from_secs(60 * 60))
}

/// Does all that is to be done.
async fn work(fixture: &Fixture) {
    let context = context(fixture).await;
    for Scheduled { job, .. } in sweep(&context, 100).await.unwrap() {
        run(&context, job).await.unwrap();
    }
}

async fn node(fixture: &Fixture, who: Option<&SignedIn>, id: &str) -> Value {
    fixture.data(NODE, json!({ "id": id }), who.map(|who| who.token.as_str())).await["node"].take()
}

async fn download(fixture: &Fixture, who: Option<&SignedIn>, id: &str) -> Result<Download, Error> {
    let caller = Caller { credential: who.map(|who| who.token.clone()), ..Caller::default() };
    fixture.api.download(caller, id).await
}

/// What the file says.
async fn said(fixture: &Fixture, who: &SignedIn, id: &str) -> Value {
    let Ok(Download::Ready(file)) = download(fixture, Some(who), id).await else { panic!("no file") };
    let file: Vec<Vec<u8>> = file.pieces().try_collect().await.unwrap();
    serde_json::from_slice(&file.concat()).unwrap()
}

on_each_backend! {
    async fn an_export_is_asked_for_followed_and_downloaded(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let todo = todo(&fixture, &ann, "water").await;
        let export = fixture.data(EXPORT, json!({}), Some(&ann.token)).await["exportMyData"]["export"].take();
        let id = text(&export["id"]);
        assert!(id.starts_with("export_"), "{id}");
        let expected = json!({ "id": id, "status": "QUEUED", "progress": 0, "createdAt": export["createdAt"],
            "finishedAt": null, "expiresAt": null });
        assert_eq!(export, expected);
        assert!(matches!(download(&fixture, Some(&ann), &id).await, Ok(Download::Unfinished)));
        assert_eq!(node(&fixture, Some(&ann), &id).await["status"], "QUEUED");

        work(&fixture).await;
        let done = node(&fixture, Some(&ann), &id).await;
        assert_eq!((&done["status"], &done["progress"]), (&json!("DONE"), &json!(100)));
        assert!(done["finishedAt"].is_string() && done["expiresAt"].is_string());
        let list = fixture.data(EXPORTS, json!({}), Some(&ann.token)).await["viewer"]["exports"].take();
        let expected = json!({ "totalCount": 1, "nodes": [{ "id": id, "status": "DONE", "progress": 100 }] });
        assert_eq!(list, expected);
        let said = said(&fixture, &ann, &id).await;
        assert_eq!((&said["user"]["id"], &said["todos"][0]["id"]), (&json!(ann.id), &json!(todo)));
    }

    async fn nobody_else_sees_or_gets_an_export(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let id = begin(&fixture, &ann).await;
        work(&fixture).await;
        assert_eq!(said(&fixture, &ann, &id).await["user"]["id"], json!(ann.id));
        for who in [None, Some(&bob), Some(&admin)] {
            assert_eq!(node(&fixture, who, &id).await, Value::Null);
            assert!(matches!(download(&fixture, who, &id).await, Err(Error::NotFound(_))));
            let of_ann = "query($id: ID!) { user(id: $id) { exports { totalCount nodes { id } } } }";
            let token = who.map(|who| who.token.as_str());
            let seen = fixture.data(of_ann, json!({ "id": ann.id }), token).await;
            assert_eq!(seen["user"]["exports"], json!({ "totalCount": 0, "nodes": [] }));
        }
        for rubbish in ["", "x", &ann.id, "export_00000000000000000000000000"] {
            assert!(matches!(download(&fixture, Some(&ann), rubbish).await, Err(Error::NotFound(_))), "{rubbish}");
        }
        assert_eq!(fixture.refusal(EXPORT, json!({}), None).await["code"], "UNAUTHENTICATED");
    }

    async fn a_user_has_one_export_at_a_time_however_many_ask(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let mut first = String::new();
        for _ in 0..5 {
            fixture.database.sql("DELETE FROM export").await;
            let mut begun = join_all((0..8).map(|_| begin(&fixture, &ann))).await;
            begun.push(begin(&fixture, &ann).await);
            begun.dedup();
            assert_eq!(begun.len(), 1, "{begun:?}");
            first = begun.remove(0);
        }
        assert_ne!(begin(&fixture, &bob).await, first);
        work(&fixture).await;
        let second = begin(&fixture, &ann).await;
        assert_ne!(second, first);
        assert!(matches!(download(&fixture, Some(&ann), &first).await, Ok(Download::Expired)), "a new one takes its place");
        work(&fixture).await;
        said(&fixture, &ann, &second).await;
        let list = fixture.data(EXPORTS, json!({}), Some(&ann.token)).await;
        assert_eq!(list["viewer"]["exports"]["nodes"][0]["id"], json!(second), "the newest comes first");
    }

    async fn an_export_expires_and_its_file_is_deleted(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let id = begin(&fixture, &ann).await;
        work(&fixture).await;
        let Ok(Download::Ready(file)) = download(&fixture, Some(&ann), &id).await else { panic!("no file") };
        fixture.database.sql("UPDATE export SET expires_at = finished_at").await;
        assert!(matches!(download(&fixture, Some(&ann), &id).await, Ok(Download::Expired)));
        run(&context(&fixture).await, Job::PruneExports).await.unwrap();
        assert!(matches!(download(&fixture, Some(&ann), &id).await, Ok(Download::Expired)));
        let broken: Result<Vec<Vec<u8>>, Error> = file.pieces().try_collect().await;
        assert!(broken.is_err(), "a file that is deleted while it is read does not end as if it were whole");
        fixture.database.sql("DELETE FROM export").await;
        assert!(matches!(download(&fixture, Some(&ann), &id).await, Err(Error::NotFound(_))));
    }

    async fn progress_is_seen_while_an_export_is_written(backend) {
        let plan = Plan { users: 1, todos: 3_000, notes: 0, seed: 1 };
        let fixture = Fixture::planted(backend, plan).await;
        let token = fixture.sign_in(1).await;
        let export = fixture.data(EXPORT, json!({}), Some(&token)).await["exportMyData"]["export"].take();
        let context = context(&fixture).await;
        let job = sweep(&context, 1).await.unwrap().pop().unwrap().job;
        // Killed after a while, again and again, it tells each time how far it is.
        let mut seen = Vec::new();
        let mut patience = Duration::from_millis(4);
        while tokio::time::timeout(patience, run(&context, job.clone())).await.is_err() {
            let data = fixture.data(NODE, json!({ "id": export["id"] }), Some(&token)).await;
            seen.push((text(&data["node"]["status"]), data["node"]["progress"].as_i64().unwrap()));
            patience += Duration::from_millis(2);
        }
        assert!(seen.is_sorted_by_key(|(_, progress)| *progress), "{seen:?}");
        let between = |(status, progress): &(String, i64)| status == "RUNNING" && (1..100).contains(progress);
        assert!(seen.iter().any(between), "{seen:?}");
    }
}
