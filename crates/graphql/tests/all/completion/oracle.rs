//! The specification's algorithms (October 2021, 6.2 to 6.4), as directly as they can be written, over the test's world.

use std::collections::BTreeSet;

use async_graphql::parser::types::{BaseType, ExecutableDocument, Field, Selection, SelectionSet, Type};
use async_graphql::{Name, Value};

use super::world::World;

pub(crate) const FIELDS: [(&str, &str); 10] = [
    ("number", "Int"),
    ("count", "Int!"),
    ("numbers", "[Int]"),
    ("counts", "[Int!]"),
    ("branch", "Branch"),
    ("leaf", "Leaf!"),
    ("branches", "[Branch!]!"),
    ("leaves", "[Leaf]"),
    ("any", "Any"),
    ("anys", "[Any!]!"),
];

pub(crate) struct Oracle<'a> {
    pub(crate) world: World,
    pub(crate) document: &'a ExecutableDocument,
    /// The paths of all fields and items that fail.
    pub(crate) failed: BTreeSet<String>,
}

/// Null where it must not be.
pub(crate) struct Nulled;

impl<'a> Oracle<'a> {
    pub(crate) fn set(&mut self, of: &str, sets: &[&'a SelectionSet], path: &str) -> Result<Value, Nulled> {
        let mut groups = Vec::new();
        let mut visited = BTreeSet::new();
        for set in sets {
            self.collect(of, set, &mut visited, &mut groups);
        }
        let mut object = Vec::new();
        let mut whole = Ok(());
        for (key, fields) in groups {
            let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            match self.field(of, &fields, &path) {
                Ok(value) => object.push((Name::new(key), value)),
                // The other fields are executed nevertheless, for their errors.
                Err(nulled) => whole = Err(nulled),
            }
        }
        whole.map(|()| Value::Object(object.into_iter().collect()))
    }

    fn collect(
        &self,
        of: &str,
        set: &'a SelectionSet,
        visited: &mut BTreeSet<&'a str>,
        groups: &mut Vec<(&'a str, Vec<&'a Field>)>,
    ) {
        for selection in &set.items {
            if selection.node.directives().iter().any(|directive| {
                let condition = directive.node.get_argument("if").unwrap();
                (directive.node.name.node == *"skip") == (condition.node.to_string() == "true")
            }) {
                continue;
            }
            match &selection.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.as_str();
                    match groups.iter_mut().find(|(present, _)| *present == key) {
                        Some((_, fields)) => fields.push(&field.node),
                        None => groups.push((key, vec![&field.node])),
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let name = spread.node.fragment_name.node.as_str();
                    if visited.insert(name) {
                        let fragment = &self.document.fragments[name].node;
                        if applies(of, &fragment.type_condition.node.on.node) {
                            self.collect(of, &fragment.selection_set.node, visited, groups);
                        }
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    if condition.is_none_or(|condition| applies(of, &condition.node.on.node)) {
                        self.collect(of, &fragment.node.selection_set.node, visited, groups);
                    }
                }
            }
        }
    }

    fn field(&mut self, of: &str, fields: &[&'a Field], path: &str) -> Result<Value, Nulled> {
        let name = fields[0].name.node.as_str();
        if name == "__typename" {
            return Ok(Value::from(of));
        }
        let of = FIELDS.iter().find(|(field, _)| *field == name).unwrap().1;
        let sets: Vec<_> = fields.iter().map(|field| &field.selection_set.node).collect();
        self.value(&Type::new(of).unwrap(), &sets, path, self.world.fails(path))
    }

    fn value(&mut self, of: &Type, sets: &[&'a SelectionSet], path: &str, fails: bool) -> Result<Value, Nulled> {
        let value = if fails {
            self.failed.insert(path.to_owned());
            Err(Nulled)
        } else if of.nullable && self.world.is_null(path) {
            Ok(Value::Null)
        } else {
            self.present(&of.base, sets, path)
        };
        match value {
            Err(_) if of.nullable => Ok(Value::Null),
            value => value,
        }
    }

    fn present(&mut self, of: &BaseType, sets: &[&'a SelectionSet], path: &str) -> Result<Value, Nulled> {
        match of {
            BaseType::List(item) => {
                let is_scalar = item.base == BaseType::Named(Name::new("Int"));
                let items: Vec<_> = (0..self.world.length(path))
                    .map(|index| {
                        let path = format!("{path}.{index}");
                        let fails = is_scalar && self.world.fails(&path);
                        self.value(item, sets, &path, fails)
                    })
                    .collect();
                items.into_iter().collect::<Result<_, _>>().map(Value::List)
            }
            BaseType::Named(name) => match name.as_str() {
                "Int" => Ok(Value::from(self.world.number(path))),
                "Any" if self.world.is_leaf(path) => self.set("Leaf", sets, path),
                "Any" => self.set("Branch", sets, path),
                object => self.set(object, sets, path),
            },
        }
    }
}

fn applies(of: &str, condition: &str) -> bool {
    of == condition || (condition == "Any" && of != "Query")
}
