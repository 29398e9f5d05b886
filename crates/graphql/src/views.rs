//! Views of notes: by whom, and how they come into the database.

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DbErr};
use sha2::{Digest, Sha256};
use tidewater_changelog::fault;
use tidewater_counter::{Batch, Counter, Sketch, View, Viewer};
use tidewater_entity::now;
use tidewater_entity::views::{self, Counted, Merged};
use tidewater_limit::Network;
use uuid::Uuid;

use crate::{Error, Scope};

/// What counts views, and tells viewers apart.
#[derive(Clone, Debug)]
pub struct Views {
    counter: Counter,
    secret: Secret,
}

#[derive(Clone)]
struct Secret(Vec<u8>);

impl Views {
    /// `secret` turns addresses into numbers that do not tell them: random bytes, the same on all servers, or one viewer counts on
    /// each.
    pub fn new(counter: Counter, secret: Vec<u8>) -> Self {
        Self { counter, secret: Secret(secret) }
    }

    /// Counts that the caller sees a note.
    ///
    /// # Errors
    /// `UNAVAILABLE` when too many views wait to be flushed.
    pub(crate) async fn count(&self, note: Uuid, scope: &Scope) -> Result<(), Error> {
        let viewer = match scope.viewer() {
            Some(viewer) => Viewer(viewer.user.into_bytes()),
            None => self.anonymous(scope.network),
        };
        let view = View { subject: note, day: now().date_naive(), viewer };
        self.counter.view(view).await.map_err(|full| {
            tracing::warn!("{full}");
            Error::Unavailable
        })
    }

    /// Whoever is at an address; all whose address is not known are one.
    fn anonymous(&self, network: Option<Network>) -> Viewer {
        let address = network.map(|network| network.to_string()).unwrap_or_default();
        let digest: [u8; 32] = Sha256::new().chain_update(&self.secret.0).chain_update(address).finalize().into();
        Viewer(std::array::from_fn(|index| digest[index]))
    }
}

impl Default for Views {
    /// For one server: views are counted in this process.
    fn default() -> Self {
        Self::new(Counter::default(), new_secret().to_vec())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// A secret for a new deployment.
pub fn new_secret() -> [u8; 32] {
    rand::random()
}

/// Brings what was counted into the database, each batch once: see [`Counter::flush`]. May be dropped at any point, and run by several
/// servers at the same time.
///
/// # Errors
/// What the database answers. What is left waits for the next time.
pub async fn flush_views(counter: &Counter, database: &DatabaseConnection) -> Result<(), DbErr> {
    let add = |batch: Arc<Batch>| async move {
        fault::hold("views_closed").await;
        let counted: Vec<_> = batch.counts.iter().map(counted).collect();
        views::add(database, batch.id, &counted, merged).await?;
        fault::hold("views_committed").await;
        Ok(())
    };
    counter.flush(add).await
}

fn counted(count: &tidewater_counter::Count) -> Counted<&Sketch> {
    Counted { note_id: count.subject, day: count.day, views: count.views, viewers: &count.viewers }
}

fn merged(known: Option<&[u8]>, viewers: &&Sketch) -> Option<Merged> {
    let Some(mut sketch) = known.map_or_else(|| Some(Sketch::default()), Sketch::from_bytes) else {
        tracing::warn!("there are viewers in the database in a form that is not known; those of now are not counted");
        return None;
    };
    sketch.merge(viewers);
    Some(Merged { sketch: sketch.to_bytes(), viewers: sketch.count() })
}
