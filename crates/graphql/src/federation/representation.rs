use async_graphql::{Any, ID, Value};

use crate::node::NODES;
use crate::{Error, id};

/// What a router knows of an object: its type and its id.
pub(super) struct Representation {
    /// Where it is in the arguments.
    pub(super) field: String,
    pub(super) id: ID,
}

impl Representation {
    /// The one at `index` of the representations. What it has besides a type and an id is not looked at.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it is no object with both, or the id is none of an object of that type.
    pub(super) fn read(index: usize, Any(value): Any) -> Result<Self, Error> {
        let field = format!("representations.{index}");
        let Value::Object(mut object) = value else {
            return Err(Error::bad_user_input(field, "must be an object with `__typename` and `id`"));
        };
        let within = |name: &str| format!("{field}.{name}");
        let mut text = |name: &str| match object.swap_remove(name) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(Error::bad_user_input(within(name), "must be there, and be a text")),
        };
        let (of, id) = (text("__typename")?, ID(text("id")?));
        let Some((_, prefix)) = NODES.iter().find(|(name, _)| *name == of) else {
            return Err(Error::bad_user_input(within("__typename"), format!("there are no entities of type {of}")));
        };
        let field = within("id");
        id::decode(prefix, &field, &id)?;
        Ok(Self { field, id })
    }
}
