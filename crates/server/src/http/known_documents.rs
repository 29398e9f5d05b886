//! Documents that requests name instead of sending them: by `documentId` (proposed for GraphQL over HTTP, appendix "Persisted Documents"),
//! or by the SHA-256 of the text in `extensions.persistedQuery`, by the protocol of Apollo.
//!
//! What is answered to a name alone is remembered by the bytes of the request like any other answer: the bytes hold the name, and
//! while this process lives it stands for one text.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Request, Value};
use tidewater_persisted::{TextHash, Texts};

use super::parameters::Parameters;
use super::refusal::Refusal;
use crate::trusted_documents::TrustedDocuments;

/// The version of the protocol of Apollo.
const VERSION: u64 = 1;

/// What an identifier begins with that is a hash.
const SHA_256: &str = "sha256:";

/// The documents that can be named.
#[derive(Clone, Debug)]
pub(crate) struct KnownDocuments {
    /// Those that the operator of this server has given.
    pub(crate) trusted: TrustedDocuments,
    /// Those that clients make known, if they can.
    pub(crate) texts: Option<Texts>,
}

/// A request that has its text.
pub(super) struct Resolved {
    pub(super) request: Request,
    /// Whether its document is trusted.
    pub(super) is_trusted: bool,
    /// Whether it named its document, sent along or not.
    is_named: bool,
    /// Whether it makes its document known, if that turns out to be one.
    pub(super) makes_known: bool,
}

impl KnownDocuments {
    /// Gives a request the text that it names. If it sends a text, that is one which it may send.
    pub(super) async fn resolve(&self, parameters: Parameters) -> Result<Resolved, Refusal> {
        let Parameters { mut request, document_id } = parameters;
        let sends_text = !request.query.is_empty();
        let named = request.extensions.get("persistedQuery").filter(|named| **named != Value::Null);
        let is_named = named.is_some() || document_id.is_some();
        let hash = named.map(|named| self.hash(named)).transpose()?;
        if sends_text {
            let is_right = |hash: &str| hash.parse() == Ok(TextHash::of(&request.query));
            if hash.is_some_and(|hash| !is_right(hash)) {
                return Err(Refusal::malformed("provided sha does not match query"));
            }
        } else {
            let id = document_id.as_deref().or(hash).unwrap_or_default();
            request.query = self.find(id).await.ok_or_else(Refusal::persisted_query_not_found)?.to_string();
        }
        let is_trusted = self.trusted.has(&request.query);
        if self.trusted.is_exclusive() && !is_trusted {
            return Err(Refusal::not_trusted());
        }
        Ok(Resolved { request, is_trusted, is_named, makes_known: is_named && sends_text && !is_trusted })
    }

    /// The hash by which `named`, of the protocol of Apollo, names a document. What is no text is the hash of none.
    fn hash<'a>(&self, named: &'a Value) -> Result<&'a str, Refusal> {
        if self.texts.is_none() && self.trusted.is_empty() {
            return Err(Refusal::without_persisted_queries());
        }
        let (mut version, mut hash) = (None, None);
        if let Value::Object(named) = named {
            version = named.get("version");
            hash = named.get("sha256Hash");
        }
        if !matches!(version, Some(Value::Number(version)) if version.as_u64() == Some(VERSION)) {
            return Err(Refusal::malformed("Unsupported persisted query version"));
        }
        Ok(if let Some(Value::String(hash)) = hash { hash } else { "" })
    }

    /// Makes a text known that is a document, if clients may.
    pub(super) async fn keep(&self, text: &str) {
        if let Some(texts) = &self.texts {
            texts.keep(text).await;
        }
    }

    async fn find(&self, id: &str) -> Option<Arc<str>> {
        let payload = id.strip_prefix(SHA_256).unwrap_or(id);
        if let Some(text) = self.trusted.get(id).or_else(|| self.trusted.get(payload)) {
            return Some(text);
        }
        self.texts.as_ref()?.find(payload.parse().ok()?).await
    }
}

impl Resolved {
    /// What the request, which came as these bytes, tells to be done. It is the same whether a document that is named is sent along or
    /// not: who sends a mutation again may first have to be told that the server has forgotten its text.
    pub(super) fn told<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if !self.is_named {
            return Cow::Borrowed(bytes);
        }
        let Request { query, operation_name, variables, .. } = &self.request;
        let told = serde_json::to_vec(&(query, operation_name, variables));
        told.map_or(Cow::Borrowed(bytes), Cow::Owned)
    }
}
