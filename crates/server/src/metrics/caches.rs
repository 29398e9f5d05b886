//! What caches serve, miss and hold.

use std::fmt;

use tidewater_cache::{Cache, SpaceStatistics, TideTableStatistics, Verification};

use super::exposition::Exposition;

const SPACE: &str = "space";
const TIER: &str = "tier";

pub(super) fn tell(to: &mut Exposition<'_>, cache: &Cache) -> fmt::Result {
    let spaces = cache.statistics();
    tell_served(to, &spaces)?;
    tell_invalid(to, &spaces, &cache.tide_table_statistics())?;
    tell_held(to, &spaces, cache)
}

fn tell_served(to: &mut Exposition<'_>, spaces: &[SpaceStatistics]) -> fmt::Result {
    to.counters(
        "tidewater_cache_hits",
        "Lookups that did not go to the database: answered from memory, from Redis, or by joining another lookup that was under way.",
        spaces.iter().flat_map(|space| {
            let tiers = [("memory", space.memory_hits), ("redis", space.redis_hits), ("joined", space.joined)];
            tiers.map(|(tier, hits)| ([(SPACE, &*space.name), (TIER, tier)], hits))
        }),
    )?;
    to.counters(
        "tidewater_cache_misses",
        "Lookups that went to the database, by the reason why no cache answered.",
        spaces.iter().flat_map(|space| {
            let reasons = space.misses.iter();
            reasons.map(|(reason, misses)| ([(SPACE, &*space.name), ("reason", reason.as_str())], misses))
        }),
    )?;
    to.histograms(
        "tidewater_cache_age_seconds",
        "How long ago what was served had been read: from memory, until the request arrived, since this process read it; from Redis, \
         since it was put there.",
        spaces.iter().flat_map(|space| {
            let ages = [("memory", &space.memory_ages), ("redis", &space.redis_ages)];
            ages.map(|(tier, ages)| ([(SPACE, &*space.name), (TIER, tier)], ages))
        }),
    )?;
    to.counters(
        "tidewater_cache_verifications",
        "Values served from a cache that were read again to verify them (TIDEWATER_VERIFY_SAMPLE): proven, overtaken by a change, or \
         disproved, which must never happen.",
        spaces.iter().flat_map(|space| {
            let Verification { proven, overtaken, disproved } = space.verification;
            let results = [("proven", proven), ("overtaken", overtaken), ("disproved", disproved)];
            results.map(|(result, count)| ([(SPACE, &*space.name), ("result", result)], count))
        }),
    )
}

fn tell_invalid(to: &mut Exposition<'_>, spaces: &[SpaceStatistics], table: &TideTableStatistics) -> fmt::Result {
    to.counters(
        "tidewater_cache_invalidations",
        "Values found in a cache whose dependencies had changed.",
        spaces.iter().map(|space| ([(SPACE, &*space.name)], space.invalidations)),
    )?;
    to.counters(
        "tidewater_cache_needless_invalidations",
        "Of those found in memory, how many the database then answered the same for.",
        spaces.iter().map(|space| ([(SPACE, &*space.name)], space.needless)),
    )?;
    to.gauge(
        "tidewater_tide_table_entries",
        "Dependencies of which the table of known changes holds the last change.",
        table.entries,
    )?;
    to.gauge("tidewater_tide_table_capacity", "How many it can hold (TIDEWATER_TIDE_TABLE).", table.capacity)?;
    to.counter(
        "tidewater_tide_table_overwritten",
        "Dependencies that it had to forget for others; they count as changed from then on.",
        table.overwritten,
    )?;
    to.gauge(
        "tidewater_tide_table_false_invalidations",
        "Estimate of the values found invalid only because the table had forgotten: those for which it has no later change on record, times the \
         share of these for which the database then answered the same.",
        table.false_invalidations,
    )
}

fn tell_held(to: &mut Exposition<'_>, spaces: &[SpaceStatistics], cache: &Cache) -> fmt::Result {
    to.counters(
        "tidewater_cache_fills",
        "Values stored in memory after they were read from the database.",
        spaces.iter().map(|space| ([(SPACE, &*space.name)], space.fills)),
    )?;
    to.counters(
        "tidewater_cache_evictions",
        "Values that memory gave up, or did not take, for want of room.",
        spaces.iter().map(|space| ([(SPACE, &*space.name)], space.evictions)),
    )?;
    to.gauges(
        "tidewater_cache_entries",
        "Values in memory.",
        spaces.iter().map(|space| ([(SPACE, &*space.name)], space.entries)),
    )?;
    to.gauges(
        "tidewater_cache_bytes",
        "About how many bytes they take.",
        spaces.iter().map(|space| ([(SPACE, &*space.name)], space.bytes)),
    )?;
    let memories = cache.memory_statistics();
    to.gauges(
        "tidewater_cache_memory_bytes",
        "About how many bytes each memory holds: of values, which all kinds share, of whole responses, and of parts of them.",
        memories.iter().map(|memory| ([("memory", &*memory.name)], memory.bytes)),
    )?;
    to.gauges(
        "tidewater_cache_memory_limit_bytes",
        "The bound of each memory (TIDEWATER_CACHE_MEMORY, TIDEWATER_RESPONSE_MEMORY, TIDEWATER_PART_MEMORY).",
        memories.iter().map(|memory| ([("memory", &*memory.name)], memory.most_bytes)),
    )?;
    let Some(redis) = cache.health().redis else { return Ok(()) };
    to.gauge("tidewater_cache_redis_writes_queued", "Writes to Redis that wait or are under way.", redis.queued)?;
    to.counter(
        "tidewater_cache_redis_writes_dropped",
        "Writes to Redis that were dropped: the queue was full, Redis was not reachable, or it refused them.",
        redis.dropped,
    )
}
