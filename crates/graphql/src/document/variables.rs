use async_graphql::parser::types::{BaseType, OperationDefinition, Type};
use async_graphql::{Value, Variables};

use crate::types::{Input, Types};

/// Whether the variables of an operation are plainly of the types that it declares. Where that takes more than a look, as of a
/// custom scalar, the answer is no, and validation has to find out.
pub(super) fn are_valid(types: &Types, operation: &OperationDefinition, variables: &Variables) -> bool {
    operation.variable_definitions.iter().all(|definition| {
        let definition = &definition.node;
        match variables.get(&definition.name.node) {
            Some(value) => is_valid(types, &definition.var_type.node, value),
            None => definition.var_type.node.nullable || definition.default_value.is_some(),
        }
    })
}

fn is_valid(types: &Types, of: &Type, value: &Value) -> bool {
    match (&of.base, value) {
        (_, Value::Null) => of.nullable,
        (BaseType::List(item), Value::List(values)) => values.iter().all(|value| is_valid(types, item, value)),
        (BaseType::List(_), _) => false,
        (BaseType::Named(name), value) => match (name.as_str(), value) {
            ("ID" | "String", Value::String(_)) | ("Boolean", Value::Boolean(_)) => true,
            ("Int", Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            (name, value) => types.input(name).is_some_and(|input| is_an(types, input, value)),
        },
    }
}

fn is_an(types: &Types, input: &Input, value: &Value) -> bool {
    match (input, value) {
        (Input::Enum(values), Value::Enum(name)) => values.contains(name),
        (Input::Enum(values), Value::String(name)) => values.iter().any(|value| value == name.as_str()),
        (Input::Object(fields), Value::Object(given)) => {
            let are_known = given
                .iter()
                .all(|(name, value)| fields.iter().any(|(known, of, _)| known == name && is_valid(types, of, value)));
            are_known && fields.iter().all(|(name, _, is_needed)| !is_needed || given.contains_key(name))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn are(definitions: &str, variables: serde_json::Value) -> bool {
        let document = parse_query(format!("query({definitions}) {{ a }}")).unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        let types = Types::new(&crate::sdl()).unwrap();
        are_valid(&types, &operation.node, &Variables::from_json(variables))
    }

    #[test]
    fn scalars_are_of_their_type() {
        assert!(are("$a: ID!, $b: Int, $c: [String!]", json!({ "a": "x", "b": 1, "c": ["y"] })));
        assert!(are("$a: Int, $b: Boolean! = true", json!({})));
        for wrong in
            [json!({}), json!({ "a": null }), json!({ "a": 1.5 }), json!({ "a": [1] }), json!({ "a": 1_u64 << 31 })]
        {
            assert!(!are("$a: Int!", wrong.clone()), "{wrong}");
        }
        assert!(!are("$a: [Int!]", json!({ "a": [1, null] })) && !are("$a: Unknown", json!({ "a": 1 })));
    }

    #[test]
    fn inputs_have_the_fields_that_they_need_and_no_other() {
        let of = |input: serde_json::Value| are("$a: CreateTodoInput!", json!({ "a": input }));
        assert!(of(json!({ "text": "x", "priority": "HIGH", "notes": null })));
        assert!(!of(json!({})) && !of(json!({ "text": null })) && !of(json!({ "text": "x", "colour": "red" })));
        assert!(!of(json!({ "text": "x", "priority": "URGENT" })));
        assert!(!of(json!({ "text": "x", "dueAt": "2026-01-01T00:00:00Z" })), "a custom scalar is for validation");
    }
}
