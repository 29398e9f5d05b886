//! The form in which Redis keeps a HyperLogLog, as its `hyperloglog.c` describes it.

use super::{REGISTERS, Sketch};

const MAGIC: &[u8] = b"HYLL";
/// The magic, one byte for the encoding, three unused ones, and the count that was known last.
const HEADER: usize = 16;
const DENSE: u8 = 0;
const SPARSE: u8 = 1;

pub(super) fn read(value: &[u8]) -> Option<Sketch> {
    let (header, registers) = value.split_at_checked(HEADER)?;
    match *header.strip_prefix(MAGIC)?.first()? {
        DENSE => Sketch::of_packed(registers),
        SPARSE => sparse(registers),
        _ => None,
    }
}

/// Runs of equal registers.
fn sparse(mut runs: &[u8]) -> Option<Sketch> {
    let mut registers = Vec::new();
    let mut next = 0;
    while let Some((first, rest)) = runs.split_first() {
        runs = rest;
        let (length, rank) = match first >> 6 {
            0 => (usize::from(first & 63) + 1, 0),
            1 => {
                let (second, rest) = runs.split_first()?;
                runs = rest;
                (usize::from(u16::from_be_bytes([first & 63, *second])) + 1, 0)
            }
            _ => (usize::from(first & 3) + 1, (first >> 2 & 31) + 1),
        };
        let end = next + length;
        if end > REGISTERS {
            return None;
        }
        registers.extend((next..end).filter(|_| rank > 0).map(|index| (index as u16, rank)));
        next = end;
    }
    if next == REGISTERS { Sketch::of(registers.into_iter()) } else { None }
}
