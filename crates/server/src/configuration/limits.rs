use std::time::Duration;

use tidewater_graphql::{Limits, MAX_DEPTH};

use super::parse;

/// What one request may cost, and how many there may be. A connection field returns at most 100 nodes, which is fixed.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitConfiguration {
    /// How many threads answer requests; by default, one for each processor
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_WORKER_THREADS",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) worker_threads: Option<usize>,

    /// How deep the selections of an operation may nest, at most 32 levels
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_DEPTH",
        default_value = "16",
        value_parser = depth,
        global = true
    )]
    pub(crate) max_depth: usize,

    /// How many fields an operation may resolve by its own account, where a list counts as often as it asks for nodes
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_COMPLEXITY",
        default_value = "20000",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_complexity: usize,

    /// Of how many tokens the text of a document may consist
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_TOKENS",
        default_value = "20000",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_tokens: usize,

    /// How many fields an operation may begin with, its fragments expanded
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_ROOT_FIELDS",
        default_value = "50",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_root_fields: usize,

    /// How many aliases an operation may have, its fragments expanded
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_ALIASES",
        default_value = "200",
        value_parser = parse::count,
        global = true
    )]
    pub(crate) max_aliases: usize,

    /// How many directives a document may have; at one place of it, there may be 8
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_DIRECTIVES",
        default_value = "100",
        value_parser = parse::count,
        global = true
    )]
    pub(crate) max_directives: usize,

    /// How many values the variables of a request may hold, those within lists and objects included
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_VARIABLES",
        default_value = "10000",
        value_parser = parse::count,
        global = true
    )]
    pub(crate) max_variables: usize,

    /// The largest header of a request, its URL included, from 8KiB to 1MiB; it may have 100 fields
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_MAX_HEADER",
        default_value = "64KiB",
        value_parser = header_size,
        global = true
    )]
    pub(crate) max_header: usize,

    /// The largest request body
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_MAX_BODY",
        default_value = "1MiB",
        value_parser = parse::bytes,
        global = true
    )]
    pub(crate) max_body: usize,

    /// How many requests one body may hold, as a JSON array; with 0, arrays are refused
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_BATCH",
        default_value = "0",
        value_parser = parse::count,
        global = true
    )]
    pub(crate) max_batch: usize,

    /// How long a request may take, its body's arrival included
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_REQUEST_TIMEOUT",
        default_value = "15s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) request_timeout: Duration,

    /// How many GraphQL requests may be under way at once; one more is answered 503
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_REQUESTS",
        default_value = "1024",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_requests: usize,

    /// How many connections may be open at once; further ones wait to be accepted
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_CONNECTIONS",
        default_value = "4096",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_connections: usize,

    /// How many of them may be from one address, or one network of IPv6, that is no trusted proxy; further ones are closed
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_CLIENT_CONNECTIONS",
        default_value = "1024",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_client_connections: usize,

    /// How long a connection may be idle, or a request's header take to arrive, before the connection is closed
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_IDLE_TIMEOUT",
        default_value = "75s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) idle_timeout: Duration,
}

impl LimitConfiguration {
    /// Those of documents, which may ask for the schema, and in the name of a router, as is said.
    pub(crate) fn of_documents(&self, introspection: bool, federation: bool) -> Limits {
        Limits {
            depth: self.max_depth,
            complexity: self.max_complexity,
            tokens: self.max_tokens,
            aliases: self.max_aliases,
            root_fields: self.max_root_fields,
            directives: self.max_directives,
            introspection,
            federation,
        }
    }
}

fn header_size(text: &str) -> Result<usize, String> {
    match parse::bytes(text) {
        Ok(size @ 0x2000..=0x10_0000) => Ok(size),
        _ => Err("expected a size from 8KiB to 1MiB".to_owned()),
    }
}

fn depth(text: &str) -> Result<usize, String> {
    match parse::positive_count(text) {
        Ok(depth) if depth <= MAX_DEPTH => Ok(depth),
        _ => Err(format!("expected a whole number from 1 to {MAX_DEPTH}")),
    }
}
