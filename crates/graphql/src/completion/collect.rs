use std::collections::{HashMap, HashSet};

use async_graphql::Name;
use async_graphql::parser::types::{OperationDefinition, Selection, SelectionSet, Type};

use super::{Fragments, marker};
use crate::types::{Composite, Types};

/// A field of a response: all selections under one key of one object, merged.
pub(super) struct Field<'d> {
    /// Its key; of the root, nothing.
    pub(super) key: &'d str,
    /// Its type; `None` of the root and in introspection.
    pub(super) of: Option<&'d Type>,
    /// The type that its fields are selected of.
    pub(super) composite: Option<&'d Composite>,
    /// Whether its values tell their type.
    pub(super) is_marked: bool,
    selected: Vec<&'d SelectionSet>,
    /// The fields of its values, by their type: the same for all items of a list.
    fields: Vec<(Option<&'d Composite>, Vec<Field<'d>>)>,
}

impl<'d> Field<'d> {
    /// The data of a response.
    pub(super) fn root(types: &'d Types, operation: &'d OperationDefinition) -> Self {
        let mut root = Self::new("", None, types.root(operation.ty));
        root.select(&operation.selection_set.node);
        root
    }

    fn new(key: &'d str, of: Option<&'d Type>, composite: Option<&'d Composite>) -> Self {
        Self { key, of, composite, is_marked: false, selected: Vec::new(), fields: Vec::new() }
    }

    fn select(&mut self, set: &'d SelectionSet) {
        if !set.items.is_empty() {
            self.is_marked |= marker::is_in(set);
            self.selected.push(set);
        }
    }

    /// Whether nothing is selected of its values.
    pub(super) fn is_leaf(&self) -> bool {
        self.selected.is_empty()
    }

    pub(super) fn is_nullable(&self) -> bool {
        self.of.is_none_or(|of| of.nullable)
    }

    /// The fields of a value of this type, in order.
    pub(super) fn fields(
        &mut self,
        types: &'d Types,
        fragments: &'d Fragments,
        concrete: Option<&'d Composite>,
    ) -> &mut [Self] {
        let is_same = |of: Option<&Composite>| of.map(std::ptr::from_ref) == concrete.map(std::ptr::from_ref);
        let known = self.fields.iter().position(|(of, _)| is_same(*of));
        let known = known.unwrap_or_else(|| {
            let mut collected = Collected {
                types,
                fragments,
                concrete,
                fields: Vec::new(),
                places: HashMap::new(),
                spread: HashSet::new(),
            };
            self.selected.iter().for_each(|set| collected.set(set));
            self.fields.push((concrete, collected.fields));
            self.fields.len() - 1
        });
        &mut self.fields[known].1
    }
}

/// CollectFields, of what is not skipped.
struct Collected<'d> {
    types: &'d Types,
    fragments: &'d Fragments,
    concrete: Option<&'d Composite>,
    fields: Vec<Field<'d>>,
    places: HashMap<&'d str, usize>,
    spread: HashSet<&'d str>,
}

impl<'d> Collected<'d> {
    fn set(&mut self, set: &'d SelectionSet) {
        for selection in &set.items {
            let (condition, set) = match &selection.node {
                Selection::Field(field) => {
                    let key: &Name = &field.node.response_key().node;
                    if key.as_str() != marker::KEY {
                        self.field(key, &field.node.name.node, &field.node.selection_set.node);
                    }
                    continue;
                }
                Selection::InlineFragment(fragment) => {
                    (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
                }
                Selection::FragmentSpread(fragment) => {
                    let name = &fragment.node.fragment_name.node;
                    match self.fragments.get(name) {
                        Some(fragment) if self.spread.insert(name) => {
                            (Some(&fragment.node.type_condition), &fragment.node.selection_set)
                        }
                        _ => continue,
                    }
                }
            };
            let is_one = |of: &Composite| condition.is_none_or(|condition| of.is(&condition.node.on.node));
            if self.concrete.is_none_or(is_one) {
                self.set(&set.node);
            }
        }
    }

    fn field(&mut self, key: &'d str, name: &str, set: &'d SelectionSet) {
        let place = *self.places.entry(key).or_insert_with(|| {
            let of = self.concrete.and_then(|concrete| concrete.field(name));
            self.fields.push(Field::new(key, of, of.and_then(|of| self.types.composite_of(of))));
            self.fields.len() - 1
        });
        self.fields[place].select(set);
    }
}
