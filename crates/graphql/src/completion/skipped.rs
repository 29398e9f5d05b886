use async_graphql::parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Positioned, Value, Variables};

use super::Fragments;

/// Gives variables that are absent their default: async-graphql does so in arguments, but not in `@skip` and `@include`.
pub(super) fn complete_variables(operation: &OperationDefinition, variables: &mut Variables) {
    for definition in &operation.variable_definitions {
        if let Some(default) = &definition.node.default_value {
            variables.entry(definition.node.name.node.clone()).or_insert_with(|| default.node.clone());
        }
    }
}

/// Whether anything in the document may be skipped.
pub(super) fn has_conditions(document: &ExecutableDocument) -> bool {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set);
    operations.chain(fragments).any(|set| is_conditional(&set.node))
}

/// What is left of an operation and the fragments once what is skipped or not included is removed.
pub(super) fn included(
    operation: &OperationDefinition,
    fragments: &Fragments,
    variables: &Variables,
) -> (OperationDefinition, Fragments) {
    let (mut operation, mut fragments) = (operation.clone(), fragments.clone());
    remove(&mut operation.selection_set.node, variables);
    fragments.values_mut().for_each(|fragment| remove(&mut fragment.node.selection_set.node, variables));
    (operation, fragments)
}

fn is_conditional(set: &SelectionSet) -> bool {
    set.items.iter().any(|selection| {
        let below = match &selection.node {
            Selection::Field(field) => is_conditional(&field.node.selection_set.node),
            Selection::InlineFragment(fragment) => is_conditional(&fragment.node.selection_set.node),
            Selection::FragmentSpread(_) => false,
        };
        below || !selection.node.directives().is_empty()
    })
}

/// Removes from a selection set what is skipped or not included.
fn remove(set: &mut SelectionSet, variables: &Variables) {
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
