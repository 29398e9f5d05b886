//! Automatic persisted queries, by the protocol of Apollo: a request names its document by the SHA-256 of the text, in
//! `extensions.persistedQuery`, and sends the text along only after it was told that it is not known.
//!
//! What is answered to a name alone is remembered by the bytes of the request like any other answer: the bytes hold the hash, which no
//! other text has.

use std::borrow::Cow;

use async_graphql::{Extensions, Request, Value};
use tidewater_persisted::{TextHash, Texts};

use super::refusal::Refusal;

/// The version of the protocol.
const VERSION: u64 = 1;

/// Whether a request names its document.
pub(super) fn is_named(extensions: &Extensions) -> bool {
    extensions.get("persistedQuery").is_some_and(|named| *named != Value::Null)
}

/// Gives `request` the text that it names, if it sends none. Tells whether it makes its own text known, which is for the caller to keep.
pub(super) async fn resolve(texts: Option<&Texts>, request: &mut Request) -> Result<bool, Refusal> {
    let Some(named) = request.extensions.get("persistedQuery").filter(|named| **named != Value::Null) else {
        return Ok(false);
    };
    let texts = texts.ok_or_else(Refusal::without_persisted_queries)?;
    let (mut version, mut hash) = (None, None);
    if let Value::Object(named) = named {
        version = named.get("version");
        hash = named.get("sha256Hash");
    }
    if !matches!(version, Some(Value::Number(version)) if version.as_u64() == Some(VERSION)) {
        return Err(Refusal::malformed("Unsupported persisted query version"));
    }
    // What is no hash is the hash of no text.
    let hash: Option<TextHash> = match hash {
        Some(Value::String(hash)) => hash.parse().ok(),
        _ => None,
    };
    if !request.query.is_empty() {
        let is_right = hash == Some(TextHash::of(&request.query));
        return is_right.then_some(true).ok_or_else(|| Refusal::malformed("provided sha does not match query"));
    }
    let text = match hash {
        Some(hash) => texts.find(hash).await,
        None => None,
    };
    request.query = text.ok_or_else(Refusal::persisted_query_not_found)?.to_string();
    Ok(false)
}

/// What a request, which came as these bytes, tells to be done. It is the same whether a document that is named is sent along or not:
/// who sends a mutation again may first have to be told that the server has forgotten its text.
pub(super) fn told<'a>(request: &Request, bytes: &'a [u8]) -> Cow<'a, [u8]> {
    if !is_named(&request.extensions) {
        return Cow::Borrowed(bytes);
    }
    let told = serde_json::to_vec(&(&request.query, &request.operation_name, &request.variables));
    told.map_or(Cow::Borrowed(bytes), Cow::Owned)
}
