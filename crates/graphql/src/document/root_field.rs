use std::collections::HashSet;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};

/// Refuses subscriptions that do not select exactly one field, which is validation's "[Single Root Field]"; async-graphql does not
/// know that rule. Puts what several selections select of that field together in one, because it would resolve each of them.
///
/// [Single Root Field]: https://spec.graphql.org/September2025/#sec-Single-Root-Field
///
/// # Errors
/// What is wrong, as a sentence.
pub(super) fn unite(document: &mut ExecutableDocument) -> Result<(), String> {
    let ExecutableDocument { operations, fragments } = document;
    let operations: Vec<&mut Positioned<OperationDefinition>> = match operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    for operation in operations.into_iter().filter(|operation| operation.node.ty == OperationType::Subscription) {
        let set = &operation.node.selection_set.node;
        let mut roots = Roots { fragments, fields: Vec::new(), spread: HashSet::new() };
        roots.collect(set)?;
        let united = roots.united()?;
        let fragments = set.items.iter().filter(|item| !matches!(item.node, Selection::Field(_)));
        // Validation is to find that they are used.
        let items = std::iter::once(united).chain(fragments.cloned()).collect();
        operation.node.selection_set.node = SelectionSet { items };
    }
    Ok(())
}

struct Roots<'a> {
    fragments: &'a super::Fragments,
    fields: Vec<&'a Positioned<Field>>,
    spread: HashSet<&'a str>,
}

impl<'a> Roots<'a> {
    fn collect(&mut self, set: &'a SelectionSet) -> Result<(), String> {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    unconditional(&field.node.directives)?;
                    self.fields.push(field);
                }
                Selection::InlineFragment(fragment) => {
                    unconditional(&fragment.node.directives)?;
                    self.collect(&fragment.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => {
                    unconditional(&spread.node.directives)?;
                    let name = &spread.node.fragment_name.node;
                    let fragment = self.fragments.get(name).filter(|_| self.spread.insert(name));
                    if let Some(fragment) = fragment {
                        self.collect(&fragment.node.selection_set.node)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn united(&self) -> Result<Positioned<Selection>, String> {
        let [first, others @ ..] = self.fields.as_slice() else { return Err(SINGLE.to_owned()) };
        let mut united = (*first).clone();
        if united.node.name.node.starts_with("__") {
            return Err("a subscription selects no field of introspection".to_owned());
        }
        for other in others {
            let (one, other) = (&first.node, &other.node);
            if one.response_key().node != other.response_key().node
                || one.name.node != other.name.node
                || one.arguments != other.arguments
            {
                return Err(SINGLE.to_owned());
            }
            united.node.selection_set.node.items.extend(other.selection_set.node.items.iter().cloned());
        }
        Ok(Positioned::new(Selection::Field(united.clone()), united.pos))
    }
}

const SINGLE: &str = "a subscription selects exactly one field";

fn unconditional(directives: &[Positioned<Directive>]) -> Result<(), String> {
    let is_condition = |directive: &Positioned<Directive>| matches!(&*directive.node.name.node, "skip" | "include");
    match directives.iter().any(is_condition) {
        true => Err("the field of a subscription has neither `@skip` nor `@include`".to_owned()),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn united(text: &str) -> Result<usize, String> {
        let mut document = parse_query(text).unwrap();
        unite(&mut document)?;
        let (_, operation) = document.operations.iter().next().unwrap();
        let items = &operation.node.selection_set.node.items;
        let fields: Vec<_> = items
            .iter()
            .filter_map(|item| match &item.node {
                Selection::Field(field) => Some(field.node.selection_set.node.items.len()),
                _ => None,
            })
            .collect();
        assert_eq!(fields.len(), 1, "{text}");
        Ok(fields[0])
    }

    #[test]
    fn what_is_selected_of_the_one_field_is_put_together() {
        for (text, selected) in [
            ("subscription { a { x y } }", 2),
            ("subscription { a { x } a { y z } }", 3),
            ("subscription { ...F } fragment F on Subscription { a { x } }", 1),
            ("subscription { a { x } ... { a { y } } ...F } fragment F on Subscription { a { z } ...F }", 3),
            ("subscription { b: a(i: 1) { x } b: a(i: 1) { y } }", 2),
        ] {
            assert_eq!(united(text), Ok(selected), "{text}");
        }
        assert!(unite(&mut parse_query("{ a b @skip(if: true) }").unwrap()).is_ok(), "a query");
    }

    #[test]
    fn other_subscriptions_are_refused() {
        for text in [
            "subscription { a b }",
            "subscription { a c: a }",
            "subscription { a(i: 1) a(i: 2) }",
            "subscription { a ...F } fragment F on Subscription { b }",
            "subscription { ...Unknown }",
            "subscription { __typename }",
            "subscription { t: __typename }",
            "subscription { a @skip(if: false) }",
            "subscription { ... @include(if: true) { a } }",
            "subscription($if: Boolean!) { ...F @skip(if: $if) } fragment F on Subscription { a }",
            "query A { a } subscription B { a b }",
        ] {
            assert!(united(text).is_err(), "{text}");
        }
    }
}
