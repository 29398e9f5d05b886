use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Context;
use parking_lot::Mutex;
use tidewater_entity::Role;
use tidewater_limit::Network;
use uuid::Uuid;

use crate::Error;
use crate::spending::Spending;
use crate::store::Reader;

/// What all resolvers of one request share.
pub struct Scope {
    /// Reads for this request.
    pub reader: Reader,
    viewer: Mutex<Option<Viewer>>,
    /// How long a session is good for.
    pub(crate) session_lifetime: Duration,
    session: Arc<Mutex<SessionChange>>,
    /// What the caller may do, as far as that is limited.
    pub(crate) spending: Spending,
    /// Where the caller is, if that is known.
    pub(crate) network: Option<Network>,
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
        Self::with_session(reader, viewer, Duration::ZERO, Arc::default(), Spending::default())
    }

    /// For a request that tells by `session` what it did to its caller's session, and by `spending` which limit it exceeded.
    pub(crate) fn with_session(
        reader: Reader,
        viewer: Option<Viewer>,
        session_lifetime: Duration,
        session: Arc<Mutex<SessionChange>>,
        spending: Spending,
    ) -> Self {
        Self { reader, viewer: Mutex::new(viewer), session_lifetime, session, spending, network: None }
    }

    /// The same, for a caller who is at that address.
    pub(crate) fn of_client_at(self, network: Option<Network>) -> Self {
        Self { network, ..self }
    }

    /// Who asks. `None`: somebody who is not signed in.
    pub fn viewer(&self) -> Option<Viewer> {
        *self.viewer.lock()
    }

    /// The rest of the request is `viewer`'s, who holds `token`.
    pub(crate) fn begin_session(&self, viewer: Viewer, token: String) {
        *self.viewer.lock() = Some(viewer);
        *self.session.lock() = SessionChange::Start { token, lifetime: self.session_lifetime };
    }

    /// The rest of the request is nobody's.
    pub(crate) fn end_session(&self) {
        *self.viewer.lock() = None;
        *self.session.lock() = SessionChange::End;
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
