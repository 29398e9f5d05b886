//! What is asked, of the store and of the API.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use futures::future::join_all;
use proptest::prelude::*;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, FromQueryResult};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tidewater_entity::selection::{Direction, Link, Order, Page, Place, Scalar, ScalarKind, Selection, Test};
use tidewater_entity::{note, note_tag, tag, todo, todo_tag, user};
use tidewater_graphql::{Reader, Stored, id};
use uuid::Uuid;

use super::changes::{ROWS, USERS, key, text};

/// The rows of one entity.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entity {
    User,
    Todo,
    Note,
    Tag,
}

#[derive(Clone, Debug)]
pub(crate) enum Question {
    Items(Entity, Vec<Uuid>),
    /// Pages of the selections that differ in these values only.
    Pages(Entity, Selection, Page, Vec<Scalar>),
    Counts(Entity, Selection, Vec<Scalar>),
    First(Entity, Selection),
    /// A statement that no selection can say.
    Free(u8),
    Document {
        document: &'static str,
        variables: Value,
        viewer: u8,
    },
}

#[derive(Debug, FromQueryResult, Serialize, Deserialize)]
struct Name {
    name: String,
}

const DOCUMENTS: [&str; 7] = [
    "query($filter: TodoFilter, $orderBy: [TodoOrder!], $first: Int) {
        todos(filter: $filter, orderBy: $orderBy, first: $first) { totalCount pageInfo { hasNextPage hasPreviousPage }
            nodes { text notes completed user { name email role profile { bio } } tags { totalCount nodes { name } } } } }",
    "query($first: Int) { notes(last: $first, orderBy: [{ field: TITLE }]) { totalCount pageInfo { hasPreviousPage }
        nodes { title body visibility user { name } likeCount viewerHasLiked viewCount viewsCountedAt tags(first: 2) { nodes { name } pageInfo { hasNextPage } } } } }",
    "query($filter: TodoFilter, $orderBy: [TodoOrder!]) { tags { totalCount nodes { name user { name }
        todos(filter: $filter, orderBy: $orderBy) { totalCount nodes { text } }
        notes(filter: { visibility: PUBLIC }) { totalCount nodes { title } } } } }",
    "query($ids: [ID!]!) { viewer { id name } nodes(ids: $ids) { id ... on Todo { text } ... on Note { title } ... on User { name }
        ... on Tag { name } } }",
    "query($user: ID!, $first: Int) { user(id: $user) { name role profile { bio avatarUrl } todos(first: $first) { totalCount
        nodes { text } } notes(first: $first) { totalCount nodes { title } } tags { totalCount nodes { name } } } }",
    "query($tag: ID!, $note: ID!) { tag(id: $tag) { name user { name } notes { nodes { title } } }
        note(id: $note) { title likeCount viewerHasLiked viewerCount tags { totalCount nodes { name } } } }",
    // Refused to whoever is not an administrator, until they are.
    "query($first: Int) { users(first: $first, filter: { role: USER }, orderBy: [{ field: NAME }]) { totalCount
        pageInfo { hasNextPage } nodes { name email role } } }",
];

impl Question {
    /// What the store answers; a document is the API's.
    pub(crate) async fn ask(&self, reader: &Reader) -> String {
        match self {
            Self::Items(entity, ..) | Self::Pages(entity, ..) | Self::Counts(entity, ..) | Self::First(entity, ..) => {
                match entity {
                    Entity::User => self.ask_about::<user::Entity>(reader).await,
                    Entity::Todo => self.ask_about::<todo::Entity>(reader).await,
                    Entity::Note => self.ask_about::<note::Entity>(reader).await,
                    Entity::Tag => self.ask_about::<tag::Entity>(reader).await,
                }
            }
            Self::Free(value) => {
                let on = (todo_tag::Entity, todo_tag::Column::TagId);
                let statement = Query::select()
                    .column((tag::Entity, tag::Column::Name))
                    .from(tag::Entity)
                    .inner_join(todo_tag::Entity, Expr::col((tag::Entity, tag::Column::Id)).equals(on))
                    .and_where(Expr::col((tag::Entity, tag::Column::Name)).ne(text(*value)))
                    .order_by((tag::Entity, tag::Column::Name), sea_orm::sea_query::Order::Asc)
                    .take();
                format!("{:?}", reader.select::<Name>(&statement).await.unwrap())
            }
            Self::Document { .. } => unreachable!("the API is asked"),
        }
    }

    async fn ask_about<E: Stored<Model: Debug>>(&self, reader: &Reader) -> String {
        let with = |selection: &Selection, value: &Scalar| Selection { value: value.clone(), ..selection.clone() };
        match self {
            Self::Items(_, keys) => {
                let items = join_all(keys.iter().map(|key| reader.item::<E>(*key))).await;
                format!("{:?}", items.into_iter().collect::<Result<Vec<_>, _>>().unwrap())
            }
            Self::Pages(_, selection, page, values) => {
                let selections: Vec<_> = values.iter().map(|value| with(selection, value)).collect();
                let pages = join_all(selections.iter().map(|selection| reader.page::<E>(selection, page))).await;
                format!("{:?}", pages.into_iter().collect::<Result<Vec<_>, _>>().unwrap())
            }
            Self::Counts(_, selection, values) => {
                let selections: Vec<_> = values.iter().map(|value| with(selection, value)).collect();
                let counts = join_all(selections.iter().map(|selection| reader.count::<E>(selection))).await;
                format!("{:?}", counts.into_iter().collect::<Result<Vec<_>, _>>().unwrap())
            }
            Self::First(_, selection) => format!("{:?}", reader.first::<E>(selection).await.unwrap()),
            Self::Free(_) | Self::Document { .. } => unreachable!("not about one entity"),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Items(..) => "items",
            Self::Pages(..) => "pages",
            Self::Counts(..) => "counts",
            Self::First(..) => "first",
            Self::Free(_) => "free",
            Self::Document { .. } => "documents",
        }
    }
}

/// A time that rows have.
pub(crate) fn time(nth: u8) -> DateTime<Utc> {
    format!("2026-01-0{}T00:00:00Z", nth % 4 + 1).parse().unwrap()
}

fn user_key() -> impl Strategy<Value = Scalar> {
    (0..USERS).prop_map(|nth| key(nth).into())
}

fn row_key() -> impl Strategy<Value = Uuid> {
    (0..ROWS).prop_map(key)
}

fn time_scalar() -> impl Strategy<Value = Scalar> {
    (0..4_u8).prop_map(|nth| time(nth).into())
}

fn text_scalar() -> impl Strategy<Value = Scalar> {
    (0..4_u8).prop_map(|nth| text(nth).into())
}

fn contains() -> impl Strategy<Value = Test> {
    (0..4_u8).prop_map(|nth| Test::Contains(text(nth).to_owned()))
}

fn visibility() -> impl Strategy<Value = Scalar> {
    proptest::sample::select(&["PRIVATE", "PUBLIC"][..]).prop_map(Scalar::from)
}

/// `among`, with any filters and any order.
fn selection<C: ColumnTrait + 'static>(
    among: impl Strategy<Value = Selection>,
    filter: impl Strategy<Value = (C, Test)>,
    columns: &'static [C],
) -> impl Strategy<Value = Selection> {
    let order = prop::collection::vec((proptest::sample::select(columns), any::<bool>()), 0..3);
    (among, prop::collection::vec(filter, 0..3), order).prop_map(|(among, filters, order)| {
        let filtered = filters.into_iter().fold(among, |selection, (column, test)| selection.filter(column, test));
        order.into_iter().fold(filtered, |selection, (column, descending)| selection.order_by(column, descending))
    })
}

fn todos() -> impl Strategy<Value = Selection> {
    use todo::Column::{Completed, CreatedAt, DueAt, Priority, Text, UpdatedAt, UserId};
    let link = Link::through::<todo_tag::Entity>(todo_tag::Column::TagId, todo_tag::Column::TodoId);
    let among = prop_oneof![
        2 => Just(Selection::everything::<todo::Entity>()),
        3 => user_key().prop_map(|user| Selection::each::<todo::Entity>(UserId, user)),
        1 => (user_key(), user_key()).prop_map(|(one, other)| Selection::any_of::<todo::Entity>([(UserId, one), (UserId, other)])),
        3 => row_key().prop_map(move |tag| Selection::linked::<todo::Entity>(link, tag)),
        // Of columns that the log does not record, and of values that it cannot hold.
        2 => any::<bool>().prop_map(|completed| Selection::each::<todo::Entity>(Completed, completed)),
        1 => time_scalar().prop_map(|time| Selection::any_of::<todo::Entity>([(DueAt, time)])),
    ];
    let filter = prop_oneof![
        any::<bool>().prop_map(|completed| (Completed, Test::Is(completed.into()))),
        (0..3_i64).prop_map(|priority| (Priority, Test::OneOf(vec![priority.into()]))),
        contains().prop_map(|test| (Text, test)),
        time_scalar().prop_map(|time| (DueAt, Test::AtLeast(time))),
        time_scalar().prop_map(|time| (DueAt, Test::Below(time))),
        Just((DueAt, Test::Is(Scalar::Null))),
        user_key().prop_map(|user| (UserId, Test::Is(user))),
    ];
    selection(among, filter, &[CreatedAt, UpdatedAt, DueAt, Priority])
}

fn notes() -> impl Strategy<Value = Selection> {
    use note::Column::{CreatedAt, Title, UpdatedAt, UserId, Visibility};
    let link = Link::through::<note_tag::Entity>(note_tag::Column::TagId, note_tag::Column::NoteId);
    let among = prop_oneof![
        1 => Just(Selection::everything::<note::Entity>()),
        2 => user_key().prop_map(|user| Selection::each::<note::Entity>(UserId, user)),
        2 => (user_key(), visibility())
            .prop_map(|(user, visibility)| Selection::any_of::<note::Entity>([(UserId, user), (Visibility, visibility)])),
        2 => row_key().prop_map(move |tag| Selection::linked::<note::Entity>(link, tag)),
        1 => visibility().prop_map(|visibility| Selection::each::<note::Entity>(Visibility, visibility)),
    ];
    let filter = prop_oneof![
        visibility().prop_map(|visibility| (Visibility, Test::Is(visibility))),
        contains().prop_map(|test| (Title, test)),
    ];
    selection(among, filter, &[CreatedAt, UpdatedAt, Title])
}

fn tags() -> impl Strategy<Value = Selection> {
    use tag::Column::{CreatedAt, Name, UserId};
    let of_todo = Link::through::<todo_tag::Entity>(todo_tag::Column::TodoId, todo_tag::Column::TagId);
    let of_note = Link::through::<note_tag::Entity>(note_tag::Column::NoteId, note_tag::Column::TagId);
    let among = prop_oneof![
        1 => Just(Selection::everything::<tag::Entity>()),
        2 => user_key().prop_map(|user| Selection::each::<tag::Entity>(UserId, user)),
        2 => row_key().prop_map(move |todo| Selection::linked::<tag::Entity>(of_todo, todo)),
        2 => row_key().prop_map(move |note| Selection::linked::<tag::Entity>(of_note, note)),
    ];
    let filter =
        prop_oneof![contains().prop_map(|test| (Name, test)), user_key().prop_map(|user| (UserId, Test::Is(user))),];
    selection(among, filter, &[CreatedAt, Name])
}

fn users() -> impl Strategy<Value = Selection> {
    use user::Column::{CreatedAt, Email, Name, Role};
    let among = prop_oneof![
        1 => Just(Selection::everything::<user::Entity>()),
        2 => text_scalar().prop_map(|email| Selection::each::<user::Entity>(Email, email)),
    ];
    let role = proptest::sample::select(&["USER", "ADMIN"][..]);
    let filter =
        prop_oneof![contains().prop_map(|test| (Name, test)), role.prop_map(|role| (Role, Test::Is(role.into()))),];
    selection(among, filter, &[CreatedAt, Name, Email, Role])
}

/// A place where some row may be, in that order.
fn place(order: Vec<Order>) -> impl Strategy<Value = Place> {
    let values = move |nth: [u8; 4]| {
        let value = |(order, nth): (&Order, u8)| match order.kind {
            _ if order.nullable && nth.is_multiple_of(4) => Scalar::Null,
            ScalarKind::Boolean => Scalar::Boolean(nth.is_multiple_of(2)),
            ScalarKind::Small | ScalarKind::Integer | ScalarKind::Big => Scalar::Integer(i64::from(nth % 3)),
            ScalarKind::Time => time(nth).into(),
            ScalarKind::Uuid => key(nth).into(),
            ScalarKind::Text => text(nth).into(),
        };
        order.iter().zip(nth).map(value).collect()
    };
    (any::<[u8; 4]>(), row_key()).prop_map(move |(nth, key)| Place { values: values(nth), key })
}

fn page(order: Vec<Order>) -> impl Strategy<Value = Page> {
    let bound = prop::option::weighted(0.25, place(order)).boxed();
    let direction = proptest::sample::select(&[Direction::Forward, Direction::Backward][..]);
    (0..5_u32, direction, bound.clone(), bound).prop_map(|(size, direction, after, before)| Page {
        size,
        direction,
        after,
        before,
    })
}

fn document() -> impl Strategy<Value = Question> {
    let filter = prop_oneof![
        Just(json!({})),
        any::<bool>().prop_map(|completed| json!({ "completed": completed })),
        Just(json!({ "priority": ["LOW", "HIGH"] })),
        Just(json!({ "text": "EBB", "dueFrom": "2026-01-02T00:00:00Z" })),
    ];
    let order = proptest::sample::select(&["CREATED_AT", "UPDATED_AT", "DUE_AT", "PRIORITY"][..]);
    let documents = proptest::sample::select(&DOCUMENTS[..]);
    (documents, filter, order, 1..6_u8, row_key(), 0..=USERS).prop_map(|(document, filter, order, first, key, viewer)| {
        let ids: Vec<_> = ["todo", "note", "tag", "user"].map(|prefix| id::encode(prefix, key).to_string()).into();
        let (order, user) = (json!([{ "field": order, "direction": "DESC" }]), &ids[3]);
        let all = json!({
            "filter": filter, "orderBy": order, "first": first, "ids": ids, "user": user, "tag": ids[2], "note": ids[1],
        });
        let named = |(name, _): &(&String, &Value)| document.contains(&format!("${name}:"));
        let variables = all.as_object().unwrap().iter().filter(named);
        let variables = variables.map(|(name, value)| (name.clone(), value.clone())).collect();
        Question::Document { document, variables: Value::Object(variables), viewer }
    })
}

pub(crate) fn question() -> impl Strategy<Value = Question> {
    let entity = proptest::sample::select(&[Entity::User, Entity::Todo, Entity::Note, Entity::Tag][..]);
    let selected = prop_oneof![
        4 => todos().prop_map(|selection| (Entity::Todo, selection)),
        2 => notes().prop_map(|selection| (Entity::Note, selection)),
        2 => tags().prop_map(|selection| (Entity::Tag, selection)),
        1 => users().prop_map(|selection| (Entity::User, selection)),
    ];
    let selected = (selected, prop::collection::vec(row_key(), 0..2))
        .prop_map(|((entity, selection), others)| {
            let keyed = matches!(selection.value, Scalar::Uuid(_));
            let others = others.into_iter().map(Scalar::from).filter(|_| keyed);
            let values: Vec<Scalar> = std::iter::once(selection.value.clone()).chain(others).collect();
            (entity, selection, values)
        })
        .boxed();
    prop_oneof![
        2 => (entity, prop::collection::vec(row_key(), 1..4)).prop_map(|(entity, keys)| Question::Items(entity, keys)),
        5 => selected.clone().prop_flat_map(|(entity, selection, values)| {
            let page = page(selection.shape.order.clone());
            page.prop_map(move |page| Question::Pages(entity, selection.clone(), page, values.clone()))
        }),
        3 => selected.clone().prop_map(|(entity, selection, values)| Question::Counts(entity, selection, values)),
        1 => selected.prop_map(|(entity, selection, _)| Question::First(entity, selection)),
        1 => (0..4_u8).prop_map(Question::Free),
        2 => document(),
    ]
}
