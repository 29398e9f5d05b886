//! What is checked of every state: the contract, and, so that it does not hold for want of anything happening, what happens.

use stateright::Property;

use crate::contract::Tier;
use crate::database::Seen;
use crate::protocol::{Protocol, State};
use crate::server::{Poll, Server};

/// The freshness contract: true of every state.
pub const CONTRACT: &str =
    "every answer reflects what had committed when its request arrived, and nothing that has not";
/// Memory answers a request.
pub const MEMORY: &str = "memory answers";
/// Redis answers a request.
pub const REDIS: &str = "Redis answers";
/// The database answers a request.
pub const SOURCE: &str = "the source answers";
/// A request is answered by another one's flight.
pub const JOINED: &str = "a flight is joined";
/// A server knows of a transaction, and not yet of one that began earlier.
pub const OUT_OF_ORDER: &str = "a later transaction is seen before an earlier one";
/// A poll of a server that has started cannot be joined to the one before, in the same generation.
pub const STARTED_OVER: &str = "a poll starts over in its generation";
/// A poll finds another generation.
pub const NEW_GENERATION: &str = "a poll starts over in another generation";

pub(crate) fn properties() -> Vec<Property<Protocol>> {
    vec![
        Property::always(CONTRACT, |_, state: &State| state.served.is_none_or(|served| served.kept)),
        Property::sometimes(MEMORY, |_, state| answered_by(state, Tier::Memory)),
        Property::sometimes(REDIS, |_, state| answered_by(state, Tier::Redis)),
        Property::sometimes(SOURCE, |_, state| answered_by(state, Tier::Source)),
        Property::sometimes(JOINED, |_, state: &State| state.served.is_some_and(|served| served.joined)),
        Property::sometimes(OUT_OF_ORDER, |_, state: &State| {
            let skips = |server: &Server| server.now.is_some_and(|now| !now.mark.running.is_empty());
            state.servers.iter().any(skips)
        }),
        Property::sometimes(STARTED_OVER, |_, state| starts_over(state, |before, now| before == now)),
        Property::sometimes(NEW_GENERATION, |_, state| starts_over(state, |before, now| before != now)),
    ]
}

fn answered_by(state: &State, tier: Tier) -> bool {
    state.served.is_some_and(|served| served.tier == tier)
}

fn starts_over(state: &State, generations: impl Fn(u8, u8) -> bool) -> bool {
    state.servers.iter().any(|server| match (server.now, server.poll) {
        (Some(now), Poll::Executed { seen: Seen::Restarted { generation, .. }, done: 0, .. }) => {
            generations(now.generation, generation)
        }
        _ => false,
    })
}
