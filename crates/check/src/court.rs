//! Judges a whole answer, fact by fact.

use std::sync::Arc;

use uuid::Uuid;

use crate::client::Exchange;
use crate::clock::Nanos;
use crate::context::Context;
use crate::floors::Floors;
use crate::graphql::{Item, List, User, primary_key};
use crate::judge::{Floor, Ruling, Window};
use crate::label::Label;
use crate::plan::{Account, Key, Pool};
use crate::state::{Family, Scope, Shown};
use crate::tally::{Read, Reads};
use crate::violation::{Example, Kind};

/// How much of an answer a report repeats.
const EXCERPT: usize = 16 << 10;

/// Judges one answer.
pub(crate) struct Court<'a> {
    pub(crate) context: &'a Context,
    pub(crate) floors: &'a mut Floors,
    pub(crate) exchange: &'a Exchange,
    /// What every violation is called, if not by its own kind.
    pub(crate) called: Option<Kind>,
    /// The keys that the request itself has written, and their versions: of them, nothing older may be shown.
    pub(crate) written: Vec<(u32, u32)>,
    reads: Reads,
    /// What the client has been shown. The facts of one answer need not be of one time, so none is held against another.
    seen: Vec<(u32, u32)>,
}

impl<'a> Court<'a> {
    pub(crate) fn new(context: &'a Context, floors: &'a mut Floors, exchange: &'a Exchange) -> Self {
        Self { context, floors, exchange, called: None, written: Vec::new(), reads: Reads::default(), seen: Vec::new() }
    }

    /// Ends the hearing.
    pub(crate) fn close(self) {
        self.context.tally.reads(&self.reads);
        for (serial, version) in self.seen {
            self.floors.raise(serial, version, false, self.exchange.mark.is_some());
        }
    }

    /// A row that was asked for by its id.
    pub(crate) fn item(
        &mut self,
        pool: &Pool,
        (key, id): (&Key, Uuid),
        item: Option<&Item<'_>>,
        scope: &Scope,
        with_profile: bool,
    ) {
        let Some(item) = item else {
            self.reads[Read::Absent as usize] += 1;
            let judged = self.ruling(key).judge_absence(&key.history(), Some(id), key.family, scope);
            return self.settle(key, judged, || format!("{:?} {id} is absent", key.family));
        };
        self.reads[Read::Item as usize] += 1;
        match self.read(pool, item) {
            Some((shown, label)) if key.is(&label) && shown.id == Some(id) => {
                let judged = self.ruling(key).judge_shown(&key.history(), &shown, Some((key.family, scope)));
                self.settle(key, judged, || format!("{item:?}"));
            }
            _ => self.violate(Kind::Torn, &self.ruling(key), Some(key), format!("asked for {id}, shown {item:?}")),
        }
        self.owner(pool, item, with_profile);
    }

    /// A row that a mutation shows as it has written it.
    pub(crate) fn written(&mut self, pool: &Pool, key: &Key, item: &Item<'_>) {
        self.reads[Read::Item as usize] += 1;
        let judged = match self.read(pool, item) {
            Some((shown, label)) if key.is(&label) => self.ruling(key).judge_shown(&key.history(), &shown, None),
            _ => Err(Kind::OwnWrite),
        };
        self.settle(key, judged, || format!("{item:?}, shown by its own mutation"));
    }

    /// A list of all rows of a pool that are in `scope`, and its count.
    pub(crate) fn list(&mut self, pool: &Pool, family: Family, scope: &Scope, list: Option<&List<'_>>, kind: Read) {
        let Some(list) = list else {
            return self.context.tally.unexpected("a list that was asked for is not there");
        };
        self.reads[kind as usize] += 1;
        let keys = pool.keys(family).read().clone();
        let mut members: Vec<Option<&Item<'_>>> = vec![None; keys.len()];
        for item in &list.nodes {
            let read = self.read(pool, item).filter(|(_, label)| label.pool == pool.number);
            let Some((shown, label)) = read else {
                self.violate(Kind::Foreign, &self.unruled(), None, format!("{item:?} is not of this list"));
                continue;
            };
            // A key that was made after the answer came is none of this list, and one made before is among `keys`.
            let Some(key) = keys.get(label.key as usize) else {
                self.violate(Kind::Future, &self.unruled(), None, format!("{item:?} was never written"));
                continue;
            };
            if members[label.key as usize].replace(item).is_some() {
                self.violate(Kind::Doubled, &self.ruling(key), Some(key), format!("{item:?} and another in one list"));
                continue;
            }
            self.reads[Read::Item as usize] += 1;
            let judged = self.ruling(key).judge_shown(&key.history(), &shown, None);
            self.settle(key, judged, || format!("{item:?}"));
            self.owner(pool, item, false);
        }
        let (mut fewest, mut most) = (0, 0);
        for (key, member) in keys.iter().zip(&members) {
            let ruling = self.ruling(key);
            let history = key.history();
            let (can_be_in, can_be_out) = ruling.membership(&history, family, scope);
            most += i64::from(can_be_in);
            fewest += i64::from(!can_be_out);
            // A list is read before its rows: what its members look like is judged apart.
            let judged = match member {
                Some(_) if can_be_in => continue,
                None if can_be_out => continue,
                Some(_) => ruling
                    .judge(&history, |version| version.row.as_ref().is_some_and(|row| scope.contains(family, row))),
                None => ruling.judge_absence(&history, None, family, scope),
            };
            drop(history);
            if let Err(kind) = judged {
                let is = if member.is_some() { "is" } else { "is not" };
                self.violate(kind, &ruling, Some(key), format!("{} {is} in the list", describe(key)));
            }
        }
        self.counted(&keys, family, scope, list.total_count, (fewest, most));
    }

    /// A count of all rows of a pool that are in `scope`.
    pub(crate) fn count(&mut self, pool: &Pool, family: Family, scope: &Scope, list: Option<&List<'_>>) {
        let Some(list) = list else {
            return self.context.tally.unexpected("a count that was asked for is not there");
        };
        let keys = pool.keys(family).read().clone();
        let range = self.range(&keys, family, scope, |ruling| *ruling);
        self.counted(&keys, family, scope, list.total_count, range);
    }

    /// What an answer shows of a user.
    pub(crate) fn user(&mut self, account: &Account, user: Option<&User<'_>>, with_profile: bool) {
        let Some(user) = user else { return self.text(&account.name, None) };
        if user.id != account.public_id {
            let fact = format!("user {} in place of {}", user.id, account.public_id);
            return self.violate(Kind::Torn, &self.unruled(), None, fact);
        }
        if let Some(name) = &user.name {
            self.text(&account.name, Some(name));
        }
        if with_profile {
            self.text(&account.bio, user.profile.as_ref().map(|profile| &*profile.bio));
        }
    }

    /// The name of a user or the bio of a profile.
    fn text(&mut self, key: &Key, text: Option<&str>) {
        self.reads[Read::Nested as usize] += 1;
        let ruling = self.ruling(key);
        let scope = Scope::default();
        let judged = match text.map(|text| self.context.labels.read(text)) {
            None => ruling.judge_absence(&key.history(), None, key.family, &scope),
            Some(Some(label)) if key.is(&label) => {
                let shown = Shown { id: None, owner: None, flag: None, stamp: label.stamp };
                ruling.judge_shown(&key.history(), &shown, None)
            }
            Some(_) => Err(Kind::Foreign),
        };
        self.settle(key, judged, || format!("{:?} is {text:?}", key.family));
    }

    fn owner(&mut self, pool: &Pool, item: &Item<'_>, with_profile: bool) {
        let Some(user) = &item.user else { return };
        match pool.account_of(&user.id) {
            Some(account) => self.user(account, Some(user), with_profile),
            None => self.violate(Kind::Foreign, &self.unruled(), None, format!("{item:?} belongs to somebody else")),
        }
    }

    fn counted(&mut self, keys: &[Arc<Key>], family: Family, scope: &Scope, count: i64, range: (i64, i64)) {
        self.reads[Read::Count as usize] += 1;
        let fits = |(fewest, most): (i64, i64)| (fewest..=most).contains(&count);
        if fits(range) {
            return;
        }
        let ruling = self.unruled();
        let kind = if fits(self.range(keys, family, scope, Ruling::without_floor)) {
            Kind::Backwards
        } else if fits(self.range(keys, family, scope, Ruling::with_all_past)) {
            if ruling.window.bound == 0 { Kind::Stale } else { Kind::Bound }
        } else if fits(self.range(keys, family, scope, Ruling::with_all_future)) {
            Kind::Future
        } else {
            Kind::Torn
        };
        let (fewest, most) = range;
        self.violate_with(kind, &ruling, format!("a count of {count}"), || format!("a count of {fewest} to {most}"));
    }

    fn range(&self, keys: &[Arc<Key>], family: Family, scope: &Scope, which: impl Fn(&Ruling) -> Ruling) -> (i64, i64) {
        keys.iter().fold((0, 0), |(fewest, most), key| {
            let ruling = which(&self.ruling(key));
            let (can_be_in, can_be_out) = ruling.membership(&key.history(), family, scope);
            (fewest + i64::from(!can_be_out), most + i64::from(can_be_in))
        })
    }

    /// What an item shows, and which version that is; `None` if this run did not write it.
    fn read(&self, pool: &Pool, item: &Item<'_>) -> Option<(Shown, Label)> {
        let label = self.context.labels.read(&item.text)?;
        let owner = item.user.as_ref().map(|user| pool.account_of(&user.id).map_or(u32::MAX, |account| account.number));
        let public = item.visibility.as_ref().map(|visibility| visibility == "PUBLIC");
        let shown = Shown { id: primary_key(&item.id), owner, flag: item.completed.or(public), stamp: label.stamp };
        Some((shown, label))
    }

    fn settle(&mut self, key: &Key, judged: Result<u32, Kind>, fact: impl FnOnce() -> String) {
        match judged {
            Ok(version) => self.seen.push((key.serial, version)),
            Err(kind) => self.violate(kind, &self.ruling(key), Some(key), fact()),
        }
    }

    fn ruling(&self, key: &Key) -> Ruling {
        let written = self.written.iter().find(|(serial, _)| *serial == key.serial);
        let floor = match written {
            Some((_, version)) => Floor { version: *version, own: true },
            None => self.floors.get(key.serial, self.exchange.memory),
        };
        Ruling { floor, ..self.unruled() }
    }

    fn unruled(&self) -> Ruling {
        let Exchange { sent, received, bound, .. } = *self.exchange;
        Ruling { window: Window { sent, received, bound }, floor: Floor::default() }
    }

    fn violate(&self, kind: Kind, ruling: &Ruling, key: Option<&Key>, fact: String) {
        self.violate_with(kind, ruling, fact, || match key {
            Some(key) => format!("{}: {}", describe(key), ruling.describe(&key.history())),
            None => "nothing of the kind".to_owned(),
        });
    }

    fn violate_with(&self, kind: Kind, ruling: &Ruling, fact: String, admissible: impl FnOnce() -> String) {
        let kind = match (kind, self.called) {
            (Kind::Doubled | Kind::Foreign, _) | (_, None) => kind,
            (_, Some(called)) => called,
        };
        self.context.tally.violation(kind, || {
            let answered = &self.exchange.answered[..self.exchange.answered.len().min(EXCERPT)];
            let seconds = |time: Nanos| time as f64 / 1e9;
            Example {
                kind,
                url: self.context.settings.urls[self.exchange.url].clone(),
                asked: self.exchange.asked.clone(),
                answered: String::from_utf8_lossy(answered).into_owned(),
                fact,
                admissible: admissible(),
                sent_seconds: seconds(ruling.window.sent),
                received_seconds: seconds(ruling.window.received),
                bound_seconds: seconds(ruling.window.bound),
            }
        });
    }
}

/// A key, in words.
pub(crate) fn describe(key: &Key) -> String {
    format!("{:?} {} of pool {}", key.family, key.index, key.pool)
}
