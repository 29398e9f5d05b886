//! What the system knows of a process and its children: processor time and memory.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::time::Duration;

/// The processor time that a process and its children have used, also those that have ended.
pub(crate) fn processor_time(root: u32) -> Duration {
    let ticks: u64 = family(root).values().map(|process| process.ticks).sum();
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The resident memory of a process and its children, in bytes.
pub(crate) fn resident_memory(root: u32) -> u64 {
    let pages: u64 = family(root).values().map(|process| process.pages).sum();
    pages * rustix::param::page_size() as u64
}

/// The process that started this one.
pub(crate) fn parent(process: u32) -> Option<u32> {
    Some(Process::read(process)?.parent)
}

#[derive(Debug, PartialEq, Eq)]
struct Process {
    parent: u32,
    /// Its own, and those of children that it has waited for.
    ticks: u64,
    pages: u64,
}

impl Process {
    fn read(process: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    /// The numbers in the order of proc(5), from the fourth on.
    fn parse(text: &str) -> Option<Self> {
        // After the program's name, which may have spaces and brackets in it.
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<i64>().ok();
        let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
        Some(Self { parent: number(1)? as u32, ticks: ticks.unsigned_abs(), pages: number(21)?.unsigned_abs() })
    }
}

fn family(root: u32) -> HashMap<u32, Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut others: HashMap<u32, Process> =
        numbers.filter_map(|number| Some((number, Process::read(number)?))).collect();
    let mut members = HashSet::from([root]);
    loop {
        let children =
            others.iter().filter(|(number, process)| members.contains(&process.parent) && !members.contains(*number));
        let children: Vec<u32> = children.map(|(number, _)| *number).collect();
        if children.is_empty() {
            break;
        }
        members.extend(children);
    }
    others.retain(|number, _| members.contains(number));
    others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_process_is_read_whatever_its_name() {
        let line =
            "42 (a) b) S 7 42 42 0 -1 4194560 1 2 3 4 100 20 3 1 20 0 9 0 12345 1000000 250 18446744073709551615 1 1";
        assert_eq!(Process::parse(line), Some(Process { parent: 7, ticks: 124, pages: 250 }));
    }

    #[test]
    fn this_process_has_used_some_of_both() {
        let own = std::process::id();
        assert!(resident_memory(own) > 100_000);
        let before = processor_time(own);
        let mut sum = 0_u64;
        while processor_time(own) < before + Duration::from_millis(20) {
            sum = (0..100_000).fold(sum, |sum, number| sum.wrapping_mul(31).wrapping_add(number));
        }
        assert!(parent(own).is_some(), "{sum}");
    }
}
