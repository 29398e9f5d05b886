use sea_orm::sqlx::{self, Row, SqliteConnection};

use crate::{Error, Tracking};

/// A tracked table as it is in the schema.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// The statement that made it, which changes with its columns.
    pub(super) definition: String,
    /// Every column but hidden ones, in the order of the table.
    pub(super) columns: Vec<String>,
    /// What `REPLACE` may delete a row for: the columns of each unique key.
    pub(super) unique: Vec<Vec<KeyColumn>>,
}

#[derive(Debug)]
pub(super) struct KeyColumn {
    pub(super) name: String,
    pub(super) collation: String,
}

const DEFINITION: &str = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?1";
const COLUMNS: &str = "SELECT name, pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid";
const UNIQUE: &str = "SELECT name FROM pragma_index_list(?1) WHERE \"unique\" ORDER BY name";
const KEY: &str = "SELECT name, coll FROM pragma_index_xinfo(?1) WHERE key ORDER BY seqno";

impl Table {
    /// Reads the table that `tracking` names and checks the declaration against it.
    pub(super) async fn read(connection: &mut SqliteConnection, tracking: &Tracking) -> Result<Self, Error> {
        let refuse = |what: String| Error::declaration(tracking.table, what);
        let definition: Option<String> =
            sqlx::query_scalar(DEFINITION).bind(tracking.table).fetch_optional(&mut *connection).await?;
        let definition = definition.ok_or_else(|| refuse("it does not exist".to_owned()))?;
        let (mut columns, mut primary) = (Vec::new(), Vec::new());
        for row in sqlx::query(COLUMNS).bind(tracking.table).fetch_all(&mut *connection).await? {
            let name: String = row.try_get(0)?;
            if row.try_get::<i64, _>(1)? > 0 {
                primary.push(name.clone());
            }
            columns.push(name);
        }
        for column in tracking.columns() {
            if !columns.iter().any(|name| name == column.name) {
                return Err(refuse(format!("it has no column `{}`", column.name)));
            }
        }
        let declared = |name: &String| tracking.key.iter().any(|column| column.name == name);
        if primary.len() != tracking.key.len() || !primary.iter().all(declared) {
            return Err(refuse(format!("its primary key is ({}), not the declared key", primary.join(", "))));
        }
        let unique = unique(connection, tracking, &primary).await?;
        Ok(Self { name: tracking.table.to_owned(), definition, columns, unique })
    }
}

async fn unique(
    connection: &mut SqliteConnection,
    tracking: &Tracking,
    primary: &[String],
) -> Result<Vec<Vec<KeyColumn>>, Error> {
    // An integer primary key has no index of its own, so the key always counts.
    let key = |name: &String| KeyColumn { name: name.clone(), collation: "BINARY".to_owned() };
    let mut unique = vec![primary.iter().map(key).collect()];
    let indexes: Vec<String> = sqlx::query_scalar(UNIQUE).bind(tracking.table).fetch_all(&mut *connection).await?;
    for index in indexes {
        let mut columns = Vec::new();
        for row in sqlx::query(KEY).bind(&index).fetch_all(&mut *connection).await? {
            let name: Option<String> = row.try_get(0)?;
            let name = name.ok_or_else(|| {
                let what =
                    format!("what `REPLACE` deletes for unique index `{index}` on an expression cannot be logged");
                Error::declaration(tracking.table, what)
            })?;
            columns.push(KeyColumn { name, collation: row.try_get(1)? });
        }
        unique.push(columns);
    }
    Ok(unique)
}

/// Quoted as an identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quoted as a text.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
