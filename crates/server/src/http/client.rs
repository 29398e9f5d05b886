use std::sync::Arc;

use tidewater_graphql::{Api, Begun, Caller, Error, Identity, LiveQuota, ResponseKey, Watch, refusal};
use tidewater_limit::{Allowance, Network};
use tokio::time::timeout;
use tracing::Instrument;

use super::Service;
use super::graphql::POST;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::trail::Upgrade;

/// Apart from the forms of GraphQL requests.
const FORM: u8 = 3;

/// Whoever is at the other end of a WebSocket.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) service: Arc<Service>,
    pub(super) network: Network,
    pub(super) device: Option<String>,
    pub(super) credential: Option<String>,
    pub(super) live_queries: LiveQuota,
    /// The request by which the WebSocket was opened.
    pub(super) upgrade: Arc<Upgrade>,
}

/// The errors of a request that was not carried out, as they are told.
pub(super) struct Unbegun(pub(super) serde_json::Value);

impl From<Error> for Unbegun {
    fn from(error: Error) -> Self {
        Self(serde_json::json!(refusal(error).errors))
    }
}

impl From<Refusal> for Unbegun {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.errors())
    }
}

impl Client {
    /// How much the client may do.
    pub(super) fn allowance(&self) -> Allowance {
        self.service.limiter.allowance(self.number(), self.network)
    }

    /// Watches the client's session. None without a credential, or with one that is not good.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it cannot be found out whether it is.
    pub(super) async fn watch(&self) -> Result<Option<Watch>, Error> {
        let Some(credential) = &self.credential else { return Ok(None) };
        let watch = self.service.api.watch(credential).await?;
        self.learn(&self.allowance(), watch.as_ref().map_or(Identity::Nobody, |watch| Identity::Viewer(watch.user())));
        Ok(watch)
    }

    /// Executes a request, or begins the subscription or live query that it asks for, like any request: counted by the same limits, within the same
    /// time.
    ///
    /// # Errors
    /// `RATE_LIMITED`, `TIMEOUT`; `UNAVAILABLE` when as many requests are under way as there may be. What is wrong with the document, or
    /// with how it is named.
    pub(super) async fn begin(&self, asked: Result<Parameters, Refusal>) -> Result<Begun, Unbegun> {
        let allowance = self.allowance();
        allowance.request().await.map_err(Error::from)?;
        let caller = Caller {
            credential: self.credential.clone(),
            allowance: allowance.clone(),
            network: Some(self.network),
            device: self.device.clone(),
            live_queries: Some(self.live_queries.clone()),
            ..Caller::default()
        };
        let Service { api, capacity, limits, tracer, .. } = &*self.service;
        let _permit = capacity.try_acquire().map_err(|_| Error::Unavailable)?;
        let begun = async {
            let (resolved, document) = self.service.resolve(asked?, POST).await?;
            Ok::<_, Unbegun>(api.begin(resolved.request, caller, document).await)
        };
        let (span, log_span) = self.upgrade.operation(tracer);
        let begun = within(limits.request_timeout, begun.instrument(log_span).instrument(span)).await??;
        self.learn(
            &allowance,
            match &begun {
                Begun::Answered(executed) => executed.identity,
                Begun::GoesOn(events) => events.identity(),
            },
        );
        Ok(begun)
    }

    fn learn(&self, allowance: &Allowance, identity: Identity) {
        let Some(credential) = self.number() else { return };
        learn(allowance, credential, identity);
    }

    fn number(&self) -> Option<u128> {
        ResponseKey::new(FORM, self.credential.as_deref(), &[]).credential()
    }
}

/// Lets the credential's next requests count for whom it has turned out to show.
pub(super) fn learn(allowance: &Allowance, credential: u128, identity: Identity) {
    match identity {
        Identity::Viewer(user) => allowance.shows(credential, Some(user.as_u128())),
        Identity::Nobody => allowance.shows(credential, None),
        Identity::Unknown => {}
    }
}

async fn within<T>(limit: std::time::Duration, work: impl Future<Output = T>) -> Result<T, Error> {
    timeout(limit, work).await.map_err(|_| Error::Timeout)
}

/// Returns when the session is over that is watched; never, without one.
pub(super) async fn session_ended(watch: &mut Option<Watch>) {
    match watch {
        Some(watch) => watch.ended().await,
        None => std::future::pending().await,
    }
}

/// Watches the session of `credential`, if there is one that is good.
///
/// # Errors
/// `UNAVAILABLE` when that cannot be found out.
pub(super) async fn watch(api: &Api, credential: Option<&str>) -> Result<Option<Watch>, Error> {
    match credential {
        Some(credential) => api.watch(credential).await,
        None => Ok(None),
    }
}
