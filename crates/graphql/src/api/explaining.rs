use std::sync::Arc;

use async_graphql::Request;

use super::{Api, Form};
use crate::caller::{Arrival, Caller};
use crate::document::Document;
use crate::explain::{Bypass, Report};
use crate::freshness;
use crate::response::Answer;
use crate::store::Reader;

impl Api {
    /// Adds to an answer that was remembered what it rests on. Its request, whose text is `document`'s, is carried out again for that,
    /// and what comes of it is only looked at.
    pub async fn explain_remembered(
        &self,
        answer: &mut Answer,
        arrival: Arrival,
        request: Request,
        document: Option<Arc<Document>>,
    ) {
        let Arrival { request: reads, caller, .. } = arrival;
        let reader = self.0.store.reader_for(reads);
        let replay = match self.may_be_told(answer) {
            true => Some(self.replay(&caller, request, document.as_deref()).await),
            false => None,
        };
        self.tell(answer, &reader, replay.as_ref(), None).await;
    }

    /// Carries out a request once more; returns what it was read by.
    pub(super) async fn replay(&self, caller: &Caller, request: Request, document: Option<&Document>) -> Reader {
        let Arrival { request: reads, caller, .. } = self.arrive(caller.clone());
        let reader = self.0.store.reader_for(reads);
        self.run(&reader, &caller, request, document, Form::Values).await;
        reader
    }

    pub(super) fn may_be_told(&self, answer: &Answer) -> bool {
        self.0.development || answer.may_be_told
    }

    /// Adds to an answer how it was made.
    pub(super) async fn tell(
        &self,
        answer: &mut Answer,
        reader: &Reader,
        replay: Option<&Reader>,
        bypassed: Option<Bypass>,
    ) {
        let told = if self.may_be_told(answer) {
            let report = Report::new(reader.request(), reader, replay, bypassed, &self.0.writer, usize::MAX).await;
            report.and_then(|report| serde_json::to_string(&report).ok())
        } else {
            Some(r#"{"refused":"only an ADMIN is told how requests are answered"}"#.to_owned())
        };
        if let Some(told) = told {
            freshness::explain(&mut answer.tail, &told);
        }
    }
}

/// A request with the same bytes; what it carries otherwise is put there when it is carried out.
pub(super) fn copy(request: &Request) -> Request {
    let Request { query, operation_name, variables, extensions, .. } = request;
    let mut copy = Request::new(query).variables(variables.clone());
    copy.operation_name.clone_from(operation_name);
    copy.extensions.clone_from(extensions);
    copy
}
