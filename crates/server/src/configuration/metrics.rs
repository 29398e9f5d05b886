use std::net::SocketAddr;

use super::parse;

/// What is told to whoever collects metrics, and where.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Metrics")]
pub(crate) struct MetricsConfiguration {
    /// The address and port to serve `/metrics` on, in the form of Prometheus; by default, nowhere. Whoever reaches it may read it, so it is
    /// for a private network. `serve` and `worker` have it
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "TIDEWATER_METRICS_LISTEN",
        value_parser = parse::address,
        global = true
    )]
    pub(crate) metrics_listen: Option<SocketAddr>,
}

impl MetricsConfiguration {
    /// Checks how it stands to the address that everybody reaches. The error is a sentence.
    pub(super) fn validate(&self, listen: SocketAddr) -> Result<(), String> {
        if self.metrics_listen.is_some_and(|own| own.port() == listen.port() && own.port() != 0) {
            return Err(format!(
                "invalid value for --metrics-listen (TIDEWATER_METRICS_LISTEN): expected another port than that of --listen \
                 (TIDEWATER_LISTEN), which is {}",
                listen.port()
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_a_port_of_their_own() {
        let validate = |own: Option<&str>| {
            let metrics_listen = own.map(|own| own.parse().unwrap());
            MetricsConfiguration { metrics_listen }.validate("127.0.0.1:8000".parse().unwrap())
        };
        assert!(validate(None).is_ok() && validate(Some("127.0.0.1:9000")).is_ok());
        assert!(validate(Some("0.0.0.0:8000")).unwrap_err().contains("TIDEWATER_METRICS_LISTEN"));
        let both_free = MetricsConfiguration { metrics_listen: Some("127.0.0.1:0".parse().unwrap()) };
        assert!(both_free.validate("127.0.0.1:0".parse().unwrap()).is_ok());
    }
}
