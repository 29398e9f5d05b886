//! Samples of one server, and what they tell of the time between them.

use std::collections::VecDeque;
use std::time::Duration;

use crate::documents::OPERATIONS;
use crate::settings::INTERVALS;
use crate::source::Sample;
use crate::tide::{Durations, Operation, Space, Tide};

/// What "lately" means.
const LATELY: Duration = Duration::from_secs(60);

/// How many samples are kept: all that are of lately, however short the interval is. It is more than a line of a terminal has room for.
const MOST: usize = (LATELY.as_millis() / INTERVALS.0.as_millis()) as usize + 1;

/// The samples of one server, the latest last.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// With the time since this program began, by a clock that does not jump.
    samples: VecDeque<(Duration, Sample)>,
}

impl History {
    /// Adds what was told `at` this time. Returns whether it is of another server than what was told before, or of one that was started
    /// anew: then the counts began again, and what was told before is forgotten.
    pub(crate) fn add(&mut self, at: Duration, sample: Sample) -> bool {
        let is_new = self.latest().is_some_and(|latest| latest.tide.server != sample.tide.server);
        if is_new {
            self.samples.clear();
        }
        if self.samples.len() == MOST {
            self.samples.pop_front();
        }
        self.samples.push_back((at, sample));
        is_new
    }

    /// What was told last.
    pub(crate) fn latest(&self) -> Option<&Sample> {
        self.samples.back().map(|(_, sample)| sample)
    }

    /// Whether there is no time that a rate could be of.
    pub(crate) fn has_no_past(&self) -> bool {
        self.samples.len() < 2
    }

    /// How often a second something was counted, between the last two samples.
    pub(crate) fn rate(&self, count: impl Fn(&Tide) -> u64) -> Option<f64> {
        self.rates_backwards(&count).next()
    }

    /// The same between each two samples that follow one another; the latest last, and at most so many.
    pub(crate) fn rates(&self, most: usize, count: impl Fn(&Tide) -> u64) -> Vec<f64> {
        let mut rates: Vec<_> = self.rates_backwards(&count).take(most).collect();
        rates.reverse();
        rates
    }

    fn rates_backwards(&self, count: &impl Fn(&Tide) -> u64) -> impl Iterator<Item = f64> {
        let later = self.samples.iter().rev();
        let earlier = self.samples.iter().rev().skip(1);
        later.zip(earlier).map(|((to, later), (from, earlier))| {
            let seconds = to.saturating_sub(*from).as_secs_f64().max(0.001);
            count(&later.tide).saturating_sub(count(&earlier.tide)) as f64 / seconds
        })
    }

    /// How much was counted in the last minute, or in the part of it that there are samples of; since the start of the server where there
    /// is but one.
    pub(crate) fn lately(&self, count: impl Fn(&Tide) -> u64) -> u64 {
        self.difference(|tide| count(tide) as f64).round() as u64
    }

    /// The same of what is no whole number.
    pub(crate) fn lately_seconds(&self, seconds: impl Fn(&Tide) -> f64) -> f64 {
        self.difference(seconds)
    }

    /// The same of durations; none if none are told.
    pub(crate) fn lately_lasted<'a>(
        &'a self,
        durations: impl Fn(&'a Tide) -> Option<&'a Durations>,
    ) -> Option<Durations> {
        let (first, latest) = self.ends()?;
        let latest = durations(latest)?;
        Some(match first.and_then(durations) {
            Some(first) => latest.since(first),
            None => latest.clone(),
        })
    }

    fn difference(&self, count: impl Fn(&Tide) -> f64) -> f64 {
        let Some((first, latest)) = self.ends() else { return 0.0 };
        (count(latest) - first.map_or(0.0, count)).max(0.0)
    }

    /// What was told at the beginning of the last minute, if anything was before the latest; and what was told last.
    fn ends(&self) -> Option<(Option<&Tide>, &Tide)> {
        let (now, latest) = self.samples.back()?;
        let before = self.samples.iter().rev().skip(1);
        // With long intervals, the last one all the same.
        let lately = before.enumerate().take_while(|(index, (at, _))| *index == 0 || now.saturating_sub(*at) <= LATELY);
        Some((lately.last().map(|(_, (_, sample))| &sample.tide), &latest.tide))
    }
}

/// Counts something of the space with this name.
pub(crate) fn of_space<'a>(name: &'a str, count: impl Fn(&Space) -> u64 + 'a) -> impl Fn(&Tide) -> u64 + 'a {
    move |tide| tide.spaces.iter().find(|space| space.name == name).map_or(0, &count)
}

/// Counts something of all spaces that satisfy `which`.
pub(crate) fn of_spaces(which: impl Fn(&Space) -> bool, count: impl Fn(&Space) -> u64) -> impl Fn(&Tide) -> u64 {
    move |tide| tide.spaces.iter().filter(|space| which(space)).map(&count).sum()
}

/// Counts the misses of a space for one reason.
pub(crate) fn missed_because(reason: &str) -> impl Fn(&Space) -> u64 {
    move |space| space.misses.iter().filter(|misses| misses.reason == reason).map(|misses| misses.count).sum()
}

/// Takes a number of the operation that is the same as `this`, which was told last. One that is not there where the list is full may only
/// have been less busy than those: what it had done until then is not known, and taken for all that it has.
pub(crate) fn of_operation<N: Default>(this: &Operation, number: impl Fn(&Operation) -> N) -> impl Fn(&Tide) -> N {
    move |tide| {
        let same = |other: &&Operation| other.document == this.document && other.name == this.name;
        match tide.operations.iter().find(same) {
            Some(operation) => number(operation),
            None if tide.operations.len() < OPERATIONS => N::default(),
            None => number(this),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tide::Jobs;

    fn sample(server: &str, passes: u64) -> Sample {
        let mut tide = Tide { server: server.to_owned(), ..Tide::default() };
        tide.polls.passes = passes;
        Sample { tide, jobs: Ok(Jobs::default()) }
    }

    fn passes(tide: &Tide) -> u64 {
        tide.polls.passes
    }

    #[test]
    fn rates_are_of_the_last_interval_and_counts_of_the_last_minute() {
        let mut history = History::default();
        assert_eq!((history.rate(passes), history.lately(passes)), (None, 0));
        for (second, count) in [(0, 1_000), (2, 1_010), (4, 1_010), (64, 1_130), (65, 1_133)] {
            history.add(Duration::from_secs(second), sample("a", count));
            if second == 0 {
                assert_eq!((history.rate(passes), history.lately(passes)), (None, 1_000), "since the start");
            }
        }
        assert_eq!(history.rates(9, passes), [5.0, 0.0, 2.0, 3.0]);
        assert_eq!(history.rates(2, passes), [2.0, 3.0]);
        assert_eq!((history.rate(passes), history.lately(passes)), (Some(3.0), 3));
        history.add(Duration::from_secs(1_000), sample("a", 1_200));
        assert_eq!(history.lately(passes), 67, "of the last interval, if that is longer");
    }

    #[test]
    fn durations_are_of_the_last_minute_too() {
        let waits = |count| Durations { count, ..Durations::default() };
        let lately = |history: &History| history.lately_lasted(|tide| Some(&tide.polls.waits)).map(|waits| waits.count);
        let mut history = History::default();
        assert_eq!(lately(&history), None);
        for (second, count, expected) in [(0, 100, 100), (10, 130, 30), (65, 150, 20), (66, 151, 21)] {
            let mut sample = sample("a", 0);
            sample.tide.polls.waits = waits(count);
            history.add(Duration::from_secs(second), sample);
            assert_eq!(lately(&history), Some(expected), "at {second}");
        }
        assert_eq!(history.lately_lasted(|_| None), None, "there is no Redis");
    }

    #[test]
    fn a_server_that_was_started_anew_has_no_past() {
        let mut history = History::default();
        assert!(!history.add(Duration::from_secs(0), sample("a", 10)));
        assert!(history.add(Duration::from_secs(1), sample("b", 4)));
        assert_eq!((history.rate(passes), history.lately(passes)), (None, 4));
    }

    #[test]
    fn counts_that_begin_again_are_none() {
        let mut history = History::default();
        history.add(Duration::from_secs(0), sample("a", 10));
        history.add(Duration::from_secs(1), sample("a", 4));
        assert_eq!((history.rate(passes), history.lately(passes)), (Some(0.0), 0));
    }

    #[test]
    fn an_operation_that_comes_into_a_full_list_has_not_begun_then() {
        let operation =
            |number: usize, count| Operation { document: number.to_string(), count, ..Operation::default() };
        for (listed, expected) in [(OPERATIONS, 0), (OPERATIONS - 1, 900)] {
            let mut history = History::default();
            for first in [0, 1] {
                let mut sample = sample("a", 0);
                sample.tide.operations = (first..first + listed).map(|number| operation(number, 900)).collect();
                history.add(Duration::from_secs(first as u64), sample);
            }
            let late = operation(listed, 900);
            let count = of_operation(&late, |operation| operation.count);
            assert_eq!((history.lately(&count), history.rate(&count)), (expected, Some(expected as f64)), "{listed}");
        }
    }

    #[test]
    fn samples_are_bounded() {
        let mut history = History::default();
        for second in 0..1_000 {
            history.add(Duration::from_secs(second), sample("a", second));
        }
        assert_eq!(history.samples.len(), MOST);
    }
}
