use std::sync::Arc;

use async_graphql::{Request, Response};
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::source::Source;
use super::watch::Guard;
use crate::api::blame_the_document;
use crate::completion::{Completion, Included};
use crate::document::Document;
use crate::events::{Event, Events};
use crate::spending::Spending;
use crate::{Api, Caller, Error, Identity, Scope};

/// A subscription that has begun.
struct Subscription {
    api: Api,
    document: Arc<Document>,
    operation_name: Option<String>,
    included: Option<Included>,
    responses: BoxStream<'static, Response>,
    source: Arc<Source>,
}

impl Api {
    /// Begins the subscription of a request, which is of `document`.
    pub(crate) async fn subscribe(&self, request: Request, caller: Caller, document: Arc<Document>) -> Events {
        let operation_name = request.operation_name.clone();
        let (source, identity) = match self.begin_source(&request, &caller).await {
            Ok((source, identity)) => (Arc::new(source), identity),
            Err(error) => return Events::refused(error),
        };
        let spending = Spending::new(caller.allowance.clone());
        let scope = source.guard.scope().of_client_at(caller.network).spending(spending);
        let request = request.data::<Scope>(scope).data(Arc::clone(&source));
        let (_, schema) = self.streaming();
        let (responses, included) = Completion::subscribe_prepared(schema, request, document.prepared());
        let subscription = Subscription { api: self.clone(), document, operation_name, included, responses, source };
        let next = |mut subscription: Subscription| async { Some((subscription.next().await?, subscription)) };
        Events::new(identity, stream::unfold(subscription, next))
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
    async fn next(&mut self) -> Option<Event> {
        let Some(mut response) = self.responses.next().await else {
            return self.source.failure().map(Event::failed);
        };
        let (completion, _) = self.api.streaming();
        let operation_name = self.operation_name.as_deref();
        response.errors.iter_mut().for_each(blame_the_document);
        if !self.source.has_begun() {
            self.responses = stream::empty().boxed();
            return Some(Event::of_errors(&response.errors));
        }
        completion.complete_prepared(self.document.prepared(), operation_name, self.included.as_ref(), &mut response);
        Some(Event::response(&response))
    }
}
