use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::audit::AuditTrait;
use sea_orm::sea_query::{PostgresQueryBuilder, SelectStatement};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ModelTrait, QueryFilter, QueryResult};
use uuid::Uuid;

use super::{Direction, Page, PageRows, Place, Row, Scalar, ScalarKind, Shape, key, statement};

/// The rows of `E` with these primary keys, in one statement. A key without a row is left out.
///
/// # Errors
/// What the database answers.
pub async fn by_keys<E: EntityTrait>(
    database: &impl ConnectionTrait,
    keys: &[Uuid],
) -> Result<HashMap<Uuid, E::Model>, DbErr> {
    let column = key::<E>();
    let among = match database.get_database_backend() {
        // One parameter however many keys: the statement's text, and so its plan, is used again.
        DbBackend::Postgres => column.eq_any(keys.iter().copied()),
        _ => column.is_in(keys.iter().copied()),
    };
    let models = E::find().filter(among).all(database).await?;
    models.into_iter().map(|model| Ok((model.get(column).unwrap::<Uuid>(), model))).collect()
}

/// A page of each of the selections that have `shape` and one of `values`, in the order of `values`, in one statement.
///
/// # Errors
/// What the database answers.
pub async fn pages(
    database: &impl ConnectionTrait,
    shape: &Shape,
    page: &Page,
    values: &[Scalar],
) -> Result<Vec<PageRows>, DbErr> {
    let mut seen = HashSet::with_capacity(values.len());
    let distinct: Vec<Scalar> = values.iter().filter(|value| seen.insert(*value)).cloned().collect();
    let statement = statement::page(shape, page, &distinct, database.get_database_backend());
    let mut rows: HashMap<Scalar, Vec<Row>> = HashMap::with_capacity(distinct.len());
    let only = if let [only] = distinct.as_slice() { Some(only) } else { None };
    for result in database.query_all(&statement).await? {
        let owner = match only {
            Some(only) => only.clone(),
            None => read_owner(&result, &distinct)?,
        };
        rows.entry(owner).or_default().push(read_row(&result, shape)?);
    }
    Ok(values.iter().map(|value| cut(rows.get(value).cloned().unwrap_or_default(), page)).collect())
}

/// How many rows are in each of the selections that have `shape` and one of `values`, in the order of `values`, in one
/// statement. The shape's order does not matter.
///
/// # Errors
/// What the database answers.
pub async fn counts(database: &impl ConnectionTrait, shape: &Shape, values: &[Scalar]) -> Result<Vec<u64>, DbErr> {
    let mut counts: HashMap<Scalar, u64> = HashMap::with_capacity(values.len());
    for result in database.query_all(&statement::count(shape, values)).await? {
        let count: i64 = result.try_get("", statement::KEY)?;
        let owner = if shape.read_by_value() { read_owner(&result, values)? } else { Scalar::Null };
        counts.insert(owner, count.unsigned_abs());
    }
    Ok(values.iter().map(|value| counts.get(value).copied().unwrap_or(0)).collect())
}

/// The tables that a statement reads: those that it names by its own account, and any of `known` whose quoted name its text
/// contains. Too many is possible, too few is not.
///
/// # Errors
/// When the statement holds SQL that cannot be accounted for.
pub fn tables_in(statement: &SelectStatement, known: &[&'static str]) -> Result<Vec<String>, DbErr> {
    let audit = statement.audit().map_err(|error| DbErr::Custom(format!("unaccountable statement: {error}")))?;
    let mut tables: Vec<String> = audit.selects().into_iter().map(|name| name.1.to_string()).collect();
    // The audit does not look into HAVING and ORDER BY.
    let text = statement.to_string(PostgresQueryBuilder);
    tables.extend(
        known.iter().filter(|table| str::contains(&text, &format!("\"{table}\""))).map(|table| (*table).to_owned()),
    );
    tables.sort_unstable();
    tables.dedup();
    Ok(tables)
}

fn read_owner(result: &QueryResult, values: &[Scalar]) -> Result<Scalar, DbErr> {
    let kind = match values.first() {
        Some(Scalar::Boolean(_)) => ScalarKind::Boolean,
        Some(Scalar::Integer(_)) => ScalarKind::Big,
        Some(Scalar::Time(_)) => ScalarKind::Time,
        Some(Scalar::Uuid(_)) => ScalarKind::Uuid,
        Some(Scalar::Text(_) | Scalar::Null) | None => ScalarKind::Text,
    };
    kind.read(result, statement::OWNER)
}

fn read_row(result: &QueryResult, shape: &Shape) -> Result<Row, DbErr> {
    let values = shape.order.iter().enumerate();
    let values = values.map(|(index, order)| order.kind.read(result, &statement::place(index)));
    Ok(Place { values: values.collect::<Result<_, _>>()?, key: result.try_get("", statement::KEY)? })
}

fn cut(mut rows: Vec<Row>, page: &Page) -> PageRows {
    let more = rows.len() > page.size as usize;
    rows.truncate(page.size as usize);
    if page.direction == Direction::Backward {
        rows.reverse();
    }
    PageRows { rows, more }
}
