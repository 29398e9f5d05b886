//! The documents that the operator of this server has given, in a file that a client's build writes.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tidewater_graphql::{DocumentCheck, Limits};
use tidewater_persisted::TextHash;

use crate::error::{Error, reason};

/// Documents by the identifiers that the file gives them, and by the SHA-256 of their texts. Cheap to clone. The default is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedDocuments {
    by_id: Arc<HashMap<String, Arc<str>>>,
    by_hash: Arc<HashMap<TextHash, Arc<str>>>,
    is_exclusive: bool,
}

impl TrustedDocuments {
    /// Reads the file at `path`: a JSON object of identifiers and texts, such as `persisted-documents.json` of graphql-codegen and
    /// `persisted_queries.json` of Relay. With `is_exclusive`, no other document is to be executed.
    ///
    /// # Errors
    /// When the file cannot be read, or a document in it could not be executed within the limits.
    pub(crate) async fn read(path: &Path, is_exclusive: bool, limits: Limits) -> Result<Self, Error> {
        let file = fs::read(path).map_err(|error| Error::File { file: path.to_owned(), reason: reason(&error) })?;
        let documents: BTreeMap<String, String> = serde_json::from_slice(&file).map_err(|error| {
            Error::Configuration(format!(
                "{} is no file of trusted documents: expected a JSON object of identifiers and texts (line {}, column {})",
                path.display(),
                error.line(),
                error.column()
            ))
        })?;
        let check = DocumentCheck::new(limits);
        for (id, text) in &documents {
            check.check(text).await.map_err(|reason| {
                Error::Configuration(format!("the document {id:?} in {} is not acceptable: {reason}", path.display()))
            })?;
        }
        let by_id: HashMap<String, Arc<str>> = documents.into_iter().map(|(id, text)| (id, text.into())).collect();
        let by_hash = by_id.values().map(|text| (TextHash::of(&**text), Arc::clone(text))).collect();
        Ok(Self { by_id: Arc::new(by_id), by_hash: Arc::new(by_hash), is_exclusive })
    }

    /// The text with this identifier, or with this hash.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<str>> {
        self.by_id.get(id).or_else(|| self.by_hash.get(&id.parse().ok()?)).cloned()
    }

    /// Whether this is the text of one of them.
    pub(crate) fn has(&self, text: &str) -> bool {
        !self.is_empty() && self.by_hash.contains_key(&TextHash::of(text))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether no other document is to be executed.
    pub(crate) fn is_exclusive(&self) -> bool {
        self.is_exclusive
    }
}
