//! Pages: that they are what Relay's specification of connections says, whatever the order and whatever happens between them.

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use tidewater_entity::{Priority, new_id, todo, user};
use tidewater_testkit::on_each_backend;

use crate::content::{change, note, tag, text};
use crate::fixture::{Fixture, SignedIn};

const PAGE: &str = "query($orderBy: [TodoOrder!], $first: Int, $after: String, $last: Int, $before: String) {
    todos(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
        totalCount nodes { text } edges { cursor node { text } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// A page as it was answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) texts: Vec<String>,
    pub(crate) cursors: Vec<String>,
    pub(crate) next: bool,
    pub(crate) previous: bool,
    pub(crate) total: usize,
}

/// Terms of an order: the field, and whether the greatest comes first.
pub(crate) type Order = [(&'static str, bool)];

fn order_by(order: &Order) -> Value {
    let term = |(field, descending): &(&str, bool)| json!({ "field": field, "direction": if *descending { "DESC" } else { "ASC" } });
    order.iter().map(term).collect()
}

/// The page that `arguments` ask for. What it says twice, it must say alike.
pub(crate) async fn page(fixture: &Fixture, who: &SignedIn, order: &Order, mut arguments: Value) -> Page {
    arguments["orderBy"] = order_by(order);
    let todos = fixture.data(PAGE, arguments, Some(&who.token)).await["todos"].take();
    let edges = todos["edges"].as_array().unwrap();
    let nodes: Vec<_> = edges.iter().map(|edge| edge["node"].clone()).collect();
    assert_eq!(todos["nodes"], json!(nodes));
    let cursors: Vec<_> = edges.iter().map(|edge| text(&edge["cursor"])).collect();
    let around = &todos["pageInfo"];
    assert_eq!((&around["startCursor"], &around["endCursor"]), (&json!(cursors.first()), &json!(cursors.last())));
    Page {
        texts: nodes.iter().map(|node| text(&node["text"])).collect(),
        cursors,
        next: around["hasNextPage"].as_bool().unwrap(),
        previous: around["hasPreviousPage"].as_bool().unwrap(),
        total: usize::try_from(todos["totalCount"].as_u64().unwrap()).unwrap(),
    }
}

pub(crate) fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_790_000_000_000 + seconds * 500)
}

/// A todo with this text, created at that time, of the only user.
pub(crate) async fn row(fixture: &Fixture, text: &str, created: i64) -> todo::Model {
    let owner = user::Entity::find().one(&fixture.connection).await.unwrap().unwrap();
    todo::Model {
        id: new_id(),
        user_id: owner.id,
        text: text.to_owned(),
        notes: None,
        completed: false,
        priority: Priority::Medium,
        due_at: None,
        created_at: time(created),
        updated_at: time(created),
        remind_at: None,
        reminded_for: None,
    }
}

pub(crate) async fn insert(fixture: &Fixture, rows: &[todo::Model]) {
    let rows = rows.iter().map(|row| row.clone().into_active_model());
    todo::Entity::insert_many(rows).exec_without_returning(&fixture.connection).await.unwrap();
}

/// Todos of these texts, created one after the other.
async fn insert_in_order(fixture: &Fixture, texts: &[&str]) {
    let mut rows = Vec::new();
    for (created, text) in texts.iter().zip(1..).map(|(text, created)| (created, text)) {
        rows.push(row(fixture, text, created).await);
    }
    insert(fixture, &rows).await;
}

async fn delete(fixture: &Fixture, text: &str) {
    assert_eq!(fixture.database.sql(&format!("DELETE FROM todo WHERE text = '{text}'")).await, 1);
}

/// Which of two rows comes first. An absent value is the greatest; the key, in the direction of the last term, ends ties.
pub(crate) fn compare(one: &todo::Model, other: &todo::Model, order: &Order) -> Ordering {
    let directed = |ordering: Ordering, descending| if descending { ordering.reverse() } else { ordering };
    let value = |row: &todo::Model, field| match field {
        "CREATED_AT" => (false, row.created_at.timestamp_micros()),
        "UPDATED_AT" => (false, row.updated_at.timestamp_micros()),
        "DUE_AT" => (row.due_at.is_none(), row.due_at.map_or(0, |due_at| due_at.timestamp_micros())),
        "PRIORITY" => (false, row.priority as i64),
        _ => panic!("{field} is no field"),
    };
    let order = if order.is_empty() { &[("CREATED_AT", false)] } else { order };
    let ties =
        order.iter().map(|(field, descending)| directed(value(one, field).cmp(&value(other, field)), *descending));
    let key = directed(one.id.cmp(&other.id), order.last().unwrap().1);
    ties.fold(Ordering::Equal, Ordering::then).then(key)
}

async fn assert_walks_are_the_whole(fixture: &Fixture, who: &SignedIn, order: &Order, size: usize, whole: &[String]) {
    let mut walked = Vec::new();
    let mut after = None;
    loop {
        let found = page(fixture, who, order, json!({ "first": size, "after": after })).await;
        assert_eq!(found.previous, !walked.is_empty(), "{order:?} {walked:?} {found:?}");
        walked.extend(found.texts);
        assert_eq!((found.next, found.total), (walked.len() < whole.len(), whole.len()), "{order:?} {walked:?}");
        after = found.cursors.last().cloned();
        if !found.next {
            break;
        }
    }
    assert_eq!(walked, whole, "forward by {size} in {order:?}");

    let mut walked = Vec::new();
    let mut before = None;
    loop {
        let found = page(fixture, who, order, json!({ "last": size, "before": before })).await;
        assert_eq!(found.next, !walked.is_empty(), "{order:?} {walked:?} {found:?}");
        walked.splice(..0, found.texts);
        assert_eq!((found.previous, found.total), (walked.len() < whole.len(), whole.len()), "{order:?} {walked:?}");
        before = found.cursors.first().cloned();
        if !found.previous {
            break;
        }
    }
    assert_eq!(walked, whole, "backward by {size} in {order:?}");
}

on_each_backend! {
    async fn walks_forward_and_backward_give_the_sorted_whole(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for seed in 0..20 {
            println!("seed {seed}");
            let mut random = StdRng::seed_from_u64(seed);
            let mut rows = Vec::new();
            for index in 0..random.random_range(0..24) {
                // Few values, and so many ties; ids that are not in the order of creation.
                let mut row = row(&fixture, &format!("todo {index}"), random.random_range(0..4)).await;
                row.id = uuid::Builder::from_random_bytes(random.random()).into_uuid();
                row.updated_at = time(random.random_range(0..4));
                row.due_at = random.random_bool(0.6).then(|| time(random.random_range(0..3)));
                row.priority = *[Priority::Low, Priority::Medium, Priority::High].choose(&mut random).unwrap();
                rows.push(row);
            }
            if !rows.is_empty() {
                insert(&fixture, &rows).await;
            }
            let mut order = ["CREATED_AT", "UPDATED_AT", "DUE_AT", "PRIORITY"].map(|field| (field, random.random_bool(0.5)));
            order.shuffle(&mut random);
            let order = &order[..random.random_range(0..=order.len())];
            rows.sort_by(|one, other| compare(one, other, order));
            let whole: Vec<_> = rows.iter().map(|row| row.text.clone()).collect();
            assert_walks_are_the_whole(&fixture, &ann, order, random.random_range(1..8), &whole).await;
            fixture.database.sql("DELETE FROM todo").await;
        }
    }

    async fn what_has_no_value_is_last_ascending_and_first_descending(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let mut rows = Vec::new();
        for (text, due) in [("never 1", None), ("late", Some(2)), ("never 2", None), ("soon", Some(1)), ("never 3", None)] {
            rows.push(todo::Model { due_at: due.map(time), ..row(&fixture, text, 0).await });
        }
        insert(&fixture, &rows).await;
        let ascending = ["soon", "late", "never 1", "never 2", "never 3"].map(str::to_owned);
        let descending = ["never 3", "never 2", "never 1", "late", "soon"].map(str::to_owned);
        for size in 1..=6 {
            assert_walks_are_the_whole(&fixture, &ann, &[("DUE_AT", false)], size, &ascending).await;
            assert_walks_are_the_whole(&fixture, &ann, &[("DUE_AT", true)], size, &descending).await;
        }
    }

    async fn every_page_between_any_two_places_is_right_and_knows_what_is_around_it(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let names = ["a", "b", "c", "d", "e", "f"];
        insert_in_order(&fixture, &names).await;
        let cursors = page(&fixture, &ann, &[], json!({})).await.cursors;
        // Places of rows that are gone, one at an end.
        delete(&fixture, "c").await;
        delete(&fixture, "f").await;
        let left = [0, 1, 3, 4];
        let places: Vec<Option<usize>> = std::iter::once(None).chain((0..names.len()).map(Some)).collect();
        for (after, before) in places.iter().flat_map(|after| places.iter().map(move |before| (*after, *before))) {
            let lies_after = |row: &usize| after.is_none_or(|after| *row > after);
            let lies_before = |row: &usize| before.is_none_or(|before| *row < before);
            let between: Vec<usize> = left.into_iter().filter(|row| lies_after(row) && lies_before(row)).collect();
            for (argument, size) in [("first", 1), ("first", 2), ("first", 4), ("last", 1), ("last", 2), ("last", 4)] {
                let most = between.len().min(size);
                let expected = if argument == "first" { &between[..most] } else { &between[between.len() - most..] };
                let cursor = |place: Option<usize>| place.map(|place| cursors[place].as_str());
                let arguments = json!({ argument: size, "after": cursor(after), "before": cursor(before) });
                let found = page(&fixture, &ann, &[], arguments).await;
                let context = format!("{argument} {size}, after {after:?}, before {before:?}");
                assert_eq!(found.texts, expected.iter().map(|row| names[*row]).collect::<Vec<_>>(), "{context}");
                assert_eq!(found.total, left.len());
                let (next, previous) = match (expected.first(), expected.last()) {
                    (Some(first), Some(last)) => (left.iter().any(|row| row > last), left.iter().any(|row| row < first)),
                    _ => (left.iter().any(lies_after), left.iter().any(lies_before)),
                };
                assert_eq!((found.next, found.previous), (next, previous), "{context}");
            }
        }
    }

    async fn an_empty_page_of_no_size_knows_what_is_around_its_place(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for argument in ["first", "last"] {
            let found = page(&fixture, &ann, &[], json!({ argument: 0 })).await;
            assert_eq!((found.texts.len(), found.total, found.next, found.previous), (0, 0, false, false));
        }
        insert_in_order(&fixture, &["a", "b", "c"]).await;
        let cursors = page(&fixture, &ann, &[], json!({})).await.cursors;
        let cases = [
            (json!({ "first": 0 }), true, false),
            (json!({ "first": 0, "after": cursors[1] }), true, true),
            (json!({ "first": 0, "after": cursors[2] }), false, true),
            (json!({ "last": 0 }), false, true),
            (json!({ "last": 0, "before": cursors[1] }), true, true),
            (json!({ "last": 0, "before": cursors[0] }), true, false),
        ];
        for (arguments, next, previous) in cases {
            let found = page(&fixture, &ann, &[], arguments.clone()).await;
            assert_eq!((found.texts.len(), found.total), (0, 3));
            assert_eq!((found.next, found.previous), (next, previous), "{arguments}");
        }
    }

    async fn a_walk_goes_on_whatever_comes_and_goes(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for order in [vec![], vec![("DUE_AT", false), ("CREATED_AT", false)]] {
            insert_in_order(&fixture, &["b", "d", "f", "h"]).await;
            let first = page(&fixture, &ann, &order, json!({ "first": 2 })).await;
            assert_eq!((first.texts, first.next), (vec!["b".to_owned(), "d".to_owned()], true));
            // Behind the walk, at its place, and before it.
            insert(&fixture, &[row(&fixture, "a", 0).await, row(&fixture, "e", 2).await]).await;
            delete(&fixture, "d").await;
            let second = page(&fixture, &ann, &order, json!({ "first": 2, "after": first.cursors[1] })).await;
            assert_eq!((second.texts.as_slice(), second.next), (["e", "f"].map(str::to_owned).as_slice(), true));
            assert_eq!((second.previous, second.total), (true, 5));
            delete(&fixture, "h").await;
            let same = page(&fixture, &ann, &order, json!({ "first": 2, "after": first.cursors[1] })).await;
            assert_eq!((same.texts.as_slice(), same.next), (second.texts.as_slice(), false));
            let third = page(&fixture, &ann, &order, json!({ "first": 2, "after": second.cursors[1] })).await;
            assert_eq!((third.texts.len(), third.next, third.previous, third.total), (0, false, true, 4));
            let back = page(&fixture, &ann, &order, json!({ "last": 2, "before": first.cursors[1] })).await;
            assert_eq!((back.texts.as_slice(), back.previous), (["a", "b"].map(str::to_owned).as_slice(), false));
            fixture.database.sql("DELETE FROM todo").await;
        }
    }

    async fn a_page_has_twenty_items_unless_asked_otherwise_and_a_hundred_at_most(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let texts: Vec<String> = (0..101).map(|index| format!("todo {index}")).collect();
        insert_in_order(&fixture, &texts.iter().map(String::as_str).collect::<Vec<_>>()).await;
        for (arguments, expected) in [
            (json!({}), &texts[..20]),
            (json!({ "first": null, "last": null }), &texts[..20]),
            (json!({ "first": 100 }), &texts[..100]),
            (json!({ "last": 100 }), &texts[1..]),
        ] {
            assert_eq!(page(&fixture, &ann, &[], arguments).await.texts, expected);
        }
    }

    async fn arguments_that_make_no_page_are_refused_by_name(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        insert_in_order(&fixture, &["a", "b"]).await;
        let of = |order: &'static Order| { let (fixture, ann) = (&fixture, &ann); async move { page(fixture, ann, order, json!({})).await.cursors[0].clone() } };
        let (created, descending, due) = (of(&[]).await, of(&[("CREATED_AT", true)]).await, of(&[("DUE_AT", false)]).await);
        let two = of(&[("CREATED_AT", false), ("DUE_AT", false)]).await;
        note(&fixture, &ann, "note", "PRIVATE").await;
        let notes = fixture.data("{ notes { edges { cursor } } }", json!({}), Some(&ann.token)).await;
        let of_a_note = &notes["notes"]["edges"][0]["cursor"];
        let cases = [
            ("first", json!({ "first": 101 })),
            ("first", json!({ "first": -1 })),
            ("last", json!({ "last": 101 })),
            ("last", json!({ "last": -1 })),
            ("last", json!({ "first": 1, "last": 1 })),
            ("after", json!({ "after": "" })),
            ("after", json!({ "after": "nonsense" })),
            ("after", json!({ "after": ann.id })),
            ("before", json!({ "before": &created[1..] })),
            ("before", json!({ "before": format!("{created}!") })),
            ("before", json!({ "before": descending })),
            ("after", json!({ "after": due })),
            ("after", json!({ "after": two })),
            ("after", json!({ "after": of_a_note })),
        ];
        for (field, arguments) in cases {
            let expected = json!({ "code": "BAD_USER_INPUT", "field": field });
            assert_eq!(fixture.refusal(PAGE, arguments.clone(), Some(&ann.token)).await, expected, "{arguments}");
        }
        assert_eq!(page(&fixture, &ann, &[], json!({ "after": created })).await.texts, ["b"]);
    }

    async fn what_is_asked_for_twice_is_answered_twice_also_without_caches(backend) {
        let fixture = Fixture::adjusted(backend, |settings| {
            (settings.policies.items.enabled, settings.policies.lists.enabled) = (false, false);
        })
        .await;
        let ann = fixture.user("ann").await;
        let (tag, note) = (tag(&fixture, &ann, "tag").await, note(&fixture, &ann, "note", "PUBLIC").await);
        change(&fixture, &ann, "tagNote", "note { id }", json!({ "noteId": note, "tagId": tag })).await;
        let document = "{
            notes { totalCount nodes { tags { totalCount nodes { name } } same: tags { totalCount nodes { name } } } }
            same: notes { totalCount nodes { tags { totalCount nodes { name } } same: tags { totalCount nodes { name } } } } }";
        let tags = json!({ "totalCount": 1, "nodes": [{ "name": "tag" }] });
        let notes = json!({ "totalCount": 1, "nodes": [{ "tags": tags, "same": tags }] });
        for who in [None, Some(ann.token.as_str())] {
            assert_eq!(fixture.data(document, json!({}), who).await, json!({ "notes": notes, "same": notes }));
        }
    }

    async fn connections_within_connections_page_each_on_their_own(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        let (one, two) = (tag(&fixture, &ann, "one").await, tag(&fixture, &ann, "two").await);
        for (title, tags) in [("both", vec![&one, &two]), ("none", vec![]), ("second", vec![&two])] {
            let note = note(&fixture, &ann, title, "PRIVATE").await;
            for tag in tags {
                change(&fixture, &ann, "tagNote", "note { id }", json!({ "noteId": note, "tagId": tag })).await;
            }
        }
        let document = "query($after: String) { notes { nodes { title
            tags(first: 1, after: $after) { totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage endCursor } }
            same: tags(first: 1, after: $after) { nodes { name } }
            last: tags(last: 1) { nodes { name } } } } }";
        let read = async |after: &Value| {
            let data = fixture.data(document, json!({ "after": after }), Some(&ann.token)).await;
            data["notes"]["nodes"].as_array().unwrap().clone()
        };
        let names = |connection: &Value| {
            connection["nodes"].as_array().unwrap().iter().map(|tag| text(&tag["name"])).collect::<Vec<_>>()
        };
        let notes = read(&Value::Null).await;
        let summary = |note: &Value| {
            assert_eq!(note["tags"]["nodes"], note["same"]["nodes"]);
            let around = &note["tags"]["pageInfo"];
            let (next, previous) = (around["hasNextPage"] == true, around["hasPreviousPage"] == true);
            (names(&note["tags"]).join(" "), names(&note["last"]).join(" "), next, previous)
        };
        let expected = [("one", "two", true, false), ("", "", false, false), ("two", "two", false, false)];
        let expected = expected.map(|(first, last, next, previous)| (first.to_owned(), last.to_owned(), next, previous));
        assert_eq!(notes.iter().map(summary).collect::<Vec<_>>(), expected);
        let totals: Vec<_> = notes.iter().map(|note| note["tags"]["totalCount"].as_u64().unwrap()).collect();
        assert_eq!(totals, [2, 0, 1]);

        let notes = read(&notes[0]["tags"]["pageInfo"]["endCursor"]).await;
        let expected = [("two", "two", false, true), ("", "", false, false), ("two", "two", false, false)];
        let expected = expected.map(|(first, last, next, previous)| (first.to_owned(), last.to_owned(), next, previous));
        assert_eq!(notes.iter().map(summary).collect::<Vec<_>>(), expected);
    }
}
