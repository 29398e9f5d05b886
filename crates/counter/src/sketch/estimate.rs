//! How many there are: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6, which Redis
//! uses, too. Unlike the first one it needs no corrections for small and large numbers.

use super::{RANK_BITS, REGISTERS};

/// 1 / (2 ln 2)
const ALPHA: f64 = 0.721_347_520_444_481_7;

const RANKS: usize = RANK_BITS as usize + 2;

/// Of all registers, those that are not zero are `registers`.
pub(super) fn of(registers: impl Iterator<Item = u8>) -> u64 {
    let mut how_many = [0_u32; RANKS];
    let mut raised = 0;
    for rank in registers {
        how_many[usize::from(rank)] += 1;
        raised += 1;
    }
    let all = REGISTERS as f64;
    let highest = f64::from(how_many[RANKS - 1]);
    let mut sum = all * tau((all - highest) / all);
    for ranked in how_many[1..RANKS - 1].iter().rev() {
        sum = (sum + f64::from(*ranked)) * 0.5;
    }
    sum += all * sigma((all - f64::from(raised)) / all);
    (ALPHA * all * all / sum).round() as u64
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}
