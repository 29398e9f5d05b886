use std::borrow::Cow;
use std::time::Duration;

use async_graphql::parser::types::{Directive, OperationDefinition};
use async_graphql::registry::{__DirectiveLocation, Deprecation, MetaDirective, MetaInputValue, Registry};
use async_graphql::{ContextDirective, CustomDirective, CustomDirectiveFactory, Name, ServerError, ServerResult};
use async_graphql::{Value, Variables};

use crate::Error;

const NAME: &str = "live";
const IF: &str = "if";
const THROTTLE: &str = "throttle";

/// The longest time that a client can want between two answers.
const MOST: u64 = 60 * 60 * 1000;

/// `directive @live(if: Boolean = true, throttle: Int) on QUERY`, with the arguments that other servers have.
pub(crate) struct LiveDirective;

/// What a client wants of its live query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    /// The least time between two answers.
    pub(crate) throttle: Duration,
}

impl Terms {
    /// Those of an operation, if it is a live query.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when an argument is not acceptable.
    pub(crate) fn of(operation: &OperationDefinition, variables: &Variables) -> Result<Option<Self>, Error> {
        let Some(directive) = live(operation) else { return Ok(None) };
        if !is_on(directive, operation, variables)? {
            return Ok(None);
        }
        let milliseconds = match argument(directive, THROTTLE, operation, variables) {
            None | Some(Value::Null) => Some(0),
            Some(Value::Number(number)) => number.as_u64().filter(|milliseconds| *milliseconds <= MOST),
            Some(_) => None,
        };
        let refused = || Error::bad_user_input(THROTTLE, format!("expected milliseconds, from 0 to {MOST}"));
        Ok(Some(Self { throttle: Duration::from_millis(milliseconds.ok_or_else(refused)?) }))
    }
}

/// Whether an operation is a live query, or means to be one.
pub(crate) fn is_live(operation: &OperationDefinition, variables: &Variables) -> bool {
    live(operation).is_some_and(|directive| is_on(directive, operation, variables).unwrap_or(true))
}

fn live(operation: &OperationDefinition) -> Option<&Directive> {
    operation.directives.iter().map(|directive| &directive.node).find(|directive| directive.name.node == NAME)
}

fn is_on(directive: &Directive, operation: &OperationDefinition, variables: &Variables) -> Result<bool, Error> {
    match argument(directive, IF, operation, variables) {
        None => Ok(true),
        Some(Value::Boolean(is_on)) => Ok(is_on),
        Some(_) => Err(Error::bad_user_input(IF, "expected true or false")),
    }
}

/// The value of an argument, if it is given; a variable's if it stands for one.
fn argument(
    directive: &Directive,
    name: &str,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Option<Value> {
    let of_variable = |name: Name| {
        let given = variables.get(&name).cloned();
        let definitions = operation.variable_definitions.iter().map(|definition| &definition.node);
        let defined = || definitions.clone().find(|definition| definition.name.node == name)?.default_value.as_ref();
        given.or_else(|| Some(defined()?.node.clone())).ok_or(())
    };
    // A variable without a value is an argument that is not given.
    directive.get_argument(name)?.node.clone().into_const_with(of_variable).ok()
}

impl CustomDirectiveFactory for LiveDirective {
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed(NAME)
    }

    fn register(&self, registry: &mut Registry) {
        let argument = |name: &str, ty: &str, default: Option<&str>, description: &str| {
            let value = MetaInputValue {
                name: name.to_owned(),
                description: Some(description.to_owned()),
                ty: ty.to_owned(),
                deprecation: Deprecation::NoDeprecated,
                default_value: default.map(str::to_owned),
                visible: None,
                inaccessible: false,
                tags: Vec::new(),
                is_secret: false,
                directive_invocations: Vec::new(),
            };
            (name.to_owned(), value)
        };
        let throttle = format!("The least time between two answers, in milliseconds, from 0 to {MOST}.");
        let arguments = [
            argument(IF, "Boolean", Some("true"), "Whether it is one: otherwise it is answered once."),
            argument(THROTTLE, "Int", None, &throttle),
        ];
        let description = "A live query: over a WebSocket or an event stream it is answered again whenever its answer has become \
                           another one, whoever made the change.";
        registry.add_directive(MetaDirective {
            name: NAME.to_owned(),
            description: Some(description.to_owned()),
            locations: vec![__DirectiveLocation::QUERY],
            args: arguments.into_iter().collect(),
            is_repeatable: false,
            visible: None,
            composable: None,
        });
    }

    fn create(&self, _: &ContextDirective<'_>, directive: &Directive) -> ServerResult<Box<dyn CustomDirective>> {
        // Validation has found it at a field.
        Err(ServerError::new("`@live` is for queries", Some(directive.name.pos)))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn terms(text: &str, variables: serde_json::Value) -> Result<Option<u128>, Error> {
        let document = parse_query(text).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let terms = Terms::of(&operation.node, &Variables::from_json(variables));
        terms.map(|terms| terms.map(|terms| terms.throttle.as_millis()))
    }

    #[test]
    fn a_live_query_says_how_often_it_may_be_answered() {
        assert_eq!(terms("{ a }", json!({})), Ok(None));
        assert_eq!(terms("query @live { a }", json!({})), Ok(Some(0)));
        assert_eq!(terms("query @live(throttle: null) { a }", json!({})), Ok(Some(0)));
        assert_eq!(terms("query @live(throttle: 200) { a }", json!({})), Ok(Some(200)));
        let variable = "query ($every: Int = 7) @live(throttle: $every) { a }";
        assert_eq!(terms(variable, json!({ "every": 200 })), Ok(Some(200)));
        assert_eq!(terms(variable, json!({})), Ok(Some(7)));
    }

    #[test]
    fn a_query_can_be_live_on_a_condition() {
        assert_eq!(terms("query @live(if: false) { a }", json!({})), Ok(None));
        assert_eq!(terms("query ($on: Boolean) @live(if: $on) { a }", json!({ "on": false })), Ok(None));
        assert_eq!(terms("query ($on: Boolean) @live(if: $on) { a }", json!({})), Ok(Some(0)));
        assert!(terms("query @live(if: null) { a }", json!({})).is_err());
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for throttle in ["-1", "3600001", "1.5", "\"200\"", "true", "99999999999999999999"] {
            assert!(terms(&format!("query @live(throttle: {throttle}) {{ a }}"), json!({})).is_err(), "{throttle}");
        }
    }
}
