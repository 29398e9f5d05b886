use std::net::SocketAddr;
use std::time::Duration;

use super::parse;

/// The listener, cookies and pages.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "HTTP")]
pub(crate) struct HttpConfiguration {
    /// The address and port to listen on; port 0 takes a free one, which is logged
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "TIDEWATER_LISTEN",
        default_value = "127.0.0.1:8000",
        value_parser = listen_address,
        global = true
    )]
    pub(crate) listen: SocketAddr,

    /// Whether GraphiQL is served at `/`; `auto` serves it when listening on a loopback address only
    #[arg(long, value_name = "WHEN", env = "TIDEWATER_GRAPHIQL", default_value = "auto", global = true)]
    graphiql: Switch,

    /// Whether the session cookie is for HTTPS only; `auto` means yes, except when listening on a loopback address
    #[arg(long, value_name = "WHEN", env = "TIDEWATER_SECURE_COOKIE", default_value = "auto", global = true)]
    secure_cookie: Switch,

    /// How long a session lasts after signing in, however much it is used
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_SESSION_LIFETIME",
        default_value = "90days",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) session_lifetime: Duration,

    /// How long a session lasts while nobody uses it, at most its lifetime
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_SESSION_IDLE_TIMEOUT",
        default_value = "30days",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) session_idle_timeout: Duration,

    /// How long a mutation that came with an `Idempotency-Key` can be sent again without being done again; a minute later at most, its
    /// key is free
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_IDEMPOTENCY_RETENTION",
        default_value = "1day",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) idempotency_retention: Duration,

    /// How often the parts that `/health/ready` reports on are looked at
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_HEALTH_INTERVAL",
        default_value = "5s",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) health_interval: Duration,

    /// How long requests that are under way at SIGTERM or SIGINT may still take
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_SHUTDOWN_GRACE",
        default_value = "20s",
        value_parser = parse::duration,
        global = true
    )]
    pub(crate) shutdown_grace: Duration,
}

impl HttpConfiguration {
    /// Checks how the settings stand to each other. The error is a sentence.
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.session_idle_timeout > self.session_lifetime {
            return Err(format!(
                "invalid value for --session-idle-timeout (TIDEWATER_SESSION_IDLE_TIMEOUT): expected at most the lifetime of a \
                 session, which is {} (TIDEWATER_SESSION_LIFETIME)",
                humantime::format_duration(self.session_lifetime)
            ));
        }
        Ok(())
    }

    /// Whether GraphiQL is served.
    pub(crate) fn serves_graphiql(&self) -> bool {
        self.graphiql.resolve(self.listen.ip().is_loopback())
    }

    /// Whether browsers are told to send the session cookie over HTTPS only.
    pub(crate) fn has_secure_cookie(&self) -> bool {
        self.secure_cookie.resolve(!self.listen.ip().is_loopback())
    }
}

/// On, off, or what suits the rest of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    /// What suits the rest of the configuration.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

impl Switch {
    fn resolve(self, automatic: bool) -> bool {
        match self {
            Self::Auto => automatic,
            Self::On => true,
            Self::Off => false,
        }
    }
}

fn listen_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an IP address and a port, such as 127.0.0.1:8000 or [::]:8000".to_owned())
}
