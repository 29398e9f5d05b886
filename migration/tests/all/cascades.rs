use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::catalog::{count, texts};
use crate::on_both_databases;
use crate::sample::{TABLES, id, populate};

/// The tables that are empty after `statement`, of those that all had a row.
async fn emptied(connection: &DatabaseConnection, statement: &str) -> Vec<&'static str> {
    connection.execute_unprepared(statement).await.unwrap();
    let mut empty = Vec::new();
    for table in TABLES {
        if count(connection, table).await == 0 {
            empty.push(table);
        }
    }
    empty
}

on_both_databases! {
    async fn a_user_takes_everything_of_theirs_along(database) {
        let connection = populate(&database).await;
        assert_eq!(emptied(&connection, "DELETE FROM \"user\"").await, TABLES);
    }

    async fn a_todo_takes_its_tags_links_along_and_no_tag(database) {
        let connection = populate(&database).await;
        let delete = format!("DELETE FROM todo WHERE id = {}", id(&connection, 3));
        assert_eq!(emptied(&connection, &delete).await, ["todo", "todo_tag"]);
    }

    async fn what_was_told_of_a_todo_outlives_it(database) {
        let connection = populate(&database).await;
        connection.execute_unprepared(&format!("DELETE FROM todo WHERE id = {}", id(&connection, 3))).await.unwrap();
        assert_eq!(texts(&connection, "SELECT text FROM notification WHERE todo_id IS NULL").await, ["text"]);
    }

    async fn a_note_takes_its_tags_links_and_its_counts_along_and_no_tag(database) {
        let connection = populate(&database).await;
        let delete = format!("DELETE FROM note WHERE id = {}", id(&connection, 4));
        assert_eq!(emptied(&connection, &delete).await, ["note", "note_tag", "note_like", "note_views", "note_view_day"]);
    }

    async fn a_tag_takes_its_links_along_and_nothing_that_carried_it(database) {
        let connection = populate(&database).await;
        let delete = format!("DELETE FROM tag WHERE id = {}", id(&connection, 5));
        assert_eq!(emptied(&connection, &delete).await, ["tag", "todo_tag", "note_tag"]);
    }

    async fn an_export_takes_its_file_along(database) {
        let connection = populate(&database).await;
        assert_eq!(emptied(&connection, "DELETE FROM export").await, ["export", "export_chunk"]);
    }
}
