use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Context;
use parking_lot::Mutex;
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidewater_entity::{Role, user};
use tidewater_limit::Network;
use tracing::Instrument;
use uuid::Uuid;

use crate::Error;
use crate::account::session::{self, Started};
use crate::idempotency::Idempotency;
use crate::part::Parts;
use crate::spending::Spending;
use crate::store::Reader;

/// What all resolvers of one request share.
pub struct Scope {
    /// Reads for this request.
    pub reader: Reader,
    viewer: Mutex<Option<Viewer>>,
    sessions: Sessions,
    /// What the request is known as, if it can be repeated.
    pub(crate) idempotency: Idempotency,
    /// What the caller may do, as far as that is limited.
    pub(crate) spending: Spending,
    /// Where the caller is, if that is known.
    pub(crate) network: Option<Network>,
    /// What is kept of the items of lists, if they may be answered by it.
    pub(crate) parts: Option<Arc<Parts>>,
}

/// What the sessions are like that a request begins, and what it did to its caller's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {
    /// How long they are good for.
    pub(crate) lifetime: Duration,
    /// What the caller calls itself.
    pub(crate) device: Option<String>,
    /// What the request did.
    pub(crate) change: Arc<Mutex<SessionChange>>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// The primary key of the user.
    pub user: Uuid,
    /// What the user may do.
    pub role: Role,
    /// The primary key of the session that says so.
    pub session: Uuid,
}

/// What a request did to its caller's session: what an HTTP server sets or clears a cookie for.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum SessionChange {
    /// Nothing.
    #[default]
    None,
    /// The caller signed in.
    Start {
        /// The new session's token: a secret.
        token: String,
        /// How long it is good for.
        lifetime: Duration,
    },
    /// The caller signed out.
    End,
}

impl fmt::Debug for SessionChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "None",
            Self::Start { .. } => "Start(..)",
            Self::End => "End",
        })
    }
}

impl Viewer {
    /// Whether this is an administrator, who sees and changes everything.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }

    /// Whether what belongs to `owner` is this viewer's to see and change.
    pub fn owns(&self, owner: Uuid) -> bool {
        self.user == owner || self.is_admin()
    }
}

impl Scope {
    /// For a request that nobody can sign in or out by.
    pub fn new(reader: Reader, viewer: Option<Viewer>) -> Self {
        Self::with_sessions(reader, viewer, Sessions::default(), Spending::default())
    }

    /// For a request that tells by `sessions` what it did to its caller's session, and by `spending` which limit it exceeded.
    pub(crate) fn with_sessions(
        reader: Reader,
        viewer: Option<Viewer>,
        sessions: Sessions,
        spending: Spending,
    ) -> Self {
        let (viewer, idempotency) = (Mutex::new(viewer), Idempotency::default());
        Self { reader, viewer, sessions, idempotency, spending, network: None, parts: None }
    }

    /// The same, for a caller who is at that address.
    pub(crate) fn of_client_at(self, network: Option<Network>) -> Self {
        Self { network, ..self }
    }

    /// The same, for a request whose lists may be answered by these.
    pub(crate) fn made_of(self, parts: Option<Arc<Parts>>) -> Self {
        Self { parts, ..self }
    }

    /// The same, for a request that can be repeated.
    pub(crate) fn known_as(self, idempotency: Idempotency) -> Self {
        Self { idempotency, ..self }
    }

    /// Runs `work` in one transaction, commits it, and returns when the change is in force: every later read of this request
    /// sees it, whatever it touched, cascades included. After an error nothing is changed.
    ///
    /// If the request has an idempotency key and the viewer's `work` was done under it before, it is not done again: what it
    /// returned then is returned. So what is to be answered must follow from what `work` returns.
    ///
    /// Inside, only the transaction is read: caches are neither asked nor filled.
    ///
    /// # Errors
    /// What `work` answers; `CONFLICT` and `UNAVAILABLE` as the database says. `UNAVAILABLE` may also mean that the commit was
    /// done and could not be confirmed. With a key, `UNAUTHENTICATED` where nobody is signed in, `CONFLICT` where it was used for
    /// another request, and `BAD_USER_INPUT` where `work` returns more than can be kept.
    pub async fn write<T: Serialize + DeserializeOwned>(
        &self,
        work: impl AsyncFnOnce(&DatabaseTransaction) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(key) = self.idempotency.key() else { return self.reader.write(work).await };
        let user = self.signed_in()?.user;
        let change = self.reader.change().await?;
        let transaction = &change.transaction;
        let working = async {
            if let Some(done) = self.idempotency.done(transaction, key, user).await? {
                return Ok(done);
            }
            let done = work(transaction).await?;
            self.idempotency.record(transaction, key, user, &done).await?;
            Ok::<_, Error>(done)
        };
        let done = working.instrument(change.span()).await?;
        change.commit().await?;
        Ok(done)
    }

    /// The same, which tells by `spending` which limit it exceeded.
    pub(crate) fn spending(self, spending: Spending) -> Self {
        Self { spending, ..self }
    }

    /// Who asks. `None`: somebody who is not signed in.
    pub fn viewer(&self) -> Option<Viewer> {
        *self.viewer.lock()
    }

    /// Begins a session of `user`, which is in force once the transaction is committed and [`begin_session`](Self::begin_session)
    /// told of it.
    pub(crate) async fn start_session(
        &self,
        transaction: &DatabaseTransaction,
        user: &user::Model,
    ) -> Result<Started, Error> {
        session::start(transaction, user, self.sessions.device.clone(), self.sessions.lifetime).await
    }

    /// The rest of the request is `user`'s, in the session that was started. Returns what its holder shows.
    pub(crate) fn begin_session(&self, user: &user::Model, Started { session, token }: Started) -> String {
        let token = token.text();
        *self.viewer.lock() = Some(Viewer { user: user.id, role: user.role, session });
        *self.sessions.change.lock() = SessionChange::Start { token: token.clone(), lifetime: self.sessions.lifetime };
        token
    }

    /// The rest of the request is nobody's.
    pub(crate) fn end_session(&self) {
        *self.viewer.lock() = None;
        *self.sessions.change.lock() = SessionChange::End;
    }

    /// Who asks, where somebody must be signed in.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`
    pub fn signed_in(&self) -> Result<Viewer, Error> {
        self.viewer().ok_or(Error::Unauthenticated("sign in first"))
    }

    /// Whether `user` is who asks.
    pub fn is_viewer(&self, user: Uuid) -> bool {
        self.viewer().is_some_and(|viewer| viewer.user == user)
    }

    /// Whether what belongs to `owner` is the caller's to see and change.
    pub fn owns(&self, owner: Uuid) -> bool {
        self.viewer().is_some_and(|viewer| viewer.owns(owner))
    }
}

/// The scope of the request that a resolver answers.
///
/// # Errors
/// `INTERNAL` when the schema was executed without one.
pub fn scope<'a>(context: &Context<'a>) -> Result<&'a Scope, Error> {
    context.data::<Scope>().map_err(|_| Error::internal("a request without a scope"))
}
