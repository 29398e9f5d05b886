use std::str::FromStr;

use super::parse;

/// The source of truth.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Database")]
pub(crate) struct DatabaseConfiguration {
    /// The database: `postgres://USER:PASSWORD@HOST/NAME`, or `sqlite://PATH?mode=rwc` for a file, which is made if missing
    #[arg(
        id = "database_url",
        long = "database-url",
        value_name = "URL",
        env = "DATABASE_URL",
        default_value = "sqlite://tidewater.db?mode=rwc",
        hide_env_values = true,
        global = true
    )]
    pub(crate) url: DatabaseUrl,

    /// The most connections to the database that requests share; one more follows the change log
    #[arg(
        id = "database_pool",
        long = "database-pool",
        value_name = "COUNT",
        env = "TIDEWATER_DATABASE_POOL",
        default_value = "16",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) pool: usize,

    /// Let `serve` apply pending migrations to PostgreSQL before it opens its port (with SQLite it always does)
    #[arg(
        long,
        env = "TIDEWATER_MIGRATE",
        value_parser = clap::builder::BoolishValueParser::new(),
        global = true
    )]
    pub(crate) migrate: bool,

    /// Leave a database empty that `serve` has just made; otherwise it gets a small demo, whose sign-in data are logged
    #[arg(
        long,
        env = "TIDEWATER_NO_DEMO",
        value_parser = clap::builder::BoolishValueParser::new(),
        global = true
    )]
    pub(crate) no_demo: bool,
}

/// A URL that names one of the supported databases. It may hold a password, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The text, for the driver only.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a file of SQLite.
    pub(crate) fn is_sqlite(&self) -> bool {
        self.0.starts_with("sqlite:")
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", _)) => {}
            Some(("postgres" | "postgresql", _)) => {
                url::Url::parse(text).map_err(|error| format!("this is no URL: {error}"))?;
            }
            _ => return Err("expected a URL that begins with postgres:// or sqlite://".to_owned()),
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_supported_databases_are_accepted() {
        for good in ["sqlite://tidewater.db?mode=rwc", "sqlite:data/x.db", "postgres://a:b@h/d", "postgresql://h/d"] {
            assert!(good.parse::<DatabaseUrl>().is_ok(), "{good}");
        }
        for bad in ["", "tidewater.db", "mysql://h/d", "postgres://h:x/d"] {
            assert!(bad.parse::<DatabaseUrl>().is_err(), "{bad}");
        }
    }
}
