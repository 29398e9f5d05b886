use std::time::{Duration, Instant};

use async_graphql::{Request, Variables};
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tidewater_entity::{session, user};
use tidewater_graphql::{Caller, SessionChange};
use tidewater_testkit::{Backend, on_each_backend};

use crate::fixture::{Fixture, PASSWORD};

const SIGN_UP: &str = "mutation($input: SignUpInput!) { signUp(input: $input) { token viewer { id name } } }";
const SIGN_IN: &str = "mutation($input: SignInInput!) { signIn(input: $input) { token viewer { id name } } }";
const SIGN_OUT: &str = "mutation { signOut { user { name } } }";
const VIEWER: &str = "{ viewer { id name email role } }";
const UPDATE_PROFILE: &str = "mutation($input: UpdateProfileInput!) {
    updateProfile(input: $input) { viewer { name profile { bio avatarUrl user { name } } } } }";

fn sign_up(email: &str, name: &str, password: &str) -> Value {
    json!({ "input": { "email": email, "name": name, "password": password } })
}

fn sign_in(email: &str, password: &str) -> Value {
    json!({ "input": { "email": email, "password": password } })
}

on_each_backend! {
    async fn who_signs_up_is_signed_in(backend) {
        let fixture = Fixture::new(backend).await;
        let executed = fixture.executed(SIGN_UP, sign_up(" Ann@Example.TEST ", " Ann ", PASSWORD), None).await;
        let answer = serde_json::to_value(&executed.response).unwrap();
        let token = answer["data"]["signUp"]["token"].as_str().expect("a token").to_owned();
        let SessionChange::Start { token: told, .. } = executed.session else { panic!("no session") };
        assert_eq!(told, token);
        let id = &answer["data"]["signUp"]["viewer"]["id"];
        let viewer = json!({ "id": id, "name": "Ann", "email": "ann@example.test", "role": "USER" });
        assert_eq!(fixture.data(VIEWER, json!({}), Some(&token)).await, json!({ "viewer": viewer }));
        assert_eq!(fixture.data(VIEWER, json!({}), None).await, json!({ "viewer": null }));
    }

    async fn an_account_is_entered_with_its_password(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let executed = fixture.executed(SIGN_IN, sign_in("ANN@example.test", PASSWORD), None).await;
        let answer = serde_json::to_value(&executed.response).unwrap();
        assert_eq!(answer["data"]["signIn"]["viewer"], json!({ "id": ann.id, "name": "ann" }));
        let token = answer["data"]["signIn"]["token"].as_str().expect("a token").to_owned();
        assert!(matches!(executed.session, SessionChange::Start { token: told, .. } if told == token));
        assert_ne!(token, ann.token);
        for token in [&token, &ann.token] {
            assert_eq!(fixture.data(VIEWER, json!({}), Some(token)).await["viewer"]["id"], ann.id);
        }
    }

    async fn wrong_addresses_and_wrong_passwords_are_told_alike(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let wrong = fixture.executed(SIGN_IN, sign_in(&ann.email, "wrong horse"), None).await;
        assert_eq!(wrong.session, SessionChange::None);
        let wrong = serde_json::to_value(wrong.response).unwrap();
        assert_eq!(wrong["data"], Value::Null);
        assert_eq!(wrong["errors"][0]["extensions"], json!({ "code": "UNAUTHENTICATED" }));
        for email in ["bob@example.test", "no address", "", "a\0b@example.test"] {
            assert_eq!(fixture.execute(SIGN_IN, sign_in(email, PASSWORD), None).await, wrong, "{email:?}");
        }
        let locked = r#"UPDATE "user" SET password_hash = 'locked'"#;
        fixture.database.sql(locked).await;
        for password in [PASSWORD, "locked"] {
            assert_eq!(fixture.execute(SIGN_IN, sign_in(&ann.email, password), None).await, wrong);
        }
    }

    async fn an_address_has_one_account(backend) {
        let fixture = Fixture::new(backend).await;
        let attempts = ["bob@example.test", "BOB@example.test", "bob@example.test "]
            .map(|email| fixture.execute(SIGN_UP, sign_up(email, "Bob", PASSWORD), None));
        let answers = join_all(attempts).await;
        let (refused, admitted): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.get("errors").is_some());
        assert_eq!((refused.len(), admitted.len()), (2, 1), "{answers:?}");
        for answer in refused {
            assert_eq!(answer["errors"][0]["extensions"], json!({ "code": "CONFLICT", "field": "email" }));
        }
    }

    async fn what_is_not_acceptable_is_named(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let bad = |field| json!({ "code": "BAD_USER_INPUT", "field": field });
        let long_email = format!("{}@example.test", "a".repeat(242));
        for email in [
            "", "ann", "@example.test", "ann@", "ann@example", "ann@.test", "ann@example..test", "ann@bob@example.test",
            "a nn@example.test", "a\0nn@example.test", &long_email,
        ] {
            assert_eq!(fixture.refusal(SIGN_UP, sign_up(email, "Bob", PASSWORD), None).await, bad("email"), "{email:?}");
        }
        for name in ["", "  ", "b\0b", &"b".repeat(101)] {
            let input = sign_up("bob@example.test", name, PASSWORD);
            assert_eq!(fixture.refusal(SIGN_UP, input, None).await, bad("name"), "{name:?}");
        }
        for password in ["", "1234567", &"1".repeat(257)] {
            let input = sign_up("bob@example.test", "Bob", password);
            assert_eq!(fixture.refusal(SIGN_UP, input, None).await, bad("password"), "{password:?}");
        }
        let long_url = format!("https://example.test/{}", "a".repeat(1_980));
        for (field, value) in [
            ("name", json!(null)),
            ("name", json!("")),
            ("name", json!("n".repeat(101))),
            ("bio", json!("b".repeat(1_001))),
            ("bio", json!("b\0")),
            ("avatarUrl", json!("")),
            ("avatarUrl", json!("picture.png")),
            ("avatarUrl", json!("http://")),
            ("avatarUrl", json!("javascript:alert(1)")),
            ("avatarUrl", json!("https://example.test/a b")),
            ("avatarUrl", json!("https://example.test/a\nb")),
            ("avatarUrl", json!(long_url)),
        ] {
            let input = json!({ "input": { field: value } });
            assert_eq!(fixture.refusal(UPDATE_PROFILE, input.clone(), Some(&ann.token)).await, bad(field), "{input}");
        }
    }

    async fn bounds_are_within_reach(backend) {
        let fixture = Fixture::new(backend).await;
        let email = format!("{}@localhost", "é".repeat(244));
        let (name, password) = ("ü".repeat(100), "ß".repeat(256));
        fixture.data(SIGN_UP, sign_up(&email, &name, &password), None).await;
        let signed_in = fixture.data(SIGN_IN, sign_in(&email, &password), None).await;
        let token = signed_in["signIn"]["token"].as_str();
        let url = format!("https://example.test/{}", "a".repeat(1_979));
        let profile = json!({ "bio": "ö".repeat(1_000), "avatarUrl": url });
        let updated = fixture.data(UPDATE_PROFILE, json!({ "input": profile }), token).await;
        assert_eq!(updated["updateProfile"]["viewer"]["profile"]["avatarUrl"], url);
        fixture.data(SIGN_UP, sign_up("b@b.b", "B", "8 chars."), None).await;
    }

    async fn who_signs_out_is_nobody(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let elsewhere = fixture.data(SIGN_IN, sign_in(&ann.email, PASSWORD), None).await;
        let elsewhere = elsewhere["signIn"]["token"].as_str();
        let executed = fixture.executed(SIGN_OUT, json!({}), Some(&ann.token)).await;
        assert_eq!(executed.session, SessionChange::End);
        let answer = serde_json::to_value(executed.response).unwrap();
        assert_eq!(answer["data"], json!({ "signOut": { "user": { "name": "ann" } } }));
        assert_eq!(fixture.data(VIEWER, json!({}), Some(&ann.token)).await, json!({ "viewer": null }));
        assert_eq!(fixture.data(VIEWER, json!({}), elsewhere).await["viewer"]["id"], ann.id);
        for nobody in [Some(ann.token.as_str()), Some("no token"), Some(""), None] {
            for mutation in [SIGN_OUT, "mutation { updateProfile(input: {}) { viewer { id } } }"] {
                let refusal = fixture.refusal(mutation, json!({}), nobody).await;
                assert_eq!(refusal, json!({ "code": "UNAUTHENTICATED" }));
            }
        }
    }

    async fn signing_in_and_out_changes_the_rest_of_the_request(backend) {
        let fixture = Fixture::new(backend).await;
        let document = format!(
            r#"mutation {{
                signUp(input: {{ email: "ann@example.test", name: "Ann", password: "{PASSWORD}" }}) {{ viewer {{ email }} }}
                createTodo(input: {{ text: "Sail" }}) {{ todo {{ user {{ email }} }} }}
                signOut {{ user {{ email }} }}
                late: createTodo(input: {{ text: "Swim" }}) {{ todo {{ text }} }}
            }}"#
        );
        let executed = fixture.executed(&document, json!({}), None).await;
        assert_eq!(executed.session, SessionChange::End);
        let answer = serde_json::to_value(executed.response).unwrap();
        let error = &answer["errors"][0];
        assert_eq!((&error["path"], &error["extensions"]["code"]), (&json!(["late"]), &json!("UNAUTHENTICATED")));
        let signed_up = format!(
            r#"mutation {{
                signUp(input: {{ email: "bob@example.test", name: "Bob", password: "{PASSWORD}" }}) {{ viewer {{ email }} }}
                createTodo(input: {{ text: "Sail" }}) {{ todo {{ user {{ email }} }} }}
            }}"#
        );
        let email = json!({ "email": "bob@example.test" });
        let expected = json!({ "signUp": { "viewer": email }, "createTodo": { "todo": { "user": email } } });
        assert_eq!(fixture.data(&signed_up, json!({}), None).await, expected);
    }

    async fn a_profile_keeps_what_is_not_mentioned(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let update = async |input: Value| {
            let data = fixture.data(UPDATE_PROFILE, json!({ "input": input }), Some(&ann.token)).await;
            data["updateProfile"]["viewer"].clone()
        };
        assert_eq!(update(json!({})).await, json!({ "name": "ann", "profile": null }));
        assert_eq!(update(json!({ "name": " Ann " })).await, json!({ "name": "Ann", "profile": null }));
        let profile = |bio: &str, avatar_url: Option<&str>| {
            let profile = json!({ "bio": bio, "avatarUrl": avatar_url, "user": { "name": "Ann" } });
            json!({ "name": "Ann", "profile": profile })
        };
        let picture = Some("https://example.test/ann.png");
        assert_eq!(update(json!({ "avatarUrl": picture })).await, profile("", picture));
        assert_eq!(update(json!({ "bio": "I sail." })).await, profile("I sail.", picture));
        assert_eq!(update(json!({})).await, profile("I sail.", picture));
        assert_eq!(update(json!({ "avatarUrl": null })).await, profile("I sail.", None));
        assert_eq!(update(json!({ "bio": null })).await, profile("", None));
    }

    async fn others_see_the_name_and_the_profile_only(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        fixture.data(UPDATE_PROFILE, json!({ "input": { "bio": "I sail." } }), Some(&ann.token)).await;
        let query = "query($id: ID!) { user(id: $id) { name email role profile { bio } } }";
        let seen = async |token: Option<&str>| fixture.data(query, json!({ "id": ann.id }), token).await["user"].clone();
        let public = json!({ "name": "ann", "email": null, "role": null, "profile": { "bio": "I sail." } });
        let all = json!({ "name": "ann", "email": ann.email, "role": "USER", "profile": { "bio": "I sail." } });
        assert_eq!(seen(None).await, public);
        assert_eq!(seen(Some(&bob.token)).await, public);
        assert_eq!(seen(Some(&ann.token)).await, all);

        let grant = |role| format!(r#"UPDATE "user" SET role = '{role}' WHERE email = '{}'"#, bob.email);
        fixture.database.sql(&grant("ADMIN")).await;
        assert_eq!(seen(Some(&bob.token)).await, public, "a session is good for the role that it was begun with");
        let signed_in = fixture.data(SIGN_IN, sign_in(&bob.email, PASSWORD), None).await;
        let admin = signed_in["signIn"]["token"].as_str();
        assert_eq!(seen(admin).await, all);
        fixture.database.sql(&grant("USER")).await;
        assert_eq!(seen(admin).await, public);
    }

    async fn a_session_ends_when_its_row_says_so(backend) {
        let fixture = Fixture::new(backend).await;
        let viewer = async |token: &str| fixture.data(VIEWER, json!({}), Some(token)).await["viewer"]["name"].clone();
        for end in [
            "DELETE FROM session",
            "UPDATE session SET expires_at = '2020-01-01T00:00:00+00:00'",
            r#"DELETE FROM "user""#,
        ] {
            let ann = fixture.user("ann").await;
            for _ in 0..2 {
                assert_eq!(viewer(&ann.token).await, "ann");
            }
            fixture.database.sql(end).await;
            assert_eq!(viewer(&ann.token).await, Value::Null, "{end}");
            fixture.database.sql(r#"DELETE FROM "user""#).await;
        }
    }

    async fn signing_in_clears_away_what_is_over(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        fixture.database.sql("UPDATE session SET expires_at = '2020-01-01T00:00:00+00:00'").await;
        for _ in 0..2 {
            fixture.data(SIGN_IN, sign_in(&ann.email, PASSWORD), None).await;
        }
        let users = user::Entity::find().all(&fixture.connection).await.unwrap();
        let sessions = session::Entity::find().all(&fixture.connection).await.unwrap();
        let sessions_of = |email: &String| {
            let user = users.iter().find(|user| user.email == *email).unwrap();
            sessions.iter().filter(|session| session.user_id == user.id).count()
        };
        assert_eq!((sessions_of(&ann.email), sessions_of(&bob.email)), (2, 1));
    }

    async fn no_secret_is_stored(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let users = user::Entity::find().all(&fixture.connection).await.unwrap();
        let hash = users[0].password_hash.as_str();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(!hash.contains(PASSWORD));
        let sessions = session::Entity::find().all(&fixture.connection).await.unwrap();
        let stored = &sessions[0].token_hash;
        assert!(stored.len() == 64 && *stored != ann.token, "{stored}");
        assert_eq!(fixture.data(VIEWER, json!({}), Some(stored)).await, json!({ "viewer": null }));

        assert_eq!(fixture.data(VIEWER, json!({}), Some(&ann.token)).await["viewer"]["name"], "ann");
        fixture.api.cache().drained().await;
        let Some(redis) = &fixture.redis else { return };
        let keys = redis.keys().await;
        assert!(keys.iter().any(|key| key.contains("user")), "{keys:?}");
        for key in keys {
            let value = redis.command(&["GET", &key]).await.to_string();
            assert!(!value.contains("argon2id"), "{key}: {value}");
        }
    }
}

#[tokio::test]
async fn no_field_shows_a_password_or_its_hash() {
    let schema = tidewater_graphql::sdl();
    let inputs = schema.to_lowercase().matches("password: string!").count();
    assert_eq!(inputs, 4, "of signUp and signIn, and two of changePassword");
    assert!(!schema.contains("passwordHash") && !schema.contains("tokenHash"), "{schema}");
}

#[tokio::test]
async fn a_wrong_address_takes_as_long_as_a_wrong_password() {
    let fixture = Fixture::new(Backend::Sqlite).await;
    let ann = fixture.user("ann").await;
    let takes = async |email: &str| {
        let began = Instant::now();
        fixture.refusal(SIGN_IN, sign_in(email, "wrong horse"), None).await;
        began.elapsed()
    };
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    // In turn, so that what else the machine does slows both.
    for _ in 0..5 {
        known = known.min(takes(&ann.email).await);
        unknown = unknown.min(takes("bob@example.test").await);
    }
    // Without the hash the second is faster by far more than other tests slow the first.
    assert!(unknown * 4 > known, "{unknown:?} and {known:?}");
}

#[tokio::test]
async fn too_many_passwords_at_once_are_refused() {
    let fixture = Fixture::new(Backend::Sqlite).await;
    let many = std::thread::available_parallelism().unwrap().get() * 100;
    // Of these no account is looked up, but each is hashed. Not by the fixture, whose requests go on when they are dropped.
    let attempt = || Request::new(SIGN_IN).variables(Variables::from_json(sign_in("nobody", PASSWORD)));
    let mut attempts: FuturesUnordered<_> =
        (0..many).map(|_| fixture.api.execute(attempt(), Caller::default())).collect();
    loop {
        let answer = attempts.next().await.expect("one that is refused").response;
        match serde_json::to_value(answer).unwrap()["errors"][0]["extensions"]["code"].as_str() {
            Some("UNAVAILABLE") => break,
            other => assert_eq!(other, Some("UNAUTHENTICATED")),
        }
    }
    drop(attempts);
    // Who has gone no longer waits, so there is room again.
    let refusal = fixture.refusal(SIGN_IN, sign_in("nobody", PASSWORD), None).await;
    assert_eq!(refusal, json!({ "code": "UNAUTHENTICATED" }));
}

#[tokio::test]
async fn one_request_tries_few_passwords() {
    let fixture = Fixture::new(Backend::Sqlite).await;
    let attempt = |number| format!(r#"a{number}: signIn(input: {{ email: "a@b.c", password: "p" }}) {{ token }} "#);
    let document = format!("mutation {{ {} }}", (0..30).map(attempt).collect::<String>());
    assert_eq!(fixture.refusal(&document, json!({}), None).await["code"], "BAD_USER_INPUT");
}
