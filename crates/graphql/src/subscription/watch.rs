use std::time::Duration;

use async_graphql::Response;
use chrono::{DateTime, Utc};
use tidewater_cache::{Applied, Basis, Follower, Lookout};
use tidewater_changelog::{Change, Value};
use tidewater_entity::{Tracked, now, session, user};
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use crate::open::One;
use crate::response::Held;
use crate::scope::{Scope, Viewer};
use crate::store::Reader;
use crate::{Api, Error};

/// How long after it was looked at a session is looked at again, whatever has changed: it may have expired or be unused, and while it
/// is watched it is used.
const INTERVAL: Duration = Duration::from_secs(60);

/// How long after it could not be found out whether a session is good it is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Whether whoever subscribed is still who they were.
pub(crate) struct Guard {
    api: Api,
    held: Option<(String, Viewer)>,
}

/// Watches the session of one credential.
#[derive(Debug)]
pub struct Watch {
    api: Api,
    credential: String,
    viewer: Viewer,
    expires_at: DateTime<Utc>,
    looked_at: Instant,
    lookout: Lookout,
    /// What it was found to be good by, if that is known.
    basis: Option<Basis>,
    /// Whether something may have changed since it was looked at.
    is_doubtful: bool,
    _counted: One,
}

impl Guard {
    /// Of the holder of `credential`, if there is one, who was found to be `viewer`.
    pub(super) fn new(api: Api, credential: Option<String>, viewer: Option<Viewer>) -> Self {
        Self { api, held: credential.zip(viewer) }
    }

    /// What the viewer may see.
    pub(super) fn scope(&self) -> Scope {
        self.scope_for(self.api.store().reader())
    }

    /// The same, read by `reader`.
    pub(super) fn scope_for(&self, reader: Reader) -> Scope {
        Scope::new(reader, self.held.as_ref().map(|(_, viewer)| *viewer))
    }

    pub(super) fn reader_for(&self, request: tidewater_cache::Request) -> Reader {
        self.api.store().reader_for(request)
    }

    /// Counts the errors in what came of an event.
    pub(super) fn count_errors(&self, response: &Response) {
        self.api.count_errors(response);
    }

    /// Checks the session, if `applied` may have changed something about it.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when it is over; `UNAVAILABLE` when that cannot be found out.
    pub(super) async fn check(&self, follower: &Follower, applied: &Applied) -> Result<(), Error> {
        let Some((credential, viewer)) = &self.held else { return Ok(()) };
        if !concerns(viewer, applied) {
            return Ok(());
        }
        let reader = self.reader_for(follower.request(applied));
        match self.api.viewer(&reader, credential).await? {
            Some((found, _)) if found == *viewer => Ok(()),
            _ => Err(Error::Unauthenticated("the session is over")),
        }
    }
}

impl Api {
    /// Watches the session that `credential` shows. None if it shows none that is good.
    ///
    /// # Errors
    /// `UNAVAILABLE` when that cannot be found out.
    pub async fn watch(&self, credential: &str) -> Result<Option<Watch>, Error> {
        let lookout = self.cache().look_out();
        let Some((viewer, held, basis)) = self.found(credential).await? else { return Ok(None) };
        Ok(Some(Watch {
            api: self.clone(),
            _counted: self.watches(),
            credential: credential.to_owned(),
            viewer,
            expires_at: held.expires_at,
            looked_at: Instant::now(),
            lookout,
            basis,
            is_doubtful: false,
        }))
    }

    /// Whom `credential` shows now, and what that rests on.
    async fn found(&self, credential: &str) -> Result<Option<(Viewer, Held, Option<Basis>)>, Error> {
        let request = self.cache().request();
        let reader = self.store().reader_for(request.clone());
        let (found, basis) = request.with_basis(self.viewer(&reader, credential)).await;
        Ok(found?.map(|(viewer, held)| (viewer, held, basis)))
    }
}

impl Watch {
    /// The primary key of the user whose session it is.
    pub fn user(&self) -> Uuid {
        self.viewer.user
    }

    /// Returns when the session is over: it was ended, it expired, it was not used, or its user has another role. Safe to drop and to
    /// call again.
    pub async fn ended(&mut self) {
        loop {
            if !self.is_doubtful {
                self.wait().await;
                self.is_doubtful = true;
            }
            match self.is_good().await {
                Ok(true) => self.is_doubtful = false,
                Ok(false) => return,
                Err(_) => sleep(RETRY).await,
            }
        }
    }

    /// Waits until there is doubt about the session.
    async fn wait(&mut self) {
        let left = (self.expires_at - now()).to_std().unwrap_or_default();
        let until = (self.looked_at + INTERVAL).min(Instant::now() + left.min(INTERVAL));
        match &self.basis {
            // Late is as good as in time: then it is looked at anyway.
            Some(basis) => timeout_at(until, self.lookout.changed(basis)).await.unwrap_or_default(),
            None => sleep(RETRY).await,
        }
    }

    async fn is_good(&mut self) -> Result<bool, Error> {
        let Some((viewer, held, basis)) = self.api.found(&self.credential).await? else { return Ok(false) };
        (self.expires_at, self.looked_at, self.basis) = (held.expires_at, Instant::now(), basis);
        Ok(viewer == self.viewer)
    }
}

/// Whether `applied` may have changed something about the viewer's session.
fn concerns(viewer: &Viewer, applied: &Applied) -> bool {
    let (sessions, users) = (session::Entity::TRACKING.table, user::Entity::TRACKING.table);
    applied.changes().iter().any(|change| match change {
        Change::Table { table } => **table == *sessions || **table == *users,
        Change::Row(row) => {
            let is_of = |key: Uuid| [row.old.first(), row.new.first()].contains(&Some(&Value::Uuid(key)));
            *row.table == *sessions && is_of(viewer.session) || *row.table == *users && is_of(viewer.user)
        }
    })
}
