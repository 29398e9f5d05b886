use std::str::FromStr;
use std::time::Duration;

use tidewater_cache::RedisSettings;
use url::Url;

use super::parse;
use crate::error::Error;

/// The second cache tier. Without a URL or a host there is none, and the memory tier works alone.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Redis")]
pub(crate) struct RedisConfiguration {
    /// The Redis server, as `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` with TLS; `redis-cluster://`,
    /// `redis-sentinel://` and `redis+unix://` work too
    #[arg(long, value_name = "URL", env = "REDIS_URL", hide_env_values = true, global = true)]
    pub(crate) redis_url: Option<RedisUrl>,

    /// The Redis server's host, where no `REDIS_URL` is given
    #[arg(long, value_name = "HOST", env = "REDIS_HOST", global = true)]
    pub(crate) redis_host: Option<String>,

    /// The Redis server's port, read together with `REDIS_HOST` [default: 6379]
    // Container platforms set REDIS_PORT to a URL of their own, so it is a port only where a host stands beside it.
    #[arg(long, value_name = "PORT", env = "REDIS_PORT", global = true)]
    pub(crate) redis_port: Option<String>,

    /// The Redis server's password, read together with `REDIS_HOST`
    #[arg(long, value_name = "PASSWORD", env = "REDIS_PASSWORD", hide_env_values = true, global = true)]
    pub(crate) redis_password: Option<String>,

    /// How long one command to Redis may take before the database answers instead
    #[arg(
        long,
        value_name = "DURATION",
        env = "TIDEWATER_REDIS_TIMEOUT",
        default_value = "100ms",
        value_parser = parse::positive_duration,
        global = true
    )]
    pub(crate) redis_timeout: Duration,

    /// What every key in Redis begins with; give each deployment that shares a Redis server its own
    #[arg(
        long,
        value_name = "TEXT",
        env = "TIDEWATER_REDIS_KEY_PREFIX",
        default_value = "tidewater:",
        value_parser = key_prefix,
        global = true
    )]
    pub(crate) redis_key_prefix: String,
}

impl RedisConfiguration {
    /// Where Redis is, if there is one.
    pub(crate) fn settings(&self) -> Result<Option<RedisSettings>, Error> {
        let url = self.url().map_err(Error::Configuration)?;
        Ok(url.map(|url| RedisSettings {
            url,
            prefix: self.redis_key_prefix.clone(),
            command_timeout: self.redis_timeout,
        }))
    }

    /// The URL to connect to, if there is one. The error is a sentence.
    pub(crate) fn url(&self) -> Result<Option<String>, String> {
        if let Some(url) = &self.redis_url {
            return Ok(Some(url.0.clone()));
        }
        let Some(host) = self.redis_host.as_deref().filter(|host| !host.is_empty()) else {
            return Ok(None);
        };
        let port = match self.redis_port.as_deref().filter(|port| !port.is_empty()) {
            None => 6379,
            Some(port) => port
                .parse::<u16>()
                .map_err(|_| format!("invalid value '{port}' for --redis-port (REDIS_PORT): expected a port number"))?,
        };
        let bad_host = |_| format!("invalid value '{host}' for --redis-host (REDIS_HOST): expected a host name");
        let mut url = Url::parse(&format!("redis://{host}:{port}")).map_err(bad_host)?;
        if url.host_str().is_none() || !url.username().is_empty() || !matches!(url.path(), "" | "/") {
            return Err(bad_host(url::ParseError::EmptyHost));
        }
        if let Some(password) = self.redis_password.as_deref().filter(|password| !password.is_empty()) {
            url.set_password(Some(password)).map_err(|()| bad_host(url::ParseError::EmptyHost))?;
        }
        Ok(Some(url.into()))
    }
}

/// A URL of a Redis server. It may hold a password, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RedisUrl(String);

impl FromStr for RedisUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("this is no URL: {error}"))?;
        match url.scheme() {
            scheme if !scheme.starts_with("redis") => {
                Err("expected a URL that begins with redis:// or rediss://".to_owned())
            }
            "redis+unix" | "redis+sock" => Ok(Self(text.to_owned())),
            _ if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(Self(text.to_owned())),
            _ => Err("the URL names no host".to_owned()),
        }
    }
}

fn key_prefix(text: &str) -> Result<String, String> {
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    if (1..=64).contains(&text.len()) && text.bytes().all(printable) {
        Ok(text.to_owned())
    } else {
        Err("expected 1 to 64 of the characters a-z, A-Z, 0-9, '-', '_', '.' and ':'".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(
        url: Option<&str>,
        host: Option<&str>,
        port: Option<&str>,
        password: Option<&str>,
    ) -> RedisConfiguration {
        RedisConfiguration {
            redis_url: url.map(|url| RedisUrl(url.to_owned())),
            redis_host: host.map(str::to_owned),
            redis_port: port.map(str::to_owned),
            redis_password: password.map(str::to_owned),
            redis_timeout: Duration::from_millis(100),
            redis_key_prefix: "tidewater:".to_owned(),
        }
    }

    #[test]
    fn a_url_wins_over_a_host() {
        let both = configuration(Some("redis://a:1/2"), Some("b"), Some("nonsense"), None);
        assert_eq!(both.url(), Ok(Some("redis://a:1/2".to_owned())));
    }

    #[test]
    fn a_host_makes_a_url_with_its_port_and_escaped_password() {
        assert_eq!(configuration(None, Some("h"), None, None).url(), Ok(Some("redis://h:6379".to_owned())));
        assert_eq!(
            configuration(None, Some("h"), Some("7000"), Some("p@ss/word")).url(),
            Ok(Some("redis://:p%40ss%2Fword@h:7000".to_owned()))
        );
    }

    #[test]
    fn nothing_or_only_a_port_means_no_redis() {
        assert_eq!(configuration(None, None, None, None).url(), Ok(None));
        assert_eq!(configuration(None, None, Some("tcp://10.0.0.1:6379"), None).url(), Ok(None));
        assert_eq!(configuration(None, Some(""), None, None).url(), Ok(None));
    }

    #[test]
    fn a_bad_host_or_port_is_named() {
        assert!(
            configuration(None, Some("h"), Some("high"), None).url().is_err_and(|error| error.contains("REDIS_PORT"))
        );
        assert!(configuration(None, Some("a/b"), None, None).url().is_err_and(|error| error.contains("REDIS_HOST")));
        assert!("http://h".parse::<RedisUrl>().is_err());
        assert!("redis://".parse::<RedisUrl>().is_err());
    }
}
