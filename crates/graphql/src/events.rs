use std::sync::Arc;

use async_graphql::{Request, Response, ServerError};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::Value;

use crate::document::Document;
use crate::live::Shown;
use crate::open::One;
use crate::{Api, Caller, Error, Executed, Identity, refusal};

/// What came of a request that may go on.
#[derive(Debug)]
pub enum Begun {
    /// It does not, and is answered.
    Answered(Box<Executed>),
    /// It does, or would: it is a subscription or a live query.
    GoesOn(Box<Events>),
}

/// What a subscription or a live query has to tell, as it comes.
pub struct Events {
    identity: Identity,
    events: BoxStream<'static, Event>,
    _counted: Option<One>,
}

/// Something that is told.
#[derive(Debug)]
pub enum Event {
    /// A response; there may be more.
    Next {
        /// It, in JSON, on one line.
        json: String,
        /// By what a client of a live query can say that it has seen it.
        shown: Option<Shown>,
    },
    /// The errors why it did not begin or cannot go on. Nothing comes after that.
    Failed(Value),
}

impl Api {
    /// Executes a request of `caller` like [`execute`](Self::execute), or begins what it asks for that goes on. Its text is
    /// `document`'s, or cannot be parsed.
    pub async fn begin(&self, request: Request, caller: Caller, document: Option<Arc<Document>>) -> Begun {
        match document {
            Some(document) if document.goes_on(&request) => {
                Begun::GoesOn(Box::new(self.follow(request, caller, document).await))
            }
            document => Begun::Answered(Box::new(self.execute_document(request, Ok(document), caller).await)),
        }
    }

    /// Begins the subscription or the live query of a request, which is of `document`. Changes that are committed after this returns
    /// are told of; whether it may be had is told by the first event.
    pub async fn follow(&self, request: Request, caller: Caller, document: Arc<Document>) -> Events {
        let is_subscription = document.is_subscription(request.operation_name.as_deref());
        let one = self.opens(is_subscription);
        let events = if is_subscription {
            self.subscribe(request, caller, document).await
        } else {
            self.live(request, caller, document).await
        };
        Events { _counted: Some(one), ..events }
    }
}

impl Events {
    pub(crate) fn new(identity: Identity, events: impl futures::Stream<Item = Event> + Send + 'static) -> Self {
        Self { identity, events: events.boxed(), _counted: None }
    }

    /// Nothing but why there are none.
    pub(crate) fn refused(error: Error) -> Self {
        Self::new(Identity::Unknown, stream::iter([Event::failed(error)]))
    }

    /// Whose they are.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// What comes next; none when it is over. Safe to drop.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.next().await
    }
}

impl Event {
    pub(crate) fn response(response: &Response) -> Self {
        Self::Next { json: json(response), shown: None }
    }

    pub(crate) fn failed(error: Error) -> Self {
        Self::of_errors(&refusal(error).errors)
    }

    pub(crate) fn of_errors(errors: &[ServerError]) -> Self {
        Self::Failed(serde_json::to_value(errors).unwrap_or_default())
    }
}

fn json(response: &Response) -> String {
    serde_json::to_string(response).unwrap_or_else(|cause| {
        Error::internal(cause);
        "null".to_owned()
    })
}

impl std::fmt::Debug for Events {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Events").field("identity", &self.identity).finish_non_exhaustive()
    }
}
