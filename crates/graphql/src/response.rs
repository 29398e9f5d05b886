//! Whole responses, as bytes: what is kept of them, and under which keys.

use std::sync::Arc;

use async_graphql::Response;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tidewater_cache::{HistoryMark, Provenance, Sharing};
use tidewater_limit::Exceeded;

use crate::account::Seen;
use crate::digest::digest;
use crate::{Error, Identity, SessionChange, freshness};

/// What tells a request from every other one that may have another answer: the bytes that it was sent as, and who sent them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseKey(Vec<u8>);

impl ResponseKey {
    /// Of a request by the holder of `credential`, whose form, such as the method and the media type, `form` stands for.
    ///
    /// The credential itself, which is a secret, is not part of the key; its hash is.
    pub fn new(form: u8, credential: Option<&str>, bytes: &[u8]) -> Self {
        let mut key = Vec::with_capacity(1 + 32 + bytes.len());
        key.push(form << 1 | u8::from(credential.is_some()));
        // All have one length, so that no other request has these bytes.
        key.extend(credential.map(digest).into_iter().flatten());
        key.extend_from_slice(bytes);
        Self(key)
    }

    /// A number that stands for the credential, if there is one. It is no secret: nobody can find the credential by it.
    pub fn credential(&self) -> Option<u128> {
        let (flags, rest) = self.0.split_first()?;
        let digest = rest.first_chunk::<16>().filter(|_| flags & 1 == 1)?;
        Some(u128::from_be_bytes(*digest))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The part of a response that depends on nothing but the request and the database.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// `{"data":…` and, if there are any, `,"errors":[…]`; what is missing is the end.
    head: Bytes,
    /// The session of whoever asked.
    pub(crate) held: Option<Held>,
    identity: Identity,
    has_errors: bool,
}

/// A session that a response was made in.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// From when on it is not accepted, however much it is used.
    pub(crate) expires_at: DateTime<Utc>,
    /// When it was last used.
    pub(crate) seen: Arc<Seen>,
}

#[derive(Serialize)]
struct Head<'a> {
    data: &'a async_graphql::Value,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [async_graphql::ServerError],
}

impl Kept {
    pub(crate) fn new(response: &Response, held: Option<Held>, identity: Identity) -> Self {
        let Response { data, errors, .. } = response;
        let mut head = serde_json::to_vec(&Head { data, errors }).unwrap_or_else(|cause| {
            Error::internal(cause);
            br#"{"data":null,"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}"#.to_vec()
        });
        head.pop();
        Self { head: Bytes::from(head), held, identity, has_errors: !errors.is_empty() }
    }

    /// Whether clients cannot tell them apart.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.head == other.head
    }

    /// Errors are not kept: many of them pass.
    pub(crate) fn sharing(&self) -> Sharing {
        if self.has_errors { Sharing::Once } else { Sharing::Kept { bytes: self.head.len() } }
    }
}

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    /// The response in JSON, but for its end.
    pub head: Bytes,
    /// Its end.
    pub tail: String,
    /// What became of the caller's session.
    pub session: SessionChange,
    /// What no later request that requires it is answered from before. None if the database cannot be asked.
    pub mark: Option<HistoryMark>,
    /// What served it.
    pub provenance: Provenance,
    /// Who asked.
    pub identity: Identity,
    /// The limit that the request exceeded, if it did; then there are no data.
    pub exceeded: Option<Exceeded>,
    /// Whether an earlier request with the same key had done what this asked for.
    pub replayed: bool,
}

impl Answer {
    pub(crate) fn new(
        kept: &Kept,
        session: SessionChange,
        mark: Option<HistoryMark>,
        provenance: Provenance,
        exceeded: Option<Exceeded>,
    ) -> Self {
        let tail = freshness::tail(mark.as_ref(), &provenance);
        Self {
            head: kept.head.clone(),
            tail,
            session,
            mark,
            provenance,
            identity: kept.identity,
            exceeded,
            replayed: false,
        }
    }
}
