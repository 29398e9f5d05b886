use sea_orm::EntityTrait;
use tidewater_changelog::Tracking;

use crate::{
    export, note, note_like, note_tag, note_views, notification, profile, session, session_activity, tag, todo,
    todo_tag, user,
};

/// An entity whose changes the change log records.
pub trait Tracked: EntityTrait {
    /// What it records: the primary key, foreign keys, unique keys, and the columns that sets of rows are read by.
    const TRACKING: Tracking;

    /// The tracked columns whose texts are for the eyes of whoever looks after the server: words of the program's own, which name nobody
    /// and open nothing. Other texts are shown to nobody; ids, numbers and truth values may be.
    const SHOWN: &'static [&'static str] = &[];
}

/// Whether a text in this tracked column may be shown to whoever looks after the server.
pub fn may_be_shown(table: &str, column: &str) -> bool {
    table == note::Entity::TRACKING.table && note::Entity::SHOWN.contains(&column)
}

/// What the change log records, of every entity.
pub fn tracking() -> Vec<Tracking> {
    vec![
        user::Entity::TRACKING,
        profile::Entity::TRACKING,
        session::Entity::TRACKING,
        session_activity::Entity::TRACKING,
        todo::Entity::TRACKING,
        note::Entity::TRACKING,
        tag::Entity::TRACKING,
        todo_tag::Entity::TRACKING,
        note_tag::Entity::TRACKING,
        note_like::Entity::TRACKING,
        note_views::Entity::TRACKING,
        notification::Entity::TRACKING,
        export::Entity::TRACKING,
    ]
}
