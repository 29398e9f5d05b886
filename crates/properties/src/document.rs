use std::sync::LazyLock;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{ExecutableDocument, OperationType, Selection, SelectionSet};
use futures::executor::block_on;
use tidewater_graphql::{DocumentCheck, Limits, MAX_DEPTH};

static CHECK: LazyLock<DocumentCheck> = LazyLock::new(|| DocumentCheck::new(Limits::default()));

/// A document is accepted only if it is within the limits, which are counted here by expanding it in the most simple way; and what is
/// wrong with others is said in one sentence. That it takes no time out of proportion is for whoever measures that.
pub fn document(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match block_on(CHECK.check(text)) {
        Ok(()) => is_within_limits(text),
        Err(message) => crate::is_sentence(&message, text),
    }
}

fn is_within_limits(text: &str) {
    let limits = Limits::default();
    let Ok(document) = parse_query(text) else { panic!("accepted, but it cannot be parsed") };
    for (_, operation) in document.operations.iter() {
        let operation = &operation.node;
        let mut count = Count { fuel: limits.complexity, aliases: 0, root_fields: 0 };
        count.expand(&document, &operation.selection_set.node, 0, true);
        assert!(count.aliases <= limits.aliases, "{} aliases", count.aliases);
        assert!(count.root_fields <= limits.root_fields, "{} root fields", count.root_fields);
        if operation.ty == OperationType::Subscription {
            assert!(count.root_fields >= 1, "a subscription to nothing");
        }
    }
}

struct Count {
    /// How many more selections may be expanded.
    fuel: usize,
    aliases: usize,
    root_fields: usize,
}

impl Count {
    fn expand(&mut self, document: &ExecutableDocument, set: &SelectionSet, depth: usize, is_root: bool) {
        assert!(depth <= MAX_DEPTH + 1, "selections nest {depth} levels deep");
        for selection in &set.items {
            let Some(left) = self.fuel.checked_sub(1) else { panic!("more selections than an operation may resolve") };
            self.fuel = left;
            match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.root_fields += usize::from(is_root);
                    self.expand(document, &field.node.selection_set.node, depth + 1, false);
                }
                Selection::InlineFragment(fragment) => {
                    self.expand(document, &fragment.node.selection_set.node, depth + 1, is_root);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.expand(document, &fragment.node.selection_set.node, depth + 1, is_root);
                    }
                }
            }
        }
    }
}
