use std::collections::BTreeSet;

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use tidewater_entity::{new_id, now, todo};
use tidewater_jobs::{HORIZON, Job, chores, sweep};

use crate::on_both_databases;
use crate::world::{World, remind};

async fn swept(world: &World, limit: u64) -> Vec<Job> {
    sweep(&world.context, limit).await.unwrap().into_iter().map(|scheduled| scheduled.job).collect()
}

on_both_databases! {
    async fn all_that_is_to_be_done_soon_is_found_the_most_urgent_first(world) {
        assert_eq!(swept(&world, 10).await, []);
        let soon = world.todo(TimeDelta::seconds(30)).await;
        let due = world.todo(TimeDelta::seconds(-30)).await;
        world.todo(TimeDelta::from_std(HORIZON).unwrap() * 2).await;
        let mut done = world.todo(TimeDelta::seconds(-30)).await.into_active_model();
        done.completed = Set(true);
        done.update(&world.connection).await.unwrap();
        let export = world.export(world.user().await, TimeDelta::seconds(10)).await;
        let expected = [remind(&due), Job::Export { export }, remind(&soon)];
        assert_eq!(swept(&world, 10).await, expected);
        assert_eq!(swept(&world, 2).await, expected[..2]);
        let found = sweep(&world.context, 10).await.unwrap();
        assert_eq!(found.iter().map(|scheduled| scheduled.at).collect::<Vec<_>>()[2], soon.remind_at.unwrap());

        world.run(remind(&due)).await;
        world.run(Job::Export { export }).await;
        assert_eq!(swept(&world, 10).await, expected[2..]);
    }

    async fn a_changed_time_is_found_in_place_of_the_old_one(world) {
        let todo = world.todo(TimeDelta::seconds(10)).await;
        let mut changed = todo.clone().into_active_model();
        changed.remind_at = Set(Some(now() + TimeDelta::seconds(20)));
        let changed: todo::Model = changed.update(&world.connection).await.unwrap();
        assert_eq!(swept(&world, 10).await, [remind(&changed)]);
        assert_ne!(remind(&changed).name(), remind(&todo).name());
    }
}

#[test]
fn a_name_tells_jobs_apart_and_is_short() {
    let (todo, export, at) = (new_id(), new_id(), now());
    let jobs = [
        Job::Remind { todo, at },
        Job::Remind { todo, at: at + TimeDelta::microseconds(1) },
        Job::Remind { todo: new_id(), at },
        Job::Export { export },
        Job::Export { export: new_id() },
        Job::PruneExports,
    ];
    let names: BTreeSet<String> = jobs.iter().map(Job::name).collect();
    assert_eq!(names.len(), jobs.len());
    assert!(names.iter().all(|name| name.is_ascii() && name.len() <= 80), "{names:?}");
    assert_eq!(chores().iter().map(|chore| chore.name).collect::<BTreeSet<_>>().len(), chores().len());
}
