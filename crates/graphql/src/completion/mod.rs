//! What async-graphql leaves undone of a response.
//!
//! It inserts fields as they are resolved, leaves out a field whose resolver failed, whatever its type, and answers null for an
//! object without fields. The specification (October 2021) asks for more:
//!
//! - the fields of an object are in the order of [CollectFields], also [when they are written];
//! - a failed field is null, and where its type is non-null, what is around it is null, up to the nearest nullable field or list
//!   item, or all of `data`; a field has at most one error ([Handling Field Errors]);
//! - an object of which nothing is selected is empty ([ExecuteSelectionSet]).
//!
//! [CollectFields]: https://spec.graphql.org/October2021/#sec-Field-Collection
//! [when they are written]: https://spec.graphql.org/October2021/#sec-Serialized-Map-Ordering
//! [Handling Field Errors]: https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
//! [ExecuteSelectionSet]: https://spec.graphql.org/October2021/#sec-Executing-Selection-Sets

mod collect;
mod failures;
mod marker;
mod skipped;

use std::collections::HashMap;

use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, FragmentDefinition, OperationDefinition, Type,
};
use async_graphql::{Executor, Name, Positioned, Request, Response, Value, parser};

use collect::Field;
use failures::{Failures, Segment};
use futures::stream::BoxStream;

use crate::types::Types;

/// Executes requests so that responses are what the specification says they are. One for each schema.
#[derive(Debug, Default)]
pub struct Completion {
    types: Types,
}

/// The fragments of a document.
pub(crate) type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

/// A document, with what is needed to complete the responses to it.
#[derive(Debug)]
pub(crate) struct Prepared {
    document: ExecutableDocument,
    /// Whether it depends on variables which of its selections count.
    has_conditions: bool,
}

/// An operation and the fragments of its document, without what its variables skip.
pub(crate) type Included = (OperationDefinition, Fragments);

/// A value that has to be null where it must not be.
struct Nulled;

impl Completion {
    /// For the schema of this definition.
    ///
    /// # Errors
    /// When it is not in the schema definition language.
    pub fn new(sdl: &str) -> Result<Self, parser::Error> {
        Ok(Self { types: Types::new(sdl)? })
    }

    /// Has `schema`, which must be the one of the definition, execute `request`, and completes the response.
    ///
    /// The document is parsed at most once, and not again if the request has been asked for it. Completing takes time linear
    /// in the response.
    pub async fn execute(&self, schema: &impl Executor, mut request: Request) -> Response {
        let Ok(document) = request.parsed_query() else { return schema.execute(request).await };
        let prepared = self.prepare(document.clone());
        self.execute_prepared(schema, request, &prepared).await
    }

    /// Makes a document ready to be executed any number of times.
    pub(crate) fn prepare(&self, mut document: ExecutableDocument) -> Prepared {
        marker::insert(&self.types, &mut document);
        let has_conditions = skipped::has_conditions(&document);
        Prepared { document, has_conditions }
    }

    /// Like [`Self::execute`], of the document that was prepared.
    pub(crate) async fn execute_prepared(
        &self,
        schema: &impl Executor,
        mut request: Request,
        prepared: &Prepared,
    ) -> Response {
        let name = request.operation_name.clone();
        let included = prepared.begin(&mut request);
        let mut response = schema.execute(request).await;
        self.complete_prepared(prepared, name.as_deref(), included.as_ref(), &mut response);
        response
    }

    /// Has `schema` begin a subscription of the document that was prepared. Each response is to be
    /// [completed](Self::complete_prepared), with what this answers besides.
    pub(crate) fn subscribe_prepared(
        schema: &impl Executor,
        mut request: Request,
        prepared: &Prepared,
    ) -> (BoxStream<'static, Response>, Option<Included>) {
        let included = prepared.begin(&mut request);
        (schema.execute_stream(request, None), included)
    }

    /// Completes a response of the operation that is called `name`, or of the only one.
    pub(crate) fn complete_prepared(
        &self,
        prepared: &Prepared,
        name: Option<&str>,
        included: Option<&Included>,
        response: &mut Response,
    ) {
        let Some(operation) = prepared.operation(name) else { return };
        let (operation, fragments) = match included {
            Some((operation, fragments)) => (operation, fragments),
            None => (operation, &prepared.document.fragments),
        };
        self.complete(operation, fragments, response);
    }

    pub(crate) fn types(&self) -> &Types {
        &self.types
    }

    fn complete(&self, operation: &OperationDefinition, fragments: &Fragments, response: &mut Response) {
        let Response { data, errors, .. } = response;
        let mut failures = Failures::default();
        let is_first: Vec<bool> =
            errors.iter().map(|error| error.path.is_empty() || failures.insert(&error.path)).collect();
        let failures = (!failures.is_none()).then_some(&failures);
        let mut root = Field::root(&self.types, operation);
        let pass = Pass { types: &self.types, fragments, has_errors: !errors.is_empty() };
        // Nothing is around the data.
        let _ = pass.value(data, None, &mut root, failures);
        let mut is_first = is_first.into_iter();
        errors.retain(|_| is_first.next().unwrap_or(true));
    }
}

impl Prepared {
    /// Makes `request` one of this document. Answers what its variables leave of it, if they have a say.
    fn begin(&self, request: &mut Request) -> Option<Included> {
        request.set_parsed_query(self.document.clone());
        let operation = self.operation(request.operation_name.as_deref())?;
        skipped::complete_variables(operation, &mut request.variables);
        self.has_conditions.then(|| skipped::included(operation, &self.document.fragments, &request.variables))
    }

    /// The document.
    pub(crate) fn document(&self) -> &ExecutableDocument {
        &self.document
    }

    /// The operation that is to be executed; `None` if the request does not say which.
    pub(crate) fn operation(&self, name: Option<&str>) -> Option<&OperationDefinition> {
        let operation = match (&self.document.operations, name) {
            (DocumentOperations::Single(operation), None) => Some(operation),
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
            (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
            _ => None,
        };
        operation.map(|operation| &operation.node)
    }
}

/// One way through a response.
struct Pass<'d> {
    types: &'d Types,
    fragments: &'d Fragments,
    /// Then what is absent has failed, if only an error without a path tells it, as those of interfaces' fields do.
    has_errors: bool,
}

impl<'d> Pass<'d> {
    /// Completes a value of `field`, whose type here, inside of as many lists as there are around it, is `of`.
    fn value(
        &self,
        value: &mut Value,
        of: Option<&'d Type>,
        field: &mut Field<'d>,
        failures: Option<&Failures<'d>>,
    ) -> Result<(), Nulled> {
        if field.is_leaf() && failures.is_none() {
            return Ok(());
        }
        let item = of.and_then(|of| match &of.base {
            BaseType::List(item) => Some(&**item),
            BaseType::Named(_) => None,
        });
        let completed = match (&mut *value, failures) {
            (_, Some(failures)) if failures.here => Err(Nulled),
            (Value::List(items), _) => items.iter_mut().enumerate().try_for_each(|(index, value)| {
                let failures = failures.and_then(|failures| failures.below(Segment::Index(index)));
                self.value(value, item, field, failures)
            }),
            // An item that failed took the list with it.
            (Value::Null, Some(_)) if item.is_some() => Err(Nulled),
            (Value::Null, Some(_)) => {
                *value = Value::Object(Default::default());
                self.object(value, field, failures)
            }
            _ if field.is_leaf() => Ok(()),
            _ => self.object(value, field, failures),
        };
        if completed.is_err() {
            *value = Value::Null;
            if of.is_some_and(|of| !of.nullable) {
                return Err(Nulled);
            }
        }
        Ok(())
    }

    fn object(&self, value: &mut Value, field: &mut Field<'d>, failures: Option<&Failures<'d>>) -> Result<(), Nulled> {
        let Value::Object(object) = value else { return Ok(()) };
        let mut concrete = field.composite;
        if field.is_marked
            && let Some(Value::String(name)) = object.swap_remove(marker::KEY)
        {
            concrete = self.types.composite(&name);
        }
        let mut place = 0;
        for field in field.fields(self.types, self.fragments, concrete) {
            let failures = failures.and_then(|failures| failures.below(Segment::Field(field.key)));
            // Most fields are where they belong.
            if object.get_index(place).is_none_or(|(key, _)| *key != *field.key) {
                match object.get_index_of(field.key) {
                    Some(index) => object.swap_indices(place, index),
                    None if !self.has_errors => continue,
                    None if field.is_nullable() => {
                        let (index, _) = object.insert_full(Name::new(field.key), Value::Null);
                        object.swap_indices(place, index);
                        place += 1;
                        continue;
                    }
                    None => return Err(Nulled),
                }
            }
            let Some((_, value)) = object.get_index_mut(place) else { continue };
            self.value(value, field.of, field, failures)?;
            place += 1;
        }
        Ok(())
    }
}
