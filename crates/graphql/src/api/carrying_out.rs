use std::sync::Arc;

use async_graphql::{Executor, Request, Response, ServerError};
use parking_lot::Mutex;
use tidewater_limit::Exceeded;

use super::{Api, Inner};
use crate::Error;
use crate::caller::{Caller, Identity};
use crate::document::{Document, say_plainly};
use crate::idempotency::Idempotency;
use crate::part::Parts;
use crate::response::{Held, Kept, Outcome};
use crate::scope::{Scope, SessionChange, Sessions, Viewer};
use crate::spending::Spending;
use crate::store::Reader;

/// How many mistakes are told of a document that is not executed.
const MAX_MISTAKES: usize = 100;

/// What becomes of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// It is looked at as the values that it consists of.
    Values,
    /// It is written.
    Text,
}

/// What came of executing a request.
pub(super) struct Ran {
    pub(super) response: Response,
    pub(super) outcome: Outcome,
    pub(super) session: SessionChange,
    held: Option<Held>,
    pub(super) identity: Identity,
    pub(super) exceeded: Option<Exceeded>,
    pub(super) replayed: bool,
}

impl Ran {
    /// What comes of a request that is refused before anybody asks who sent it.
    pub(super) fn refused(error: Error) -> Self {
        Self {
            response: refusal(error.clone()),
            outcome: Outcome::Refused(error),
            session: SessionChange::None,
            held: None,
            identity: Identity::Unknown,
            exceeded: None,
            replayed: false,
        }
    }
}

impl Api {
    /// Executes a request. Only what is to become text may be made of parts.
    pub(super) async fn run(
        &self,
        reader: &Reader,
        caller: &Caller,
        request: Request,
        document: Option<&Document>,
        form: Form,
    ) -> Ran {
        let change: Arc<Mutex<SessionChange>> = Arc::default();
        let (mut held, mut identity) = (None, Identity::Unknown);
        let mut parts = None;
        let spending = Spending::new(caller.allowance.clone());
        let idempotency = Idempotency::new(caller.idempotency_key.clone());
        let fields = || document.map_or(0, |document| document.root_fields(request.operation_name.as_deref()));
        let admitted = match idempotency.refuse_several(fields) {
            Ok(()) => self.admit(reader, &request, caller).await,
            Err(error) => Err(error),
        };
        let (mut response, refused) = match admitted {
            Ok(admitted) => {
                let viewer = admitted.map(|(viewer, session)| {
                    held = Some(session);
                    viewer
                });
                identity = viewer.map_or(Identity::Nobody, |viewer| Identity::Viewer(viewer.user));
                let (lifetime, device) = (self.0.session_lifetime, caller.device.clone());
                let sessions = Sessions { lifetime, device, change: Arc::clone(&change) };
                let scope = Scope::with_sessions(reader.clone(), viewer, sessions, spending.clone());
                if let (Some(document), Form::Text) = (document, form) {
                    parts = self.parts(reader, &request, document, viewer);
                }
                let scope = scope.of_client_at(caller.network).known_as(idempotency.clone()).made_of(parts.clone());
                (self.resolve(request.data(scope), document).await, None)
            }
            Err(error) => (refusal(error.clone()), Some(error)),
        };
        if let Some(parts) = parts.filter(|_| response.errors.is_empty()) {
            parts.keep(reader.request(), &response.data);
        }
        let exceeded = spending.exceeded();
        let outcome = match refused {
            Some(error) => Outcome::Refused(error),
            None => Outcome::of(&response, document.is_some(), exceeded),
        };
        if matches!(outcome, Outcome::Unparsed | Outcome::Refused(_)) {
            // A document can have more mistakes than anybody reads.
            response.errors.truncate(MAX_MISTAKES);
        }
        response.errors.iter_mut().for_each(blame_the_document);
        let session = std::mem::take(&mut *change.lock());
        if exceeded.is_some() {
            // Others who send the same bytes without a credential may have an allowance of their own.
            reader.request().rests_on_the_unknown();
        }
        let replayed = idempotency.is_replayed();
        Ran { response, outcome, session, held, identity, exceeded, replayed }
    }

    /// What the lists of a request may be answered by.
    fn parts(
        &self,
        reader: &Reader,
        request: &Request,
        document: &Document,
        viewer: Option<Viewer>,
    ) -> Option<Arc<Parts>> {
        let kept = self.0.parts.as_ref()?;
        // Whoever has it explained wants to see all reads.
        let may_be_kept = self.0.documents.may_be_kept(document, request) && !reader.request().is_explained();
        may_be_kept.then(|| Arc::new(Parts::new(kept.clone(), Arc::clone(document.selections()), viewer)))
    }

    /// What is answered to a request that was executed. Its errors are counted by that: not where it is executed once more only to be
    /// explained.
    pub(super) fn answered(&self, ran: &Ran) -> Kept {
        self.count_errors(&ran.response);
        Kept::new(&ran.response, ran.outcome.clone(), ran.held.clone(), ran.identity)
    }

    async fn resolve(&self, request: Request, document: Option<&Document>) -> Response {
        let Inner { validating, trusting, completion, .. } = &*self.0;
        let Some(document) = document else { return validating.execute(request).await };
        if document.is_subscription(request.operation_name.as_deref()) {
            return refusal(Error::bad_user_input(
                "query",
                "a subscription is carried out over a WebSocket, or with `Accept: text/event-stream`",
            ));
        }
        if document.needs_no_validation(completion.types(), &request) {
            return completion.execute_prepared(trusting, request, document.prepared()).await;
        }
        let response = completion.execute_prepared(validating, request, document.prepared()).await;
        document.was_validated(&response);
        response
    }
}

/// A response that is only this error.
pub fn refusal(error: Error) -> Response {
    Response::from_errors(vec![error.into()])
}

/// Resolvers put a code on what they answer; what has none was found wrong with the document or its variables.
pub(crate) fn blame_the_document(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        say_plainly(&mut error.message);
        extensions.set("code", Error::bad_user_input("query", "").code());
    }
}
