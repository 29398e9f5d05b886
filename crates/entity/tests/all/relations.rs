use std::slice::from_ref;

use sea_orm::{EntityTrait, ModelTrait, RelationTrait, sea_query::ForeignKeyAction};
use tidewater_entity::{
    export, note, note_like, note_tag, note_view_day, note_views, notification, profile, session, session_activity,
    tag, todo, todo_tag, user,
};

use crate::on_both_databases;
use crate::rows::Rows;

on_both_databases! {
    async fn relations_lead_both_ways(migrated) {
        let (mine, others, connection) = (Rows::new(), Rows::new(), &migrated.connection);
        mine.insert(connection).await;
        others.insert(connection).await;

        macro_rules! assert_leads {
            ($from:ident, $to:ident) => {
                let found = mine.$from.find_related($to::Entity).all(connection).await.unwrap();
                assert_eq!(found, from_ref(&mine.$to), concat!(stringify!($from), " to ", stringify!($to)));
            };
        }
        assert_leads!(user, profile);
        assert_leads!(user, session);
        assert_leads!(user, todo);
        assert_leads!(user, note);
        assert_leads!(user, tag);
        assert_leads!(user, notification);
        assert_leads!(user, export);
        assert_leads!(todo, notification);
        assert_leads!(notification, todo);
        assert_leads!(notification, user);
        assert_leads!(export, user);
        assert_leads!(profile, user);
        assert_leads!(session, user);
        assert_leads!(session, session_activity);
        assert_leads!(session_activity, session);
        assert_leads!(todo, user);
        assert_leads!(note, user);
        assert_leads!(tag, user);
        assert_leads!(todo, tag);
        assert_leads!(note, tag);
        assert_leads!(tag, todo);
        assert_leads!(tag, note);
        assert_leads!(todo_tag, todo);
        assert_leads!(todo_tag, tag);
        assert_leads!(note_tag, note);
        assert_leads!(note_tag, tag);
        assert_leads!(note_like, note);
        assert_leads!(note_like, user);
        assert_leads!(note_views, note);
        assert_leads!(note_view_day, note);
    }

    async fn a_user_deleted_takes_everything_of_theirs_along_and_nothing_of_others(migrated) {
        let (mine, others, connection) = (Rows::new(), Rows::new(), &migrated.connection);
        mine.insert(connection).await;
        others.insert(connection).await;
        mine.user.delete(connection).await.unwrap();

        macro_rules! assert_left {
            ($($entity:ident)+) => {$(
                assert_eq!($entity::Entity::find().all(connection).await.unwrap(), from_ref(&others.$entity));
            )+};
        }
        assert_left!(user profile session session_activity todo note tag todo_tag note_tag note_like note_views note_view_day notification export);
    }
}

#[test]
fn the_owned_go_with_their_owner() {
    for relation in [
        profile::Relation::User.def(),
        session::Relation::User.def(),
        notification::Relation::User.def(),
        export::Relation::User.def(),
        session_activity::Relation::Session.def(),
        todo::Relation::User.def(),
        note::Relation::User.def(),
        tag::Relation::User.def(),
        todo_tag::Relation::Todo.def(),
        todo_tag::Relation::Tag.def(),
        note_tag::Relation::Note.def(),
        note_tag::Relation::Tag.def(),
        note_like::Relation::Note.def(),
        note_like::Relation::User.def(),
        note_views::Relation::Note.def(),
        note_view_day::Relation::Note.def(),
    ] {
        assert!(matches!(relation.on_delete, Some(ForeignKeyAction::Cascade)), "{relation:?}");
    }
}
