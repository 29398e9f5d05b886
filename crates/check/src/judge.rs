//! Whether what an answer shows of a key can be true.

use crate::clock::{NEVER, Nanos};
use crate::history::{History, Outcome, Version};
use crate::state::{Family, Scope, Shown};
use crate::violation::Kind;

/// When a request was sent and its answer received, and how old the answer may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) sent: Nanos,
    pub(crate) received: Nanos,
    pub(crate) bound: Nanos,
}

/// The oldest version that a client may still be shown, after what it wrote or has been shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Floor {
    pub(crate) version: u32,
    /// Whether the client wrote that version itself.
    pub(crate) own: bool,
}

/// What is judged against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruling {
    pub(crate) window: Window,
    pub(crate) floor: Floor,
}

impl Window {
    fn is_begun(&self, version: &Version) -> bool {
        version.begun <= self.received
    }

    /// The versions of which one must be shown, newest first.
    fn admissible<'a>(&self, history: &'a History) -> impl Iterator<Item = &'a Version> + use<'a> {
        let window = *self;
        let versions = history.since(self.sent.saturating_sub(self.bound)).rev();
        versions.filter(move |version| version.outcome != Outcome::RolledBack && window.is_begun(version))
    }

    fn too_old(&self) -> Kind {
        if self.bound == 0 { Kind::Stale } else { Kind::Bound }
    }
}

impl Ruling {
    /// Judges one fact: `holds` says of which versions it is true. Returns the oldest version that explains it.
    pub(crate) fn judge(&self, history: &History, holds: impl Fn(&Version) -> bool) -> Result<u32, Kind> {
        let mut explained = None;
        let mut below = false;
        for version in self.window.admissible(history) {
            if holds(version) {
                if version.number < self.floor.version {
                    below = true;
                } else {
                    explained = Some(version.number);
                }
            }
        }
        match explained {
            Some(number) => Ok(number),
            None if below => Err(if self.floor.own { Kind::OwnWrite } else { Kind::Backwards }),
            None => Err(self.fault(history, holds)),
        }
    }

    /// Judges a row that was asked for by its id, or was in a list.
    pub(crate) fn judge_shown(
        &self,
        history: &History,
        shown: &Shown,
        seen: Option<(Family, &Scope)>,
    ) -> Result<u32, Kind> {
        let visible = |version: &Version, shown: &Shown| {
            version
                .row
                .as_ref()
                .is_some_and(|row| shown.is(row) && seen.is_none_or(|(family, scope)| scope.contains(family, row)))
        };
        let judged = self.judge(history, |version| visible(version, shown));
        if judged != Err(Kind::Torn) {
            return judged;
        }
        let stamps = || history.versions().filter_map(|version| version.row.as_ref()).map(|row| row.stamp);
        let with_other_id = Shown { id: None, ..*shown };
        if history.versions().any(|version| visible(version, &with_other_id)) {
            return Err(Kind::Doubled);
        }
        match (stamps().min(), stamps().max()) {
            (_, Some(newest)) if shown.stamp > newest => Err(Kind::Future),
            (Some(oldest), _) if shown.stamp < oldest => Err(self.window.too_old()),
            (None, None) if history.is_pruned() => Err(self.window.too_old()),
            _ => Err(Kind::Torn),
        }
    }

    /// Judges that no row of this key is in `scope`; with an id, none with that id. A row whose id no server has said is not one
    /// that could be asked for: ids are known to its history first, and given once.
    pub(crate) fn judge_absence(
        &self,
        history: &History,
        id: Option<uuid::Uuid>,
        family: Family,
        scope: &Scope,
    ) -> Result<u32, Kind> {
        let judged = self.judge(history, |version| {
            version.row.as_ref().is_none_or(|row| !scope.contains(family, row) || (id.is_some() && row.id != id))
        });
        match judged {
            Err(Kind::Torn) if history.is_pruned() => Err(self.window.too_old()),
            judged => judged,
        }
    }

    /// Whether the key can be in `scope`, and whether it can be out of it.
    pub(crate) fn membership(&self, history: &History, family: Family, scope: &Scope) -> (bool, bool) {
        let (mut can_be_in, mut can_be_out) = (false, false);
        for version in self.window.admissible(history).filter(|version| version.number >= self.floor.version) {
            match version.row.as_ref().is_some_and(|row| scope.contains(family, row)) {
                true => can_be_in = true,
                false => can_be_out = true,
            }
        }
        (can_be_in, can_be_out)
    }

    /// The same question, put by a client that remembers nothing.
    pub(crate) fn without_floor(&self) -> Self {
        Self { floor: Floor::default(), ..*self }
    }

    /// The same question, put to all of the key's past, or all of its future.
    pub(crate) fn with_all_past(&self) -> Self {
        Self { window: Window { bound: NEVER, ..self.window }, floor: Floor::default() }
    }

    /// See [`with_all_past`](Self::with_all_past).
    pub(crate) fn with_all_future(&self) -> Self {
        Self { window: Window { received: NEVER, ..self.window }, floor: Floor::default() }
    }

    /// What is wrong with a fact that no admissible version explains.
    fn fault(&self, history: &History, holds: impl Fn(&Version) -> bool) -> Kind {
        let oldest = self.window.admissible(history).last().map_or(0, |version| version.number);
        let (mut older, mut rolled_back, mut future) = (false, false, false);
        for version in history.versions().filter(|version| holds(version)) {
            match version.outcome {
                Outcome::RolledBack => rolled_back = true,
                _ if version.number < oldest => older = true,
                _ => future |= !self.window.is_begun(version),
            }
        }
        match (older, rolled_back, future) {
            (true, ..) => self.window.too_old(),
            (_, true, _) => Kind::RolledBack,
            (.., true) => Kind::Future,
            _ => Kind::Torn,
        }
    }

    /// What would have been right, in words.
    pub(crate) fn describe(&self, history: &History) -> String {
        const AT_MOST: usize = 8;
        let mut versions: Vec<&Version> = self.window.admissible(history).take(AT_MOST + 1).collect();
        let more = if versions.len() > AT_MOST { ", and older ones" } else { "" };
        versions.truncate(AT_MOST);
        let texts: Vec<String> = versions.into_iter().map(describe_version).collect();
        let floor = match self.floor.version {
            0 => String::new(),
            version => format!("; not older than version {version}"),
        };
        format!("{}{more}{floor}", texts.join(", or "))
    }
}

fn describe_version(version: &Version) -> String {
    let time = |time: Nanos| if time == NEVER { "never".to_owned() } else { format!("{:.6} s", time as f64 / 1e9) };
    let what = match &version.row {
        None => "absent".to_owned(),
        Some(row) => format!("stamp {} of account {}, flag {}", row.stamp, row.owner, row.flag),
    };
    let (begun, acknowledged) = (time(version.begun), time(version.acknowledged));
    let outcome = format!("{:?}", version.outcome).to_lowercase();
    format!("version {} ({what}; commit begun {begun}, acknowledged {acknowledged}, {outcome})", version.number)
}

#[cfg(test)]
mod tests;
