use std::path::PathBuf;
use std::time::Duration;

use tidewater_persisted::Settings;

use super::parse;

/// Documents that requests can name instead of sending them.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Known documents")]
pub(crate) struct DocumentConfiguration {
    /// A file of documents that requests can name by `documentId`: a JSON object of identifiers and texts, such as graphql-codegen's
    /// `persisted-documents.json` or Relay's `persisted_queries.json`
    #[arg(long, value_name = "PATH", env = "TIDEWATER_TRUSTED_DOCUMENTS", global = true)]
    pub(crate) trusted_documents: Option<PathBuf>,

    /// Execute no documents but those in that file; there is no GraphiQL and no Studio then, and no introspection but theirs
    #[arg(
        long,
        env = "TIDEWATER_TRUSTED_DOCUMENTS_ONLY",
        value_parser = clap::builder::BoolishValueParser::new(),
        global = true
    )]
    pub(crate) trusted_documents_only: bool,

    /// The most memory that the texts of automatic persisted queries take in this process; with 0, there are none
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_PERSISTED_QUERY_MEMORY",
        default_value = "8MiB",
        value_parser = parse::bytes_or_none,
        global = true
    )]
    persisted_query_memory: usize,

    /// How long an automatic persisted query is kept that nobody sends
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_PERSISTED_QUERY_TTL",
        default_value = "24h",
        value_parser = parse::positive_duration,
        global = true
    )]
    persisted_query_ttl: Duration,
}

impl DocumentConfiguration {
    /// Checks how the settings stand to each other. The error is a sentence.
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.trusted_documents_only && self.trusted_documents.is_none() {
            return Err("--trusted-documents-only (TIDEWATER_TRUSTED_DOCUMENTS_ONLY) needs documents to trust: name their file \
                        with --trusted-documents (TIDEWATER_TRUSTED_DOCUMENTS)"
                .to_owned());
        }
        Ok(())
    }

    /// How texts are kept that clients make known, without Redis. None if they are not.
    pub(crate) fn persisted_queries(&self) -> Option<Settings> {
        if self.trusted_documents_only {
            return None;
        }
        let memory_bytes = self.persisted_query_memory as u64;
        (memory_bytes > 0).then_some(Settings { memory_bytes, ttl: self.persisted_query_ttl, redis: None })
    }
}
