//! Pages of lists that change between them, held against a model.

use std::cmp::Ordering;
use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::json;
use tidewater_entity::{Priority, todo};
use tidewater_testkit::on_each_backend;

use crate::connections::{compare, insert, page, row, time};
use crate::fixture::{Fixture, SignedIn};

/// The todos that there are, as a client that sees all of them would have them.
struct Model<'f> {
    fixture: &'f Fixture,
    order: Vec<(&'static str, bool)>,
    random: StdRng,
    rows: Vec<todo::Model>,
    /// How many there have ever been.
    count: usize,
    /// When each row was changed last, by its text: in which round.
    changed: HashMap<String, usize>,
}

/// A cursor, and the row that it is of as it was then.
type Place = (String, todo::Model);

impl<'f> Model<'f> {
    async fn new(fixture: &'f Fixture, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut order = [("CREATED_AT", false), ("UPDATED_AT", false), ("DUE_AT", false), ("PRIORITY", false)];
        order.iter_mut().for_each(|(_, descending)| *descending = random.random_bool(0.5));
        order.shuffle(&mut random);
        let order = order[..random.random_range(0..=order.len())].to_vec();
        let mut model = Self { fixture, order, random, rows: Vec::new(), count: 0, changed: HashMap::new() };
        for _ in 0..model.random.random_range(0..20) {
            model.insert(0).await;
        }
        model
    }

    /// Gives a row other places in all orders. Few values, and so many ties.
    fn shuffle(&mut self, row: &mut todo::Model) {
        row.updated_at = time(self.random.random_range(0..4));
        row.due_at = self.random.random_bool(0.6).then(|| time(self.random.random_range(0..3)));
        row.priority = *[Priority::Low, Priority::Medium, Priority::High].choose(&mut self.random).unwrap();
    }

    async fn insert(&mut self, round: usize) {
        let created = self.random.random_range(0..4);
        let mut row = row(self.fixture, &format!("todo {}", self.count), created).await;
        row.id = uuid::Builder::from_random_bytes(self.random.random()).into_uuid();
        self.shuffle(&mut row);
        insert(self.fixture, std::slice::from_ref(&row)).await;
        self.changed.insert(row.text.clone(), round);
        self.rows.push(row);
        self.count += 1;
    }

    /// Inserts, moves and deletes a few rows; those with one of these texts as likely as all others together.
    async fn change(&mut self, round: usize, preferred: &[String]) {
        for _ in 0..self.random.random_range(0..4) {
            let candidates: Vec<usize> = (0..self.rows.len()).collect();
            let shown = candidates.iter().copied().filter(|index| preferred.contains(&self.rows[*index].text));
            let shown: Vec<usize> = shown.collect();
            let from = if self.random.random_bool(0.5) && !shown.is_empty() { &shown } else { &candidates };
            match (self.random.random_range(0..3), from.choose(&mut self.random).copied()) {
                (0, Some(index)) => {
                    let row = self.rows.swap_remove(index);
                    todo::Entity::delete_by_id(row.id).exec(&self.fixture.connection).await.unwrap();
                    self.changed.remove(&row.text);
                }
                (1, Some(index)) => {
                    let mut row = self.rows[index].clone();
                    self.shuffle(&mut row);
                    row.clone().into_active_model().reset_all().update(&self.fixture.connection).await.unwrap();
                    self.changed.insert(row.text.clone(), round);
                    self.rows[index] = row;
                }
                _ => self.insert(round).await,
            }
        }
    }

    fn sorted(&self) -> Vec<todo::Model> {
        let mut rows = self.rows.clone();
        rows.sort_by(|one, other| compare(one, other, &self.order));
        rows
    }

    /// Asks for a page, and checks all that it says. Answers the places that it shows, in order.
    async fn page(
        &self,
        who: &SignedIn,
        size: (&str, usize),
        after: Option<&Place>,
        before: Option<&Place>,
    ) -> (Vec<Place>, bool, bool) {
        let (argument, size) = size;
        let cursor = |place: Option<&Place>| place.map(|(cursor, _)| cursor.clone());
        let arguments = json!({ argument: size, "after": cursor(after), "before": cursor(before) });
        let found = page(self.fixture, who, &self.order, arguments).await;

        let is =
            |row: &todo::Model, ordering: Ordering, place: &todo::Model| compare(row, place, &self.order) == ordering;
        let lies_after = |row: &todo::Model| after.is_none_or(|(_, place)| is(row, Ordering::Greater, place));
        let lies_before = |row: &todo::Model| before.is_none_or(|(_, place)| is(row, Ordering::Less, place));
        let sorted = self.sorted();
        let between: Vec<_> = sorted.iter().filter(|row| lies_after(row) && lies_before(row)).collect();
        let most = between.len().min(size);
        let expected = if argument == "first" { &between[..most] } else { &between[between.len() - most..] };
        let (next, previous) = match (expected.first(), expected.last()) {
            (Some(first), Some(last)) => (
                sorted.iter().any(|row| is(row, Ordering::Greater, last)),
                sorted.iter().any(|row| is(row, Ordering::Less, first)),
            ),
            // Nothing lies between the bounds.
            _ => (sorted.iter().any(lies_after), sorted.iter().any(lies_before)),
        };
        assert_eq!(found.texts, expected.iter().map(|row| row.text.as_str()).collect::<Vec<_>>());
        assert_eq!((found.next, found.previous, found.total), (next, previous, sorted.len()));
        let places = found.cursors.into_iter().zip(expected.iter().map(|row| (*row).clone())).collect();
        (places, found.next, found.previous)
    }
}

fn texts(places: &[Place]) -> Vec<String> {
    places.iter().map(|(_, row)| row.text.clone()).collect()
}

on_each_backend! {
    async fn any_page_between_any_cursors_is_right_whatever_has_changed_since(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for seed in 0..8 {
            println!("seed {seed}");
            let mut model = Model::new(&fixture, seed).await;
            let mut places: Vec<Place> = Vec::new();
            let mut shown = Vec::new();
            for round in 1..24 {
                model.change(round, &shown).await;
                let argument = if model.random.random_bool(0.5) { "first" } else { "last" };
                let size = model.random.random_range(1..7);
                let mut bound = || places.choose(&mut model.random).filter(|_| round % 4 > 0).cloned();
                let (after, before) = (bound(), bound());
                let (found, ..) = model.page(&ann, (argument, size), after.as_ref(), before.as_ref()).await;
                shown = texts(&found);
                places.extend(found);
            }
            fixture.database.sql("DELETE FROM todo").await;
        }
    }

    async fn a_walk_shows_what_stays_once_whatever_comes_goes_and_moves(backend) {
        let fixture = Fixture::new(backend).await;
        let ann = fixture.user("ann").await;
        for (seed, argument) in (100..106).flat_map(|seed| [(seed, "first"), (seed, "last")]) {
            println!("seed {seed}, {argument}");
            let mut model = Model::new(&fixture, seed).await;
            let size = model.random.random_range(1..5);
            let (mut walked, mut round) = (Vec::new(), 0);
            let mut place = None;
            loop {
                round += 1;
                let (after, before) = if argument == "first" { (place.as_ref(), None) } else { (None, place.as_ref()) };
                let (found, next, previous) = model.page(&ann, (argument, size), after, before).await;
                let is_last = if argument == "first" { !next } else { !previous };
                let edge = if argument == "first" { found.last() } else { found.first() };
                place = edge.cloned().or(place);
                let shown = texts(&found);
                if argument == "first" { walked.extend(shown.clone()) } else { walked.splice(..0, shown.clone()); }
                if is_last || round > 200 {
                    break;
                }
                model.change(round, &shown).await;
            }
            assert!(round <= 200, "it comes to an end");
            let stayed = |text: &String| model.changed.get(text) == Some(&0);
            walked.retain(stayed);
            let there: Vec<_> = model.sorted().into_iter().map(|row| row.text).filter(stayed).collect();
            assert_eq!(walked, there);
            fixture.database.sql("DELETE FROM todo").await;
        }
    }
}
