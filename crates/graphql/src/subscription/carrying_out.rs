use std::sync::Arc;

use async_graphql::{Request, Response, ServerError};
use futures::StreamExt;
use futures::stream::BoxStream;

use super::source::Source;
use super::watch::Guard;
use crate::api::{blame_the_document, refusal};
use crate::completion::{Completion, Included};
use crate::document::Document;
use crate::spending::Spending;
use crate::{Api, Caller, Error, Executed, Identity, Scope};

/// What came of a request that may be a subscription.
#[derive(Debug)]
pub enum Begun {
    /// It is none, and is answered.
    Answered(Box<Executed>),
    /// It is one, or would be.
    Subscribed(Box<Subscription>),
}

/// A subscription: the responses to events, as they come.
pub struct Subscription {
    api: Api,
    document: Arc<Document>,
    operation_name: Option<String>,
    included: Option<Included>,
    responses: BoxStream<'static, Response>,
    source: Option<Arc<Source>>,
    identity: Identity,
}

/// What a subscription has to tell.
#[derive(Debug)]
pub enum Event {
    /// Something happened; there may be more.
    Response(Response),
    /// It did not begin, or cannot go on. Nothing comes after that.
    Failed(Vec<ServerError>),
}

impl Api {
    /// Executes a request of `caller` like [`execute`](Self::execute), or begins the subscription that it asks for. Its text is
    /// `document`'s, or cannot be parsed.
    pub async fn begin(&self, request: Request, caller: Caller, document: Option<Arc<Document>>) -> Begun {
        match document {
            Some(document) if document.is_subscription(request.operation_name.as_deref()) => {
                Begun::Subscribed(Box::new(self.subscribe(request, caller, document).await))
            }
            document => Begun::Answered(Box::new(self.execute_document(request, Ok(document), caller).await)),
        }
    }

    /// Begins the subscription of a request, which is of `document`. Changes that are committed after this returns are told of; whether
    /// it may be had is told by the first event.
    pub async fn subscribe(&self, request: Request, caller: Caller, document: Arc<Document>) -> Subscription {
        let operation_name = request.operation_name.clone();
        let begun = self.begin_source(&request, &caller).await;
        let (source, identity) = match begun {
            Ok((source, identity)) => (source, identity),
            Err(error) => {
                let refused = futures::stream::iter([refusal(error)]).boxed();
                let (api, identity) = (self.clone(), Identity::Unknown);
                return Subscription {
                    api,
                    document,
                    operation_name,
                    included: None,
                    responses: refused,
                    source: None,
                    identity,
                };
            }
        };
        let source = Arc::new(source);
        let spending = Spending::new(caller.allowance.clone());
        let scope = source.guard.scope().of_client_at(caller.network).spending(spending);
        let request = request.data::<Scope>(scope).data(Arc::clone(&source));
        let (_, schema) = self.streaming();
        let (responses, included) = Completion::subscribe_prepared(schema, request, document.prepared());
        Subscription {
            api: self.clone(),
            document,
            operation_name,
            included,
            responses,
            source: Some(source),
            identity,
        }
    }

    async fn begin_source(&self, request: &Request, caller: &Caller) -> Result<(Source, Identity), Error> {
        // Before the session is read, so that nothing comes in between.
        let follower = self.cache().follow().await?;
        let viewer = self.admit(&self.store().reader(), request, caller).await?.map(|(viewer, _)| viewer);
        let identity = viewer.map_or(Identity::Nobody, |viewer| Identity::Viewer(viewer.user));
        let guard = Guard::new(self.clone(), caller.credential.clone(), viewer);
        Ok((Source::new(follower, guard), identity))
    }
}

impl Subscription {
    /// Who subscribed.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// What comes next; none when the subscription is over.
    pub async fn next(&mut self) -> Option<Event> {
        let Some(mut response) = self.responses.next().await else {
            let failure = self.source.as_ref().and_then(|source| source.failure())?;
            return Some(Event::Failed(vec![failure.into()]));
        };
        let (completion, _) = self.api.streaming();
        let operation_name = self.operation_name.as_deref();
        response.errors.iter_mut().for_each(blame_the_document);
        if self.source.as_ref().is_none_or(|source| !source.has_begun()) {
            self.responses = futures::stream::empty().boxed();
            return Some(Event::Failed(response.errors));
        }
        completion.complete_prepared(self.document.prepared(), operation_name, self.included.as_ref(), &mut response);
        Some(Event::Response(response))
    }
}

impl std::fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Subscription").field("identity", &self.identity).finish_non_exhaustive()
    }
}
