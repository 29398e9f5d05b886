use async_graphql::parser::types::{Directive, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Positioned, Value, Variables};

/// Gives variables that are absent their default: async-graphql does so in arguments, but not in `@skip` and `@include`.
pub(super) fn complete_variables(operation: &OperationDefinition, variables: &mut Variables) {
    for definition in &operation.variable_definitions {
        if let Some(default) = &definition.node.default_value {
            variables.entry(definition.node.name.node.clone()).or_insert_with(|| default.node.clone());
        }
    }
}

/// Removes from a selection set what is skipped or not included.
pub(super) fn remove(set: &mut SelectionSet, variables: &Variables) {
    set.items.retain(|selection| !selection.node.directives().iter().any(|directive| leaves_out(directive, variables)));
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => remove(&mut field.node.selection_set.node, variables),
            Selection::InlineFragment(fragment) => remove(&mut fragment.node.selection_set.node, variables),
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn leaves_out(directive: &Positioned<Directive>, variables: &Variables) -> bool {
    let unless = match directive.node.name.node.as_str() {
        "skip" => false,
        "include" => true,
        _ => return false,
    };
    let Some(condition) = directive.node.get_argument("if") else { return false };
    let condition = condition.node.clone().into_const_with(|name| variables.get(&name).cloned().ok_or(()));
    matches!(condition, Ok(Value::Boolean(true))) != unless
}
