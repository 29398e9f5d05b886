use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection, Row};

use crate::{Column, Error, Kind, Tracking, TriggerForm};

/// A tracked table as it is in the catalog.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
    /// Whether row triggers made on the table are cloned to the rest of `members`.
    pub(super) partitioned: bool,
    /// The table and whatever partitions or inherits from it, directly or not; itself first.
    pub(super) members: Vec<Member>,
    /// Every column, in the order of the table.
    pub(super) columns: Vec<LiveColumn>,
    /// What [`shape_query`] answers while the table has exactly `columns`.
    pub(super) shape: String,
}

#[derive(Clone, Debug)]
pub(super) struct LiveColumn {
    pub(super) name: String,
    pub(super) equality: Equality,
}

/// When two values of a column look the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Equality {
    /// When they are equal, for values of the type with this identifier.
    Value(i64),
    /// The same, where the collation says by bytes what is equal.
    Text(i64),
    /// Equal values may look different (`1.0` and `1.00`), or there is no equality.
    Image,
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) oid: i64,
    /// Qualified and quoted.
    pub(super) name: String,
}

const RELATION: &str = "
    SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
        EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid)
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = pg_catalog.to_regclass($1)";

const MEMBERS: &str = "
    WITH RECURSIVE member AS (
        SELECT $1::bigint::oid AS oid, 0 AS depth
        UNION SELECT i.inhrelid, m.depth + 1 FROM member AS m JOIN pg_catalog.pg_inherits AS i ON i.inhparent = m.oid)
    SELECT m.oid::bigint, pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.min(m.depth) AS depth
    FROM member AS m JOIN pg_catalog.pg_class AS c ON c.oid = m.oid
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    GROUP BY m.oid, n.nspname, c.relname ORDER BY depth, 1";

const COLUMNS: &str = "
    SELECT a.attname::text, coalesce(base.typname, t.typname)::text, coalesce(base.typtype, t.typtype) = 'e',
        coalesce(l.collisdeterministic, true),
        EXISTS (SELECT FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])),
        t.oid::bigint
    FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_type AS base ON base.oid = t.typbasetype
        LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
    WHERE a.attrelid = $1::bigint::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";

/// One column of the live table.
struct Found {
    name: String,
    type_name: String,
    is_enum: bool,
    deterministic: bool,
    in_primary_key: bool,
    type_oid: i64,
}

impl Equality {
    /// That of a built-in type, whose identifier is the same in every database.
    fn of(type_oid: i64) -> Self {
        const TEXT: i64 = 25;
        const VARCHAR: i64 = 1043;
        // bool, bytea, "char", int8, int2, int4, oid, date, time, timestamp, timestamptz, uuid.
        const EXACT: [i64; 12] = [16, 17, 18, 20, 21, 23, 26, 1082, 1083, 1114, 1184, 2950];
        match type_oid {
            TEXT | VARCHAR => Self::Text(type_oid),
            exact if EXACT.contains(&exact) => Self::Value(exact),
            _ => Self::Image,
        }
    }
}

impl Table {
    /// Reads the table that `tracking` names, found by the connection's search path, and checks the declaration against it.
    pub(super) async fn read(connection: &mut PgConnection, tracking: &Tracking) -> Result<Self, Error> {
        let refuse = |what: &str| Error::declaration(tracking.table, what);
        let relation = sqlx::query(RELATION).bind(identifier(tracking.table)).fetch_optional(&mut *connection).await?;
        let relation = relation.ok_or_else(|| refuse("it does not exist"))?;
        let oid: i64 = relation.try_get(0)?;
        let (schema, name): (String, String) = (relation.try_get(1)?, relation.try_get(2)?);
        let (kind, derived): (String, bool) = (relation.try_get(3)?, relation.try_get(4)?);
        let partitioned = kind == "p";
        if !partitioned && kind != "r" {
            return Err(refuse("it is not a table"));
        }
        let rows = sqlx::query(MEMBERS).bind(oid).fetch_all(&mut *connection).await?;
        let member = |row: &sqlx::postgres::PgRow| Ok(Member { oid: row.try_get(0)?, name: row.try_get(1)? });
        let members = rows.iter().map(member).collect::<Result<Vec<_>, sqlx::Error>>()?;
        if tracking.form == TriggerForm::Statement && (partitioned || derived || members.len() > 1) {
            // A statement on a relative would change its rows without firing its statement triggers.
            return Err(refuse("it has partitions, is one, or inherits; declare `TriggerForm::Row`"));
        }
        let found = columns(connection, oid).await?;
        check(tracking, &found)?;
        let live = |Found { name, type_oid, .. }| LiveColumn { name, equality: Equality::of(type_oid) };
        let columns = found.into_iter().map(live).collect();
        let shape = AssertSqlSafe(shape_query(&schema, &name));
        let shape = sqlx::query_scalar(shape).fetch_one(&mut *connection).await?;
        Ok(Self { schema, name, partitioned, members, columns, shape })
    }
}

/// A query for the names of a table's columns, as JSON with nulls for values. It reads no row. Unlike a query of the catalog
/// it sees the columns that the statement around it works with, whatever the age of the transaction's snapshot.
pub(super) fn shape_query(schema: &str, name: &str) -> String {
    format!(
        "SELECT pg_catalog.row_to_json(s.*)::pg_catalog.text FROM (SELECT t.* FROM (VALUES (1)) AS v LEFT JOIN {}.{} AS t \
         ON false) AS s",
        identifier(schema),
        identifier(name)
    )
}

async fn columns(connection: &mut PgConnection, oid: i64) -> Result<Vec<Found>, Error> {
    let rows = sqlx::query(COLUMNS).bind(oid).fetch_all(connection).await?;
    let column = |row: &sqlx::postgres::PgRow| {
        Ok(Found {
            name: row.try_get(0)?,
            type_name: row.try_get(1)?,
            is_enum: row.try_get(2)?,
            deterministic: row.try_get(3)?,
            in_primary_key: row.try_get(4)?,
            type_oid: row.try_get(5)?,
        })
    };
    rows.iter().map(column).collect()
}

fn check(tracking: &Tracking, found: &[Found]) -> Result<(), Error> {
    let refuse = |what: String| Err(Error::declaration(tracking.table, what));
    for Column { name, kind } in tracking.columns() {
        let Some(column) = found.iter().find(|column| column.name == *name) else {
            return refuse(format!("it has no column `{name}`"));
        };
        let fits = match kind {
            Kind::Boolean => column.type_name == "bool",
            Kind::Integer => matches!(column.type_name.as_str(), "int2" | "int4" | "int8"),
            Kind::Text => column.is_enum || matches!(column.type_name.as_str(), "text" | "varchar"),
            Kind::Uuid => column.type_name == "uuid",
        };
        if !fits {
            return refuse(format!("column `{name}` is of type `{}`, not of kind {kind:?}", column.type_name));
        }
        if !column.deterministic {
            return refuse(format!("column `{name}` has a nondeterministic collation, so equal values may differ"));
        }
    }
    let primary: Vec<&str> = found.iter().filter(|column| column.in_primary_key).map(|c| c.name.as_str()).collect();
    let declared = |name: &str| tracking.key.iter().any(|column| column.name == name);
    if primary.len() != tracking.key.len() || !primary.iter().all(|name| declared(name)) {
        return refuse(format!("its primary key is ({}), not the declared key", primary.join(", ")));
    }
    Ok(())
}

/// Quoted as an identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quoted as a text, whatever `standard_conforming_strings` is set to.
pub(super) fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') { format!(" E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}
