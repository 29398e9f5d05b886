use std::env;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tidewater_top::{Settings, once, watch};

use crate::cli::TopArguments;
use crate::configuration::HttpConfiguration;
use crate::error::Error;
use crate::output::print;
use crate::shutdown::Signals;

/// The token's variable. It has no flag: the arguments of a process are for everybody to read.
const TOKEN: &str = "TIDEWATER_TOKEN";

/// Turns colours off (no-color.org).
const NO_COLOR: &str = "NO_COLOR";

/// Shows what a running server does until a key or a signal ends it, or prints it once on standard output.
pub(crate) async fn top(http: &HttpConfiguration, arguments: TopArguments) -> Result<(), Error> {
    let TopArguments { url, interval, once: is_once, json } = arguments;
    let url = url.map_or_else(|| address(http.listen), Ok)?;
    let token = variable(TOKEN)?;
    let settings = Settings { url, token, interval, is_coloured: env::var_os(NO_COLOR).is_none_or(|no| no.is_empty()) };
    if !is_once {
        let mut signals = Signals::listen().map_err(Error::System)?;
        return watch(settings, signals.next()).await.map_err(failed);
    }
    let report = once(&settings).await.map_err(failed)?;
    if json {
        let json = serde_json::to_string_pretty(&report).map_err(|error| Error::Top(error.to_string()))?;
        print(&format!("{json}\n"))
    } else {
        print(&report.to_string())
    }
}

/// The address of the server that would listen there.
fn address(listen: SocketAddr) -> Result<String, Error> {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    match listen.port() {
        0 => {
            Err(Error::Configuration("--listen (TIDEWATER_LISTEN) has no port: name the server with --url".to_owned()))
        }
        port => Ok(format!("http://{}", SocketAddr::new(ip, port))),
    }
}

/// The value of a variable, if it has one.
fn variable(name: &str) -> Result<Option<String>, Error> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(Error::Configuration(format!("{name} is not in UTF-8"))),
    }
}

fn failed(error: tidewater_top::Error) -> Error {
    match error {
        tidewater_top::Error::Settings(_) | tidewater_top::Error::NotATerminal => {
            Error::Configuration(error.to_string())
        }
        _ => Error::Top(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_where_it_would_listen() {
        for (listen, expected) in [
            ("127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:8000", "http://[::1]:8000"),
            ("192.0.2.1:1", "http://192.0.2.1:1"),
        ] {
            assert_eq!(address(listen.parse().unwrap()).unwrap(), expected);
        }
        assert!(address("127.0.0.1:0".parse().unwrap()).is_err());
    }
}
