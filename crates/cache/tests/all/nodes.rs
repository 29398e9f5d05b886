use std::collections::BTreeMap;

use tidewater_cache::{Cache, MissReason, Space};
use tidewater_testkit::TestRedis;

use crate::world::{Broken, Note, World, lookup, notes, text};

#[tokio::test]
async fn a_fill_that_is_late_on_one_node_is_not_served_on_another() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let (one, two) = (world.cache_over(&redis).await, world.cache_over(&redis).await);
    let load = async |_: Vec<usize>| {
        let found = world.load(&[1]);
        world.write(1, "new");
        Ok::<_, Broken>(found)
    };
    notes(&one).read(&one.request(), vec![lookup(1)], load).await.unwrap();
    one.drained().await;
    assert_eq!(redis.keys().await.len(), 1);
    let space = notes(&two);
    assert_eq!(world.read(&two, &space, &[1]).await, [text("new")]);
    assert_eq!(two.statistics()[0].misses.of(MissReason::Changed), 1);
}

#[tokio::test]
async fn a_fill_of_a_node_that_is_behind_overwrites_and_is_not_served() {
    let (world, redis) = (World::new(), TestRedis::start().await);
    world.write(1, "old");
    let (behind, ahead) = (world.cache_over(&redis).await, world.cache_over(&redis).await);
    let space = notes(&ahead);
    let load = async |_: Vec<usize>| {
        let found = world.load(&[1]);
        world.write(1, "new");
        assert_eq!(world.read(&ahead, &space, &[1]).await, [text("new")]);
        ahead.drained().await;
        Ok::<_, Broken>(found)
    };
    notes(&behind).read(&behind.request(), vec![lookup(1)], load).await.unwrap();
    behind.drained().await;
    let third = world.cache_over(&redis).await;
    assert_eq!(world.read(&third, &notes(&third), &[1]).await, [text("new")]);
    assert_eq!(third.statistics()[0].misses.of(MissReason::Changed), 1, "what it found is the fill that came last");
}

/// Nodes that come and go over one Redis while rows change, Redis forgets, the log is pruned and generations pass: every strict
/// read answers what the database holds.
#[tokio::test]
async fn every_node_always_answers_what_the_database_holds() {
    const GENERATIONS: [&str; 8] = ["b", "c", "d", "e", "f", "g", "h", "i"];
    let (world, mut redis) = (World::new(), TestRedis::start().await);
    let mut truth = BTreeMap::<i64, String>::new();
    let mut nodes: Vec<(Cache, Space<Note>)> = Vec::new();
    let mut generations = GENERATIONS.iter();
    let mut dump = redis.save_dump().await;
    let (mut hits, mut random) = (0, 0x9e37_79b9_7f4a_7c15_u64);
    let mut draw = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for step in 0..1_500 {
        let id = draw(6) as i64;
        match draw(100) {
            0..25 => {
                truth.insert(id, step.to_string());
                world.write(id, &step.to_string());
            }
            25..29 => {
                truth.remove(&id);
                world.delete(id);
            }
            29 => {
                truth.clear();
                world.truncate();
            }
            30 => redis.flush_all().await,
            31 => world.prune(),
            32 if draw(3) == 0 => {
                if let Some(generation) = generations.next() {
                    // As a restored backup may: another history, and rows that no change tells of.
                    world.new_generation(generation);
                    truth.insert(id, "restored".to_owned());
                    world.write_unlogged(id, "restored");
                }
            }
            33 if step % 7 == 0 => dump = redis.save_dump().await,
            34 if step % 5 == 0 => redis.restart_with_dump(&dump).await,
            35..38 => nodes.truncate(draw(3) as usize),
            _ => {
                let nth = draw(3) as usize;
                if nth >= nodes.len() {
                    let cache = world.cache_over(&redis).await;
                    let space = notes(&cache);
                    nodes.push((cache, space));
                }
                let (cache, space) = &nodes[nth.min(nodes.len() - 1)];
                let ids = [id, draw(6) as i64, draw(6) as i64];
                let expected: Vec<Note> = ids.iter().map(|id| truth.get(id).cloned()).collect();
                assert_eq!(world.read(cache, space, &ids).await, expected, "step {step}");
                if draw(2) == 0 {
                    cache.drained().await;
                }
                hits += cache.statistics()[0].redis_hits;
            }
        }
    }
    assert!(hits > 0, "Redis took part");
}
