use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::parser::types::{BaseType, ExecutableDocument};
use async_graphql::{Executor, Request, ServerError, ValidationMode, ValidationResult, Value, Variables, async_trait};

use super::{Unread, read, say_plainly};
use crate::Limits;
use crate::schema::{Resources, Schema, SchemaSettings};

/// Finds out whether documents are acceptable, without executing them. Needs no database.
pub struct DocumentCheck {
    schema: Schema,
    limits: Limits,
}

/// Lets nothing be executed, however valid it is.
struct NoExecution;

impl DocumentCheck {
    /// By these limits, but with introspection: these are not the documents of strangers.
    pub fn new(limits: Limits) -> Self {
        let limits = Limits { introspection: true, ..limits };
        let extensions: Vec<Arc<dyn ExtensionFactory>> = vec![Arc::new(NoExecution)];
        let settings = SchemaSettings { validation: ValidationMode::Strict, limits, extensions };
        Self { schema: Schema::new(Resources::default(), settings), limits }
    }

    /// Whether the document with this text could be executed, given its variables. What it costs by its variables, such as the size
    /// of a page, is known only then.
    ///
    /// # Errors
    /// What is wrong with it first, in one sentence.
    pub async fn check(&self, text: &str) -> Result<(), String> {
        let plainly = |mut message: String| {
            say_plainly(&mut message);
            message
        };
        let (document, _) = read(text, &self.limits).map_err(|unread| match unread {
            Unread::Syntax(error) => plainly(error.to_string()),
            Unread::Refused(message) => message,
        })?;
        // All operations are validated, whichever is named.
        let mut request = Request::new(text).variables(least_variables(&document));
        if let Some((Some(name), _)) = document.operations.iter().next() {
            request = request.operation_name(name.as_str());
        }
        match self.schema.execute(request).await.errors.into_iter().next() {
            Some(error) => Err(plainly(error.message)),
            None => Ok(()),
        }
    }
}

/// Variables with which the operations cost the least. One that is not given is not looked at, unless a cost hangs on it; costs hang on
/// numbers and lists.
fn least_variables(document: &ExecutableDocument) -> Variables {
    let mut variables = Variables::default();
    let definitions = document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    for definition in definitions.map(|definition| &definition.node) {
        if definition.var_type.node.nullable {
            continue;
        }
        let least = match &definition.var_type.node.base {
            BaseType::List(_) => Value::List(Vec::new()),
            BaseType::Named(name) if name == "Int" => Value::from(0),
            BaseType::Named(_) => continue,
        };
        variables.insert(definition.name.node.clone(), least);
    }
    variables
}

impl ExtensionFactory for NoExecution {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for NoExecution {
    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(context).await?;
        // A response without errors, then: there was none to find.
        Err(Vec::new())
    }
}

impl std::fmt::Debug for DocumentCheck {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("DocumentCheck").field("limits", &self.limits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(text: &str) -> Result<(), String> {
        DocumentCheck::new(Limits { introspection: false, ..Limits::default() }).check(text).await
    }

    #[tokio::test]
    async fn what_could_be_executed_is_acceptable() {
        for text in [
            "{ viewer { name } }",
            "query A { __typename } query B($ids: [ID!]!, $first: Int!) { nodes(ids: $ids) { id } notes(first: $first) { totalCount } }",
            "mutation($input: SignInInput!) { signIn(input: $input) { token } }",
            "mutation($text: String!, $at: DateTime!) { createTodo(input: { text: $text, dueAt: $at }) { todo { id } } }",
            "{ __schema { types { name } } }",
        ] {
            assert_eq!(check(text).await, Ok(()), "{text}");
        }
    }

    #[tokio::test]
    async fn what_could_not_be_is_told_in_one_sentence() {
        for (text, said) in [
            ("{", "the document cannot be parsed: expected selection"),
            ("subscription { noteChanged { kind } todoChanged { kind } }", "a subscription selects exactly one field"),
            ("{ nonsense }", "Unknown field \"nonsense\" on type \"Query\"."),
            ("query A { __typename } query B { nonsense }", "Unknown field \"nonsense\" on type \"Query\"."),
            ("query($id: ID!) { note(id: $id) { id } todo(id: $other) { id } }", "Variable \"$other\" is not defined"),
            (
                "{ notes(first: 100) { nodes { user { todos(first: 100) { nodes { user { name id role } } } } } } }",
                "Query is too complex.",
            ),
        ] {
            let told = check(text).await.unwrap_err();
            assert!(told.starts_with(said), "{text}: {told}");
        }
        assert!(
            check(&format!("{{ {} }}", "__typename ".repeat(51))).await.unwrap_err().contains("more than 50 fields")
        );
    }
}
