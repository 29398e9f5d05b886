mod oracle;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement, UnionType};
use sea_orm::{DatabaseConnection, EntityTrait, Order, QueryOrder, QueryTrait, Set};
use tidewater_entity::seed::{Plan, seed};
use tidewater_entity::selection::{
    Among, Direction, Link, Page, PageRows, Place, Scalar, Selection, Test, by_keys, counts, pages, tables_in,
};
use tidewater_entity::{Priority, new_id, note, note_tag, tag, todo, todo_tag, tracking, user};

use crate::on_both_databases;
use oracle::{LAST_KEY, Oracle, page_of};

/// Rows with many ties, many absent values, and links of every number.
struct World {
    oracle: Oracle,
    users: Vec<user::Model>,
    tags: Vec<tag::Model>,
    todos: Vec<todo::Model>,
}

impl World {
    async fn new(connection: &DatabaseConnection) -> Self {
        seed(connection, Plan { users: 5, todos: 60, notes: 30, seed: 7 }, "", |_, _, _| ()).await.unwrap();
        Self::read(connection).await
    }

    async fn read(connection: &DatabaseConnection) -> Self {
        let oracle = Oracle::default().read::<todo::Entity>(connection).await.read::<note::Entity>(connection).await;
        let oracle = oracle.read::<tag::Entity>(connection).await.read::<todo_tag::Entity>(connection).await;
        Self {
            oracle: oracle.read::<note_tag::Entity>(connection).await,
            users: user::Entity::find().order_by_asc(user::Column::Id).all(connection).await.unwrap(),
            tags: tag::Entity::find().order_by_asc(tag::Column::Id).all(connection).await.unwrap(),
            todos: todo::Entity::find().order_by_asc(todo::Column::Id).all(connection).await.unwrap(),
        }
    }

    /// Sets of every kind of todos and notes, before filters and orders.
    fn sets(&self) -> Vec<Selection> {
        let (one, other) = (self.users[0].id, self.users[1].id);
        let public = || (note::Column::Visibility, Scalar::from("PUBLIC"));
        vec![
            Selection::everything::<todo::Entity>(),
            Selection::nothing::<todo::Entity>(),
            Selection::any_of::<todo::Entity>([
                (todo::Column::UserId, one.into()),
                (todo::Column::UserId, other.into()),
            ]),
            Selection::each::<todo::Entity>(todo::Column::UserId, one),
            Selection::each::<todo::Entity>(todo::Column::UserId, new_id()),
            Selection::linked::<todo::Entity>(todos_of_tag(), self.tags[3].id),
            Selection::any_of::<note::Entity>([(note::Column::UserId, one.into()), public()]),
            Selection::each::<note::Entity>(note::Column::Visibility, "PUBLIC"),
            Selection::linked::<note::Entity>(notes_of_tag(), self.tags[5].id),
        ]
    }

    /// Sets with many values to read them by, of which some have no rows.
    fn values(&self) -> Vec<(Selection, Vec<Scalar>)> {
        let users = self.users.iter().map(|user| user.id).chain([new_id()]);
        let tags = || self.tags.iter().map(|tag| tag.id).chain([new_id()]).map(Scalar::from).collect();
        let todos = self.todos.iter().map(|todo| Scalar::from(todo.id)).collect();
        let link = Link::through::<todo_tag::Entity>(todo_tag::Column::TodoId, todo_tag::Column::TagId);
        vec![
            (Selection::each::<todo::Entity>(todo::Column::UserId, new_id()), users.map(Scalar::from).collect()),
            (
                Selection::each::<note::Entity>(note::Column::Visibility, "PUBLIC"),
                ["PRIVATE", "PUBLIC", "NONE"].map(Scalar::from).into(),
            ),
            (Selection::each::<todo::Entity>(todo::Column::Completed, true), [false, true].map(Scalar::from).into()),
            (Selection::linked::<todo::Entity>(todos_of_tag(), new_id()), tags()),
            (Selection::linked::<note::Entity>(notes_of_tag(), new_id()), tags()),
            (Selection::linked::<tag::Entity>(link, new_id()), todos),
        ]
    }
}

fn todos_of_tag() -> Link {
    Link::through::<todo_tag::Entity>(todo_tag::Column::TagId, todo_tag::Column::TodoId)
}

fn notes_of_tag() -> Link {
    Link::through::<note_tag::Entity>(note_tag::Column::TagId, note_tag::Column::NoteId)
}

/// A set in orders with and without ties, absent values, and mixed directions.
fn ordered(set: &Selection) -> Vec<Selection> {
    let set = || set.clone();
    match set().shape.table {
        "todo" => vec![
            set(),
            set().order_by(todo::Column::CreatedAt, false),
            set().order_by(todo::Column::CreatedAt, true),
            set().order_by(todo::Column::DueAt, false),
            set().order_by(todo::Column::DueAt, true),
            set().order_by(todo::Column::Completed, true).order_by(todo::Column::UpdatedAt, true),
            set().order_by(todo::Column::Priority, true).order_by(todo::Column::DueAt, false),
            set().order_by(todo::Column::DueAt, true).order_by(todo::Column::Priority, false),
        ],
        "note" => vec![
            set().order_by(note::Column::UpdatedAt, true),
            set().order_by(note::Column::Visibility, false),
            set().order_by(note::Column::Visibility, true).order_by(note::Column::CreatedAt, false),
        ],
        _ => vec![set().order_by(tag::Column::Name, false), set().order_by(tag::Column::Name, true)],
    }
}

/// Pages of every form: from both ends, from places at rows, between rows and past all rows, up to them, and between two.
fn all_pages(rows: &[Place]) -> Vec<Page> {
    let picked = |index: usize| rows.get(index.min(rows.len().saturating_sub(1))).cloned();
    let gone = |index| picked(index).map(|place| Place { key: new_id(), ..place });
    let end = rows.last().map(|place| Place { key: LAST_KEY, ..place.clone() });
    let middle = rows.len() / 2;
    let bounds = [
        (None, None),
        (picked(1), None),
        (None, picked(middle)),
        (gone(middle), None),
        (None, gone(2)),
        (picked(1), gone(middle + 2)),
        (picked(middle), picked(1)),
        (end.clone(), None),
        (None, end),
    ];
    let page = |size, direction| {
        bounds.iter().map(move |(after, before)| Page { size, direction, after: after.clone(), before: before.clone() })
    };
    let sizes = [0, 1, 4, 1_000];
    let directions = [Direction::Forward, Direction::Backward];
    directions.into_iter().flat_map(|direction| sizes.into_iter().flat_map(move |size| page(size, direction))).collect()
}

async fn read_page(connection: &DatabaseConnection, selection: &Selection, page: &Page) -> PageRows {
    let found = pages(connection, &selection.shape, page, std::slice::from_ref(&selection.value)).await.unwrap();
    <[PageRows; 1]>::try_from(found).unwrap().into_iter().next().unwrap()
}

async fn count_of(connection: &DatabaseConnection, selection: &Selection) -> u64 {
    counts(connection, &selection.shape, std::slice::from_ref(&selection.value)).await.unwrap()[0]
}

/// The connection, and the statements that it runs from now on.
fn watched(connection: &DatabaseConnection) -> (DatabaseConnection, Arc<Mutex<Vec<String>>>) {
    let statements = Arc::new(Mutex::new(Vec::new()));
    let mut connection = connection.clone();
    let seen = Arc::clone(&statements);
    connection.set_metric_callback(move |info| seen.lock().unwrap().push(info.statement.sql.clone()));
    (connection, statements)
}

on_both_databases! {
    async fn pages_of_every_set_and_order_are_what_their_rows_say(migrated) {
        let connection = &migrated.connection;
        let world = World::new(connection).await;
        for selection in world.sets().iter().flat_map(ordered) {
            let rows = world.oracle.rows(&selection);
            for page in all_pages(&rows) {
                let found = read_page(connection, &selection, &page).await;
                assert_eq!(found, page_of(&rows, &selection.shape.order, &page), "{page:?} of {selection:?}");
            }
        }
    }

    async fn filters_admit_what_they_say(migrated) {
        let connection = &migrated.connection;
        seed(connection, Plan { users: 2, todos: 40, notes: 0, seed: 9 }, "", |_, _, _| ()).await.unwrap();
        // What LIKE would take for a pattern, and letters in both cases.
        for (index, text) in ["100% sure", "100 or so sure", "snake_case", "snake case", r"back\slash"].iter().enumerate() {
            let key = todo::Entity::find().order_by_asc(todo::Column::Id).all(connection).await.unwrap()[index].id;
            let row = todo::ActiveModel { id: Set(key), text: Set((*text).to_owned()), ..Default::default() };
            todo::Entity::update(row).exec(connection).await.unwrap();
        }
        let world = World::read(connection).await;
        let due = world.todos.iter().filter_map(|todo| todo.due_at).collect::<Vec<_>>()[5];
        let text = |text: &str| (todo::Column::Text, Test::Contains(text.to_owned()));
        let filters = [
            (todo::Column::Completed, Test::Is(true.into())),
            (todo::Column::Completed, Test::IsNot(true.into())),
            (todo::Column::DueAt, Test::Is(Scalar::Null)),
            (todo::Column::DueAt, Test::IsNot(Scalar::Null)),
            (todo::Column::DueAt, Test::IsNot(due.into())),
            (todo::Column::DueAt, Test::AtLeast(due.into())),
            (todo::Column::DueAt, Test::Below(due.into())),
            (todo::Column::Priority, Test::OneOf(vec![Scalar::Integer(Priority::Low as i64), Scalar::Integer(2)])),
            (todo::Column::Priority, Test::OneOf(Vec::new())),
            (todo::Column::UserId, Test::Is(world.users[1].id.into())),
            text("0% S"),
            text("E_C"),
            text(r"K\S"),
            text(""),
            text("nowhere to be found"),
        ];
        for (column, test) in &filters {
            let all = Selection::everything::<todo::Entity>().filter(*column, test.clone());
            let own = Selection::each::<todo::Entity>(todo::Column::UserId, world.users[0].id).filter(*column, test.clone());
            let both = all.clone().filter(todo::Column::Completed, Test::Is(false.into()));
            for selection in [all, own, both] {
                let expected = world.oracle.rows(&selection);
                let found = read_page(connection, &selection, &Page::first(100)).await;
                assert_eq!(found.rows, expected, "{selection:?}");
                assert_eq!(count_of(connection, &selection).await, expected.len() as u64, "{selection:?}");
            }
        }
        for (part, expected) in [("0% s", 1), ("e_c", 1), (r"k\s", 1), ("snake", 2)] {
            let (column, test) = text(part);
            let selection = Selection::everything::<todo::Entity>().filter(column, test);
            assert_eq!(count_of(connection, &selection).await, expected, "{part}");
        }
    }

    async fn many_values_are_answered_as_each_alone_in_one_statement(migrated) {
        let world = World::new(&migrated.connection).await;
        for (set, values) in world.values() {
            for selection in ordered(&set) {
                let rows = |value: &Scalar| world.oracle.rows(&Selection { value: value.clone(), ..selection.clone() });
                let rows: Vec<Vec<Place>> = values.iter().map(rows).collect();
                for page in all_pages(&rows[0]) {
                    let (connection, statements) = watched(&migrated.connection);
                    let found = pages(&connection, &selection.shape, &page, &values).await.unwrap();
                    assert_eq!(statements.lock().unwrap().len(), 1);
                    let expected = rows.iter().map(|rows| page_of(rows, &selection.shape.order, &page));
                    assert_eq!(found, expected.collect::<Vec<_>>(), "{page:?} of {selection:?}");
                }
            }
        }
    }

    async fn a_selection_that_is_asked_for_twice_is_answered_twice(migrated) {
        let connection = &migrated.connection;
        let world = World::new(connection).await;
        for selection in world.sets() {
            let twice = [selection.value.clone(), selection.value.clone()];
            let page = read_page(connection, &selection, &Page::first(3)).await;
            let found = pages(connection, &selection.shape, &Page::first(3), &twice).await.unwrap();
            assert_eq!(found, [page.clone(), page], "{selection:?}");
            let count = count_of(connection, &selection).await;
            assert_eq!(counts(connection, &selection.shape, &twice).await.unwrap(), [count, count], "{selection:?}");
        }
    }

    async fn many_counts_are_the_lengths_in_one_statement(migrated) {
        let world = World::new(&migrated.connection).await;
        for (set, values) in world.values() {
            let filtered = match set.shape.table {
                "todo" => set.clone().filter(todo::Column::DueAt, Test::IsNot(Scalar::Null)),
                "note" => set.clone().filter(note::Column::Visibility, Test::Is("PRIVATE".into())),
                _ => set.clone().filter(tag::Column::Name, Test::Contains("o".to_owned())),
            };
            for selection in [set, filtered] {
                let (connection, statements) = watched(&migrated.connection);
                let found = counts(&connection, &selection.shape, &values).await.unwrap();
                assert_eq!(statements.lock().unwrap().len(), 1);
                let expected = values.iter().map(|value| {
                    world.oracle.rows(&Selection { value: value.clone(), ..selection.clone() }).len() as u64
                });
                assert_eq!(found, expected.collect::<Vec<_>>(), "{selection:?}");
            }
        }
        for selection in world.sets() {
            let expected = world.oracle.rows(&selection).len() as u64;
            assert_eq!(count_of(&migrated.connection, &selection).await, expected, "{selection:?}");
        }
    }

    async fn statements_read_no_table_but_the_rows_and_the_links(migrated) {
        let world = World::new(&migrated.connection).await;
        let alone = world.sets().into_iter().map(|set| (set.clone(), vec![set.value]));
        for (selection, values) in alone.chain(world.values()) {
            let shape = &selection.shape;
            let link = if let Among::Linked(link) = shape.among { Some(link.table) } else { None };
            let expected: HashSet<_> = [shape.table].into_iter().chain(link).collect();
            let (connection, statements) = watched(&migrated.connection);
            pages(&connection, shape, &Page::first(1), &values).await.unwrap();
            counts(&connection, shape, &values).await.unwrap();
            for statement in statements.lock().unwrap().iter() {
                let named = tracking().into_iter().map(|tracking| tracking.table);
                let named: HashSet<_> = named.filter(|table| str::contains(statement, &format!("\"{table}\""))).collect();
                assert_eq!(named, expected, "{statement}");
            }
        }
    }

    async fn rows_are_found_by_their_keys(migrated) {
        let connection = &migrated.connection;
        let world = World::new(connection).await;
        let (one, other, absent) = (&world.todos[3], &world.todos[40], new_id());
        let (watched, statements) = watched(connection);
        let found = by_keys::<todo::Entity>(&watched, &[other.id, absent, one.id, other.id]).await.unwrap();
        assert_eq!(statements.lock().unwrap().len(), 1);
        assert_eq!(found.len(), 2);
        assert_eq!((&found[&one.id], &found[&other.id]), (one, other));
        assert!(by_keys::<todo::Entity>(connection, &[]).await.unwrap().is_empty());
    }
}

#[test]
fn the_tables_of_a_statement_are_found_wherever_they_stand() {
    let known: Vec<&'static str> = tracking().iter().map(|tracking| tracking.table).collect();
    let rows = |table: &'static str| Query::select().expr(Expr::val(1)).from(table).take();
    let some = |table| Expr::exists(rows(table));
    let tables = |statement: &SelectStatement| tables_in(statement, &known).unwrap();

    assert_eq!(tables(&todo::Entity::find().into_query()), ["todo"]);
    assert_eq!(tables(&todo::Entity::find().find_also_related(user::Entity).into_query()), ["todo", "user"]);
    assert_eq!(tables(rows("todo").and_where(some("note"))), ["note", "todo"]);
    assert_eq!(tables(rows("todo").and_having(some("tag"))), ["tag", "todo"]);
    assert_eq!(tables(rows("todo").order_by_expr(some("session"), Order::Asc)), ["session", "todo"]);
    assert_eq!(tables(rows("todo").expr(some("profile"))), ["profile", "todo"]);
    assert_eq!(tables(rows("todo").union(UnionType::All, rows("note_tag"))), ["note_tag", "todo"]);
    let both = some("note").and(some("tag"));
    assert_eq!(
        tables(&Query::select().from_subquery(rows("todo"), "rows").and_where(both).take()),
        ["note", "tag", "todo"]
    );
}
