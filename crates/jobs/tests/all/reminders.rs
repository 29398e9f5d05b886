use std::time::Duration;

use chrono::TimeDelta;
use futures::future::join_all;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Set, Statement};
use tidewater_entity::{NotificationKind, now, todo};
use tidewater_jobs::{Context, Job, run};

use crate::on_both_databases;
use crate::world::{World, remind};

const AGO: TimeDelta = TimeDelta::seconds(-1);
const LATER: TimeDelta = TimeDelta::hours(1);

/// Changes a todo as somebody would who knows nothing of reminders that were given.
async fn change(world: &World, todo: &todo::Model, change: impl FnOnce(&mut todo::ActiveModel)) -> todo::Model {
    let mut active = todo.clone().into_active_model();
    change(&mut active);
    active.update(&world.connection).await.unwrap()
}

/// Whether there are as many notifications as todos that were reminded of, at one moment.
async fn is_whole(world: &World) -> bool {
    let query = "SELECT (SELECT count(*) FROM notification) = (SELECT count(*) FROM todo WHERE reminded_for IS NOT NULL) AS whole";
    let statement = Statement::from_string(world.connection.get_database_backend(), query);
    world.connection.query_one_raw(statement).await.unwrap().unwrap().try_get("", "whole").unwrap()
}

on_both_databases! {
    async fn a_reminder_tells_the_owner_what_the_todo_says(world) {
        let (todo, begun) = (world.todo(AGO).await, now());
        world.run(remind(&todo)).await;
        let told = world.notifications().await.pop().unwrap();
        assert_eq!((told.user_id, told.todo_id, told.kind), (todo.user_id, Some(todo.id), NotificationKind::Reminder));
        assert_eq!((told.text, told.read_at), (todo.text, None));
        assert!((told.created_at - begun).abs() < TimeDelta::minutes(1), "{}", told.created_at);
    }

    async fn a_reminder_is_given_once_however_many_give_it_at_once(world) {
        for round in 1..=5 {
            let todo = world.todo(AGO).await;
            let runs = (0..8).map(|_| {
                let (context, job) = (world.context.clone(), remind(&todo));
                tokio::spawn(async move { run(&context, job).await })
            });
            join_all(runs).await.into_iter().for_each(|run| run.unwrap().unwrap());
            world.run(remind(&todo)).await;
            assert_eq!(world.notifications().await.len(), round);
        }
    }

    async fn a_reminder_is_given_once_however_often_its_runner_is_killed(world) {
        let todo = world.todo(AGO).await;
        for microseconds in (0..6_000).step_by(100) {
            let pause = Duration::from_micros(microseconds);
            let _ = tokio::time::timeout(pause, run(&world.context, remind(&todo))).await;
            assert!(is_whole(&world).await);
        }
        world.run(remind(&todo)).await;
        assert_eq!(world.notifications().await.len(), 1);
    }

    async fn what_is_due_is_said_by_the_row_and_not_by_the_job(world) {
        let later = world.todo(LATER).await;
        world.run(Job::Remind { todo: later.id, at: now() + AGO }).await;
        assert_eq!(world.notifications().await.len(), 0);
        let due = world.todo(AGO).await;
        world.run(Job::Remind { todo: due.id, at: now() + LATER }).await;
        assert_eq!(world.notifications().await.len(), 1);
    }

    async fn another_time_arms_it_again_and_the_same_time_does_not(world) {
        let todo = world.todo(AGO).await;
        world.run(remind(&todo)).await;
        let same = change(&world, &todo, |row| row.remind_at = Set(todo.remind_at)).await;
        world.run(remind(&same)).await;
        assert_eq!(world.notifications().await.len(), 1);

        let later = change(&world, &todo, |row| row.remind_at = Set(Some(now() + LATER))).await;
        world.run(remind(&later)).await;
        assert_eq!(world.notifications().await.len(), 1);
        let other = change(&world, &later, |row| row.remind_at = Set(Some(now() + AGO))).await;
        world.run(remind(&todo)).await;
        world.run(remind(&other)).await;
        assert_eq!(world.notifications().await.len(), 2);
    }

    async fn nobody_is_reminded_of_what_is_done_deleted_or_no_longer_to_be_reminded_of(world) {
        let (done, deleted, cleared) = (world.todo(AGO).await, world.todo(AGO).await, world.todo(AGO).await);
        let done = change(&world, &done, |row| row.completed = Set(true)).await;
        todo::Entity::delete_by_id(deleted.id).exec(&world.connection).await.unwrap();
        change(&world, &cleared, |row| row.remind_at = Set(None)).await;
        for todo in [&done, &deleted, &cleared] {
            world.run(remind(todo)).await;
        }
        assert_eq!(world.notifications().await.len(), 0);

        let open = change(&world, &done, |row| row.completed = Set(false)).await;
        world.run(remind(&open)).await;
        assert_eq!(world.notifications().await.len(), 1);
    }

    async fn a_database_that_cannot_be_reached_fails_the_job_and_loses_nothing(world) {
        let todo = world.todo(AGO).await;
        let closed = tidewater_entity::connect(world.database.url(), 1).await.unwrap();
        closed.clone().close().await.unwrap();
        let context = Context::new(closed, Duration::from_secs(1));
        run(&context, remind(&todo)).await.unwrap_err();
        world.run(remind(&todo)).await;
        assert_eq!(world.notifications().await.len(), 1);
    }
}
