use sea_orm::{DbErr, RuntimeErr, sqlx};

/// The classes of PostgreSQL's errors whose messages name tables, columns, constraints and the like, and never repeat a value: connections,
/// constraints, transactions, names, resources, limits, states, operators, systems. Class 22, for one, quotes what was not accepted.
const NAMING: [&str; 10] = ["08", "23", "25", "40", "42", "53", "54", "55", "57", "58"];

/// Why the database failed, in words that are fit for a log: without values that were stored, asked for, or read.
pub fn cause(error: &DbErr) -> String {
    match driver(error) {
        Some(sqlx::Error::Database(refusal)) => {
            let code = refusal.code().unwrap_or_default();
            // Those of SQLite are numbers of other lengths; its messages name things, and quote nothing.
            let is_telling = code.len() != 5 || NAMING.iter().any(|class| code.starts_with(class));
            if is_telling { refusal.message().to_owned() } else { format!("it answers with the error {code}") }
        }
        Some(sqlx::Error::ColumnDecode { index, .. }) => format!("column {index} does not hold what is expected there"),
        Some(sqlx::Error::Decode(_) | sqlx::Error::Encode(_)) => "a value is not what is expected".to_owned(),
        Some(error) => error.to_string(),
        None => match error {
            DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => "a value is not what is expected".to_owned(),
            error => error.to_string(),
        },
    }
}

/// What the driver says.
fn driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}
