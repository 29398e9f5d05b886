use sea_orm_migration::sea_orm::{ConnectionTrait, SqlErr};

use crate::on_both_databases;
use crate::sample::{export, id, populate, session, tag, todo, user};

/// A value that a column accepts and a near one that it does not, as SQL.
struct Boundary(&'static str, &'static str, String, String);

fn boundaries() -> Vec<Boundary> {
    let text = |length: usize| format!("'{}'", "é".repeat(length));
    let longest = |table, column, length| Boundary(table, column, text(length), text(length + 1));
    let shortest = |table, column, length| Boundary(table, column, text(length), text(length - 1));
    let other = |table, column, good: &str, bad: &str| Boundary(table, column, good.to_owned(), bad.to_owned());
    vec![
        longest("user", "email", 254),
        shortest("user", "email", 3),
        longest("user", "name", 100),
        shortest("user", "name", 1),
        other("user", "role", "'ADMIN'", "'ROOT'"),
        other("user", "password_hash", "'hash'", "NULL"),
        longest("profile", "bio", 1_000),
        longest("profile", "avatar_url", 2_000),
        other("profile", "avatar_url", "NULL", "''"),
        longest("session", "token_hash", 64),
        shortest("session", "token_hash", 64),
        other("session", "role", "'ADMIN'", "'ROOT'"),
        longest("session", "device", 200),
        shortest("session", "device", 1),
        longest("todo", "text", 1_000),
        shortest("todo", "text", 1),
        longest("todo", "notes", 10_000),
        other("todo", "priority", "0", "-1"),
        other("todo", "priority", "2", "3"),
        other("todo", "priority", "1", "NULL"),
        longest("note", "title", 200),
        shortest("note", "title", 1),
        longest("note", "body", 50_000),
        other("note", "visibility", "'PUBLIC'", "'SECRET'"),
        longest("tag", "name", 50),
        shortest("tag", "name", 1),
        longest("notification", "text", 1_000),
        shortest("notification", "text", 1),
        other("notification", "kind", "'REMINDER'", "'RUMOUR'"),
        other("export", "status", "'DONE'", "'LOST'"),
        other("export", "progress", "0", "-1"),
        other("export", "progress", "100", "101"),
    ]
}

on_both_databases! {
    async fn each_column_accepts_up_to_its_bounds_and_nothing_beyond(database) {
        let connection = populate(&database).await;
        for Boundary(table, column, good, bad) in boundaries() {
            let update = |value: &str| format!("UPDATE \"{table}\" SET \"{column}\" = {value}");
            let accepted = connection.execute_unprepared(&update(&good)).await;
            assert_eq!(accepted.map(|result| result.rows_affected()), Ok(1), "{table}.{column}");
            let refused = connection.execute_unprepared(&update(&bad)).await;
            assert!(refused.is_err(), "{table}.{column} accepts what is beyond its bounds");
        }
    }

    async fn what_is_unique_is_refused_a_second_time(database) {
        let connection = populate(&database).await;
        for (again, otherwise) in [
            (user(&connection, 11, "ada@example.test"), user(&connection, 11, "eve@example.test")),
            (session(&connection, 12, 1, 'a'), session(&connection, 12, 1, 'b')),
            (tag(&connection, 15, 1, "home"), tag(&connection, 15, 1, "work")),
            (tag(&connection, 15, 11, "work"), tag(&connection, 16, 11, "home")),
            (export(&connection, 17, 1), export(&connection, 17, 11)),
        ] {
            let refused = connection.execute_unprepared(&again).await.unwrap_err();
            assert!(matches!(refused.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))), "{again}: {refused}");
            connection.execute_unprepared(&otherwise).await.unwrap();
        }
    }

    async fn rows_need_an_owner_who_is_there(database) {
        let connection = populate(&database).await;
        for orphan in [
            todo(&connection, 13, 99),
            tag(&connection, 15, 99, "home"),
            session(&connection, 12, 99, 'b'),
            export(&connection, 17, 99),
        ] {
            let refused = connection.execute_unprepared(&orphan).await.unwrap_err();
            assert!(matches!(refused.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))), "{orphan}: {refused}");
        }
    }

    async fn a_user_whose_export_is_finished_may_have_another(database) {
        let connection = populate(&database).await;
        connection.execute_unprepared("UPDATE export SET finished_at = created_at").await.unwrap();
        connection.execute_unprepared(&export(&connection, 17, 1)).await.unwrap();
    }

    async fn a_todo_is_open_and_of_medium_priority_where_nothing_is_said(database) {
        let connection = populate(&database).await;
        let update = format!("UPDATE todo SET text = 'as made' WHERE id = {} AND priority = 1 AND NOT completed", id(&connection, 3));
        assert_eq!(connection.execute_unprepared(&update).await.unwrap().rows_affected(), 1);
    }
}
