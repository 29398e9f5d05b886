use std::collections::HashMap;

use sea_orm::sqlx::{self, AssertSqlSafe, PgConnection, PgPool, Row};

use super::session::refuse_standby;
use super::table::{Table, identifier, literal};
use super::triggers::Design;
use crate::{Error, Mark, Snapshot, Tracking};

/// The version of the log's tables; a log of another version is made anew.
const FORMAT: i32 = 3;

/// The log's tables. No vacuum setting waits for a share of a table that is meant to stay small; replica identity lets the log
/// be pruned in a database that publishes all its tables. The incarnation is unlogged because recovery empties such a table.
const CREATE: &str = "
    CREATE TABLE {schema}.tidewater_change (
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        sequence bigint GENERATED ALWAYS AS IDENTITY,
        table_name text NOT NULL,
        columns text,
        operation \"char\" NOT NULL,
        old_values text[],
        new_values text[],
        changed text[],
        writer text DEFAULT current_setting('application_name')
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);
    CREATE INDEX tidewater_change_xid ON {schema}.tidewater_change (xid);
    ALTER TABLE {schema}.tidewater_change REPLICA IDENTITY FULL;
    CREATE TABLE {schema}.tidewater_floor (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        identity uuid NOT NULL DEFAULT gen_random_uuid(),
        floor pg_snapshot NOT NULL,
        format integer NOT NULL
    );
    CREATE UNLOGGED TABLE {schema}.tidewater_incarnation (
        singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
        incarnation uuid NOT NULL DEFAULT gen_random_uuid()
    );";
const DROP: &str = "
    DROP TABLE IF EXISTS {schema}.tidewater_change, {schema}.tidewater_floor, {schema}.tidewater_incarnation";
const TABLES: [&str; 3] = ["tidewater_change", "tidewater_floor", "tidewater_incarnation"];

/// Serialises installations in one database.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('tidewater_change'))";
const SETTINGS: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '30s'; SET LOCAL statement_timeout = '60s'";

pub(crate) async fn install(pool: &PgPool, tracking: &[Tracking]) -> Result<(), Error> {
    let mut transaction = pool.begin().await?;
    let connection = &mut *transaction;
    refuse_standby(connection).await?;
    sqlx::raw_sql(SETTINGS).execute(&mut *connection).await?;
    sqlx::query(LOCK).execute(&mut *connection).await?;
    let schema = schema(connection).await?;
    let designs = designs(connection, tracking, &schema).await?;
    let create = log_difference(connection, &schema).await?.is_some();
    if create {
        execute(connection, &DROP.replace("{schema}", &identifier(&schema))).await?;
        execute(connection, &CREATE.replace("{schema}", &identifier(&schema))).await?;
    }
    let installed = Installed::read(connection, &schema).await?;
    for function in installed.functions.keys() {
        if !designs.iter().any(|design| design.function == *function) {
            drop_function(connection, &schema, function).await?;
        }
    }
    for design in &designs {
        if installed.difference(design).is_some() {
            make(connection, &schema, design).await?;
        }
    }
    if create {
        // Only now: the locks that the triggers took have waited for every transaction that wrote unlogged.
        let floor = "INSERT INTO {schema}.tidewater_floor (floor, format) VALUES (pg_current_snapshot(), {format})";
        let floor = floor.replace("{schema}", &identifier(&schema)).replace("{format}", &FORMAT.to_string());
        execute(connection, &floor).await?;
    }
    Ok(transaction.commit().await?)
}

pub(crate) async fn uninstall(pool: &PgPool) -> Result<(), Error> {
    let mut transaction = pool.begin().await?;
    let connection = &mut *transaction;
    refuse_standby(connection).await?;
    sqlx::raw_sql(SETTINGS).execute(&mut *connection).await?;
    sqlx::query(LOCK).execute(&mut *connection).await?;
    let schema = schema(connection).await?;
    for function in Installed::read(connection, &schema).await?.functions.keys() {
        drop_function(connection, &schema, function).await?;
    }
    execute(connection, &DROP.replace("{schema}", &identifier(&schema))).await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn verify(pool: &PgPool, tracking: &[Tracking]) -> Result<(), Error> {
    let mut connection = pool.acquire().await?;
    refuse_standby(&mut connection).await?;
    let schema = schema(&mut connection).await?;
    if let Some((table, what)) = log_difference(&mut connection, &schema).await? {
        return Err(Error::different(table, what));
    }
    let installed = Installed::read(&mut connection, &schema).await?;
    let designs = designs(&mut connection, tracking, &schema).await?;
    for (design, tracking) in designs.iter().zip(tracking) {
        if let Some(what) = installed.difference(design) {
            return Err(Error::different(tracking.table, what));
        }
    }
    let undeclared =
        installed.functions.keys().find(|function| !designs.iter().any(|design| design.function == **function));
    undeclared
        .map_or(Ok(()), |function| Err(Error::different(function, "is a function for a table that is not declared")))
}

/// The schema that unqualified names are made in, where the log's tables stand.
async fn schema(connection: &mut PgConnection) -> Result<String, Error> {
    let schema: Option<String> = sqlx::query_scalar("SELECT current_schema()::text").fetch_one(connection).await?;
    schema.ok_or_else(|| Error::different("tidewater_change", "has no schema to be in: the search path names none"))
}

async fn designs(connection: &mut PgConnection, tracking: &[Tracking], schema: &str) -> Result<Vec<Design>, Error> {
    let mut designs = Vec::with_capacity(tracking.len());
    for declared in tracking {
        let table = Table::read(connection, declared).await?;
        designs.push(Design::new(declared, table, schema));
    }
    Ok(designs)
}

/// What is wrong with the log's own tables, if anything.
async fn log_difference(connection: &mut PgConnection, schema: &str) -> Result<Option<(&'static str, String)>, Error> {
    for table in TABLES {
        let name = format!("{}.{table}", identifier(schema));
        let exists: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(name).fetch_one(&mut *connection).await?;
        if !exists {
            return Ok(Some((table, "is missing".to_owned())));
        }
    }
    let index = format!("{}.tidewater_change_xid", identifier(schema));
    let valid = "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND indisvalid)";
    if !sqlx::query_scalar::<_, bool>(valid).bind(index).fetch_one(&mut *connection).await? {
        return Ok(Some(("tidewater_change", "has lost its index".to_owned())));
    }
    let state =
        format!("SELECT pg_current_snapshot()::text, floor::text, format FROM {}.tidewater_floor", identifier(schema));
    let Some(row) = sqlx::query(AssertSqlSafe(state)).fetch_optional(connection).await? else {
        return Ok(Some(("tidewater_floor", "is empty".to_owned())));
    };
    let (now, floor): (String, String) = (row.try_get(0)?, row.try_get(1)?);
    if row.try_get::<i32, _>(2)? != FORMAT {
        return Ok(Some(("tidewater_floor", "is of another version".to_owned())));
    }
    let (now, floor) = (now.parse::<Snapshot>(), floor.parse::<Snapshot>());
    let (Ok(now), Ok(floor)) = (now.map(Mark::Snapshot), floor.map(Mark::Snapshot)) else {
        return Ok(Some(("tidewater_floor", "holds no snapshot".to_owned())));
    };
    let foreign = !now.includes(&floor);
    Ok(foreign.then(|| ("tidewater_floor", "comes from another database server, by a dump".to_owned())))
}

/// The trigger functions and triggers that are there.
struct Installed {
    /// Name to a text that says everything about the function.
    functions: HashMap<String, String>,
    triggers: Vec<InstalledTrigger>,
}

struct InstalledTrigger {
    function: String,
    table_oid: i64,
    name: String,
    enabled: String,
    /// Everything else about the trigger.
    definition: (i16, Option<String>, Option<String>, bool),
}

const FUNCTIONS: &str = "
    SELECT p.proname::text, p.prosrc, p.prosecdef, l.lanname::text, p.proconfig::text[] FROM pg_proc AS p
        JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
    WHERE n.nspname = $1 AND starts_with(p.proname, 'tidewater_log_') AND p.pronargs = 0";
const TRIGGERS: &str = "
    SELECT p.proname::text, t.tgrelid::bigint, t.tgname::text, t.tgenabled::text, t.tgtype, t.tgoldtable::text,
        t.tgnewtable::text, t.tgqual IS NULL AND cardinality(t.tgattr::int2[]) = 0 AND t.tgconstraint = 0
    FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = $1 AND starts_with(p.proname, 'tidewater_log_')";
const SEARCH_PATH: &str = "search_path=pg_catalog, pg_temp";

impl Installed {
    async fn read(connection: &mut PgConnection, schema: &str) -> Result<Self, Error> {
        let mut functions = HashMap::new();
        for row in sqlx::query(FUNCTIONS).bind(schema).fetch_all(&mut *connection).await? {
            let (definer, language): (bool, String) = (row.try_get(2)?, row.try_get(3)?);
            let settings = row.try_get::<Option<Vec<String>>, _>(4)?.unwrap_or_default();
            let as_made = definer && language == "plpgsql" && settings == [SEARCH_PATH];
            let source: String = row.try_get(1)?;
            functions.insert(row.try_get(0)?, if as_made { source } else { String::new() });
        }
        let rows = sqlx::query(TRIGGERS).bind(schema).fetch_all(connection).await?;
        let trigger = |row: &sqlx::postgres::PgRow| {
            Ok(InstalledTrigger {
                function: row.try_get(0)?,
                table_oid: row.try_get(1)?,
                name: row.try_get(2)?,
                enabled: row.try_get(3)?,
                definition: (row.try_get(4)?, row.try_get(5)?, row.try_get(6)?, row.try_get(7)?),
            })
        };
        let triggers = rows.iter().map(trigger).collect::<Result<Vec<_>, sqlx::Error>>()?;
        Ok(Self { functions, triggers })
    }

    /// How what is installed differs from the design, if it does.
    fn difference(&self, design: &Design) -> Option<String> {
        match self.functions.get(&design.function) {
            None => return Some("has no trigger function".to_owned()),
            Some(source) if *source != design.source => {
                return Some(
                    "has another trigger function: its columns or its declaration changed, or it was edited".to_owned(),
                );
            }
            Some(_) => (),
        }
        for member in &design.table.members {
            for trigger in &design.triggers {
                let name = &trigger.name;
                let named = |live: &&InstalledTrigger| live.table_oid == member.oid && live.name == *name;
                let Some(live) = self.triggers.iter().find(named) else {
                    return Some(format!("has no trigger `{name}` on {}", member.name));
                };
                let transition = |table: Option<&str>| table.map(str::to_owned);
                let expected = (trigger.bits(), transition(trigger.old_table), transition(trigger.new_table), true);
                if live.function != design.function || live.definition != expected {
                    return Some(format!("has an altered trigger `{name}` on {}", member.name));
                }
                if live.enabled != "A" {
                    return Some(format!("has a trigger `{name}` on {} that is not `ENABLE ALWAYS`", member.name));
                }
            }
        }
        let expected = design.table.members.len() * design.triggers.len();
        let live = self.triggers.iter().filter(|live| live.function == design.function).count();
        (live != expected).then(|| "has triggers that do not belong to it".to_owned())
    }
}

async fn drop_function(connection: &mut PgConnection, schema: &str, function: &str) -> Result<(), Error> {
    let drop = format!("DROP FUNCTION IF EXISTS {}.{}() CASCADE", identifier(schema), identifier(function));
    execute(connection, &drop).await
}

async fn make(connection: &mut PgConnection, schema: &str, design: &Design) -> Result<(), Error> {
    drop_function(connection, schema, &design.function).await?;
    let function = format!("{}.{}", identifier(schema), identifier(&design.function));
    let create = format!(
        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
         SET search_path = pg_catalog, pg_temp AS {};
         REVOKE ALL ON FUNCTION {function}() FROM PUBLIC",
        literal(&design.source)
    );
    execute(connection, &create).await?;
    for (index, member) in design.table.members.iter().enumerate() {
        let cloned = design.table.partitioned && index > 0;
        for trigger in &design.triggers {
            if !cloned || !trigger.each_row {
                execute(connection, &create_trigger(trigger, &member.name, &function)).await?;
            }
        }
    }
    for member in &design.table.members {
        for trigger in &design.triggers {
            let name = identifier(&trigger.name);
            execute(connection, &format!("ALTER TABLE {} ENABLE ALWAYS TRIGGER {name}", member.name)).await?;
        }
    }
    let (schema, table) = (identifier(schema), literal(&design.table.name));
    let whole = format!("INSERT INTO {schema}.tidewater_change (table_name, operation) VALUES ({table}, 'T')");
    execute(connection, &whole).await
}

fn create_trigger(trigger: &super::triggers::Trigger, table: &str, function: &str) -> String {
    let name =
        |prefix: &str, name: Option<&str>| name.map(|name| format!(" {prefix} TABLE AS {name}")).unwrap_or_default();
    let transition = format!("{}{}", name("OLD", trigger.old_table), name("NEW", trigger.new_table));
    let referencing = if transition.is_empty() { String::new() } else { format!(" REFERENCING{transition}") };
    let each = if trigger.each_row { "ROW" } else { "STATEMENT" };
    format!(
        "CREATE TRIGGER {} AFTER {} ON {table}{referencing} FOR EACH {each} EXECUTE FUNCTION {function}()",
        identifier(&trigger.name),
        trigger.event
    )
}

async fn execute(connection: &mut PgConnection, statements: &str) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await?;
    Ok(())
}
