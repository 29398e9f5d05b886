use std::collections::BTreeSet;
use std::fmt::Debug;

use sea_orm::{DatabaseConnection, EntityTrait, IntoActiveModel, QueryOrder};
use serde::{Serialize, de::DeserializeOwned};
use tidewater_entity::{
    PasswordHash, Priority, Role, Visibility, export, fingerprint, new_id, normalised_email, note, note_like, note_tag,
    note_view_day, note_views, notification, now, profile, session, session_activity, tag, todo, todo_tag, user,
};

use crate::on_both_databases;
use crate::rows::{Rows, insert};

/// That the entity's only row is `model`.
async fn assert_only<E>(connection: &DatabaseConnection, model: &E::Model)
where
    E: EntityTrait,
    E::Model: PartialEq + Debug + Sync,
{
    let rows = E::find().all(connection).await.unwrap();
    assert_eq!(rows.iter().collect::<Vec<_>>(), [model]);
}

on_both_databases! {
    async fn a_row_read_back_equals_the_row_written(migrated) {
        let (rows, connection) = (Rows::new(), &migrated.connection);
        rows.insert(connection).await;
        assert_only::<user::Entity>(connection, &rows.user).await;
        assert_only::<profile::Entity>(connection, &rows.profile).await;
        assert_only::<session::Entity>(connection, &rows.session).await;
        assert_only::<session_activity::Entity>(connection, &rows.session_activity).await;
        assert_only::<todo::Entity>(connection, &rows.todo).await;
        assert_only::<note::Entity>(connection, &rows.note).await;
        assert_only::<tag::Entity>(connection, &rows.tag).await;
        assert_only::<todo_tag::Entity>(connection, &rows.todo_tag).await;
        assert_only::<note_tag::Entity>(connection, &rows.note_tag).await;
        assert_only::<note_like::Entity>(connection, &rows.note_like).await;
        assert_only::<note_views::Entity>(connection, &rows.note_views).await;
        assert_only::<note_view_day::Entity>(connection, &rows.note_view_day).await;
        assert_only::<notification::Entity>(connection, &rows.notification).await;
        assert_only::<export::Entity>(connection, &rows.export).await;
    }

    async fn what_is_absent_stays_absent(migrated) {
        let (mut rows, connection) = (Rows::new(), &migrated.connection);
        (rows.profile.avatar_url, rows.todo.notes, rows.todo.due_at) = (None, None, None);
        (rows.user.role, rows.note.visibility) = (Role::User, Visibility::Private);
        rows.insert(connection).await;
        assert_only::<user::Entity>(connection, &rows.user).await;
        assert_only::<profile::Entity>(connection, &rows.profile).await;
        assert_only::<todo::Entity>(connection, &rows.todo).await;
        assert_only::<note::Entity>(connection, &rows.note).await;
    }

    async fn the_database_sorts_priorities_as_the_program_does(migrated) {
        let (rows, connection) = (Rows::new(), &migrated.connection);
        insert(connection, &rows.user).await;
        let mut expected = [Priority::High, Priority::Low, Priority::Medium, Priority::Low];
        for priority in expected {
            insert(connection, &todo::Model { id: new_id(), priority, ..rows.todo.clone() }).await;
        }
        expected.sort();
        let sorted = todo::Entity::find().order_by_asc(todo::Column::Priority).all(connection).await.unwrap();
        assert_eq!(sorted.iter().map(|todo| todo.priority).collect::<Vec<_>>(), expected);
    }

    async fn the_database_sorts_times_as_the_program_does(migrated) {
        let (rows, connection) = (Rows::new(), &migrated.connection);
        insert(connection, &rows.user).await;
        let second = "2026-05-04T03:02:01Z".parse::<sea_orm::prelude::DateTimeUtc>().unwrap();
        let microseconds = [500_000, 0, 123_456, 1, 123_000, 999_999, 1_000_000, 120_000];
        let mut expected = microseconds.map(|microsecond| second + std::time::Duration::from_micros(microsecond));
        for created_at in expected {
            insert(connection, &todo::Model { id: new_id(), created_at, ..rows.todo.clone() }).await;
        }
        expected.sort();
        let sorted = todo::Entity::find().order_by_asc(todo::Column::CreatedAt).all(connection).await.unwrap();
        assert_eq!(sorted.iter().map(|todo| todo.created_at).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn models_survive_a_format_that_does_not_describe_itself() {
    fn assert_survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
        let bytes = postcard::to_stdvec(value).unwrap();
        assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), value);
    }
    let mut rows = Rows::new();
    rows.user.password_hash = PasswordHash::new("");
    assert_survives(&rows.user);
    assert_survives(&rows.profile);
    assert_survives(&rows.session);
    assert_survives(&rows.session_activity);
    assert_survives(&rows.todo);
    assert_survives(&rows.note);
    assert_survives(&rows.tag);
    assert_survives(&rows.todo_tag);
    assert_survives(&rows.note_tag);
    assert_survives(&rows.note_like);
    assert_survives(&rows.note_views);
    assert_survives(&rows.notification);
    assert_survives(&rows.export);
    (rows.todo.notes, rows.todo.due_at) = (None, None);
    assert_survives(&rows.todo);
}

#[test]
fn no_serialised_form_holds_a_password_hash() {
    let user = Rows::new().user;
    let bytes = postcard::to_stdvec(&user).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("secret"));
    let read = postcard::from_bytes::<user::Model>(&bytes).unwrap();
    assert_eq!(read, user::Model { password_hash: PasswordHash::new(""), ..user });
}

#[test]
fn no_debug_output_shows_a_password_hash() {
    let user = Rows::new().user;
    assert!(user.password_hash.as_str().contains("secret"));
    for output in [
        format!("{user:?}"),
        format!("{:?}", user.clone().into_active_model()),
        format!("{:?}", PasswordHash::new("secret")),
    ] {
        assert!(!output.contains("secret"), "{output}");
    }
}

#[test]
fn fingerprints_tell_entities_apart_and_stay() {
    let all = || {
        [
            fingerprint::<user::Entity>(),
            fingerprint::<profile::Entity>(),
            fingerprint::<session::Entity>(),
            fingerprint::<session_activity::Entity>(),
            fingerprint::<todo::Entity>(),
            fingerprint::<note::Entity>(),
            fingerprint::<tag::Entity>(),
            fingerprint::<todo_tag::Entity>(),
            fingerprint::<note_tag::Entity>(),
            fingerprint::<note_like::Entity>(),
            fingerprint::<note_views::Entity>(),
            fingerprint::<notification::Entity>(),
            fingerprint::<export::Entity>(),
        ]
    };
    assert_eq!(all(), all());
    assert_eq!(BTreeSet::from(all()).len(), all().len());
}

#[test]
fn ids_are_sortable_and_times_are_whole_microseconds() {
    let ids: Vec<_> = (0..1_000).map(|_| new_id()).collect();
    assert!(ids.is_sorted());
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    assert!(ids.iter().all(|id| id.get_version_num() == 7));
    assert!((0..100).all(|_| now().timestamp_subsec_nanos().is_multiple_of(1_000)));
}

#[test]
fn addresses_are_compared_without_case_and_surrounding_space() {
    assert_eq!(normalised_email(" \tAda.Lovelace@Example.TEST\n"), "ada.lovelace@example.test");
}
