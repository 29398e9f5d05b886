//! The model's marks are compared as the change log's are.

use tidewater_changelog::{Mark, Snapshot};
use tidewater_model::Xids;

/// Every snapshot of up to five ids. One that runs may be the last below `xmax`: a mark that was cut is of that form.
fn snapshots() -> Vec<tidewater_model::Snapshot> {
    let of =
        |xmax: u8| (0..1_u8 << xmax).map(move |bits| tidewater_model::Snapshot { xmax, running: Xids::of_bits(bits) });
    (0..=5).flat_map(of).collect()
}

fn mark(snapshot: tidewater_model::Snapshot) -> Mark {
    let running: Vec<_> = snapshot.running.iter().map(u64::from).collect();
    let xmax = u64::from(snapshot.xmax);
    Mark::Snapshot(Snapshot { xmin: running.first().copied().unwrap_or(xmax), xmax, running })
}

#[test]
fn a_mark_includes_another_in_the_model_exactly_if_it_does_in_the_change_log() {
    for this in snapshots() {
        for other in snapshots() {
            assert_eq!(this.includes(other), mark(this).includes(&mark(other)), "{this:?} {other:?}");
        }
    }
}
