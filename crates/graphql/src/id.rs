//! TypeIDs (<https://github.com/jetify-com/typeid>): a prefix that names the type, and a sortable UUIDv7.

use std::str::FromStr;

use async_graphql::ID;
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use crate::Error;

/// The public id of the row of `prefix` with this primary key. `prefix` is lower-case ASCII.
pub fn encode(prefix: &'static str, key: Uuid) -> ID {
    match DynamicType::new(prefix) {
        Ok(prefix) => ID(TypeSafeId::from_type_and_uuid(prefix, key).to_string()),
        Err(_) => unreachable!("{prefix} is no prefix of a TypeID"),
    }
}

/// The same as a text, where it is read by people: a prefix that is none is left out.
pub(crate) fn text(prefix: &str, key: Uuid) -> String {
    match DynamicType::new(prefix) {
        Ok(prefix) => TypeSafeId::from_type_and_uuid(prefix, key).to_string(),
        Err(_) => key.to_string(),
    }
}

/// The type prefix and primary key of a public id.
///
/// # Errors
/// `BAD_USER_INPUT` when `id`, given as `field`, is no TypeID.
pub fn parse(field: &str, id: &ID) -> Result<(String, Uuid), Error> {
    // The library cuts a long text at a byte, which panics within a character.
    let text = Some(id.as_str()).filter(|text| text.is_ascii());
    let parsed = text
        .and_then(|text| TypeSafeId::<DynamicType>::from_str(text).ok())
        .ok_or_else(|| Error::bad_user_input(field, "this is no id; ids look like todo_01h455vb4pex5vsknk084sn02q"))?;
    Ok((parsed.type_prefix().to_owned(), parsed.uuid()))
}

/// The primary key of a public id of type `prefix`.
///
/// # Errors
/// `BAD_USER_INPUT` when `id`, given as `field`, is no TypeID or one of another type.
pub fn decode(prefix: &'static str, field: &str, id: &ID) -> Result<Uuid, Error> {
    match parse(field, id)? {
        (found, key) if found == prefix => Ok(key),
        (found, _) => Err(Error::bad_user_input(field, format!("this is the id of a {found}, not of a {prefix}"))),
    }
}
