//! What inputs must be like. Lengths are in characters. The database's constraints say the same; here it is said in words.

use async_graphql::MaybeUndefined;
use chrono::{DateTime, Datelike, SubsecRound, Utc};
use sea_orm::ActiveValue;

use crate::Error;

/// The longest text that a filter searches for.
const MAX_SEARCH: usize = 100;

/// A text of 1 to `max` characters, without white space around it.
///
/// # Errors
/// `BAD_USER_INPUT` for `field`.
pub(crate) fn text(field: &str, max: usize, text: String) -> Result<String, Error> {
    let trimmed = text.trim();
    match trimmed.chars().count() {
        0 => Err(Error::bad_user_input(field, "must not be empty")),
        length if length > max => Err(too_long(field, max)),
        _ => printable(field, trimmed.to_owned()),
    }
}

/// A text of at most `max` characters, as it is.
///
/// # Errors
/// `BAD_USER_INPUT` for `field`.
pub(crate) fn body(field: &str, max: usize, text: String) -> Result<String, Error> {
    if text.chars().count() > max { Err(too_long(field, max)) } else { printable(field, text) }
}

/// A text to search for.
///
/// # Errors
/// `BAD_USER_INPUT` for `field`.
pub(crate) fn search(field: &str, text: String) -> Result<String, Error> {
    body(field, MAX_SEARCH, text)
}

/// How many items are wanted: 1 to `max`.
///
/// # Errors
/// `BAD_USER_INPUT` for `field`.
pub(crate) fn count(field: &str, wanted: i32, max: usize) -> Result<usize, Error> {
    let count = usize::try_from(wanted).ok().filter(|count| (1..=max).contains(count));
    count.ok_or_else(|| Error::bad_user_input(field, format!("must be from 1 to {max}")))
}

/// A list of at most `max` items.
///
/// # Errors
/// `BAD_USER_INPUT` for `field`.
pub(crate) fn at_most<T>(field: &str, max: usize, items: Vec<T>) -> Result<Vec<T>, Error> {
    if items.len() > max {
        Err(Error::bad_user_input(field, format!("must not have more than {max} items")))
    } else {
        Ok(items)
    }
}

/// A new value for something that cannot be cleared: absent is unchanged.
///
/// # Errors
/// `BAD_USER_INPUT` for `field` when it is null.
pub(crate) fn required<T>(field: &str, value: MaybeUndefined<T>) -> Result<Option<T>, Error> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Err(Error::bad_user_input(field, "must not be null")),
        MaybeUndefined::Value(value) => Ok(Some(value)),
    }
}

/// A new value for something that can be cleared: absent is unchanged, null clears.
pub(crate) fn optional<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

/// Puts a new value, if there is one, into the row that is to be updated.
pub(crate) fn set<V: Into<sea_orm::Value>>(column: &mut ActiveValue<V>, value: Option<V>) {
    if let Some(value) = value {
        *column = ActiveValue::Set(value);
    }
}

/// A time that both databases can store and sort: within the years 1 to 9999, cut to the microsecond.
///
/// # Errors
/// `BAD_USER_INPUT` for `field`.
pub(crate) fn time(field: &str, time: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    if (1..=9999).contains(&time.year()) {
        Ok(time.trunc_subsecs(6))
    } else {
        Err(Error::bad_user_input(field, "must be within the years 1 to 9999"))
    }
}

fn too_long(field: &str, max: usize) -> Error {
    Error::bad_user_input(field, format!("must not be longer than {max} characters"))
}

/// PostgreSQL cannot store U+0000.
fn printable(field: &str, text: String) -> Result<String, Error> {
    if text.contains('\0') {
        Err(Error::bad_user_input(field, "must not contain the character U+0000"))
    } else {
        Ok(text)
    }
}
