use futures::future::join_all;
use serde_json::{Value, json};
use tidewater_testkit::{Backend, on_each_backend};

use crate::content::{administrator, change, mutation, note, refused};
use crate::fixture::{Fixture, SignedIn};

const LIKES: &str = "query($id: ID!) { note(id: $id) { likeCount viewerHasLiked } }";
const LIKED: &str = "note { likeCount viewerHasLiked }";
const PAGE: &str = "{ notes(first: 100) { nodes { title likeCount viewerHasLiked } } }";

fn token(who: Option<&SignedIn>) -> Option<&str> {
    who.map(|who| who.token.as_str())
}

/// How many like the note, and whether `who` does.
async fn likes(fixture: &Fixture, who: Option<&SignedIn>, id: &str) -> (u64, bool) {
    let note = fixture.data(LIKES, json!({ "id": id }), token(who)).await["note"].take();
    (note["likeCount"].as_u64().unwrap(), note["viewerHasLiked"].as_bool().unwrap())
}

/// Likes the note, or no longer; answers what `likes` does.
async fn like(fixture: &Fixture, who: &SignedIn, name: &str, id: &str) -> (u64, bool) {
    let note = change(fixture, who, name, LIKED, json!({ "id": id })).await["note"].take();
    (note["likeCount"].as_u64().unwrap(), note["viewerHasLiked"].as_bool().unwrap())
}

on_each_backend! {
    async fn a_user_likes_a_note_once_and_no_longer(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let id = note(&fixture, &ann, "news", "PUBLIC").await;
        for who in [None, Some(&ann), Some(&bob)] {
            assert_eq!(likes(&fixture, who, &id).await, (0, false));
        }
        for _ in 0..2 {
            assert_eq!(like(&fixture, &ann, "likeNote", &id).await, (1, true));
            assert_eq!(likes(&fixture, Some(&bob), &id).await, (1, false));
        }
        assert_eq!(like(&fixture, &bob, "likeNote", &id).await, (2, true));
        assert_eq!(likes(&fixture, None, &id).await, (2, false));
        for _ in 0..2 {
            assert_eq!(like(&fixture, &ann, "unlikeNote", &id).await, (1, false));
            assert_eq!(likes(&fixture, Some(&bob), &id).await, (1, true));
        }
        assert_eq!(like(&fixture, &bob, "unlikeNote", &id).await, (0, false));
    }

    async fn one_may_like_what_one_may_see(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let admin = administrator(&fixture, "admin").await;
        let id = note(&fixture, &ann, "diary", "PRIVATE").await;
        let absent = "note_01h455vb4pex5vsknk084sn02q";
        for name in ["likeNote", "unlikeNote"] {
            let nothing_there = refused(&fixture, Some(&bob), name, json!({ "id": absent })).await;
            assert_eq!(nothing_there["code"], "NOT_FOUND");
            assert_eq!(refused(&fixture, Some(&bob), name, json!({ "id": id })).await, nothing_there);
            assert_eq!(refused(&fixture, None, name, json!({ "id": id })).await["code"], "UNAUTHENTICATED");
            let wrong = json!({ "code": "BAD_USER_INPUT", "field": "id" });
            assert_eq!(refused(&fixture, Some(&bob), name, json!({ "id": ann.id })).await, wrong);
        }
        assert_eq!(like(&fixture, &ann, "likeNote", &id).await, (1, true));
        assert_eq!(like(&fixture, &admin, "likeNote", &id).await, (2, true));

        fixture.database.sql("UPDATE note SET visibility = 'PUBLIC'").await;
        assert_eq!(like(&fixture, &bob, "likeNote", &id).await, (3, true));
        fixture.database.sql("UPDATE note SET visibility = 'PRIVATE'").await;
        assert_eq!(refused(&fixture, Some(&bob), "unlikeNote", json!({ "id": id })).await["code"], "NOT_FOUND");
        assert_eq!(likes(&fixture, Some(&ann), &id).await, (3, true));
        change(&fixture, &ann, "deleteNote", "deletedId", json!({ "id": id })).await;
        assert_eq!(refused(&fixture, Some(&ann), "likeNote", json!({ "id": id })).await["code"], "NOT_FOUND");
        assert_eq!(fixture.database.sql("DELETE FROM note_like").await, 0, "likes go with their note");
    }

    async fn likes_at_the_same_time_all_count_once(backend) {
        let fixture = Fixture::new(backend).await;
        let users = join_all((0..8).map(async |number| fixture.user(&format!("user{number}")).await)).await;
        let id = note(&fixture, &users[0], "news", "PUBLIC").await;
        let (liking, unliking) = (mutation("likeNote", LIKED), mutation("unlikeNote", LIKED));
        let ask = async |document: &str, who: &SignedIn| {
            fixture.data(document, json!({ "input": { "id": id } }), Some(&who.token)).await
        };
        join_all(users.iter().flat_map(|who| [who; 4]).map(|who| ask(&liking, who))).await;
        assert_eq!(likes(&fixture, Some(&users[3]), &id).await, (8, true));
        let both = users.iter().take(4).flat_map(|who| [(&unliking, who), (&liking, who), (&unliking, who)]);
        let answers = join_all(both.map(async |(document, who)| {
            let answer = ask(document, who).await;
            let note = answer.as_object().unwrap().values().next().unwrap()["note"].clone();
            note["likeCount"].as_u64().unwrap()
        }));
        assert!(answers.await.iter().all(|count| (4..=8).contains(count)));
        join_all(users.iter().take(4).map(|who| ask(&unliking, who))).await;
        assert_eq!(likes(&fixture, Some(&users[0]), &id).await, (4, false));
        assert_eq!(fixture.database.sql("DELETE FROM note_like").await, 4);
        assert_eq!(likes(&fixture, Some(&users[7]), &id).await, (0, false));
    }

    async fn likes_and_views_of_a_page_cost_a_statement_each_and_none_warm(backend) {
        let fixture = Fixture::seeded(backend).await;
        let admin = fixture.sign_in(1).await;
        fixture.data("{ viewer { name } notes(first: 100) { nodes { title } } }", json!({}), Some(&admin)).await;
        fixture.statements_taken();
        let page = "{ notes(first: 100) { nodes { title likeCount viewerHasLiked viewCount viewerCount viewsCountedAt } } }";
        let cold = fixture.data(page, json!({}), Some(&admin)).await;
        assert_eq!(cold["notes"]["nodes"].as_array().map(Vec::len), Some(100));
        let statements = fixture.statements_taken();
        assert_eq!(statements.len(), 3, "{statements:#?}");
        assert_eq!(fixture.data(page, json!({}), Some(&admin)).await, cold);
        assert_eq!(fixture.statements_taken(), [""; 0]);
    }

    async fn a_like_leaves_the_note_and_its_page_alone(backend) {
        let fixture = Fixture::seeded(backend).await;
        let (token, other) = (fixture.sign_in(2).await, fixture.sign_in(3).await);
        let before = fixture.data(PAGE, json!({}), Some(&token)).await;
        let ids = fixture.data("{ notes(filter: { visibility: PUBLIC }) { nodes { id } } }", json!({}), None).await;
        let id = &ids["notes"]["nodes"][0]["id"];
        fixture.data(&mutation("likeNote", "note { id }"), json!({ "input": { "id": id } }), Some(&other)).await;
        fixture.statements_taken();
        let after = fixture.data(PAGE, json!({}), Some(&token)).await;
        let statements = fixture.statements_taken();
        assert_eq!(statements.len(), 2, "{statements:#?}");
        assert!(statements.iter().all(|statement| statement.contains("FROM \"note_like\"")), "{statements:#?}");
        let liked = |answer: &Value| -> u64 {
            answer["notes"]["nodes"].as_array().unwrap().iter().map(|note| note["likeCount"].as_u64().unwrap()).sum()
        };
        assert_eq!((liked(&before), liked(&after)), (0, 1));

        // To like what one likes already changes nothing.
        fixture.data(&mutation("likeNote", "note { id }"), json!({ "input": { "id": id } }), Some(&other)).await;
        fixture.statements_taken();
        assert_eq!(fixture.data(PAGE, json!({}), Some(&token)).await, after);
        // SQLite's change log has what might have been replaced.
        let logged = if backend == Backend::Sqlite { 2 } else { 0 };
        assert_eq!(fixture.statements_taken().len(), logged);
    }

    async fn what_is_liked_behind_the_api_counts_at_once(backend) {
        let fixture = Fixture::new(backend).await;
        let (ann, bob) = (fixture.user("ann").await, fixture.user("bob").await);
        let id = note(&fixture, &ann, "news", "PUBLIC").await;
        assert_eq!(likes(&fixture, Some(&ann), &id).await, (0, false));
        let everybody = "INSERT INTO note_like (note_id, user_id, created_at)
            SELECT note.id, \"user\".id, note.created_at FROM note, \"user\"";
        assert_eq!(fixture.database.sql(everybody).await, 2);
        assert_eq!(likes(&fixture, Some(&ann), &id).await, (2, true));
        fixture.database.sql(&format!("DELETE FROM \"user\" WHERE email = '{}'", bob.email)).await;
        assert_eq!(likes(&fixture, Some(&ann), &id).await, (1, true));
    }
}
