use tidewater_changelog::{Change, Columns, Operation, RowChange};

/// What became of a row of which SQLite's log tells that it may have been replaced.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    /// It was, by a row with the same key: both together are this update, and the change at this index is part of it.
    By(usize, Change),
    /// It was not.
    Kept,
    /// The log does not tell: it was replaced by a row with another key, or nothing happened to it.
    Unknown,
}

/// What became of the row that `changes[index]` tells of, if that tells that it may have been replaced. What follows for one key within
/// one statement follows within one poll.
pub(super) fn replaced(changes: &[Change], index: usize) -> Option<Replaced> {
    let Change::Row(first) = changes.get(index)? else { return None };
    if first.operation != Operation::Replace {
        return None;
    }
    let is_next = |change: &&(usize, &RowChange)| {
        let row = change.1;
        row.table == first.table && row.new.first().or(row.old.first()) == first.old.first()
    };
    let rows = changes.iter().enumerate().skip(index + 1).filter_map(|(index, change)| match change {
        Change::Row(row) => Some((index, row)),
        Change::Table { .. } => None,
    });
    let next = rows.collect::<Vec<_>>();
    Some(match next.iter().find(is_next) {
        Some((next, row)) if row.operation == Operation::Insert => {
            let (table, old, new) = (row.table.clone(), first.old.clone(), row.new.clone());
            let both = RowChange { table, operation: Operation::Update, old, new, changed: Columns::All };
            Replaced::By(*next, Change::Row(both))
        }
        Some(_) => Replaced::Kept,
        None => Replaced::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidewater_changelog::Value;

    use super::*;

    fn change(operation: Operation, key: i64) -> Change {
        let values = |is_there: bool| if is_there { vec![Value::Integer(key)] } else { Vec::new() };
        let (old, new) = (
            values(operation != Operation::Insert),
            values(matches!(operation, Operation::Insert | Operation::Update)),
        );
        Change::Row(RowChange { table: Arc::from("todo"), operation, old, new, changed: Columns::All })
    }

    #[test]
    fn what_follows_tells_what_became_of_a_row() {
        use Operation::{Delete, Insert, Replace, Update};
        let of = |operations: &[(Operation, i64)]| {
            let changes: Vec<_> = operations.iter().map(|(operation, key)| change(*operation, *key)).collect();
            replaced(&changes, 0)
        };
        assert_eq!(of(&[(Replace, 1), (Insert, 2), (Insert, 1)]), Some(Replaced::By(2, change(Update, 1))));
        for next in [Update, Delete, Replace] {
            assert_eq!(of(&[(Replace, 1), (Insert, 2), (next, 1), (Insert, 1)]), Some(Replaced::Kept), "{next:?}");
        }
        assert_eq!(of(&[(Replace, 1), (Insert, 2)]), Some(Replaced::Unknown));
        for other in [Insert, Update, Delete] {
            assert_eq!(of(&[(other, 1), (Insert, 1)]), None, "{other:?}");
        }
    }
}
