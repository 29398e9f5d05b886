//! A hidden `__typename`, where the response alone does not say enough.
//!
//! async-graphql answers null both for no object and for an object of which nothing is selected, as when all is skipped or all
//! fragments are for other types. And of a field whose type is abstract, which fragments apply and which fields are non-null is
//! known from the type of the object alone.
//!
//! Of a field that is selected more than once, async-graphql merges objects, but keeps a null: if all that one selection asks for
//! fails, what the others ask for is lost. With the hidden field there is no such null.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Pos, Positioned};

use super::Fragments;
use crate::types::{Composite, Types};

/// What the hidden field is called in the response. Not a name, so no document has it.
pub(super) const KEY: &str = "";

/// Inserts the hidden field, wherever it is needed.
pub(super) fn insert(types: &Types, document: &mut ExecutableDocument) {
    let ExecutableDocument { operations, fragments } = document;
    let repeated = Repeated::of(types, operations, fragments);
    let names: Vec<_> = fragments.keys().cloned().collect();
    for name in names {
        // Without itself, which it must not spread anyway.
        let Some(mut fragment) = fragments.remove(&name) else { continue };
        let of = types.composite(&fragment.node.type_condition.node.on.node);
        Walk { types, fragments, repeated: &repeated.keys }.below(&mut fragment.node.selection_set.node, of);
        fragments.insert(name, fragment);
    }
    let walk = Walk { types, fragments, repeated: &repeated.keys };
    let operations: Vec<_> = match operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    for operation in operations {
        let root = types.root(operation.node.ty);
        match operation.node.ty {
            // Its one field is all that it may select.
            OperationType::Subscription => walk.below(&mut operation.node.selection_set.node, root),
            OperationType::Query | OperationType::Mutation => {
                walk.set(&mut operation.node.selection_set, root, false);
            }
        }
    }
}

/// Whether the hidden field is in this set.
pub(super) fn is_in(set: &SelectionSet) -> bool {
    set.items.last().is_some_and(
        |last| matches!(&last.node, Selection::Field(field) if field.node.response_key().node.as_str() == KEY),
    )
}

struct Walk<'w> {
    types: &'w Types,
    fragments: &'w Fragments,
    repeated: &'w HashSet<Name>,
}

impl Walk<'_> {
    /// A set of fields of a value of the type `of`.
    fn set(&self, set: &mut Positioned<SelectionSet>, of: Option<&Composite>, is_repeated: bool) {
        self.below(&mut set.node, of);
        let is_here = is_repeated || of.is_some_and(|of| of.is_abstract) || !self.is_never_empty(&set.node, of);
        if is_here {
            set.node.items.push(hidden_typename(set.pos));
        }
    }

    /// What is selected of the fields in `set`.
    fn below(&self, set: &mut SelectionSet, of: Option<&Composite>) {
        for selection in &mut set.items {
            match &mut selection.node {
                Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
                Selection::Field(field) => {
                    let is_repeated = self.repeated.contains(&field.node.response_key().node);
                    let of = of.and_then(|of| of.field(&field.node.name.node));
                    let of = of.and_then(|of| self.types.composite_of(of));
                    self.set(&mut field.node.selection_set, of, is_repeated);
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let of = condition.map_or(of, |condition| self.types.composite(&condition.node.on.node));
                    self.below(&mut fragment.node.selection_set.node, of);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Whether some field is selected of whatever value of the type. Without recursion, for fragments may be chained at will.
    fn is_never_empty(&self, set: &SelectionSet, of: Option<&Composite>) -> bool {
        let mut sets = vec![set];
        let mut spread = HashSet::new();
        while let Some(set) = sets.pop() {
            for selection in set.items.iter().filter(|selection| selection.node.directives().is_empty()) {
                let (condition, set) = match &selection.node {
                    Selection::Field(_) => return true,
                    Selection::InlineFragment(fragment) => {
                        (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
                    }
                    Selection::FragmentSpread(fragment) => {
                        let name = &fragment.node.fragment_name.node;
                        match self.fragments.get(name).filter(|_| spread.insert(name)) {
                            Some(fragment) => (Some(&fragment.node.type_condition), &fragment.node.selection_set),
                            None => continue,
                        }
                    }
                };
                if condition.is_none_or(|condition| of.is_none_or(|of| of.is(&condition.node.on.node))) {
                    sets.push(&set.node);
                }
            }
        }
        false
    }
}

/// Which keys may be selected more than once of one object.
struct Repeated<'w> {
    types: &'w Types,
    /// The types of which each key is selected.
    seen: HashMap<Name, Vec<&'w Composite>>,
    keys: HashSet<Name>,
}

impl<'w> Repeated<'w> {
    fn of(types: &'w Types, operations: &DocumentOperations, fragments: &Fragments) -> Self {
        let mut repeated = Self { types, seen: HashMap::new(), keys: HashSet::new() };
        for fragment in fragments.values() {
            let of = types.composite(&fragment.node.type_condition.node.on.node);
            repeated.set(&fragment.node.selection_set.node, of);
        }
        for (_, operation) in operations.iter() {
            repeated.set(&operation.node.selection_set.node, types.root(operation.node.ty));
        }
        repeated
    }

    fn set(&mut self, set: &SelectionSet, of: Option<&'w Composite>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
                Selection::Field(field) => {
                    self.key(&field.node.response_key().node, of);
                    let of = of.and_then(|of| of.field(&field.node.name.node));
                    self.set(&field.node.selection_set.node, of.and_then(|of| self.types.composite_of(of)));
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let of = condition.map_or(of, |condition| self.types.composite(&condition.node.on.node));
                    self.set(&fragment.node.selection_set.node, of);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn key(&mut self, key: &Name, of: Option<&'w Composite>) {
        // In introspection nothing fails.
        let Some(of) = of else { return };
        let seen = self.seen.entry(key.clone()).or_default();
        if seen.iter().any(|seen| std::ptr::eq(*seen, of) || seen.is_abstract || of.is_abstract) {
            self.keys.insert(key.clone());
        } else {
            seen.push(of);
        }
    }
}

fn hidden_typename(pos: Pos) -> Positioned<Selection> {
    let positioned = |name| Positioned::new(Name::new(name), pos);
    let field = Field {
        alias: Some(positioned(KEY)),
        name: positioned("__typename"),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    };
    Positioned::new(Selection::Field(Positioned::new(field, pos)), pos)
}
