use std::net::SocketAddr;
use std::time::Duration;

use axum::http::HeaderValue;
use url::{Position, Url};

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
        value_parser = parse::address,
        global = true
    )]
    pub(crate) listen: SocketAddr,

    /// Whether GraphiQL is served at `/`; `auto` serves it when listening on a loopback address only
    #[arg(long, value_name = "WHEN", env = "TIDEWATER_GRAPHIQL", default_value = "auto", global = true)]
    graphiql: Switch,

    /// Whether Studio is served at `/studio`; `auto` serves it when listening on a loopback address only
    #[arg(long, value_name = "WHEN", env = "TIDEWATER_STUDIO", default_value = "auto", global = true)]
    studio: Switch,

    /// Whether clients may ask for the schema, and are told it in suggestions when they mistype a name; `auto` means yes where
    /// GraphiQL is served
    #[arg(long, value_name = "WHEN", env = "TIDEWATER_INTROSPECTION", default_value = "auto", global = true)]
    introspection: Switch,

    /// Serve as a subgraph of a federation, whose router asks for `_entities`, and for the schema by `_service`; `tidewater schema`
    /// prints that schema then
    #[arg(
        long,
        env = "TIDEWATER_FEDERATION",
        value_parser = clap::builder::BoolishValueParser::new(),
        global = true
    )]
    pub(crate) federation: bool,
    /// Let everybody see, and do, what otherwise only an ADMIN may, also who is not signed in: why requests were answered as they were, and what changes, with its ids
    #[arg(long, env = "TIDEWATER_DEVELOPMENT", global = true)]
    pub(crate) development: bool,

    /// Whether the session cookie is for HTTPS only; `auto` means yes, except when listening on a loopback address
    #[arg(long, value_name = "WHEN", env = "TIDEWATER_SECURE_COOKIE", default_value = "auto", global = true)]
    secure_cookie: Switch,

    /// Other origins whose pages may use this server in the name of whoever visits them, such as
    /// `https://app.example.com,http://localhost:5173`
    #[arg(
        long,
        value_name = "ORIGINS",
        env = "TIDEWATER_CORS_ORIGINS",
        default_value = "",
        value_parser = origins,
        hide_default_value = true,
        global = true
    )]
    pub(crate) cors_origins: Origins,

    /// From which size on answers are compressed, with brotli or gzip, for clients that accept it; with 0, none is
    #[arg(
        long,
        value_name = "SIZE",
        env = "TIDEWATER_COMPRESS_FROM",
        default_value = "1KiB",
        value_parser = parse::bytes_or_none,
        global = true
    )]
    pub(crate) compress_from: usize,

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

    /// Whether GraphiQL is served, for all that is said here.
    pub(super) fn serves_graphiql(&self) -> bool {
        self.graphiql.resolve(self.listen.ip().is_loopback())
    }

    /// Whether Studio is served, for all that is said here.
    pub(super) fn serves_studio(&self) -> bool {
        self.studio.resolve(self.listen.ip().is_loopback())
    }

    /// Whether clients are told the schema, for all that is said here.
    pub(super) fn tells_schema(&self) -> bool {
        self.introspection.resolve(self.serves_graphiql())
    }

    /// Whether browsers are told to send the session cookie over HTTPS only.
    pub(crate) fn has_secure_cookie(&self) -> bool {
        self.secure_cookie.resolve(!self.listen.ip().is_loopback())
    }
}

/// Origins, as browsers send them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origins(pub(crate) Vec<HeaderValue>);

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

/// Origins between commas. There is none that stands for all: the session goes along.
fn origins(text: &str) -> Result<Origins, String> {
    let named = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    named.map(origin).collect::<Result<_, _>>().map(Origins)
}

fn origin(text: &str) -> Result<HeaderValue, String> {
    let refused = || format!("'{text}' is no origin such as https://app.example.com or http://localhost:5173");
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https")).ok_or_else(refused)?;
    let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some() || text.ends_with('/');
    let is_of_somebody = !url.username().is_empty() || url.password().is_some();
    if has_more || is_of_somebody || text.contains('*') {
        return Err(refused());
    }
    // In the form in which browsers send it: in lower case, without the port that the scheme has anyway.
    HeaderValue::from_str(&url[..Position::BeforePath]).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        http: HttpConfiguration,
    }

    /// Whoever can reach the server from elsewhere has not been meant to.
    #[test]
    fn pages_are_served_beyond_the_machine_only_if_that_is_said() {
        for (arguments, graphiql, studio) in [
            (&["--listen", "127.0.0.1:0"][..], true, true),
            (&["--listen", "[::1]:0"], true, true),
            (&["--listen", "0.0.0.0:0"], false, false),
            (&["--listen", "192.0.2.1:80"], false, false),
            (&["--listen", "0.0.0.0:0", "--studio", "on"], false, true),
            (&["--listen", "0.0.0.0:0", "--graphiql", "on"], true, false),
            (&["--studio", "off"], true, false),
            (&["--graphiql", "off"], false, true),
        ] {
            let Program { http } = Program::parse_from([&["tidewater"], arguments].concat());
            assert_eq!((http.serves_graphiql(), http.serves_studio()), (graphiql, studio), "{arguments:?}");
        }
    }

    #[test]
    fn origins_are_read_as_browsers_send_them() {
        let read = |text: &str| origins(text).map(|origins| origins.0);
        assert_eq!(read(""), Ok(vec![]));
        let both = ["https://app.example.com", "http://localhost:5173"].map(HeaderValue::from_static);
        assert_eq!(read("https://APP.example.com:443, http://localhost:5173,"), Ok(both.to_vec()));
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "*",
            "null",
            "app.example.com",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?a",
            "https://user@app.example.com",
            "ftp://app.example.com",
            "file:///",
        ] {
            assert!(origins(text).is_err(), "{text}");
        }
    }
}
