//! The lists: what each of them shows of the state.

mod changes;
mod jobs;
mod misses;
mod operations;
mod values;

use crate::controls::{Controls, Pane};
use crate::figures::{number, whole};
use crate::history::History;
use crate::sheet::Sheet;
use crate::state::State;
use crate::tide::Tide;

pub(crate) use operations::OperationOrder;
pub(crate) use values::ValueOrder;

/// What a list shows.
pub(crate) fn sheet(pane: Pane, state: &State, controls: &Controls) -> Sheet {
    let State { history, changes, .. } = state;
    match pane {
        Pane::Values => values::sheet(history, controls.values),
        Pane::Misses => misses::sheet(history),
        Pane::Operations => operations::sheet(history, controls.operations),
        Pane::Jobs => jobs::sheet(history),
        Pane::Changes => changes::sheet(changes),
    }
}

/// How often a second something was counted; or how often in all, where there is no time that this could be of.
fn per_second(history: &History, count: impl Fn(&Tide) -> u64) -> String {
    match history.rate(&count) {
        Some(rate) => number(rate),
        None => whole(history.lately(count)),
    }
}
