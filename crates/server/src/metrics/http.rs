//! What comes over HTTP.

use std::fmt;

use tidewater_limit::Limiter;

use super::exposition::Exposition;
use crate::http::{Front, TrafficStatistics};
use crate::readiness::Readiness;

const ROUTE: &str = "route";

pub(super) fn tell(to: &mut Exposition<'_>, front: &Front, limiter: &Limiter, readiness: &Readiness) -> fmt::Result {
    let TrafficStatistics { routes, in_flight } = front.traffic().unwrap_or_default();
    let statuses = routes.iter().flat_map(|of| of.statuses.iter().map(|(status, count)| (of.route, *status, *count)));
    let statuses: Vec<_> = statuses.map(|(route, status, count)| (route, status.to_string(), count)).collect();
    to.counters(
        "tidewater_http_requests",
        "Requests that were answered, by where they went and the status of the answer.",
        statuses.iter().map(|(route, status, count)| ([(ROUTE, *route), ("status", status.as_str())], *count)),
    )?;
    to.counters(
        "tidewater_http_requests_cancelled",
        "Requests whose clients went away before the answer.",
        routes.iter().map(|of| ([(ROUTE, of.route)], of.cancelled)),
    )?;
    to.histograms(
        "tidewater_http_request_duration_seconds",
        "How long answers took, until their bodies began.",
        routes.iter().map(|of| ([(ROUTE, of.route)], &of.latency)),
    )?;
    to.gauge("tidewater_http_requests_in_flight", "Requests that are being answered.", in_flight)?;
    to.counters(
        "tidewater_rate_limited",
        "What was refused because more was asked for than is allowed, by the limit that was exceeded.",
        limiter.refusals().into_iter().map(|(policy, count)| ([("policy", policy)], count)),
    )?;
    to.gauge(
        "tidewater_ready",
        "1 if the server can answer, as /health/ready tells.",
        u32::from(readiness.report().is_ready()),
    )
}
