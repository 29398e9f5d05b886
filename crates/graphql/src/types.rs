use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::Positioned;
use async_graphql::parser::types::{BaseType, FieldDefinition, OperationType, Type, TypeKind, TypeSystemDefinition};
use async_graphql::parser::{Error, parse_schema};

/// The types of a schema, but for those of introspection, whose fields do not fail.
#[derive(Debug, Default)]
pub(crate) struct Types {
    composites: HashMap<Name, Composite>,
    inputs: HashMap<Name, Input>,
    query: Option<Name>,
    mutation: Option<Name>,
    subscription: Option<Name>,
}

/// A type of which there are only so many values.
#[derive(Debug)]
pub(crate) enum Input {
    /// An enum's values.
    Enum(Vec<Name>),
    /// An input object's fields; the ones without which there is no value are marked.
    Object(Vec<(Name, Type, bool)>),
}

/// An object, an interface or a union.
#[derive(Debug)]
pub(crate) struct Composite {
    name: Name,
    /// Whether values of it are of another type.
    pub(crate) is_abstract: bool,
    fields: HashMap<Name, Type>,
    /// The interfaces and unions that it belongs to.
    belongs_to: Vec<Name>,
}

impl Types {
    pub(crate) fn new(sdl: &str) -> Result<Self, Error> {
        let mut types = Self {
            query: Some(Name::new("Query")),
            mutation: Some(Name::new("Mutation")),
            subscription: Some(Name::new("Subscription")),
            ..Self::default()
        };
        let mut unions = Vec::new();
        for definition in parse_schema(sdl)?.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    types.query = schema.node.query.map(|name| name.node);
                    types.mutation = schema.node.mutation.map(|name| name.node);
                    types.subscription = schema.node.subscription.map(|name| name.node);
                }
                TypeSystemDefinition::Type(definition) => {
                    let (is_abstract, fields, belongs_to) = match definition.node.kind {
                        TypeKind::Object(object) => (false, object.fields, object.implements),
                        TypeKind::Interface(interface) => (true, interface.fields, interface.implements),
                        TypeKind::Union(union) => {
                            unions.push((definition.node.name.node.clone(), union.members));
                            (true, Vec::new(), Vec::new())
                        }
                        TypeKind::Enum(of) => {
                            let values = of.values.into_iter().map(|value| value.node.value.node).collect();
                            types.inputs.insert(definition.node.name.node, Input::Enum(values));
                            continue;
                        }
                        // Of a directive on it, such as `@oneOf`, it is not known here what it asks for.
                        TypeKind::InputObject(object) if definition.node.directives.is_empty() => {
                            let fields = object.fields.into_iter().map(|field| {
                                let needed = !field.node.ty.node.nullable && field.node.default_value.is_none();
                                (field.node.name.node, field.node.ty.node, needed)
                            });
                            types.inputs.insert(definition.node.name.node, Input::Object(fields.collect()));
                            continue;
                        }
                        TypeKind::Scalar | TypeKind::InputObject(_) => continue,
                    };
                    let name = definition.node.name.node;
                    let composite = Composite {
                        name: name.clone(),
                        is_abstract,
                        fields: fields.into_iter().map(name_and_type).collect(),
                        belongs_to: belongs_to.into_iter().map(|name| name.node).collect(),
                    };
                    types.composites.insert(name, composite);
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        for (union, members) in unions {
            for member in members {
                if let Some(member) = types.composites.get_mut(&member.node) {
                    member.belongs_to.push(union.clone());
                }
            }
        }
        Ok(types)
    }

    pub(crate) fn composite(&self, name: &str) -> Option<&Composite> {
        self.composites.get(name)
    }

    /// An enum or an input object.
    pub(crate) fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.get(name)
    }

    /// What `of` is, or a list of.
    pub(crate) fn composite_of(&self, of: &Type) -> Option<&Composite> {
        match &of.base {
            BaseType::Named(name) => self.composite(name),
            BaseType::List(item) => self.composite_of(item),
        }
    }

    /// The type of the operation's fields.
    pub(crate) fn root(&self, operation: OperationType) -> Option<&Composite> {
        let name = match operation {
            OperationType::Query => self.query.as_ref(),
            OperationType::Mutation => self.mutation.as_ref(),
            OperationType::Subscription => self.subscription.as_ref(),
        };
        self.composite(name?)
    }
}

impl Composite {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Type> {
        self.fields.get(name)
    }

    /// Whether every value of this is one of the type that is called `condition`.
    pub(crate) fn is(&self, condition: &str) -> bool {
        self.name == *condition || self.belongs_to.iter().any(|name| name == condition)
    }
}

fn name_and_type(field: Positioned<FieldDefinition>) -> (Name, Type) {
    (field.node.name.node, field.node.ty.node)
}
