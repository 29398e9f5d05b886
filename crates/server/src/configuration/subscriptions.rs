use std::time::Duration;

use super::parse;

/// WebSockets and event streams, and the changes that clients are told of over them.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Subscriptions")]
pub(crate) struct SubscriptionConfiguration {
    /// How many WebSockets and event streams may be open at once; one more is answered 503
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_STREAMS",
        default_value = "1024",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_streams: usize,

    /// How many of them may be open at once from one address, or one network of IPv6; one more is answered 503
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_CLIENT_STREAMS",
        default_value = "128",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_client_streams: usize,

    /// How many operations may be under way at once on one WebSocket; one more is answered with an error
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_SOCKET_OPERATIONS",
        default_value = "64",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_socket_operations: usize,

    /// How many live queries may be open at once; one more is answered with `UNAVAILABLE`
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_LIVE_QUERIES",
        default_value = "10000",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_live_queries: usize,

    /// How many of them may be open at once on one WebSocket; one more is answered with `UNAVAILABLE`
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_MAX_SOCKET_LIVE_QUERIES",
        default_value = "64",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) max_socket_live_queries: usize,

    /// How long a client may take from opening a WebSocket to `connection_init`
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_SOCKET_INIT_TIMEOUT",
        default_value = "3s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) socket_init_timeout: Duration,

    /// How often a WebSocket's client is asked for a sign of life, and an event stream gives one; a WebSocket from which nothing
    /// comes for three times as long is closed
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_KEEP_ALIVE",
        default_value = "15s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) keep_alive: Duration,

    /// How long a client may take to read what is sent to it over a WebSocket or an event stream before it is disconnected
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_SEND_TIMEOUT",
        default_value = "10s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) send_timeout: Duration,

    /// How long after a poll of the change log the next one begins while clients wait for changes
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_FOLLOW_INTERVAL",
        default_value = "50ms",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) follow_interval: Duration,

    /// How many changes are kept for subscriptions that are behind, besides those of the last poll; one that is further behind is
    /// ended with `FELL_BEHIND`
    #[arg(
        long,
        value_name = "COUNT",
        env = "TIDEWATER_FOLLOW_CHANGES",
        default_value = "16384",
        value_parser = parse::positive_count,
        global = true
    )]
    pub(crate) follow_changes: usize,
}
