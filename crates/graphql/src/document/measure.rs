//! How large a document is.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::MAX_DEPTH;

/// Refuses a document that validation would follow without end: it recurses along chains of fragments, and expands a fragment at
/// each place that spreads it, so that a few short fragments can stand for more selections than there are atoms. At most `limit`
/// selections are accepted, fragments expanded.
///
/// Refuses introspection that goes from types to types: each step multiplies the answer by the size of the schema, and no time
/// limit reaches it.
///
/// # Errors
/// What is wrong, as a sentence.
pub(super) fn check(document: &ExecutableDocument, limit: usize) -> Result<(), String> {
    let mut measure = Measure { document, limit, known: HashMap::new() };
    for (name, fragment) in &document.fragments {
        let size = measure.set(&fragment.node.selection_set.node, 0)?;
        measure.known.insert(name.as_str(), size);
    }
    for (_, operation) in document.operations.iter() {
        measure.set(&operation.node.selection_set.node, 0)?;
    }
    Ok(())
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    limit: usize,
    known: HashMap<&'a str, Size>,
}

/// The size of a selection set, its fragments expanded.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    height: usize,
    /// How many fields of introspection that lead from one type to many are selected, and how many on one path.
    expansions: usize,
    expansions_on_a_path: usize,
}

/// The fields of introspection that lead from one type to many, and how many a document may select; the usual query of tools
/// selects each once.
const EXPANDING: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
const MAX_EXPANSIONS: usize = 16;

impl<'a> Measure<'a> {
    fn set(&mut self, set: &'a SelectionSet, depth: usize) -> Result<Size, String> {
        if set.items.is_empty() {
            return Ok(Size::default());
        }
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let mut whole = Size::default();
        for selection in &set.items {
            let part = match &selection.node {
                Selection::Field(field) => self.set(&field.node.selection_set.node, depth + 1)?,
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node, depth + 1)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, depth + 1)?,
            };
            let expands =
                matches!(&selection.node, Selection::Field(field) if EXPANDING.contains(&&*field.node.name.node));
            whole.expansions += usize::from(expands) + part.expansions;
            whole.expansions_on_a_path =
                whole.expansions_on_a_path.max(usize::from(expands) + part.expansions_on_a_path);
            if whole.expansions > MAX_EXPANSIONS || whole.expansions_on_a_path > 1 {
                return Err("the document asks for types of types: introspect one step at a time".to_owned());
            }
            whole.selections += 1 + part.selections;
            whole.height = whole.height.max(1 + part.height);
            if whole.selections > self.limit {
                let limit = self.limit;
                return Err(format!("the document selects more than {limit} fields"));
            }
        }
        if depth + whole.height > MAX_DEPTH + 1 {
            return Err(too_deep());
        }
        Ok(whole)
    }

    fn fragment(&mut self, name: &str, depth: usize) -> Result<Size, String> {
        if let Some(size) = self.known.get(name) {
            return if depth + size.height > MAX_DEPTH + 1 { Err(too_deep()) } else { Ok(*size) };
        }
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Size::default());
        };
        let size = self.set(&fragment.node.selection_set.node, depth)?;
        self.known.insert(name.as_str(), size);
        Ok(size)
    }
}

fn too_deep() -> String {
    format!("the document nests selections deeper than {MAX_DEPTH} levels")
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn is_accepted(query: &str) -> bool {
        parse_query(query).is_ok_and(|document| check(&document, 1_000).is_ok())
    }

    fn fragments(count: usize, body: impl Fn(usize) -> String) -> String {
        (0..count).map(|number| format!(" fragment F{number} on Query {{ {} }}", body(number))).collect()
    }

    #[test]
    fn ordinary_documents_are_accepted() {
        assert!(is_accepted("{ a { ...F } } fragment F on A { b ... on B { c } }"));
        assert!(is_accepted("{ a ...Unknown }"));
        assert!(is_accepted(&format!("{{ {} }}", "a ".repeat(1_000))));
    }

    #[test]
    fn fragments_that_multiply_are_refused() {
        let doubling = fragments(30, |number| format!("...F{} ...F{}", number + 1, number + 1));
        assert!(!is_accepted(&format!("{{ ...F0 }} {doubling} fragment F30 on Query {{ a }}")));
        assert!(!is_accepted(&format!("{{ {} }}", "a ".repeat(1_001))));
    }

    #[test]
    fn introspection_of_types_of_types_is_refused() {
        let type_ref = "fragment T on __Type { kind name ofType { kind name ofType { kind name } } }";
        let usual = "{ __schema { types { name fields { args { type { ...T } } type { ...T } } inputFields { type { ...T } } \
                     interfaces { ...T } enumValues { name } possibleTypes { ...T } } } }";
        assert!(is_accepted(&format!("{usual} {type_ref}")));
        assert!(!is_accepted("{ __type(name: \"Node\") { possibleTypes { interfaces { name } } } }"));
        assert!(!is_accepted(
            "{ __schema { types { ...A } } } fragment A on __Type { fields { type { ...B } } } \
                              fragment B on __Type { fields { name } }"
        ));
        let many: String =
            (0..17).map(|number| format!("a{number}: __schema {{ types {{ fields {{ name }} }} }} ")).collect();
        assert!(!is_accepted(&format!("{{ {many} }}")));
    }

    #[test]
    fn long_chains_and_cycles_of_fragments_are_refused() {
        let forward = fragments(10_000, |number| format!("...F{}", number + 1));
        let backward = fragments(10_000, |number| format!("...F{}", number.saturating_sub(1)));
        assert!(!is_accepted(&format!("{{ a }} {forward}")));
        assert!(!is_accepted(&format!("{{ a }} {backward}")));
        assert!(!is_accepted("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"));
    }

    #[test]
    fn the_depth_is_the_same_with_fragments_and_without() {
        let nested = |depth: usize| format!("{{ {} b {} }}", "a {".repeat(depth), "}".repeat(depth));
        assert!(is_accepted(&nested(MAX_DEPTH)) && !is_accepted(&nested(MAX_DEPTH + 1)));
        for order in [false, true] {
            let chained = |depth: usize| {
                let numbers: Vec<_> = if order { (0..depth).collect() } else { (0..depth).rev().collect() };
                let fragments = numbers.into_iter().map(|number| {
                    let body = if number + 1 == depth { "b".to_owned() } else { format!("...F{}", number + 1) };
                    format!(" fragment F{number} on Query {{ {body} }}")
                });
                format!("{{ ...F0 }} {}", fragments.collect::<String>())
            };
            assert!(is_accepted(&chained(MAX_DEPTH)) && !is_accepted(&chained(MAX_DEPTH + 1)));
        }
    }
}
