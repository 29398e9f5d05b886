//! What a row can be, and who sees it where.

use uuid::Uuid;

/// What kind of row, or of part of one, a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// A todo: its text, its owner and whether it is completed.
    Todo,
    /// A note: its title, its owner and whether it is public.
    Note,
    /// A user: the name.
    Name,
    /// A profile: the bio.
    Bio,
}

/// What a row holds while it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// `None`: the server chose it and has not said it.
    pub(crate) id: Option<Uuid>,
    /// Number of the account whose it is.
    pub(crate) owner: u32,
    /// Of a todo, whether it is completed; of a note, whether it is public.
    pub(crate) flag: bool,
    /// The stamp in its text.
    pub(crate) stamp: u64,
}

/// Which rows of a family an answer speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Who asks; `None` is somebody who is not signed in.
    pub(crate) viewer: Option<u32>,
    /// Only what is this account's.
    pub(crate) owner: Option<u32>,
    /// Only what has the flag so.
    pub(crate) flag: Option<bool>,
}

impl Scope {
    pub(crate) fn contains(&self, family: Family, row: &Row) -> bool {
        let seen = match family {
            Family::Todo => self.viewer == Some(row.owner),
            Family::Note => row.flag || self.viewer == Some(row.owner),
            Family::Name | Family::Bio => true,
        };
        seen && self.owner.is_none_or(|owner| owner == row.owner) && self.flag.is_none_or(|flag| flag == row.flag)
    }
}

/// What an answer shows of one row. What was not asked for is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) id: Option<Uuid>,
    pub(crate) owner: Option<u32>,
    pub(crate) flag: Option<bool>,
    pub(crate) stamp: u64,
}

impl Shown {
    /// Whether this is what `row` looks like.
    pub(crate) fn is(&self, row: &Row) -> bool {
        self.stamp == row.stamp
            && self.owner.is_none_or(|owner| owner == row.owner)
            && self.flag.is_none_or(|flag| flag == row.flag)
            && (self.id.is_none() || row.id.is_none() || self.id == row.id)
    }
}
