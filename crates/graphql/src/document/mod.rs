//! Documents that clients send again and again: parsed, measured and validated once.

mod check;
mod label;
mod measure;
mod root_field;
mod selected;
mod selections;
mod syntax;
mod tokens;
mod variables;

pub use check::DocumentCheck;
pub use label::OperationLabel;
pub(crate) use selections::Selections;
pub(crate) use syntax::say_plainly;
pub(crate) use tokens::without_texts;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, OperationType};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Request, Response};
use moka::sync::Cache;

use self::measure::RootFields;
use crate::completion::{Completion, Fragments, Prepared};
use crate::tide::{NamedOperations, OperationCounters, Operations};
use crate::types::Types;
use crate::{Error, Exclusions, Limits, live};

/// How deep the selections of a document can nest at all: what works on documents recurses.
pub const MAX_DEPTH: usize = 32;

/// How many bytes of text the documents that are known may have together. What is made of a text takes about twenty times as
/// much.
const TEXTS: u64 = 1 << 20;

/// The documents that are known, by their texts.
#[derive(Debug)]
pub(crate) struct Documents {
    known: Cache<Arc<str>, Arc<Document>>,
    named: Arc<NamedOperations>,
    limits: Limits,
    exclusions: Exclusions,
}

/// A document that can be executed.
#[derive(Debug)]
pub struct Document {
    prepared: Prepared,
    /// Whether validation has found nothing wrong with it, whatever its variables.
    is_valid: AtomicBool,
    /// Whether it selects a field of which no response is kept.
    is_excluded: bool,
    root_fields: RootFields,
    selections: Arc<Selections>,
    /// What has served its operations.
    counted: Vec<Arc<OperationCounters>>,
}

impl Documents {
    /// None yet. Each will keep to the limits.
    pub(crate) fn new(limits: Limits, exclusions: Exclusions) -> Self {
        let weigher = |text: &Arc<str>, _: &Arc<Document>| u32::try_from(text.len()).unwrap_or(u32::MAX);
        let known = Cache::builder().max_capacity(TEXTS).weigher(weigher).build();
        Self { known, named: Arc::default(), limits, exclusions }
    }

    /// The document with this text. None if it cannot be parsed: what is wrong with it is for GraphQL to say. One that is trusted may
    /// ask for the schema in any case.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it is too large, or a subscription in it selects more than one field.
    pub(crate) fn get(
        &self,
        completion: &Completion,
        text: &str,
        is_trusted: bool,
    ) -> Result<Option<Arc<Document>>, Error> {
        if let Some(document) = self.known.get(text) {
            return Ok(Some(document));
        }
        let limits = Limits { introspection: self.limits.introspection || is_trusted, ..self.limits };
        let (document, root_fields) = match read(text, &limits) {
            Ok(read) => read,
            Err(Unread::Syntax(_)) => return Ok(None),
            Err(Unread::Refused(message)) => return Err(Error::bad_user_input("query", message)),
        };
        let is_excluded =
            self.exclusions.fields().any(|(of, field)| selected::is_selected(completion.types(), &document, of, field));
        let selections = Arc::new(Selections::new(&document, text));
        let prepared = completion.prepare(document);
        let labels = OperationLabel::of_all(prepared.document(), text);
        let counters = |label| Arc::new(OperationCounters::new(label, Arc::clone(&self.named)));
        let counted = labels.into_iter().map(counters).collect();
        let is_valid = AtomicBool::new(false);
        let document = Arc::new(Document { prepared, is_valid, is_excluded, root_fields, selections, counted });
        self.known.insert(Arc::from(text), Arc::clone(&document));
        Ok(Some(document))
    }

    /// What has served the operations of those that are known.
    pub(crate) fn operations(&self) -> Operations {
        Operations::new(self.known.clone(), Arc::clone(&self.named))
    }

    /// Whether the response to `request` may be kept, if nothing else speaks against it.
    pub(crate) fn may_be_kept(&self, document: &Document, request: &Request) -> bool {
        let name = document.operation_name(request.operation_name.as_deref());
        !document.is_excluded
            && !document.is_mutation(request.operation_name.as_deref())
            && !name.is_some_and(|name| self.exclusions.has_operation(name))
    }
}

impl Document {
    pub(crate) fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// Whether the operation that is called `name`, or else the only one, is a mutation.
    pub fn is_mutation(&self, name: Option<&str>) -> bool {
        self.operation(name).is_some_and(|operation| operation.ty == OperationType::Mutation)
    }

    pub(crate) fn selections(&self) -> &Arc<Selections> {
        &self.selections
    }

    /// What has served its operations.
    pub(crate) fn counted(&self) -> &[Arc<OperationCounters>] {
        &self.counted
    }

    /// What has served the operation that is called `name`, or else the only one.
    pub(crate) fn counters(&self, name: Option<&str>) -> Option<Arc<OperationCounters>> {
        self.counted.iter().find(|counters| name.is_none() || counters.label().name.as_deref() == name).cloned()
    }

    /// How many fields the operation that is called `name`, or else the only one, selects at its root, fragments included, but for those
    /// that are about the type alone.
    pub(crate) fn root_fields(&self, name: Option<&str>) -> usize {
        let name = self.operation_name(name);
        self.root_fields.iter().find(|(known, _)| known.as_deref() == name).map_or(0, |(_, count)| *count)
    }

    /// Whether the operation that is called `name`, or else the only one, is a subscription.
    pub fn is_subscription(&self, name: Option<&str>) -> bool {
        self.operation(name).is_some_and(|operation| operation.ty == OperationType::Subscription)
    }

    /// Whether what `request` of this document asks for goes on: whether it is a subscription or a live query.
    pub fn goes_on(&self, request: &Request) -> bool {
        self.is_subscription(request.operation_name.as_deref()) || self.is_live(request)
    }

    /// Whether what `request` of this document asks for is a live query, or means to be one.
    pub fn is_live(&self, request: &Request) -> bool {
        let operation = self.operation(request.operation_name.as_deref());
        operation.is_some_and(|operation| live::is_live(operation, &request.variables))
    }

    /// How `request`, of this document, wants to be answered again, if it is a live query.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when an argument of `@live` is not acceptable.
    pub(crate) fn live(&self, request: &Request) -> Result<Option<live::Terms>, Error> {
        let Request { operation_name, variables, .. } = request;
        let operation = self.operation(operation_name.as_deref());
        operation.map_or(Ok(None), |operation| live::Terms::of(operation, variables))
    }

    /// Whether `request`, of this document, needs no validation: the document was found to be valid, and so are its variables.
    pub(crate) fn needs_no_validation(&self, types: &Types, request: &Request) -> bool {
        self.is_valid.load(Ordering::Relaxed)
            && self
                .operation(request.operation_name.as_deref())
                .is_some_and(|operation| variables::are_valid(types, operation, &request.variables))
    }

    /// Draws its conclusions from the response to a request that was validated.
    pub(crate) fn was_validated(&self, response: &Response) {
        // What validation finds wrong belongs to no field.
        if response.errors.iter().all(|error| !error.path.is_empty()) {
            self.is_valid.store(true, Ordering::Relaxed);
        }
    }

    fn operation(&self, name: Option<&str>) -> Option<&OperationDefinition> {
        self.prepared.operation(name)
    }

    fn operation_name<'a>(&'a self, given: Option<&'a str>) -> Option<&'a str> {
        given.or_else(|| {
            let mut names = self.prepared.document().operations.iter().map(|(name, _)| name);
            names.next().flatten().map(|name| name.as_str())
        })
    }
}

/// Why a text is not a document that can be executed.
enum Unread {
    /// It cannot be parsed.
    Syntax(parser::Error),
    /// It is too large, or a subscription in it selects more than one field: a sentence.
    Refused(String),
}

/// The document with this text, which is within the limits, and how many fields its operations begin with.
fn read(text: &str, limits: &Limits) -> Result<(ExecutableDocument, RootFields), Unread> {
    tokens::check(text, limits.tokens).map_err(Unread::Refused)?;
    let mut document = parse_query(text).map_err(Unread::Syntax)?;
    let root_fields = measure::check(&document, limits).map_err(Unread::Refused)?;
    root_field::unite(&mut document).map_err(Unread::Refused)?;
    Ok((document, root_fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Arc<Document> {
        let documents = Documents::new(Limits::default(), Exclusions::default());
        documents.get(&Completion::new(&crate::sdl()).unwrap(), text, false).unwrap().unwrap()
    }

    #[test]
    fn the_selected_operation_says_whether_it_is_a_mutation() {
        let both = document("query A { a } mutation B { b }");
        assert!(both.is_mutation(Some("B")) && !both.is_mutation(Some("A")) && !both.is_mutation(None));
        assert!(document("mutation { b }").is_mutation(None) && !document("{ a }").is_mutation(None));
    }

    #[test]
    fn what_cannot_be_parsed_is_no_document_and_what_is_too_large_is_refused() {
        let documents = Documents::new(Limits { complexity: 2, ..Limits::default() }, Exclusions::default());
        let completion = Completion::new(&crate::sdl()).unwrap();
        assert!(documents.get(&completion, "{ nonsense", false).unwrap().is_none());
        assert!(documents.get(&completion, "{ a b c }", false).is_err());
    }

    #[test]
    fn operations_and_fields_can_be_excluded() {
        let exclusions: Exclusions = "Dashboard, Todo.text,Node.id".parse().unwrap();
        let documents = Documents::new(Limits::default(), exclusions);
        let completion = Completion::new(&crate::sdl()).unwrap();
        let may_be_kept = |text: &str| {
            let document = documents.get(&completion, text, false).unwrap().unwrap();
            documents.may_be_kept(&document, &Request::new(text))
        };
        assert!(may_be_kept("{ viewer { name } }") && may_be_kept("query Other { viewer { name } }"));
        assert!(!may_be_kept("query Dashboard { viewer { name } }"));
        assert!(!may_be_kept("{ todos { nodes { text } } }"));
        assert!(!may_be_kept("{ todos { ...F } } fragment F on TodoConnection { nodes { title: text } }"));
        assert!(!may_be_kept("{ node(id: 1) { ... on Todo { text } } }") && may_be_kept("{ note(id: 1) { title } }"));
        assert!(!may_be_kept("{ note(id: 1) { id } }"));
        assert!(!may_be_kept("mutation { signOut { user { name } } }"));
    }
}
