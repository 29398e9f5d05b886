//! Whole responses, as bytes: what is kept of them, and under which keys.

use std::sync::Arc;

use async_graphql::{Response, ServerError, Value};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tidewater_cache::{HistoryMark, Provenance, Sharing};
use tidewater_limit::Exceeded;

use crate::account::Seen;
use crate::digest::digest;
use crate::document::OperationLabel;
use crate::tide::OperationCounters;
use crate::{Error, Identity, SessionChange, freshness, json};

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
    /// `{"data":…,"errors":[…]`, or either of them; what is missing is the end.
    head: Bytes,
    /// The session of whoever asked.
    pub(crate) held: Option<Held>,
    identity: Identity,
    outcome: Outcome,
    /// Whether something failed that may not fail the next time.
    is_passing: bool,
    /// What has served its operation.
    pub(crate) counters: Option<Arc<OperationCounters>>,
}

/// How far a request came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was executed, and nothing failed.
    Complete,
    /// It was executed, and something failed. Its data may be null.
    Partial,
    /// Its document could not be parsed. There are no data.
    Unparsed,
    /// It was not executed for this reason. There are no data.
    Refused(Error),
}

impl Outcome {
    /// In a word.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Unparsed => "unparsed",
            Self::Refused(_) => "refused",
        }
    }

    /// Of a request that was handed to the schema, before errors without a code get one.
    pub(crate) fn of(response: &Response, is_parsed: bool, exceeded: Option<Exceeded>) -> Self {
        let Response { data, errors, .. } = response;
        if errors.is_empty() {
            return Self::Complete;
        }
        if *data != Value::Null || errors.iter().any(|error| !error.path.is_empty()) {
            return Self::Partial;
        }
        // An error of an interface's field has no path either, but a code, as all that resolvers answer has.
        let has_code =
            |error: &ServerError| error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some());
        match (errors.iter().find(|error| !has_code(error)), exceeded) {
            (Some(_), _) if !is_parsed => Self::Unparsed,
            (Some(error), _) => Self::Refused(Error::bad_user_input("query", error.message.as_str())),
            (None, Some(exceeded)) => Self::Refused(exceeded.into()),
            (None, None) => Self::Partial,
        }
    }
}

/// A session that a response was made in.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    /// From when on it is not accepted, however much it is used.
    pub(crate) expires_at: DateTime<Utc>,
    /// When it was last used.
    pub(crate) seen: Arc<Seen>,
    /// Whether it is an administrator's.
    pub(crate) is_admin: bool,
}

impl Kept {
    pub(crate) fn new(response: &Response, outcome: Outcome, held: Option<Held>, identity: Identity) -> Self {
        let Response { data, errors, .. } = response;
        // Absent where nothing was executed (specification of October 2021, section 7.1.2, "Request errors").
        let data = matches!(outcome, Outcome::Complete | Outcome::Partial).then_some(data);
        let mut head = b"{".to_vec();
        if let Some(data) = data {
            head.extend_from_slice(b"\"data\":");
            json::write(data, &mut head);
        }
        if !errors.is_empty() {
            head.extend_from_slice(if data.is_some() { b",\"errors\":" } else { b"\"errors\":" });
            let written = serde_json::to_writer(&mut head, errors);
            if let Err(cause) = written {
                Error::internal(cause);
                let failed =
                    br#"{"data":null,"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]"#;
                head = failed.to_vec();
            }
        }
        let is_passing = errors.iter().any(passes);
        Self { head: Bytes::from(head), held, identity, outcome, is_passing, counters: None }
    }

    /// Who asked.
    pub(crate) fn identity(&self) -> Identity {
        self.identity
    }

    /// How far the request came.
    pub(crate) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Whether something failed that may not fail the next time, though nothing has changed.
    pub(crate) fn is_passing(&self) -> bool {
        self.is_passing
    }

    /// The errors in JSON.
    pub(crate) fn errors(&self) -> serde_json::Value {
        let whole: serde_json::Value = serde_json::from_str(&self.json("}")).unwrap_or_default();
        whole.get("errors").cloned().unwrap_or_default()
    }

    /// The response in JSON, with its end.
    pub(crate) fn json(&self, tail: &str) -> String {
        [std::str::from_utf8(&self.head).unwrap_or_default(), tail].concat()
    }

    /// A number that stands for it: nobody can find another one with the same.
    pub(crate) fn digest(&self) -> u128 {
        number(&self.head)
    }

    /// The same, of an operation that is counted there.
    pub(crate) fn counted_by(self, counters: Option<Arc<OperationCounters>>) -> Self {
        Self { counters, ..self }
    }

    /// What its operation is.
    fn label(&self) -> Option<&Arc<OperationLabel>> {
        self.counters.as_deref().map(OperationCounters::label)
    }

    /// Whether clients cannot tell them apart.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.head == other.head
    }

    /// Errors are not kept: many of them pass.
    pub(crate) fn sharing(&self) -> Sharing {
        match self.outcome {
            Outcome::Complete => Sharing::Kept { bytes: self.head.len() },
            _ => Sharing::Once,
        }
    }
}

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    /// The response in JSON, but for its end.
    pub head: Bytes,
    /// Its end.
    pub tail: String,
    /// How far the request came.
    pub outcome: Outcome,
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
    /// What was asked for, if that is known.
    pub operation: Option<Arc<OperationLabel>>,
    /// Whether whoever asked may be told how it was made.
    pub(crate) may_be_told: bool,
}

impl Answer {
    /// A number that stands for the data: nobody can find other data with the same.
    pub fn digest(&self) -> u128 {
        number(&self.head)
    }

    pub(crate) fn new(
        kept: &Kept,
        session: SessionChange,
        mark: Option<HistoryMark>,
        provenance: Provenance,
        exceeded: Option<Exceeded>,
    ) -> Self {
        let tail = freshness::tail(mark.as_ref(), &provenance);
        let (head, outcome, identity) = (kept.head.clone(), kept.outcome.clone(), kept.identity);
        let may_be_told = kept.held.as_ref().is_some_and(|held| held.is_admin);
        let (operation, replayed) = (kept.label().cloned(), false);
        Self { head, tail, outcome, session, mark, provenance, identity, exceeded, replayed, operation, may_be_told }
    }
}

/// The first half of the digest.
fn number(bytes: &[u8]) -> u128 {
    digest(bytes).first_chunk().map_or(0, |half| u128::from_be_bytes(*half))
}

/// Whether an error has to do with the moment and not with what was asked for.
fn passes(error: &ServerError) -> bool {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    let is_one = |one: &Error| *code.unwrap_or(&Value::Null) == Value::from(one.code());
    [Error::Unavailable, Error::Timeout, Error::Internal].iter().any(is_one)
        || code == Some(&Value::from("RATE_LIMITED"))
}
