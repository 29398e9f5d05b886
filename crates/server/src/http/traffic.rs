use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::http::StatusCode;
use tidewater_histogram::{Bounds, Histogram, Snapshot};

use super::{graphql, health};

/// All that a status can be: 100 to 999.
const STATUSES: usize = 900;
const FIRST_STATUS: u16 = 100;

/// Where requests go, as far as they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Graphql,
    Exports,
    Health,
    Other,
}

/// What has been answered, and what is under way.
#[derive(Debug)]
pub(super) struct Traffic {
    routes: [OfRoute; Route::ALL.len()],
    in_flight: AtomicU64,
}

#[derive(Debug)]
struct OfRoute {
    statuses: [AtomicU64; STATUSES],
    cancelled: AtomicU64,
    latency: Histogram,
}

/// One request that is under way. Dropped without an end, its client went away.
pub(super) struct Underway<'a> {
    traffic: &'a Traffic,
    route: Route,
    arrived: Instant,
    status: Option<StatusCode>,
}

/// What has been answered since the server started.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrafficStatistics {
    /// By where the requests went.
    pub(crate) routes: Vec<RouteStatistics>,
    /// How many are under way.
    pub(crate) in_flight: u64,
}

/// What has been answered of the requests that went one way.
#[derive(Clone, Debug)]
pub(crate) struct RouteStatistics {
    /// Which.
    pub(crate) route: &'static str,
    /// The statuses that occurred, with how often they did.
    pub(crate) statuses: Vec<(u16, u64)>,
    /// Requests whose clients went away before the answer.
    pub(crate) cancelled: u64,
    /// How long answers took, until their bodies began.
    pub(crate) latency: Snapshot,
}

impl Default for Traffic {
    fn default() -> Self {
        let of_route = || OfRoute {
            statuses: std::array::from_fn(|_| AtomicU64::new(0)),
            cancelled: AtomicU64::new(0),
            latency: Histogram::new(Bounds::LATENCIES),
        };
        Self { routes: std::array::from_fn(|_| of_route()), in_flight: AtomicU64::new(0) }
    }
}

impl Traffic {
    /// A request for this path has arrived.
    pub(super) fn begin(&self, path: &str, arrived: Instant) -> Underway<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Underway { traffic: self, route: Route::of(path), arrived, status: None }
    }

    pub(super) fn read(&self) -> TrafficStatistics {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let routes = Route::ALL.into_iter().zip(&self.routes).map(|(route, of_route)| RouteStatistics {
            route: route.name(),
            statuses: (FIRST_STATUS..).zip(of_route.statuses.iter().map(get)).filter(|(_, count)| *count > 0).collect(),
            cancelled: get(&of_route.cancelled),
            latency: of_route.latency.snapshot(),
        });
        TrafficStatistics { routes: routes.collect(), in_flight: get(&self.in_flight) }
    }
}

impl Underway<'_> {
    /// It has been answered.
    pub(super) fn end(mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        let of_route = &self.traffic.routes[self.route as usize];
        match self.status {
            Some(status) => {
                // A status is never below 100, nor above 999.
                let index = usize::from(status.as_u16().saturating_sub(FIRST_STATUS)).min(STATUSES - 1);
                of_route.statuses[index].fetch_add(1, Ordering::Relaxed);
                of_route.latency.record(self.arrived.elapsed());
            }
            None => drop(of_route.cancelled.fetch_add(1, Ordering::Relaxed)),
        }
        self.traffic.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Route {
    const ALL: [Self; 4] = [Self::Graphql, Self::Exports, Self::Health, Self::Other];

    fn of(path: &str) -> Self {
        match path {
            graphql::PATH => Self::Graphql,
            _ if path.starts_with("/exports/") => Self::Exports,
            _ if health::is_probed(path) => Self::Health,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Graphql => "graphql",
            Self::Exports => "exports",
            Self::Health => "health",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_and_what_is_not_is_told_apart() {
        let traffic = Traffic::default();
        let begin = |path| traffic.begin(path, Instant::now());
        begin("/graphql").end(StatusCode::OK);
        begin("/graphql").end(StatusCode::OK);
        begin("/nowhere").end(StatusCode::NOT_FOUND);
        begin("/health/live").end(StatusCode::from_u16(999).unwrap());
        drop(begin("/exports/x"));
        let _under_way = begin("/graphql");
        let TrafficStatistics { routes, in_flight } = traffic.read();
        let told: Vec<_> =
            routes.iter().map(|of| (of.route, of.statuses.clone(), of.cancelled, of.latency.count())).collect();
        assert_eq!(
            told,
            [
                ("graphql", vec![(200, 2)], 0, 2),
                ("exports", vec![], 1, 0),
                ("health", vec![(999, 1)], 0, 1),
                ("other", vec![(404, 1)], 0, 1)
            ]
        );
        assert_eq!(in_flight, 1);
    }
}
