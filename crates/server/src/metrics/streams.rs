//! What clients keep open.

use std::fmt;

use tidewater_graphql::{Api, OpenStatistics};

use super::exposition::Exposition;
use crate::http::{Front, StreamStatistics};

pub(super) fn tell(to: &mut Exposition<'_>, front: &Front, api: &Api) -> fmt::Result {
    let StreamStatistics { sockets, event_streams, most } = front.streams();
    let OpenStatistics { subscriptions, live_queries, sessions } = api.open();
    to.gauges(
        "tidewater_streams_open",
        "WebSockets and event streams that are open.",
        [([("kind", "websocket")], sockets), ([("kind", "event_stream")], event_streams)],
    )?;
    to.gauge("tidewater_streams_limit", "How many there may be of both together (TIDEWATER_MAX_STREAMS).", most)?;
    to.gauge("tidewater_subscriptions_open", "Subscriptions that are under way.", subscriptions)?;
    to.gauge("tidewater_live_queries_open", "Live queries that are under way.", live_queries)?;
    to.gauge("tidewater_sessions_watched", "Sessions on WebSockets and event streams, which end with them.", sessions)
}
