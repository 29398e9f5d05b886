use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tidewater_entity::selection::{Place, Selection, Shape};
use tidewater_entity::{note, todo};
use tidewater_graphql::{Error, cursor};
use uuid::Uuid;

/// Orders that differ in their table, in their terms and in how many there are.
static SHAPES: LazyLock<[Shape; 4]> = LazyLock::new(|| {
    let todos = || Selection::each::<todo::Entity>(todo::Column::UserId, Uuid::nil());
    [
        todos().shape,
        todos().order_by(todo::Column::DueAt, true).shape,
        todos().order_by(todo::Column::Text, false).order_by(todo::Column::Completed, true).shape,
        Selection::each::<note::Entity>(note::Column::UserId, Uuid::nil()).shape,
    ]
});

/// A text is a cursor of at most one order, in which it stands for a place that fits; the place has a cursor that leads back to it. All
/// else is refused as input of the field.
pub fn cursor(bytes: &[u8]) {
    let Some((choice, rest)) = crate::choose(bytes, 8) else { return };
    let shape = &SHAPES[usize::from(choice % 4)];
    let text = match choice < 4 {
        true => String::from_utf8_lossy(rest).into_owned(),
        // What would be refused for what it is signed with, were it not signed so.
        false => URL_SAFE_NO_PAD.encode([&signature(shape), rest].concat()),
    };
    match cursor::decode("after", &text, shape) {
        Ok(place) => {
            assert!(place.fits(&shape.order), "{text}");
            assert_eq!(cursor::decode("after", &cursor::encode(&place, shape), shape), Ok(place), "{text}");
            let others = SHAPES.iter().filter(|other| other.table != shape.table || other.order != shape.order);
            others.for_each(|other| assert!(cursor::decode("after", &text, other).is_err(), "{text}"));
        }
        Err(Error::BadUserInput { field, message }) => {
            assert_eq!(field, "after");
            crate::is_sentence(&message, "");
        }
        Err(error) => panic!("{error:?}"),
    }
}

/// What the cursors of `shape` begin with.
fn signature(shape: &Shape) -> Vec<u8> {
    let place = Place { values: Vec::new(), key: Uuid::nil() };
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor::encode(&place, shape)).unwrap_or_default();
    // Behind it come the number of values, which is none, and the key with its length.
    let behind = 1 + 1 + 16;
    bytes.truncate(bytes.len().saturating_sub(behind));
    bytes
}
