use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, OperationType};

use super::tokens::without_texts;
use crate::digest::hexadecimal_digest;

/// What an operation of a document is, in words that say nothing of who asks, nor for what. There are no more of them than operations of
/// documents that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationLabel {
    /// What its document calls it; none if it has no name.
    pub name: Option<String>,
    /// `query`, `mutation` or `subscription`.
    pub kind: &'static str,
    /// SHA-256 of the document's text without its comments and what its strings hold, in hexadecimal digits: who reads it learns nothing of
    /// these, not even by trying.
    pub document: Arc<str>,
}

impl OperationLabel {
    /// Of all operations of a document, in its order.
    pub(super) fn of_all(document: &ExecutableDocument, text: &str) -> Vec<Arc<Self>> {
        let hash: Arc<str> = hexadecimal_digest(without_texts(text)).into();
        let label = |name: Option<String>, kind| Arc::new(Self { name, kind, document: Arc::clone(&hash) });
        let operations = document.operations.iter();
        operations.map(|(name, operation)| label(name.map(ToString::to_string), kind(operation.node.ty))).collect()
    }

    /// In a word or two: `query Dashboard`.
    pub(crate) fn text(&self) -> String {
        match &self.name {
            Some(name) => format!("{} {name}", self.kind),
            None => self.kind.to_owned(),
        }
    }
}

fn kind(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn what_strings_hold_is_no_part_of_the_name_of_a_document() {
        let name = |text: &str| Arc::clone(&OperationLabel::of_all(&parse_query(text).unwrap(), text)[0].document);
        assert_eq!(name(r#"{ a(b: "one") }"#), name(r#"{ a(b: "two") }"#));
        assert_ne!(name(r#"{ a(b: "one") }"#), name(r#"{ a(c: "one") }"#));
        assert_eq!(
            *name("{ a }"),
            *hexadecimal_digest("{ a }"),
            "where there is none, it is what the protocol of Apollo calls it"
        );
    }
}
