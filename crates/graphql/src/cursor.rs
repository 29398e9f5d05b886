//! Cursors: a place in a list, opaque to clients, with which rows it is a place among, in which order.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tidewater_entity::selection::{Place, Shape};

use crate::Error;

/// The cursor of a place in a selection of `shape`.
pub fn encode(place: &Place, shape: &Shape) -> String {
    // Nothing in a place can fail to be written to memory.
    let bytes = postcard::to_allocvec(&(signature(shape), place)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The place in a selection of `shape` that `cursor`, given as `field`, stands for.
///
/// # Errors
/// `BAD_USER_INPUT` when it is no cursor, or one of another connection or order.
pub fn decode(field: &str, cursor: &str, shape: &Shape) -> Result<Place, Error> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    match postcard::from_bytes::<(u32, Place)>(&bytes) {
        Ok((signed, place)) if signed == signature(shape) && place.fits(&shape.order) => Ok(place),
        Ok(_) => Err(Error::bad_user_input(field, "this is the cursor of another connection, or of another order")),
        Err(_) => Err(Error::bad_user_input(field, "this is no cursor; use one that a connection has answered")),
    }
}

/// Tells tables and orders apart (FNV-1a over their names). Not a secret: a forged cursor reads no more than an honest one.
fn signature(shape: &Shape) -> u32 {
    let terms = shape.order.iter().flat_map(|term| term.column.bytes().chain([u8::from(term.descending)]));
    let bytes = shape.table.bytes().chain([0]).chain(terms);
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use tidewater_entity::selection::{Scalar, Selection};
    use tidewater_entity::todo;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_place_that_does_not_fit_is_refused_however_well_it_is_signed() {
        let todos = Selection::each::<todo::Entity>(todo::Column::UserId, Uuid::nil());
        let shape = todos.order_by(todo::Column::Completed, false).shape;
        let decoded = |values: &[Scalar]| {
            let place = Place { values: values.to_vec(), key: Uuid::nil() };
            decode("after", &encode(&place, &shape), &shape)
        };
        let completed = Scalar::Boolean(true);
        assert!(decoded(std::slice::from_ref(&completed)).is_ok());
        for values in [&[][..], &[Scalar::Null], &[Scalar::Text("true".to_owned())], &[completed.clone(), completed]] {
            assert!(decoded(values).is_err(), "{values:?}");
        }
    }
}
