//! Documents that the server was given: how they are named, what else is executed, and files that it does not start with.

use std::path::PathBuf;

use reqwest::Url;
use serde_json::{Value, json};
use tempfile::TempDir;
use tidewater_persisted::TextHash;
use tidewater_testkit::{Answer, Backend, Server, TestDatabase};

use crate::fixture::{binary, credentials, fail, seeded};
use crate::subscriptions::socket::Socket;

const NOTES: &str = "query Notes { notes { nodes { title } } }";
const SIGN_IN: &str = "mutation SignIn($input: SignInInput!) { signIn(input: $input) { token } }";
const SCHEMA: &str = "query Schema { __schema { queryType { name } } }";
const OTHER: &str = "{ notes { totalCount } }";
const GRAPHQL: (&str, &str) = ("accept", "application/graphql-response+json");

/// As Relay names it.
const MD5: &str = "0a7c0b6c8bfbd9dcbd0ea1ea07c8d7a5";

/// A server with documents, and what it stands on.
struct Trusting {
    server: Server,
    _database: TestDatabase,
    _folder: TempDir,
}

impl Trusting {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let (folder, path) = file(&json!({ hash(NOTES): NOTES, MD5: SIGN_IN, "x-app:schema": SCHEMA }).to_string());
        let database = seeded(Backend::Sqlite).await;
        let given = [("DATABASE_URL", database.url()), ("TIDEWATER_TRUSTED_DOCUMENTS", path.to_str().unwrap())];
        let server = Server::start(binary(), &["serve"], &[&given, settings].concat()).await;
        Self { server, _database: database, _folder: folder }
    }

    async fn ask(&self, request: Value) -> Answer {
        self.server.ask(&[GRAPHQL], &request).await
    }
}

fn file(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.json");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn hash(text: &str) -> String {
    TextHash::of(text).to_string()
}

fn by_protocol(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } })
}

/// The status of an answer, and the code that it has instead of data.
fn outcome(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default())
}

const ANSWERED: (u16, &str) = (200, "");
const NOT_TRUSTED: (u16, &str) = (403, "DOCUMENT_NOT_TRUSTED");
const NOT_FOUND: (u16, &str) = (422, "PERSISTED_QUERY_NOT_FOUND");

#[tokio::test]
async fn a_document_is_named_by_its_identifier_or_its_hash() {
    let trusting = Trusting::new(&[]).await;
    let sign_in_hash = format!("sha256:{}", hash(SIGN_IN));
    for id in [hash(NOTES), format!("sha256:{}", hash(NOTES))] {
        let first = trusting.ask(json!({ "documentId": id })).await;
        assert!(outcome(&first) == ANSWERED && first.body["data"]["notes"].is_object(), "{}", first.body);
        let again = trusting.ask(json!({ "documentId": id })).await;
        assert_eq!(again.headers["cache-status"], "Tidewater; hit; detail=\"response\"");
        assert_eq!(again.body["data"], first.body["data"]);
    }
    for id in [MD5, sign_in_hash.as_str()] {
        let answer = trusting.ask(json!({ "documentId": id, "variables": credentials(2) })).await;
        assert!(answer.body["data"]["signIn"]["token"].is_string(), "{}", answer.body);
    }
    assert_eq!(outcome(&trusting.ask(json!({ "extensions": by_protocol(NOTES) })).await), ANSWERED);
    assert_eq!(outcome(&trusting.ask(json!({ "documentId": "x-app:schema" })).await), ANSWERED);
    for id in
        [hash(OTHER), "x-app:other".to_owned(), format!("md5:{MD5}"), "sha256:".to_owned(), hash(NOTES).to_uppercase()]
    {
        assert_eq!(outcome(&trusting.ask(json!({ "documentId": id })).await), NOT_FOUND, "{id}");
    }

    // Everything else goes on as without.
    assert_eq!(outcome(&trusting.ask(json!({ "query": OTHER })).await), ANSWERED);
    assert_eq!(outcome(&trusting.ask(json!({ "query": OTHER, "extensions": by_protocol(OTHER) })).await), ANSWERED);
    let id = format!("sha256:{}", hash(OTHER));
    assert_eq!(outcome(&trusting.ask(json!({ "documentId": id })).await), ANSWERED, "a client made it known");
}

#[tokio::test]
async fn get_names_queries_only() {
    let trusting = Trusting::new(&[]).await;
    let get = async |id: &str, variables: &str| {
        let mut url = Url::parse(&format!("{}/graphql", trusting.server.url())).unwrap();
        url.query_pairs_mut().extend_pairs([("documentId", id), ("variables", variables)]);
        trusting.server.client().get(url).send().await.unwrap()
    };
    let response = get(&format!("sha256:{}", hash(NOTES)), "").await;
    assert!(response.status() == 200 && response.headers().contains_key("etag"));
    assert!(response.json::<Value>().await.unwrap()["data"]["notes"].is_object());
    assert_eq!(get(MD5, &credentials(2).to_string()).await.status(), 405);
}

#[tokio::test]
async fn nothing_else_is_executed_where_that_is_said() {
    let trusting = Trusting::new(&[("TIDEWATER_TRUSTED_DOCUMENTS_ONLY", "true"), ("TIDEWATER_MAX_BATCH", "5")]).await;
    let notes = trusting.ask(json!({ "documentId": hash(NOTES) })).await;
    assert_eq!(outcome(&notes), ANSWERED);
    assert_eq!(outcome(&trusting.ask(json!({ "query": NOTES })).await), ANSWERED, "it is one of them");
    assert_eq!(outcome(&trusting.ask(json!({ "documentId": "x-app:schema" })).await), ANSWERED);
    for query in [OTHER, "{", "{ __schema { types { name } } }", &format!("{NOTES} ")] {
        let refused = trusting.ask(json!({ "query": query })).await;
        assert!(outcome(&refused) == NOT_TRUSTED && refused.body.get("data").is_none(), "{query}: {}", refused.body);
        assert_eq!(trusting.server.ask(&[], &json!({ "query": query })).await.status, 200, "in JSON");
        // Nor does the protocol bring one in.
        assert_eq!(
            outcome(&trusting.ask(json!({ "query": query, "extensions": by_protocol(query) })).await),
            NOT_TRUSTED
        );
        assert_eq!(outcome(&trusting.ask(json!({ "extensions": by_protocol(query) })).await), NOT_FOUND);
    }
    let body = json!([{ "query": OTHER }, { "documentId": hash(NOTES) }]).to_string();
    let answers = trusting.server.post_raw(&[("content-type", "application/json")], body).await;
    let answers: Vec<Value> = answers.json().await.unwrap();
    assert_eq!(answers[0]["errors"][0]["extensions"]["code"], NOT_TRUSTED.1);
    assert_eq!(answers[1]["data"], notes.body["data"]);
    for page in ["", "/studio"] {
        let url = format!("{}{page}", trusting.server.url());
        let answer = trusting.server.client().get(url).header("accept", "text/html").send().await.unwrap();
        assert_eq!(answer.status(), 404);
        assert!(answer.bytes().await.unwrap().is_empty(), "what it asks for would be refused");
    }
}

#[tokio::test]
async fn a_document_is_named_over_a_websocket_too() {
    let trusting = Trusting::new(&[("TIDEWATER_TRUSTED_DOCUMENTS_ONLY", "true")]).await;
    let mut socket = Socket::connect(&trusting.server, None).await;
    let subscribe =
        |id: &str, document: &str| json!({ "type": "subscribe", "id": id, "payload": { "documentId": document } });
    socket.send(subscribe("1", &hash(NOTES))).await;
    assert!(socket.result("1").await["data"]["notes"].is_object());
    assert_eq!(socket.next().await["type"], "complete");
    socket.send(subscribe("2", "unknown")).await;
    assert_eq!(socket.error("2").await, NOT_FOUND.1);
    socket.subscribe("3", OTHER, Value::Null).await;
    assert_eq!(socket.error("3").await, NOT_TRUSTED.1);
}

#[tokio::test]
async fn a_trusted_document_may_ask_for_the_schema_where_others_may_not() {
    let trusting = Trusting::new(&[("TIDEWATER_INTROSPECTION", "off")]).await;
    assert_eq!(outcome(&trusting.ask(json!({ "query": format!("{SCHEMA} ") })).await), (422, "BAD_USER_INPUT"));
    assert_eq!(outcome(&trusting.ask(json!({ "documentId": "x-app:schema" })).await), ANSWERED);
    assert_eq!(outcome(&trusting.ask(json!({ "query": SCHEMA })).await), ANSWERED);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_one_sentence() {
    let database = seeded(Backend::Sqlite).await;
    let large = format!("{{ {} }}", "__typename ".repeat(51));
    for (text, expected) in [
        (
            "",
            "documents.json is no file of trusted documents: expected a JSON object of identifiers and texts (line 1, column 0)",
        ),
        ("[]", "is no file of trusted documents"),
        (r#"{ "a": 1 }"#, "is no file of trusted documents"),
        (r#"{ "a": "{ __typename }", "b": "{ notes" }"#, "the document \"b\" in "),
        (r#"{ "a": "{" }"#, "is not acceptable: the document cannot be parsed: expected selection"),
        (r#"{ "a": "{ nonsense }" }"#, "is not acceptable: Unknown field \"nonsense\" on type \"Query\"."),
        (&json!({ "a": large }).to_string(), "is not acceptable: an operation begins with more than 50 fields"),
    ] {
        let (_folder, path) = file(text);
        let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_LISTEN", "127.0.0.1:0")];
        let arguments = ["serve", "--trusted-documents", path.to_str().unwrap(), "--log-level", "error"];
        let (code, sentence) = fail(&arguments, &environment).await;
        assert!(code == 2 && sentence.contains(expected), "{text}: {code}: {sentence}");
    }
    let environment = [("DATABASE_URL", database.url()), ("TIDEWATER_LISTEN", "127.0.0.1:0")];
    let arguments = ["serve", "--trusted-documents", "/nowhere/documents.json", "--log-level", "error"];
    let (code, sentence) = fail(&arguments, &environment).await;
    assert_eq!((code, sentence.as_str()), (1, "/nowhere/documents.json cannot be read: there is no such file"));
}
