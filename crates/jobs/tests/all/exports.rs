use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures::future::join_all;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::Value;
use tidewater_entity::seed::{Plan, seed};
use tidewater_entity::{
    ExportStatus, Role, Visibility, connect, new_id, note, note_like, now, session, tag, todo_tag, user,
};
use tidewater_jobs::{Context, Job, run};
use uuid::Uuid;

use crate::export_oracle::expected;
use crate::on_both_databases;
use crate::world::{World, remind, todo};

/// Fills the database; answers the first user of that number.
async fn planted(world: &World, plan: Plan) -> Uuid {
    seed(&world.connection, plan, "hash", |_, _, _| {}).await.unwrap();
    let address = user::Column::Email.eq("user2@example.test");
    let address = if plan.users > 1 { address } else { user::Column::Email.eq("user1@example.test") };
    user::Entity::find().filter(address).one(&world.connection).await.unwrap().unwrap().id
}

/// What the file of the only export says.
async fn said(world: &World) -> Value {
    let file = world.file().await;
    serde_json::from_str(&file).unwrap_or_else(|error| panic!("{error}: {file}"))
}

/// Checks that an export is done and says what the tables do.
async fn assert_right(world: &World, export: Uuid, user: Uuid) {
    let row = world.exported(export).await.unwrap();
    assert_eq!((row.status, row.progress), (ExportStatus::Done, 100));
    assert_eq!(u64::try_from(row.chunks.unwrap()).unwrap(), world.chunks().await);
    assert_eq!(row.expires_at.unwrap(), row.finished_at.unwrap() + TimeDelta::hours(1));
    let (said, expected) = (said(world).await, expected(&world.connection, user).await);
    for (name, expected) in expected.as_object().unwrap() {
        assert_eq!(&said[name], expected, "{name}");
    }
    assert_eq!(said.as_object().unwrap().len(), expected.as_object().unwrap().len());
}

const PLAN: Plan = Plan { users: 3, todos: 1_500, notes: 300, seed: 1 };

on_both_databases! {
    async fn an_export_says_all_that_is_the_users_and_nothing_else(world) {
        let user = planted(&world, PLAN).await;
        let reminded = tidewater_entity::todo::Model { remind_at: Some(now()), ..todo(user, "q\"\\\u{1}\n\u{2028}é🌊") };
        world.insert(&reminded).await;
        world.run(remind(&reminded)).await;
        let session = session::Model {
            id: new_id(),
            user_id: user,
            token_hash: "c0ffee".repeat(11)[..64].to_owned(),
            role: Role::User,
            device: Some("a telephone".to_owned()),
            created_at: now(),
            expires_at: now(),
        };
        world.insert(&session).await;
        let since = now();
        for note in note::Entity::find().limit(3).all(&world.connection).await.unwrap() {
            world.insert(&note_like::Model { note_id: note.id, user_id: user, created_at: since }).await;
        }
        let export = world.export(user, TimeDelta::zero()).await;
        world.run(Job::Export { export }).await;
        assert_right(&world, export, user).await;
        let said = said(&world).await;
        assert_eq!(said["likes"].as_array().unwrap().len(), 3);
        assert_eq!(said["todos"].as_array().unwrap().len(), 501);
        assert_eq!(said["notifications"].as_array().unwrap().len(), 1);
        assert_eq!(said["sessions"].as_array().unwrap().len(), 1);
        assert!(said["todos"].as_array().unwrap().iter().any(|todo| todo["tags"][0].is_string()));
        let file = world.file().await;
        assert!(!file.contains("c0ffee") && !file.contains("hash") && !file.contains("user1@"), "secrets of somebody");
    }

    async fn a_user_with_nothing_gets_a_file_that_says_so(world) {
        let user = world.user().await;
        let export = world.export(user, TimeDelta::zero()).await;
        world.run(Job::Export { export }).await;
        assert_right(&world, export, user).await;
    }

    async fn texts_of_any_length_are_kept_in_pieces(world) {
        let user = world.user().await;
        let note = |index: i64| note::Model {
            id: new_id(),
            user_id: user,
            title: "long".to_owned(),
            body: if index % 2 == 0 { "🌊" } else { "\u{1}" }.repeat(50_000),
            visibility: Visibility::Private,
            created_at: now() + TimeDelta::microseconds(index),
            updated_at: now(),
        };
        world.insert_all(&(0..70).map(note).collect::<Vec<_>>()).await;
        let export = world.export(user, TimeDelta::zero()).await;
        world.run(Job::Export { export }).await;
        assert_right(&world, export, user).await;
    }

    async fn an_export_whose_runners_are_killed_goes_on_and_comes_out_right(world) {
        let user = planted(&world, PLAN).await;
        let export = world.export(user, TimeDelta::zero()).await;
        let mut seen = Vec::new();
        let mut patience = Duration::from_millis(1);
        while tokio::time::timeout(patience, run(&world.context, Job::Export { export })).await.is_err() {
            seen.push(world.chunks().await);
            patience += Duration::from_micros(500);
        }
        assert_right(&world, export, user).await;
        assert!(seen.is_sorted() && seen.iter().any(|chunks| *chunks > 0), "never killed in the middle: {seen:?}");
    }

    async fn runners_of_one_export_do_not_harm_each_other(world) {
        let user = planted(&world, PLAN).await;
        let export = world.export(user, TimeDelta::zero()).await;
        let runs = (0..4).map(|_| {
            let context = world.context.clone();
            tokio::spawn(async move { run(&context, Job::Export { export }).await })
        });
        join_all(runs).await.into_iter().for_each(|run| run.unwrap().unwrap());
        assert_right(&world, export, user).await;
        let before = world.file().await;
        world.run(Job::Export { export }).await;
        assert_eq!(world.file().await, before);
    }

    async fn what_comes_and_goes_meanwhile_leaves_the_file_whole(world) {
        let user = planted(&world, PLAN).await;
        let export = world.export(user, TimeDelta::zero()).await;
        let context = world.context.clone();
        let running = tokio::spawn(async move { run(&context, Job::Export { export }).await });
        while !running.is_finished() {
            let todo = todo(user, "new");
            world.insert(&todo).await;
            let tag = tag::Model { id: new_id(), user_id: user, name: new_id().to_string(), created_at: now() };
            world.insert(&tag).await;
            world.insert(&todo_tag::Model { todo_id: todo.id, tag_id: tag.id, created_at: now() }).await;
            tidewater_entity::todo::Entity::delete_by_id(todo.id).exec(&world.connection).await.unwrap();
        }
        running.await.unwrap().unwrap();
        let said = said(&world).await;
        let kept: Vec<_> = said["todos"].as_array().unwrap().iter().filter(|todo| todo["text"] != "new").collect();
        assert_eq!(kept.len(), 500);
    }

    async fn a_user_who_is_deleted_takes_a_running_export_along(world) {
        let user = planted(&world, PLAN).await;
        let export = world.export(user, TimeDelta::zero()).await;
        let _ = tokio::time::timeout(Duration::from_millis(20), run(&world.context, Job::Export { export })).await;
        user::Entity::delete_by_id(user).exec(&world.connection).await.unwrap();
        world.run(Job::Export { export }).await;
        assert_eq!((world.exported(export).await, world.chunks().await), (None, 0));
    }

    async fn twenty_thousand_todos_are_written_in_small_steps_that_are_seldom_told_of(world) {
        let user = planted(&world, Plan { users: 1, todos: 20_000, notes: 0, seed: 1 }).await;
        let export = world.export(user, TimeDelta::zero()).await;
        let mut connection = connect(world.database.url(), 1).await.unwrap();
        let (told, steps) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counts = (Arc::clone(&told), Arc::clone(&steps));
        connection.set_metric_callback(move |info| {
            let text = &info.statement.sql;
            counts.0.fetch_add(u64::from(text.starts_with("UPDATE \"export\"")), Ordering::Relaxed);
            counts.1.fetch_add(u64::from(text.starts_with("INSERT INTO \"export_chunk\"")), Ordering::Relaxed);
        });
        let begun = Instant::now();
        run(&Context::new(connection, Duration::from_secs(60 * 60)), Job::Export { export }).await.unwrap();
        let seconds = begun.elapsed().as_secs();
        assert_right(&world, export, user).await;
        // One at the beginning, one at the end, one for each second between.
        let (told, steps) = (told.load(Ordering::Relaxed), steps.load(Ordering::Relaxed));
        assert!(told <= seconds + 2, "told {told} times in {seconds} s");
        // 20,000 todos, 128 at a time: memory holds no more of them.
        assert!(steps >= 156, "only {steps} steps");
    }
}
