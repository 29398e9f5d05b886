use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use crate::types::{Composite, Types};

/// Whether a document selects the field `name` of the type `of`, or of one that is an `of`, or of which an `of` is one.
pub(super) fn is_selected(types: &Types, document: &ExecutableDocument, of: &str, name: &str) -> bool {
    let wanted = Wanted { types, of, name };
    let fragments = document.fragments.values().map(|fragment| {
        (&fragment.node.selection_set.node, types.composite(&fragment.node.type_condition.node.on.node))
    });
    let operations = document
        .operations
        .iter()
        .map(|(_, operation)| (&operation.node.selection_set.node, types.root(operation.node.ty)));
    fragments.chain(operations).any(|(set, composite)| wanted.is_in(set, composite))
}

struct Wanted<'a> {
    types: &'a Types,
    of: &'a str,
    name: &'a str,
}

impl Wanted<'_> {
    /// Whether it is selected in `set`, of a value of the type `of`; what fragments that are spread there select is not looked at.
    fn is_in(&self, set: &SelectionSet, of: Option<&Composite>) -> bool {
        set.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => {
                let name = &field.node.name.node;
                let below = || of.and_then(|of| of.field(name)).and_then(|of| self.types.composite_of(of));
                *name == self.name && self.is_it(of) || self.is_in(&field.node.selection_set.node, below())
            }
            Selection::InlineFragment(fragment) => {
                let condition = fragment.node.type_condition.as_ref();
                let of = condition.map_or(of, |condition| self.types.composite(&condition.node.on.node));
                self.is_in(&fragment.node.selection_set.node, of)
            }
            Selection::FragmentSpread(_) => false,
        })
    }

    fn is_it(&self, of: Option<&Composite>) -> bool {
        let Some(of) = of else { return false };
        of.is(self.of) || self.types.composite(self.of).is_some_and(|wanted| wanted.is(of.name()))
    }
}
