use std::collections::BTreeSet;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, IdenStatic, Iterable, PrimaryKeyToColumn,
    RelationTrait, Statement,
};
use tidewater_entity::{
    Tracked, export, export_chunk, idempotency_record, note, note_like, note_tag, note_view_day, note_views,
    notification, profile, session, session_activity, tag, todo, todo_tag, tracking, user, view_batch, view_secret,
};

use crate::on_both_databases;

/// Name and nullability of the table's columns, in order.
async fn columns_of(connection: &DatabaseConnection, table: &str) -> Vec<(String, bool)> {
    let query = match connection.get_database_backend() {
        DbBackend::Sqlite => format!("SELECT name, \"notnull\" = 0 FROM pragma_table_info('{table}') ORDER BY cid"),
        _ => format!(
            "SELECT column_name::text, is_nullable = 'YES' FROM information_schema.columns
             WHERE table_name = '{table}' ORDER BY ordinal_position"
        ),
    };
    let rows =
        connection.query_all_raw(Statement::from_string(connection.get_database_backend(), query)).await.unwrap();
    rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect()
}

async fn assert_agrees<E: Tracked>(connection: &DatabaseConnection) {
    let (table, installed) = assert_has_its_columns::<E>(connection).await;
    for column in E::TRACKING.columns() {
        assert!(installed.iter().any(|(name, _)| name == column.name), "{table}.{}", column.name);
    }
}

async fn assert_has_its_columns<E: EntityTrait>(connection: &DatabaseConnection) -> (String, Vec<(String, bool)>) {
    let table = E::default().table_name().to_owned();
    let declared: Vec<_> =
        E::Column::iter().map(|column| (column.as_str().to_owned(), column.def().is_null())).collect();
    let installed = columns_of(connection, &table).await;
    assert_eq!(installed, declared, "{table}");
    (table, installed)
}

fn assert_tracks_its_keys<E: Tracked>()
where
    E::PrimaryKey: Iterable,
{
    let tracking = E::TRACKING;
    assert_eq!(tracking.table, E::default().table_name());
    let key: Vec<_> = E::PrimaryKey::iter().map(|key| key.into_column().as_str().to_owned()).collect();
    assert_eq!(tracking.key.iter().map(|column| column.name).collect::<Vec<_>>(), key, "{}", tracking.table);
    let tracked: BTreeSet<_> = tracking.columns().map(|column| column.name.to_owned()).collect();
    for relation in E::Relation::iter().map(|relation| relation.def()).filter(|relation| !relation.is_owner) {
        for column in relation.from_col.clone() {
            assert!(tracked.contains(&column.to_string()), "{}.{column:?} is a foreign key", tracking.table);
        }
    }
}

on_both_databases! {
    async fn entities_and_tracking_agree_with_the_schema(migrated) {
        assert_agrees::<user::Entity>(&migrated.connection).await;
        assert_agrees::<profile::Entity>(&migrated.connection).await;
        assert_agrees::<session::Entity>(&migrated.connection).await;
        assert_agrees::<session_activity::Entity>(&migrated.connection).await;
        assert_agrees::<todo::Entity>(&migrated.connection).await;
        assert_agrees::<note::Entity>(&migrated.connection).await;
        assert_agrees::<tag::Entity>(&migrated.connection).await;
        assert_agrees::<todo_tag::Entity>(&migrated.connection).await;
        assert_agrees::<note_tag::Entity>(&migrated.connection).await;
        assert_agrees::<note_like::Entity>(&migrated.connection).await;
        assert_agrees::<note_views::Entity>(&migrated.connection).await;
        assert_has_its_columns::<note_view_day::Entity>(&migrated.connection).await;
        assert_has_its_columns::<view_batch::Entity>(&migrated.connection).await;
        assert_has_its_columns::<view_secret::Entity>(&migrated.connection).await;
        assert_agrees::<notification::Entity>(&migrated.connection).await;
        assert_agrees::<export::Entity>(&migrated.connection).await;
        assert_has_its_columns::<export_chunk::Entity>(&migrated.connection).await;
        assert_has_its_columns::<idempotency_record::Entity>(&migrated.connection).await;
    }
}

#[test]
fn every_entity_tracks_its_primary_and_foreign_keys_and_is_registered() {
    assert_tracks_its_keys::<user::Entity>();
    assert_tracks_its_keys::<profile::Entity>();
    assert_tracks_its_keys::<session::Entity>();
    assert_tracks_its_keys::<session_activity::Entity>();
    assert_tracks_its_keys::<todo::Entity>();
    assert_tracks_its_keys::<note::Entity>();
    assert_tracks_its_keys::<tag::Entity>();
    assert_tracks_its_keys::<todo_tag::Entity>();
    assert_tracks_its_keys::<note_tag::Entity>();
    assert_tracks_its_keys::<note_like::Entity>();
    assert_tracks_its_keys::<note_views::Entity>();
    assert_tracks_its_keys::<notification::Entity>();
    assert_tracks_its_keys::<export::Entity>();
    let registered: Vec<_> = tracking().iter().map(|tracking| tracking.table).collect();
    let expected = [
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
        "notification",
        "export",
    ];
    assert_eq!(registered, expected);
}
