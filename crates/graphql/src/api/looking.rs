use std::sync::Arc;

use async_graphql::Request;
use tidewater_cache::{Basis, HistoryMark};
use tidewater_limit::Exceeded;

use super::{Api, Form};
use crate::caller::Caller;
use crate::document::Document;
use crate::response::{Kept, ResponseKey};

/// What came of executing a live query once.
pub(crate) struct Look {
    /// What was read for it.
    pub(crate) request: tidewater_cache::Request,
    pub(crate) kept: Arc<Kept>,
    /// What it rests on, if that is known.
    pub(crate) basis: Option<Basis>,
    /// The limit that it exceeded, if it did.
    pub(crate) exceeded: Option<Exceeded>,
}

impl Api {
    /// Executes a request of `caller` that arrives now for a live query, or joins others that do. No older answer than these marks is
    /// accepted.
    pub(crate) async fn look(
        &self,
        caller: &Caller,
        marks: Vec<HistoryMark>,
        key: &ResponseKey,
        request: Request,
        document: &Arc<Document>,
    ) -> Look {
        let reads = self.0.store.cache().request();
        marks.into_iter().for_each(|mark| reads.require(mark));
        let responses = self.0.responses.as_ref().filter(|_| self.0.documents.may_be_kept(document, &request));
        let reader = self.0.store.reader_for(reads.clone());
        let mut exceeded = None;
        let compute = || async {
            let ran = self.run(&reader, caller, request, Some(document), Form::Text).await;
            exceeded = ran.exceeded;
            self.answered(&ran)
        };
        let (kept, basis) = match responses {
            None => {
                let (kept, basis) = reads.with_basis(compute()).await;
                (Arc::new(kept), basis)
            }
            Some(responses) => match responses.get_with_basis(&reads, key.bytes(), caller.acceptance).await {
                Some((kept, basis)) if self.is_in_use(&kept) => (kept, Some(basis)),
                _ => {
                    let compute = || async {
                        let kept = compute().await;
                        let sharing = kept.sharing();
                        (kept, sharing)
                    };
                    responses.read_with_basis(&reads, key.bytes(), compute).await
                }
            },
        };
        Look { request: reads, kept, basis, exceeded }
    }
}
