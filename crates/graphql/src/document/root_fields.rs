use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};

/// How many fields an operation selects at its root; each as often as it is selected, whatever directives say. What is about the
/// type alone is not counted. The document has been measured: it ends.
pub(super) fn count(document: &ExecutableDocument, operation: &OperationDefinition) -> usize {
    in_set(document, &operation.selection_set.node)
}

fn in_set(document: &ExecutableDocument, set: &SelectionSet) -> usize {
    let each = set.items.iter().map(|selection| match &selection.node {
        Selection::Field(field) => usize::from(!field.node.name.node.starts_with("__")),
        Selection::InlineFragment(fragment) => in_set(document, &fragment.node.selection_set.node),
        Selection::FragmentSpread(spread) => {
            let fragment = document.fragments.get(&spread.node.fragment_name.node);
            fragment.map_or(0, |fragment| in_set(document, &fragment.node.selection_set.node))
        }
    });
    each.sum()
}
