//! Addresses that are listened on, bound before anything else is done, so that one that is in use is known first.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

use crate::configuration::MetricsConfiguration;
use crate::error::Error;
use crate::metrics::Endpoint;

/// A socket that is bound to `address`, which `flag` has set, and not yet listened on.
pub(crate) fn bind(flag: &'static str, address: SocketAddr) -> Result<TcpSocket, Error> {
    let bind = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Else a restart would have to wait until the old connections are forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    bind().map_err(Error::cannot_listen(flag, address))
}

/// Listens where metrics are to be served, if they are.
pub(crate) fn listen_for_metrics(configuration: &MetricsConfiguration) -> Result<Option<Endpoint>, Error> {
    const FLAG: &str = "--metrics-listen";
    let Some(address) = configuration.metrics_listen else { return Ok(None) };
    let cannot_listen = Error::cannot_listen(FLAG, address);
    let endpoint = Endpoint::listen(bind(FLAG, address)?).map_err(cannot_listen)?;
    tracing::info!("metrics are at http://{}/metrics", endpoint.address().map_err(cannot_listen)?);
    Ok(Some(endpoint))
}
