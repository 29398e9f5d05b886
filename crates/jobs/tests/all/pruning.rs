use std::collections::BTreeSet;

use chrono::TimeDelta;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use tidewater_entity::{ExportStatus, export_chunk, now};
use tidewater_jobs::Job;
use uuid::Uuid;

use crate::on_both_databases;
use crate::world::World;

/// A done export that expired so long ago, or will expire if that is negative.
async fn expired(world: &World, ago: TimeDelta) -> Uuid {
    let export = world.export(world.user().await, TimeDelta::zero()).await;
    world.run(Job::Export { export }).await;
    let mut row = world.exported(export).await.unwrap().into_active_model();
    row.expires_at = Set(Some(now() - ago));
    row.update(&world.connection).await.unwrap();
    export
}

/// The exports of whose files there is anything.
async fn with_files(world: &World) -> BTreeSet<Uuid> {
    let chunks = export_chunk::Entity::find().all(&world.connection).await.unwrap();
    chunks.into_iter().map(|chunk| chunk.export_id).collect()
}

on_both_databases! {
    async fn the_file_of_an_expired_export_is_deleted_and_in_the_end_the_export(world) {
        let kept = expired(&world, TimeDelta::minutes(-1)).await;
        let gone = expired(&world, TimeDelta::minutes(1)).await;
        let forgotten = expired(&world, TimeDelta::days(8)).await;
        assert_eq!(with_files(&world).await, BTreeSet::from([kept, gone, forgotten]));
        world.run(Job::PruneExports).await;
        assert_eq!(with_files(&world).await, BTreeSet::from([kept]));
        assert!(world.exported(kept).await.is_some() && world.exported(gone).await.is_some());
        assert_eq!(world.exported(forgotten).await, None);
        world.run(Job::PruneExports).await;
        assert_eq!(with_files(&world).await, BTreeSet::from([kept]));
    }

    async fn an_export_that_is_not_done_within_a_day_is_given_up(world) {
        let recent = world.export(world.user().await, TimeDelta::hours(23)).await;
        let old = world.export(world.user().await, TimeDelta::hours(25)).await;
        world.run(Job::PruneExports).await;
        assert_eq!(world.exported(recent).await.unwrap().status, ExportStatus::Queued);
        let given_up = world.exported(old).await.unwrap();
        assert_eq!(given_up.status, ExportStatus::Failed);
        assert!(given_up.finished_at.is_some() && given_up.expires_at == given_up.finished_at);
        world.run(Job::Export { export: old }).await;
        assert_eq!(world.exported(old).await.unwrap(), given_up);
        assert_eq!(world.chunks().await, 0);
    }
}
