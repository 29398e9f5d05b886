//! Sessions: where they are seen, how they end, and how it is known that they are used.

use std::time::Duration;

use async_graphql::{ID, Request, Variables};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveModelTrait, EntityTrait, Set};
use serde_json::{Value, json};
use tidewater_entity::{prune_sessions, session, session_activity};
use tidewater_graphql::{Caller, SessionChange};
use tidewater_testkit::on_each_backend;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::content::administrator;
use crate::fixture::{Fixture, PASSWORD, SignedIn};

const VIEWER: &str = "{ viewer { name } }";
const SESSIONS: &str =
    "{ viewer { sessions { totalCount nodes { id device createdAt lastSeenAt expiresAt isCurrent } } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { token } }";
const REVOKE: &str = "mutation($input: RevokeSessionInput!) { revokeSession(input: $input) { revokedId } }";
const REVOKE_OTHERS: &str = "mutation { revokeOtherSessions { revokedCount viewer { name } } }";
const CHANGE_PASSWORD: &str =
    "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { token viewer { name } } }";
const CHANGE_ROLE: &str =
    "mutation($input: ChangeRoleInput!) { changeRole(input: $input) { token user { name role } } }";

const LONG_AGO: &str = "2020-01-01T00:00:00+00:00";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn credentials(who: &SignedIn, password: &str) -> Value {
    json!({ "input": { "email": who.email, "password": password } })
}

async fn is_signed_in(fixture: &Fixture, token: &str) -> bool {
    !fixture.data(VIEWER, json!({}), Some(token)).await["viewer"].is_null()
}

/// Signs in by a program of that name, in the session of `credential` if there is one. Answers the token.
async fn sign_in_by(fixture: &Fixture, who: &SignedIn, device: &str, credential: Option<&str>) -> String {
    let request = Request::new(SIGN_IN).variables(Variables::from_json(credentials(who, PASSWORD)));
    let (credential, device) = (credential.map(str::to_owned), Some(device.to_owned()));
    let executed = fixture.executed_for(request, Caller { credential, device, ..Caller::default() }).await;
    let answer = serde_json::to_value(executed.response).unwrap();
    answer["data"]["signIn"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn id_of_current(fixture: &Fixture, token: &str) -> Value {
    let sessions = fixture.data(SESSIONS, json!({}), Some(token)).await["viewer"]["sessions"]["nodes"].take();
    let current = sessions.as_array().unwrap().iter().find(|session| session["isCurrent"] == true);
    current.unwrap()["id"].clone()
}

fn key_of(id: &Value) -> Uuid {
    tidewater_graphql::id::parse("id", &ID::from(id.as_str().unwrap())).unwrap().1
}

fn before(duration: TimeDelta) -> String {
    (Utc::now() - duration).format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

on_each_backend! {
    async fn users_see_where_they_are_signed_in(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let token = sign_in_by(&fixture, &ann, "Firefox", None).await;
        let sessions = fixture.data(SESSIONS, json!({}), Some(&token)).await["viewer"]["sessions"].take();
        assert_eq!(sessions["totalCount"], 2);
        let (first, second) = (&sessions["nodes"][0], &sessions["nodes"][1]);
        assert_eq!((&first["device"], &first["isCurrent"]), (&Value::Null, &json!(false)));
        assert_eq!((&second["device"], &second["isCurrent"]), (&json!("Firefox"), &json!(true)));
        assert_eq!(second["lastSeenAt"], second["createdAt"], "it has just begun");
        let time = |name: &str| second[name].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
        assert_eq!(time("expiresAt") - time("createdAt"), TimeDelta::days(90));

        let of_ann = format!("{{ user(id: \"{}\") {{ sessions {{ totalCount nodes {{ id }} }} }} }}", ann.id);
        let none = json!({ "user": { "sessions": { "totalCount": 0, "nodes": [] } } });
        let node = format!("{{ node(id: {}) {{ id }} }}", second["id"]);
        for stranger in [Some(bob.token.as_str()), None] {
            assert_eq!(fixture.data(&of_ann, json!({}), stranger).await, none);
            assert_eq!(fixture.data(&node, json!({}), stranger).await, json!({ "node": null }));
        }
        assert_eq!(fixture.data(&node, json!({}), Some(&ann.token)).await["node"]["id"], second["id"]);
    }

    async fn what_is_over_is_not_seen_though_its_row_is_still_there(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let elsewhere = fixture.again(&ann).await;
        let over = id_of_current(&fixture, &elsewhere.token).await;
        let node = "query($id: ID!) { node(id: $id) { id } }";
        let variables = json!({ "id": over });
        assert_eq!(fixture.data(node, variables.clone(), Some(&ann.token)).await["node"]["id"], over);
        let ended = session::ActiveModel { id: Set(key_of(&over)), expires_at: Set(LONG_AGO.parse().unwrap()), ..Default::default() };
        ended.update(&fixture.connection).await.unwrap();
        assert_eq!(fixture.data(node, variables, Some(&ann.token)).await["node"], Value::Null);
        let seen = fixture.data(SESSIONS, json!({}), Some(&ann.token)).await["viewer"]["sessions"]["nodes"].take();
        assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
    }

    async fn signing_in_anew_ends_the_session_that_it_is_done_in(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let elsewhere = fixture.again(&ann).await;
        let token = sign_in_by(&fixture, &ann, "Firefox", Some(&ann.token)).await;
        assert!(token != ann.token && is_signed_in(&fixture, &token).await);
        assert!(!is_signed_in(&fixture, &ann.token).await, "its token was exchanged");
        assert!(is_signed_in(&fixture, &elsewhere.token).await);
        sign_in_by(&fixture, &ann, "Firefox", Some(&bob.token)).await;
        assert!(is_signed_in(&fixture, &bob.token).await, "another user's");
    }

    async fn a_session_can_be_ended_from_another(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let (two, three) = (fixture.again(&ann).await, fixture.again(&ann).await);
        let id = id_of_current(&fixture, &two.token).await;
        let input = json!({ "input": { "id": id } });
        assert_eq!(fixture.refusal(REVOKE, input.clone(), Some(&bob.token)).await["code"], "NOT_FOUND");
        assert_eq!(fixture.refusal(REVOKE, input.clone(), None).await["code"], "UNAUTHENTICATED");
        assert!(is_signed_in(&fixture, &two.token).await);
        let revoked = fixture.executed(REVOKE, input.clone(), Some(&ann.token)).await;
        assert_eq!(revoked.session, SessionChange::None);
        assert!(!is_signed_in(&fixture, &two.token).await);
        assert_eq!(fixture.refusal(REVOKE, input, Some(&ann.token)).await["code"], "NOT_FOUND");

        let own = json!({ "input": { "id": id_of_current(&fixture, &three.token).await } });
        assert_eq!(fixture.executed(REVOKE, own, Some(&three.token)).await.session, SessionChange::End);
        assert!(!is_signed_in(&fixture, &three.token).await && is_signed_in(&fixture, &ann.token).await);
    }

    async fn all_other_sessions_can_be_ended(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let (two, three) = (fixture.again(&ann).await, fixture.again(&ann).await);
        let ended = fixture.data(REVOKE_OTHERS, json!({}), Some(&two.token)).await;
        assert_eq!(ended, json!({ "revokeOtherSessions": { "revokedCount": 2, "viewer": { "name": "ann" } } }));
        assert!(is_signed_in(&fixture, &two.token).await && is_signed_in(&fixture, &bob.token).await);
        assert!(!is_signed_in(&fixture, &ann.token).await && !is_signed_in(&fixture, &three.token).await);
    }

    async fn a_new_password_ends_all_sessions_and_begins_one(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let elsewhere = fixture.again(&ann).await;
        let change = |current: &str, new: &str| json!({ "input": { "currentPassword": current, "newPassword": new } });
        let wrong = fixture.refusal(CHANGE_PASSWORD, change("wrong horse", "another one"), Some(&ann.token)).await;
        assert_eq!(wrong, json!({ "code": "UNAUTHENTICATED" }));
        let short = fixture.refusal(CHANGE_PASSWORD, change(PASSWORD, "1234567"), Some(&ann.token)).await;
        assert_eq!(short, json!({ "code": "BAD_USER_INPUT", "field": "newPassword" }));
        let nobody = fixture.refusal(CHANGE_PASSWORD, change(PASSWORD, "another one"), None).await;
        assert_eq!(nobody["code"], "UNAUTHENTICATED");
        assert!(is_signed_in(&fixture, &ann.token).await && is_signed_in(&fixture, &elsewhere.token).await);

        let changed = fixture.executed(CHANGE_PASSWORD, change(PASSWORD, "another one"), Some(&ann.token)).await;
        let answer = serde_json::to_value(changed.response).unwrap();
        let token = answer["data"]["changePassword"]["token"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(matches!(changed.session, SessionChange::Start { token: told, .. } if told == token));
        assert!(is_signed_in(&fixture, token).await);
        assert!(!is_signed_in(&fixture, &ann.token).await && !is_signed_in(&fixture, &elsewhere.token).await);
        assert_eq!(fixture.refusal(SIGN_IN, credentials(&ann, PASSWORD), None).await["code"], "UNAUTHENTICATED");
        fixture.data(SIGN_IN, credentials(&ann, "another one"), None).await;
    }

    async fn another_role_ends_the_sessions_of_its_user(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, root) = (fixture.user("ann").await, administrator(&fixture, "root").await);
        let role = |who: &SignedIn, role: &str| json!({ "input": { "userId": who.id, "role": role } });
        assert_eq!(fixture.refusal(CHANGE_ROLE, role(&ann, "ADMIN"), Some(&ann.token)).await["code"], "FORBIDDEN");
        assert_eq!(fixture.refusal(CHANGE_ROLE, role(&ann, "ADMIN"), None).await["code"], "UNAUTHENTICATED");
        fixture.data(CHANGE_ROLE, role(&ann, "USER"), Some(&root.token)).await;
        assert!(is_signed_in(&fixture, &ann.token).await, "nothing was changed");

        let promoted = fixture.data(CHANGE_ROLE, role(&ann, "ADMIN"), Some(&root.token)).await;
        let expected = json!({ "changeRole": { "token": null, "user": { "name": "ann", "role": "ADMIN" } } });
        assert_eq!(promoted, expected);
        assert!(!is_signed_in(&fixture, &ann.token).await && is_signed_in(&fixture, &root.token).await);
        fixture.data(CHANGE_ROLE, role(&ann, "USER"), Some(&root.token)).await;
        assert!(!is_signed_in(&fixture, &ann.token).await, "what has ended does not begin again");

        let resigned = fixture.data(CHANGE_ROLE, role(&root, "USER"), Some(&root.token)).await;
        let token = resigned["changeRole"]["token"].as_str().expect("a token of one's own");
        assert!(is_signed_in(&fixture, token).await && !is_signed_in(&fixture, &root.token).await);
        assert_eq!(fixture.refusal(CHANGE_ROLE, role(&ann, "USER"), Some(token)).await["code"], "FORBIDDEN");
    }

    async fn a_session_that_nobody_uses_ends(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        fixture.database.sql(&format!("UPDATE session SET created_at = '{LONG_AGO}'")).await;
        assert!(!is_signed_in(&fixture, &ann.token).await);
        // As another server would record it.
        let used = format!("INSERT INTO session_activity SELECT id, '{}' FROM session", before(TimeDelta::days(29)));
        fixture.database.sql(&used).await;
        assert!(is_signed_in(&fixture, &ann.token).await);
    }

    async fn use_is_recorded_once_a_minute(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        fixture.database.sql(&format!("UPDATE session SET created_at = '{}'", before(TimeDelta::minutes(5)))).await;
        fixture.statements_taken();
        let mut written = 0;
        let mut ask = async |times: usize| {
            for _ in 0..times {
                assert!(is_signed_in(&fixture, &ann.token).await);
            }
            let statements = fixture.statements_taken();
            written += statements.iter().filter(|text| text.contains("INTO \"session_activity\"")).count();
            written
        };
        let recorded = async {
            while ask(5).await == 0 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(60), recorded).await.expect("it is not recorded");
        // Two more rounds, in which a second one would be written.
        let last_seen = async || session_activity::Entity::find().one(&fixture.connection).await.unwrap().unwrap();
        let first = last_seen().await;
        assert!(Utc::now() - first.last_seen_at < TimeDelta::minutes(2), "{first:?}");
        assert_eq!((ask(50).await, ask(50).await), (1, 1));
        assert_eq!(last_seen().await, first);
        let sessions = fixture.data(SESSIONS, json!({}), Some(&ann.token)).await;
        let told = sessions["viewer"]["sessions"]["nodes"][0]["lastSeenAt"].as_str().unwrap();
        assert_eq!(told.parse::<DateTime<Utc>>().unwrap(), first.last_seen_at);
    }

    async fn of_two_records_within_a_minute_one_is_written(backend) {
        let fixture = Fixture::new(backend).await;
        fixture.user("ann").await;
        let sessions = session::Entity::find().all(&fixture.connection).await.unwrap();
        let keys = [sessions[0].id, uuid::Uuid::nil()];
        let (now, minute) = (tidewater_entity::now(), Duration::from_secs(60));
        let record = async |after: i64| {
            let moment = now + TimeDelta::seconds(after);
            session_activity::record(&fixture.connection, &keys, moment, minute).await.unwrap()
        };
        assert_eq!((record(0).await, record(59).await, record(60).await, record(0).await), (1, 0, 1, 0));
    }

    async fn what_is_over_is_pruned(backend) {
        let fixture = Fixture::new(backend).await;
        let mut tokens = Vec::new();
        for name in ["good", "expired", "unused", "used", "demoted"] {
            tokens.push((name, fixture.user(name).await.token));
        }
        let of = |name: &str| format!("user_id = (SELECT id FROM \"user\" WHERE name = '{name}')");
        for change in [
            format!("UPDATE session SET expires_at = '{LONG_AGO}' WHERE {}", of("expired")),
            format!("UPDATE session SET created_at = '{LONG_AGO}' WHERE {} OR {}", of("unused"), of("used")),
            format!("INSERT INTO session_activity SELECT id, '{}' FROM session WHERE {}", before(TimeDelta::days(29)), of("used")),
            format!("INSERT INTO session_activity SELECT id, '{}' FROM session WHERE {}", before(TimeDelta::days(31)), of("unused")),
            format!("UPDATE session SET role = 'ADMIN' WHERE {}", of("demoted")),
        ] {
            fixture.database.sql(&change).await;
        }
        for _ in 0..2 {
            for (name, token) in &tokens {
                assert_eq!(is_signed_in(&fixture, token).await, ["good", "used"].contains(name), "{name}");
            }
            prune_sessions(&fixture.connection, tidewater_entity::now(), 30 * DAY).await.unwrap();
            assert_eq!(session::Entity::find().all(&fixture.connection).await.unwrap().len(), 2);
        }
    }
}
