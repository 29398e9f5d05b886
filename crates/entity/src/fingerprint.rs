use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Iterable};

const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// A number that changes when the form of an entity's rows does: its table's name, or the name, order, type or nullability
/// of a column. Equal in every process that was built from the same entity, so it tells whether a stored row can be read.
/// It does not tell enums apart by their variants: add those at the end only.
pub fn fingerprint<E: EntityTrait>() -> u64 {
    let columns = E::Column::iter().map(|column| {
        let definition = column.def();
        format!("{} {:?} {}", column.as_str(), definition.get_column_type(), definition.is_null())
    });
    std::iter::once(E::default().table_name().to_owned()).chain(columns).fold(OFFSET_BASIS, |hash, part| {
        // The trailing byte keeps parts apart: no text contains it.
        part.bytes().chain([0xff]).fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
    })
}
