use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use tidewater_entity::tracking;
use tidewater_migration::migrate_up;
use tidewater_testkit::TestDatabase;

const TIME: &str = "'2026-01-02 03:04:05+00:00'";

/// The tables of [`populate`].
pub(crate) const TABLES: [&str; 16] = [
    "user",
    "profile",
    "session",
    "session_activity",
    "todo",
    "note",
    "tag",
    "todo_tag",
    "note_tag",
    "note_like",
    "note_views",
    "note_view_day",
    "notification",
    "export",
    "export_chunk",
    "idempotency_record",
];

/// The id whose last byte is `number`, as a literal.
pub(crate) fn id(connection: &DatabaseConnection, number: u8) -> String {
    match connection.get_database_backend() {
        DbBackend::Sqlite => format!("x'{number:032x}'"),
        _ => format!("'00000000-0000-0000-0000-{number:012x}'"),
    }
}

/// An `INSERT` of a user with that id and address.
pub(crate) fn user(connection: &DatabaseConnection, number: u8, email: &str) -> String {
    let id = id(connection, number);
    format!("INSERT INTO \"user\" VALUES ({id}, '{email}', 'Ada', 'USER', 'hash', {TIME}, {TIME})")
}

/// An `INSERT` of a tag with that id, owner and name.
pub(crate) fn tag(connection: &DatabaseConnection, number: u8, owner: u8, name: &str) -> String {
    format!("INSERT INTO tag VALUES ({}, {}, '{name}', {TIME})", id(connection, number), id(connection, owner))
}

/// An `INSERT` of a session with that id, owner and digit of its token's hash.
pub(crate) fn session(connection: &DatabaseConnection, number: u8, owner: u8, digit: char) -> String {
    let (id, owner, hash) = (id(connection, number), id(connection, owner), digit.to_string().repeat(64));
    format!("INSERT INTO session VALUES ({id}, {owner}, '{hash}', {TIME}, {TIME}, 'USER', 'curl')")
}

/// An `INSERT` of a todo with that id and owner.
pub(crate) fn todo(connection: &DatabaseConnection, number: u8, owner: u8) -> String {
    let (id, owner) = (id(connection, number), id(connection, owner));
    format!(
        "INSERT INTO todo (id, user_id, text, created_at, updated_at) VALUES ({id}, {owner}, 'text', {TIME}, {TIME})"
    )
}

/// An `INSERT` of an unfinished export with that id and owner.
pub(crate) fn export(connection: &DatabaseConnection, number: u8, owner: u8) -> String {
    let (id, owner) = (id(connection, number), id(connection, owner));
    format!("INSERT INTO export VALUES ({id}, {owner}, 'QUEUED', 0, NULL, {TIME}, NULL, NULL)")
}

/// A migrated database with one row in each table: user 1, session 2, todo 3, note 4, tag 5, notification 6 of the todo, and
/// export 7.
pub(crate) async fn populate(database: &TestDatabase) -> DatabaseConnection {
    let connection = database.connect().await;
    migrate_up(&connection, &tracking(), None).await.unwrap();
    let [one, two, three, four, five, six, seven] = [1, 2, 3, 4, 5, 6, 7].map(|number| id(&connection, number));
    let one_byte = if connection.get_database_backend() == DbBackend::Sqlite { "x'01'" } else { "'\\x01'" };
    let digest = "a".repeat(64);
    for statement in [
        user(&connection, 1, "ada@example.test"),
        format!("INSERT INTO profile VALUES ({one}, '', NULL, {TIME})"),
        session(&connection, 2, 1, 'a'),
        format!("INSERT INTO session_activity VALUES ({two}, {TIME})"),
        todo(&connection, 3, 1),
        format!("INSERT INTO note VALUES ({four}, {one}, 'title', '', 'PRIVATE', {TIME}, {TIME})"),
        tag(&connection, 5, 1, "home"),
        format!("INSERT INTO todo_tag VALUES ({three}, {five}, {TIME})"),
        format!("INSERT INTO note_tag VALUES ({four}, {five}, {TIME})"),
        format!("INSERT INTO note_like VALUES ({four}, {one}, {TIME})"),
        format!("INSERT INTO note_views VALUES ({four}, 1, 1, {TIME})"),
        format!("INSERT INTO note_view_day VALUES ({four}, '2026-01-02', 1, {one_byte})"),
        format!("INSERT INTO notification VALUES ({six}, {one}, 'REMINDER', {three}, 'text', {TIME}, NULL)"),
        export(&connection, 7, 1),
        format!("INSERT INTO export_chunk VALUES ({seven}, 0, '', 0, '')"),
        format!("INSERT INTO idempotency_record VALUES ({one}, 'key', '{digest}', 'null', {TIME})"),
    ] {
        connection.execute_unprepared(&statement).await.unwrap();
    }
    connection
}
