//! How large a document is.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Name, Positioned};

use super::MAX_DEPTH;
use crate::Limits;

/// Refuses a document that validation would follow without end: it recurses along chains of fragments, and expands a fragment at
/// each place that spreads it, once for each operation and fragment that leads there. So a few short fragments can stand for more
/// selections than there are atoms. All operations and fragments together may select as many fields as one operation may resolve,
/// fragments expanded.
///
/// Refuses more aliases, fields at the root and directives than `limits` allow; the first two count where they are expanded.
///
/// Refuses introspection that goes from types to types: each step multiplies the answer by the size of the schema, and no time
/// limit reaches it. Refuses all of it if the limits say so.
///
/// Answers how many fields each operation begins with that are not about the type alone, as often as they are selected and whatever
/// directives say.
///
/// # Errors
/// What is wrong, as a sentence.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<RootFields, String> {
    let mut measure = Measure { document, limits, known: HashMap::new(), selections: 0, directives: 0 };
    for (name, fragment) in &document.fragments {
        let (fragment, name) = (&fragment.node, name.as_str());
        measure.directives(&fragment.directives)?;
        let size = match measure.known.get(name) {
            Some(size) => *size,
            None => measure.set(&fragment.selection_set.node, 0)?,
        };
        measure.known.insert(name, size);
        measure.add(size.selections)?;
    }
    let mut root_fields = Vec::new();
    for (name, operation) in document.operations.iter() {
        let operation = &operation.node;
        measure.directives(&operation.directives)?;
        for variable in &operation.variable_definitions {
            measure.directives(&variable.node.directives)?;
        }
        let size = measure.set(&operation.selection_set.node, 0)?;
        measure.add(size.selections)?;
        at_most(limits.aliases, size.aliases, "an operation has", "aliases")?;
        at_most(limits.root_fields, size.top_fields, "an operation begins with", "fields")?;
        root_fields.push((name.cloned(), size.top_fields - size.top_meta_fields));
    }
    Ok(root_fields)
}

/// How many fields operations begin with, by their names.
pub(super) type RootFields = Vec<(Option<Name>, usize)>;

struct Measure<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    known: HashMap<&'a str, Size>,
    /// How many all definitions have together.
    selections: usize,
    directives: usize,
}

/// The size of a selection set, its fragments expanded.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    height: usize,
    aliases: usize,
    /// The fields of the set itself, not those of its fields.
    top_fields: usize,
    /// Those of them whose names begin with `__`.
    top_meta_fields: usize,
    /// How many fields of introspection that lead from one type to many are selected, and how many on one path.
    expansions: usize,
    expansions_on_a_path: usize,
}

/// The fields of introspection that lead from one type to many, and how many a document may select; the usual query of tools
/// selects each once.
const EXPANDING: [&str; 4] = ["fields", "inputFields", "interfaces", "possibleTypes"];
const MAX_EXPANSIONS: usize = 16;

/// How many directives may be at one place.
const MAX_DIRECTIVES: usize = 8;

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
            let mut expands = false;
            let part = match &selection.node {
                Selection::Field(field) => {
                    let (field, name) = (&field.node, field.node.name.node.as_str());
                    self.directives(&field.directives)?;
                    if !self.limits.introspection && matches!(name, "__schema" | "__type") {
                        return Err("this server does not tell its schema: introspection is off".to_owned());
                    }
                    expands = EXPANDING.contains(&name);
                    let below = self.set(&field.selection_set.node, depth + 1)?;
                    let aliases = below.aliases + usize::from(field.alias.is_some());
                    Size { aliases, top_fields: 1, top_meta_fields: usize::from(name.starts_with("__")), ..below }
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.node.directives)?;
                    self.set(&fragment.node.selection_set.node, depth + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives)?;
                    self.fragment(&spread.node.fragment_name.node, depth + 1)?
                }
            };
            whole.expansions += usize::from(expands) + part.expansions;
            whole.expansions_on_a_path =
                whole.expansions_on_a_path.max(usize::from(expands) + part.expansions_on_a_path);
            if whole.expansions > MAX_EXPANSIONS || whole.expansions_on_a_path > 1 {
                return Err("the document asks for types of types: introspect one step at a time".to_owned());
            }
            whole.aliases += part.aliases;
            whole.top_fields += part.top_fields;
            whole.top_meta_fields += part.top_meta_fields;
            whole.selections += 1 + part.selections;
            whole.height = whole.height.max(1 + part.height);
            at_most(self.limits.complexity, whole.selections, "the document selects", "fields")?;
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

    fn add(&mut self, selections: usize) -> Result<(), String> {
        self.selections += selections;
        at_most(self.limits.complexity, self.selections, "the document selects", "fields")
    }

    fn directives(&mut self, here: &[Positioned<Directive>]) -> Result<(), String> {
        at_most(MAX_DIRECTIVES, here.len(), "one place of the document has", "directives")?;
        self.directives += here.len();
        at_most(self.limits.directives, self.directives, "the document has", "directives")
    }
}

fn at_most(limit: usize, count: usize, whole: &str, parts: &str) -> Result<(), String> {
    if count > limit { Err(format!("{whole} more than {limit} {parts}")) } else { Ok(()) }
}

fn too_deep() -> String {
    format!("the document nests selections deeper than {MAX_DEPTH} levels")
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn is_accepted(query: &str) -> bool {
        is_within(query, Limits { complexity: 1_000, root_fields: 1_000, ..Limits::default() })
    }

    fn is_within(query: &str, limits: Limits) -> bool {
        parse_query(query).is_ok_and(|document| check(&document, &limits).is_ok())
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
        // More than a number can tell.
        let multiplying = fragments(16, |number| format!("...F{} ", number + 1).repeat(50));
        assert!(!is_accepted(&format!("{{ ...F0 }} {multiplying} fragment F16 on Query {{ a }}")));
        assert!(!is_accepted(&format!("{{ {} }}", "a ".repeat(1_001))));
    }

    #[test]
    fn fragments_that_many_operations_or_fragments_spread_are_refused() {
        let body = format!(" fragment F on Query {{ {} }}", "a ".repeat(100));
        let operations =
            |count: usize| (0..count).map(|number| format!(" query Q{number} {{ ...F }}")).collect::<String>();
        assert!(is_accepted(&format!("{} {body}", operations(8))));
        assert!(!is_accepted(&format!("{} {body}", operations(10))));
        let spreading = fragments(10, |_| "...F".to_owned());
        assert!(!is_accepted(&format!("{{ a }} {spreading} {body}")));
    }

    #[test]
    fn aliases_are_counted_where_they_are_expanded() {
        let limits = Limits { aliases: 3, ..Limits::default() };
        assert!(is_within("{ a: x b: x { c: y } y }", limits) && !is_within("{ a: x b: x { c: y d: y } }", limits));
        let fragment = "fragment F on Query { a: x b: y }";
        assert!(is_within(&format!("{{ ...F }} {fragment}"), limits));
        assert!(!is_within(&format!("{{ ...F z {{ ...F }} }} {fragment}"), limits));
        assert!(is_within("query A { a: x b: x } query B { a: x b: x }", limits), "one operation is executed");
    }

    #[test]
    fn fields_at_the_root_are_counted_where_they_are_expanded() {
        let limits = Limits { root_fields: 3, ..Limits::default() };
        assert!(is_within("{ a b c { d e f g } }", limits) && !is_within("{ a b c d }", limits));
        assert!(!is_within("{ ...F a ... { b } } fragment F on Query { x y }", limits));
        assert!(!is_within("mutation { a b c d }", limits));
    }

    #[test]
    fn directives_are_counted_wherever_they_are() {
        let limits = Limits { directives: 3, ..Limits::default() };
        assert!(is_within("query @a { b @c ...F @d } fragment F on Query { a }", limits));
        for more in [
            "query @a { b @c ...F @d } fragment F on Query @e { a }",
            "query($v: Int @a) @b { c @d ... @e { f } }",
            "{ a @a @b @c @d }",
        ] {
            assert!(!is_within(more, limits), "{more}");
        }
        let at_one_place = |count: usize| format!("{{ a {} }}", "@b ".repeat(count));
        assert!(is_within(&at_one_place(8), Limits::default()) && !is_within(&at_one_place(9), Limits::default()));
    }

    #[test]
    fn introspection_can_be_off() {
        let limits = Limits { introspection: false, ..Limits::default() };
        assert!(is_within("{ __typename }", limits));
        for query in [
            "{ __schema { types { name } } }",
            "{ a: __type(name: \"A\") { name } }",
            "{ ...F } fragment F on Query { __schema { description } }",
        ] {
            assert!(!is_within(query, limits) && is_within(query, Limits::default()), "{query}");
        }
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
