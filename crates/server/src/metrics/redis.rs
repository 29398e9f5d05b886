//! How commands to Redis fare, for each use that is made of it.

use std::fmt;

use tidewater_cache::RedisStatistics;

use super::exposition::Exposition;
use super::sources::OfServer;
use crate::jobs::Queue;

const USE: &str = "use";

pub(super) fn tell(to: &mut Exposition<'_>, server: Option<&OfServer>, queue: &Queue) -> fmt::Result {
    let uses = uses(server, queue);
    to.histograms(
        "tidewater_redis_command_duration_seconds",
        "How long commands to Redis took, answered or not; without those that wait for jobs.",
        uses.iter().map(|(name, redis)| ([(USE, *name)], &redis.latency)),
    )?;
    to.counters(
        "tidewater_redis_unanswered",
        "Commands that Redis did not answer.",
        uses.iter().map(|(name, redis)| ([(USE, *name)], redis.unanswered)),
    )?;
    to.counters(
        "tidewater_redis_refused",
        "Commands that were not sent, because the breaker was open.",
        uses.iter().map(|(name, redis)| ([(USE, *name)], redis.refused)),
    )?;
    to.gauges(
        "tidewater_redis_breaker_open",
        "1 while Redis does not answer and is asked only now and then.",
        uses.iter().map(|(name, redis)| ([(USE, *name)], u32::from(!redis.is_reachable))),
    )?;
    to.counters(
        "tidewater_redis_breaker_openings",
        "How often the breaker has opened.",
        uses.iter().map(|(name, redis)| ([(USE, *name)], redis.openings)),
    )
}

/// The connections there are, by what they are for.
fn uses(server: Option<&OfServer>, queue: &Queue) -> Vec<(&'static str, RedisStatistics)> {
    let of_server = server.map(|server| {
        let texts = server.texts.as_ref().and_then(|texts| texts.redis_statistics());
        [
            ("cache", server.api.cache().redis_statistics()),
            ("limits", server.limiter.redis_statistics()),
            ("documents", texts),
            ("views", server.counter.redis_statistics()),
        ]
    });
    let all = of_server.into_iter().flatten().chain([("jobs", queue.redis_statistics())]);
    all.filter_map(|(name, redis)| Some((name, redis?))).collect()
}
