//! What the checker finds on servers that lie in a chosen way, and that it finds nothing on those that do not.

use std::time::Duration;

use tidewater_check::{Kind, Report, Settings, check};

use crate::fake::{Fake, Lie};
use crate::world::Shared;

/// How many facts a run judges at least.
const READS: u64 = 3_000;

/// What an old fact is called, depending on what its request accepted, who asked, and when.
const OLD: [Kind; 6] = [Kind::Stale, Kind::Bound, Kind::Backwards, Kind::OwnWrite, Kind::WrongAfterQuiet, Kind::Lost];

/// See [`OLD`]; where a list and its count, or a row and its flag, do not fit, that may be of no time at all.
const OLD_OR_TORN: [Kind; 8] = [
    Kind::Stale,
    Kind::Bound,
    Kind::Backwards,
    Kind::OwnWrite,
    Kind::WrongAfterQuiet,
    Kind::Lost,
    Kind::Torn,
    Kind::Future,
];

/// Runs the checker on two servers that lie so and may be behind by `bound`.
async fn checked(lie: Lie, bound: Duration) -> Report {
    let shared = Shared::new();
    let (first, second) = (Fake::start(&shared, lie, bound).await, Fake::start(&shared, lie, bound).await);
    let settings = Settings {
        urls: vec![first.url.clone(), second.url.clone()],
        duration: None,
        reads: Some(READS),
        max_staleness: bound,
        max_age: Some(1),
        seed: Some(7),
        readers: 8,
        pause: Duration::from_millis(1),
        ..Settings::default()
    };
    check(settings, |progress| shared.enter(progress.phase)).await.unwrap()
}

/// Makes sure that what was found is this, and besides at most what follows from it.
fn assert_found(report: &Report, found: Kind, following: &[Kind]) {
    assert!(report.violations_by_kind.contains_key(found.name()), "{report}");
    for kind in report.violations_by_kind.keys() {
        assert!(std::iter::once(&found).chain(following).any(|other| other.name() == *kind), "{report}");
    }
    assert_eq!(report.exit_code(), 1, "{report}");
    assert_eq!(report.below, None, "{report}");
    assert!(report.unexpected.is_empty(), "{report}");
    let example = report.examples.iter().find(|example| example.kind == found).unwrap();
    assert!(example.asked.contains("query") && !example.answered.is_empty() && !example.admissible.is_empty());
}

fn assert_good(report: &Report) {
    assert!(report.is_good(), "{report}");
    assert_eq!((report.violations, report.exit_code()), (0, 0), "{report}");
    assert!(report.reads >= READS && report.writes > 0 && report.marks > 0, "{report}");
    assert!(report.reads_by_kind.values().all(|count| *count > 0), "{report}");
    assert!(report.refused.is_empty(), "{report}");
    assert_eq!(report.left.len(), 1, "without a database, users stay: {report}");
    assert_eq!(report.below, Some(3.0 / report.reads as f64));
}

fn assert_refused(report: &Report) {
    assert!(report.is_good(), "{report}");
    assert!(["503", "UNAVAILABLE"].iter().all(|kind| report.refused[*kind].count > 0), "{report}");
    assert!(report.writes_by_kind.values().any(|written| written.unknown > 0), "{report}");
}

macro_rules! tests {
    ($($name:ident: $lie:ident, $bound:literal => $check:expr;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let report = checked(Lie::$lie, Duration::from_millis($bound)).await;
            let check: fn(&Report) = $check;
            check(&report);
        }
    )+};
}

tests! {
    nothing_is_found_where_all_is_right: None, 0 => assert_good;
    nothing_is_found_where_a_bound_is_kept: None, 50 => assert_good;
    old_answers_are_stale: Stale, 0 => |report| assert_found(report, Kind::Stale, &OLD);
    answers_older_than_the_bound_are_found: Stale, 50 => |report| assert_found(report, Kind::Bound, &OLD);
    what_nobody_has_written_is_of_the_future: Future, 0 => |report| {
        assert_found(report, Kind::Future, &[Kind::WrongAfterQuiet, Kind::Lost]);
    };
    a_lost_write_is_found: Lost, 0 => |report| assert_found(report, Kind::Lost, &OLD_OR_TORN);
    marks_that_hold_nothing_are_found: Backwards, 1_000 => |report| {
        assert_found(report, Kind::Backwards, &[Kind::OwnWrite]);
        assert!(report.violations_by_kind.contains_key(Kind::OwnWrite.name()), "{report}");
    };
    a_row_that_is_made_twice_is_found: Doubled, 0 => |report| {
        assert_found(report, Kind::Doubled, &OLD_OR_TORN);
    };
    a_mixture_of_versions_is_torn: Torn, 0 => |report| assert_found(report, Kind::Torn, &OLD);
    what_is_wrong_only_in_the_end_is_found: WrongAfterQuiet, 0 => |report| {
        assert_found(report, Kind::WrongAfterQuiet, &[Kind::Lost]);
    };
    a_row_that_a_list_lacks_is_found: Incomplete, 0 => |report| {
        assert_found(report, Kind::Stale, &OLD_OR_TORN);
    };
    what_a_mutation_answers_must_be_what_it_wrote: Behindhand, 1_000 => |report| {
        assert_found(report, Kind::OwnWrite, &[]);
    };
    a_refusal_is_no_violation: Refusing, 0 => assert_refused;
    a_refusal_is_no_violation_where_a_bound_is_kept: Refusing, 50 => assert_refused;
    what_is_old_and_says_so_is_no_violation: Admitting, 0 => |report| {
        assert!(report.is_good() && report.refused["stale, and says so"].count > 0, "{report}");
    };
    an_error_that_no_server_may_answer_fails_the_run: Faulty, 0 => |report| {
        assert_eq!((report.violations, report.exit_code()), (0, 1), "{report}");
        let mut texts = report.unexpected.keys();
        assert!(texts.len() > 0 && texts.all(|text| text == "INTERNAL: no"), "{report}");
    };
}
