//! The clauses that the tables' definitions share.

use sea_orm_migration::prelude::*;

/// A check that `column` has `shortest` to `longest` characters; `NULL` passes.
pub(crate) fn length(column: &'static str, shortest: i32, longest: i32) -> Check {
    Check::named(format!("{column}_length"), Func::char_length(Expr::col(column)).between(shortest, longest))
}

/// A check that `column` holds one of `values`.
pub(crate) fn one_of<V: Into<Value>>(column: &'static str, values: impl IntoIterator<Item = V>) -> Check {
    let values = values.into_iter().map(|value| Expr::val(value));
    Check::named(format!("{column}_known"), Expr::col(column).is_in(values))
}

/// A reference to the row of `table` whose `id` is in `column`, and which takes the referring row along when it goes.
/// Part of the table's definition, because SQLite adds none later.
pub(crate) fn belongs_to(column: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from_col(column).to(table, "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}

/// An index of `table` by `columns`, in that order.
pub(crate) fn index<const N: usize>(table: &'static str, columns: [&'static str; N]) -> IndexCreateStatement {
    let name = format!("{table}_by_{}", columns.join("_"));
    let mut index = Index::create().table(table).name(name).to_owned();
    for column in columns {
        index.col(column);
    }
    index
}
