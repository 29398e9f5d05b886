//! What happens to the database, behind the API's back and through it.

use std::fmt::Write;

use proptest::prelude::*;
use tidewater_testkit::Backend;
use uuid::Uuid;

/// How many rows of each table have a key that is asked for.
pub(crate) const USERS: u8 = 3;
pub(crate) const ROWS: u8 = 6;
/// Todos beyond, which only carry a tag: more than are traced one by one.
const CROWD: u8 = 70;
/// The session of user 0 has this and its number as token; and so on.
pub(crate) const TOKEN: &str = "token of user ";

/// A table, with its own columns and what they hold.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    key: &'static [&'static str],
    columns: &'static [(&'static str, Kind)],
}

/// Small domains: whatever is asked for has a chance to be there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    User,
    Text,
    OptionalText,
    Boolean,
    Priority,
    Time,
    OptionalTime,
    Visibility,
    Role,
    Count,
}

pub(crate) static USER: Table = Table {
    name: "user",
    key: &["id"],
    columns: &[("email", Kind::Text), ("name", Kind::Text), ("role", Kind::Role), ("created_at", Kind::Time)],
};
static PROFILE: Table =
    Table { name: "profile", key: &["user_id"], columns: &[("bio", Kind::Text), ("avatar_url", Kind::OptionalText)] };
pub(crate) static TODO: Table = Table {
    name: "todo",
    key: &["id"],
    columns: &[
        ("user_id", Kind::User),
        ("text", Kind::Text),
        ("notes", Kind::OptionalText),
        ("completed", Kind::Boolean),
        ("priority", Kind::Priority),
        ("due_at", Kind::OptionalTime),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
};
pub(crate) static NOTE: Table = Table {
    name: "note",
    key: &["id"],
    columns: &[
        ("user_id", Kind::User),
        ("title", Kind::Text),
        ("body", Kind::Text),
        ("visibility", Kind::Visibility),
        ("created_at", Kind::Time),
        ("updated_at", Kind::Time),
    ],
};
pub(crate) static TAG: Table = Table {
    name: "tag",
    key: &["id"],
    columns: &[("user_id", Kind::User), ("name", Kind::Text), ("created_at", Kind::Time)],
};
static TODO_TAG: Table =
    Table { name: "todo_tag", key: &["todo_id", "tag_id"], columns: &[("created_at", Kind::Time)] };
static NOTE_TAG: Table =
    Table { name: "note_tag", key: &["note_id", "tag_id"], columns: &[("created_at", Kind::Time)] };
static NOTE_LIKE: Table =
    Table { name: "note_like", key: &["note_id", "user_id"], columns: &[("created_at", Kind::Time)] };
static NOTE_VIEWS: Table = Table {
    name: "note_views",
    key: &["note_id"],
    columns: &[("view_count", Kind::Count), ("viewer_count", Kind::Count), ("counted_at", Kind::Time)],
};

/// The tables that changes choose from, those with lists more often.
static TABLES: [&Table; 17] = [
    &USER,
    &PROFILE,
    &TODO,
    &TODO,
    &TODO,
    &TODO,
    &NOTE,
    &NOTE,
    &NOTE,
    &TAG,
    &TAG,
    &TODO_TAG,
    &TODO_TAG,
    &NOTE_TAG,
    &NOTE_LIKE,
    &NOTE_LIKE,
    &NOTE_VIEWS,
];

/// One statement.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Inserts the row; changes it where it is there, or replaces it where the database can.
    Put {
        table: &'static Table,
        key: [u8; 2],
        values: [u8; 8],
        replace: bool,
    },
    /// A change of one column, of one row or of all that have a value.
    Set {
        table: &'static Table,
        key: Option<[u8; 2]>,
        column: u8,
        value: u8,
    },
    /// Gives a row another key, where nothing stands against it.
    Move {
        table: &'static Table,
        key: [u8; 2],
        to: [u8; 2],
    },
    Delete {
        table: &'static Table,
        key: [u8; 2],
    },
    Clear {
        table: &'static Table,
    },
}

/// Statements that take effect together, if they do.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    pub(crate) changes: Vec<Change>,
    pub(crate) way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As somebody at a shell would.
    OutOfBand,
    /// The same, taken back.
    RolledBack,
    /// Through the store.
    Store,
}

/// The key of the `nth` row of any table.
pub(crate) fn key(nth: u8) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(nth))
}

impl Transaction {
    pub(crate) fn sql(&self, backend: Backend) -> String {
        self.changes.iter().map(|change| change.sql(backend)).collect()
    }
}

impl Change {
    pub(crate) fn sql(&self, backend: Backend) -> String {
        let sqlite = backend == Backend::Sqlite;
        match self {
            Self::Put { table, key, values, replace } => {
                let values: Vec<_> =
                    table.columns.iter().zip(values).map(|((_, kind), value)| kind.literal(*value, backend)).collect();
                let names: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
                let replaces = *replace && sqlite;
                let verb = if replaces { "INSERT OR REPLACE" } else { "INSERT" };
                let (key_names, keys) = (table.key.join(", "), table.keys(key, backend).join(", "));
                let (fixed_names, fixed) = table.fixed();
                let mut sql = format!(
                    r#"{verb} INTO "{}" ({key_names}, {}{fixed_names}) VALUES ({keys}, {}{fixed})"#,
                    table.name,
                    names.join(", "),
                    values.join(", "),
                );
                if !replaces {
                    let updates: Vec<_> = names.iter().map(|name| format!("{name} = excluded.{name}")).collect();
                    write!(sql, " ON CONFLICT ({key_names}) DO UPDATE SET {}", updates.join(", ")).unwrap();
                }
                sql + ";\n"
            }
            Self::Set { table, key, column, value } => {
                let (name, kind) = table.columns[usize::from(*column) % table.columns.len()];
                let condition = match key {
                    Some(key) => table.is_row(key, backend),
                    None => format!("{name} = {}", kind.literal(value.wrapping_add(1), backend)),
                };
                format!("UPDATE \"{}\" SET {name} = {} WHERE {condition};\n", table.name, kind.literal(*value, backend))
            }
            Self::Move { table, key, to } => {
                let assigned: Vec<_> = table.key.iter().zip(table.keys(to, backend)).collect();
                let assigned: Vec<_> = assigned.iter().map(|(name, key)| format!("{name} = {key}")).collect();
                let condition = table.is_row(key, backend);
                format!("UPDATE \"{}\" SET {} WHERE {condition};\n", table.name, assigned.join(", "))
            }
            Self::Delete { table, key } => {
                format!("DELETE FROM \"{}\" WHERE {};\n", table.name, table.is_row(key, backend))
            }
            Self::Clear { table } if sqlite => format!("DELETE FROM \"{}\";\n", table.name),
            Self::Clear { table } => format!("TRUNCATE \"{}\" CASCADE;\n", table.name),
        }
    }
}

impl Table {
    /// The number of the column of that name.
    pub(crate) fn column(&self, name: &str) -> u8 {
        self.columns.iter().position(|(column, _)| *column == name).unwrap().try_into().unwrap()
    }

    fn keys(&self, key: &[u8; 2], backend: Backend) -> Vec<String> {
        self.key.iter().zip(key).map(|(_, key)| literal(self::key(*key), backend)).collect()
    }

    fn is_row(&self, key: &[u8; 2], backend: Backend) -> String {
        let terms = self.key.iter().zip(self.keys(key, backend));
        terms.map(|(name, key)| format!("{name} = {key}")).collect::<Vec<_>>().join(" AND ")
    }

    /// What must have some value, and nothing reads.
    fn fixed(&self) -> (&'static str, &'static str) {
        match self.name {
            "user" => (", password_hash, updated_at", ", '', '2026-01-01T00:00:00+00:00'"),
            "profile" => (", updated_at", ", '2026-01-01T00:00:00+00:00'"),
            _ => ("", ""),
        }
    }
}

impl Kind {
    fn literal(self, value: u8, backend: Backend) -> String {
        match self {
            Self::User => literal(key(value % USERS), backend),
            Self::Text => format!("'{}'", text(value)),
            Self::OptionalText | Self::OptionalTime if value.is_multiple_of(4) => "NULL".to_owned(),
            Self::OptionalText => format!("'{}'", text(value)),
            Self::Boolean => ["FALSE", "TRUE"][usize::from(value % 2)].to_owned(),
            Self::Priority => (value % 3).to_string(),
            Self::Count => (value % 4).to_string(),
            Self::Time | Self::OptionalTime => format!("'2026-01-0{}T00:00:00+00:00'", value % 4 + 1),
            Self::Visibility => ["'PRIVATE'", "'PUBLIC'"][usize::from(value % 2)].to_owned(),
            Self::Role => if value.is_multiple_of(4) { "'ADMIN'" } else { "'USER'" }.to_owned(),
        }
    }
}

/// Also an address: at least three letters.
pub(crate) fn text(value: u8) -> &'static str {
    ["ebb", "neap", "spring", "ebb and neap"][usize::from(value % 4)]
}

fn literal(key: Uuid, backend: Backend) -> String {
    match backend {
        Backend::Sqlite => format!("X'{}'", key.simple()),
        Backend::Postgres | Backend::PostgresRedis => format!("'{key}'"),
    }
}

/// Nothing but the users, who are signed in, and what `crowded` says: a tag on more todos than are traced.
pub(crate) fn beginning(crowded: bool, backend: Backend) -> String {
    let mut sql = "DELETE FROM \"user\";\n".to_owned();
    for user in 0..USERS {
        let put = Change::Put { table: &USER, key: [user; 2], values: [user; 8], replace: false };
        let token = tidewater_token_hash(&format!("{TOKEN}{user}"));
        let key = literal(key(user), backend);
        // Begun in the future, it is never idle.
        let times = "'2998-01-01T00:00:00+00:00', '2999-01-01T00:00:00+00:00'";
        let role = format!("(SELECT role FROM \"user\" WHERE id = {key})");
        let put = put.sql(backend);
        writeln!(
            sql,
            "{put}INSERT INTO session (id, user_id, token_hash, created_at, expires_at, role) VALUES ({key}, {key}, '{token}', {times}, {role});"
        )
        .unwrap();
    }
    if crowded {
        let put = |table, key, values| Change::Put { table, key, values, replace: false }.sql(backend);
        sql += &put(&TAG, [0; 2], [0; 8]);
        for nth in ROWS..ROWS + CROWD {
            sql += &put(&TODO, [nth; 2], [0, nth, 0, nth, nth, nth, 0, 0]);
            sql += &put(&TODO_TAG, [nth, 0], [0; 8]);
        }
    }
    sql
}

fn tidewater_token_hash(token: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn change() -> impl Strategy<Value = Change> {
    // Now and then a row of the crowd, one that is traced or one that is not.
    let nth = || prop_oneof![12 => 0..ROWS, 1 => Just(ROWS + 1), 1 => Just(ROWS + CROWD - 1)];
    let row = move || (nth(), 0..ROWS).prop_map(|(one, other)| [one, other]);
    let table = || proptest::sample::select(&TABLES[..]);
    prop_oneof![
        4 => (table(), row(), any::<[u8; 8]>(), any::<bool>())
            .prop_map(|(table, key, values, replace)| Change::Put { table, key, values, replace }),
        14 => (table(), prop::option::weighted(0.8, row()), any::<u8>(), any::<u8>())
            .prop_map(|(table, key, column, value)| Change::Set { table, key, column, value }),
        1 => (table(), row(), row()).prop_map(|(table, key, to)| Change::Move { table, key, to }),
        2 => (table(), row()).prop_map(|(table, key)| Change::Delete { table, key }),
    ]
}

pub(crate) fn transaction() -> impl Strategy<Value = Transaction> {
    let clear = proptest::sample::select(&TABLES[2..]).prop_map(|table| Change::Clear { table });
    let changes = prop_oneof![
        20 => prop::collection::vec(change(), 1..3),
        1 => clear.prop_map(|clear| vec![clear]),
    ];
    let way = prop_oneof![6 => Just(Way::OutOfBand), 1 => Just(Way::RolledBack), 1 => Just(Way::Store)];
    (changes, way).prop_map(|(changes, way)| Transaction { changes, way })
}

/// What fills the tables before anything is asked: all rows that are asked for, and some links.
pub(crate) fn contents() -> impl Strategy<Value = Vec<Change>> {
    let rows = |table: &'static Table| {
        let put = move |(nth, values)| Change::Put { table, key: [nth; 2], values, replace: false };
        any::<[[u8; 8]; ROWS as usize]>().prop_map(move |all| (0..ROWS).zip(all).map(put).collect::<Vec<_>>())
    };
    let links = |table: &'static Table| {
        let put = move |(one, other)| Change::Put { table, key: [one, other], values: [0; 8], replace: false };
        prop::collection::vec((0..ROWS, 0..ROWS).prop_map(put), 0..12)
    };
    // No user has two tags of one name.
    let values = |nth| [nth, nth / USERS, nth, 0, 0, 0, 0, 0];
    let tag = |nth| Change::Put { table: &TAG, key: [nth; 2], values: values(nth), replace: false };
    let tags: Vec<_> = (0..ROWS).map(tag).collect();
    (rows(&TODO), rows(&NOTE), links(&TODO_TAG), links(&NOTE_TAG))
        .prop_map(move |(todos, notes, on_todos, on_notes)| [todos, notes, tags.clone(), on_todos, on_notes].concat())
}
