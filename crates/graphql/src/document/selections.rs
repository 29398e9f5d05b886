use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Pos, Positioned};

use crate::completion::Fragments;
use crate::digest::digest;

/// The selections of a document: which of them ask for the same whatever its variables and whatever else it selects, and what tells them
/// from those of all other documents.
#[derive(Debug)]
pub(crate) struct Selections {
    document: [u8; 32],
    /// Where the others are.
    others: HashSet<Pos>,
}

impl Selections {
    /// Those of the document that was made of `text`. It keeps to its limits.
    pub(super) fn new(document: &ExecutableDocument, text: &str) -> Self {
        let mut walk = Variables { fragments: HashSet::new(), found: HashSet::new() };
        // A fragment hangs on variables if one that is spread in it does, wherever that is in the text.
        loop {
            let known = walk.fragments.len();
            for (name, fragment) in &document.fragments {
                if walk.hangs_on_variables(&fragment.node.selection_set) {
                    walk.fragments.insert(name.clone());
                }
            }
            if walk.fragments.len() == known {
                break;
            }
        }
        let mut merges = Merges { fragments: &document.fragments, found: HashSet::new() };
        for (_, operation) in document.operations.iter() {
            walk.hangs_on_variables(&operation.node.selection_set);
            merges.find(&[&operation.node.selection_set]);
        }
        Self { document: digest(text), others: &walk.found | &merges.found }
    }

    /// What stands for the selection at `place`: nothing else that asks for something else has the same. None if what it asks for hangs
    /// on variables, or can be merged with what another asks for.
    pub(crate) fn name(&self, place: Pos) -> Option<[u8; 40]> {
        if self.others.contains(&place) {
            return None;
        }
        let mut name = [0; 40];
        name[..32].copy_from_slice(&self.document);
        name[32..36].copy_from_slice(&u32::try_from(place.line).ok()?.to_le_bytes());
        name[36..].copy_from_slice(&u32::try_from(place.column).ok()?.to_le_bytes());
        Some(name)
    }
}

struct Variables {
    /// The fragments that hang on variables, as far as they are known.
    fragments: HashSet<Name>,
    found: HashSet<Pos>,
}

impl Variables {
    /// Whether `set` does; notes it and all in it that do.
    fn hangs_on_variables(&mut self, set: &Positioned<SelectionSet>) -> bool {
        let mut any = false;
        for selection in &set.node.items {
            any |= selection.node.directives().iter().any(|directive| has_variables(&directive.node));
            any |= match &selection.node {
                Selection::Field(field) => {
                    let arguments = field.node.arguments.iter();
                    let below = self.hangs_on_variables(&field.node.selection_set);
                    below || arguments.into_iter().any(|(_, value)| value.node.clone().into_const().is_none())
                }
                Selection::InlineFragment(fragment) => self.hangs_on_variables(&fragment.node.selection_set),
                Selection::FragmentSpread(spread) => self.fragments.contains(&spread.node.fragment_name.node),
            };
        }
        if any {
            self.found.insert(set.pos);
        }
        any
    }
}

fn has_variables(directive: &Directive) -> bool {
    directive.arguments.iter().any(|(_, value)| value.node.clone().into_const().is_none())
}

/// The selections of fields that can be one in a response (specification of October 2021, section 6.3.2, "Field Collection").
struct Merges<'d> {
    fragments: &'d Fragments,
    found: HashSet<Pos>,
}

impl<'d> Merges<'d> {
    /// Finds those within `sets`, which are of one object.
    fn find(&mut self, sets: &[&'d Positioned<SelectionSet>]) {
        let mut by_key = HashMap::new();
        for set in sets {
            self.collect(&set.node, &mut by_key);
        }
        for mut merged in by_key.into_values() {
            merged.sort_unstable_by_key(|set| set.pos);
            // What is spread more than once asks for the same again.
            merged.dedup_by_key(|set| set.pos);
            if merged.len() > 1 {
                self.found.extend(merged.iter().map(|set| set.pos));
            }
            self.find(&merged);
        }
    }

    fn collect(&self, set: &'d SelectionSet, by_key: &mut HashMap<&'d str, Vec<&'d Positioned<SelectionSet>>>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
                Selection::Field(field) => {
                    by_key.entry(field.node.response_key().node.as_str()).or_default().push(&field.node.selection_set);
                }
                Selection::InlineFragment(fragment) => self.collect(&fragment.node.selection_set.node, by_key),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.fragments.get(&spread.node.fragment_name.node) {
                        self.collect(&fragment.node.selection_set.node, by_key);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const VARIABLES: &str = "query Q($x: Int, $y: Boolean!) {
  a(x: $x) { b }
  c { d(x: [{ y: $x }]) }
  e { ...F }
  g { ... @include(if: $y) { h } }
  i { ...J k(x: 1) { l } }
}
fragment F on T { m { ...G } }
fragment G on T { n { o(x: $x) } }
fragment J on T { p }";

    #[test]
    fn what_hangs_on_variables_has_no_name_and_others_have_one_each() {
        let document = parse_query(VARIABLES).unwrap();
        let selections = Selections::new(&document, VARIABLES);
        let name = |of: &str| selections.name(place(VARIABLES, of));
        let is_named = |of: &str| name(of).is_some();
        assert!(["a(", "i {", "k(", "fragment J"].into_iter().all(is_named));
        for varying in ["query Q", "c {", "e {", "g {", "fragment F", "m {", "fragment G", "n {"] {
            assert!(!is_named(varying), "{varying}");
        }
        assert_ne!(name("a("), name("k("));
        let other = Selections::new(&document, "another text");
        assert_ne!(name("a("), other.name(place(VARIABLES, "a(")));
    }

    #[test]
    fn what_can_be_merged_has_no_name() {
        let text = "{ a { b { x } ...F ...F } ... { a { b { y } } } c: d { b { z } e: f { x } } }
fragment F on T { g { h { x } } ... on U { b { w } } }";
        let selections = Selections::new(&parse_query(text).unwrap(), text);
        let is_named = |of: &str| selections.name(place(text, of)).is_some();
        for merged in ["a { b { x", "b { x", "a { b { y", "b { y", "b { w"] {
            assert!(!is_named(merged), "{merged}");
        }
        assert!(["c: d", "b { z", "e: f", "g {", "h {"].into_iter().all(is_named));
    }

    /// Where the selection of a field or fragment begins.
    fn place(text: &str, of: &str) -> Pos {
        let start = text.find(of).unwrap();
        let before = &text[..start + text[start..].find('{').unwrap()];
        let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
        Pos { line: before.matches('\n').count() + 1, column }
    }
}
