use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use tidewater_changelog::{Generation, Mark, MarkError};

/// Texts longer than this are not handed out. Many clients and proxies refuse long headers, and a snapshot lists every
/// transaction that was running.
const LONGEST: usize = 1_024;
const NEWEST: &str = "*";

/// A mark together with the history that it belongs to, as clients carry it from one answer to the next request: nothing that
/// they have seen is older.
///
/// Its text is `GENERATION/MARK`, such as `5d1c…/P7:9:7`, in characters that a header may hold; to clients it is opaque. A mark
/// whose text would be too long is written as `GENERATION/*`, which asks for everything that is committed when it is sent:
/// stricter, and never less.
///
/// Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryMark(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    generation: Generation,
    /// None: everything that is committed when this is asked for.
    mark: Option<Mark>,
    text: String,
}

impl HistoryMark {
    pub(crate) fn new(generation: Generation, mark: Mark) -> Self {
        Self::with_text(generation, Some(mark))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Whether everything visible at this mark is visible at `mark` of `generation`. False where that cannot be told.
    pub(crate) fn is_included_in(&self, generation: &Generation, mark: &Mark) -> bool {
        self.0.generation == *generation && self.0.mark.as_ref().is_some_and(|required| mark.includes(required))
    }

    /// Whether it is known to lie ahead of all that is committed: `mark` of `generation` is, and does not include it. Nobody
    /// was ever given such a mark.
    pub(crate) fn is_ahead_of(&self, generation: &Generation, mark: &Mark) -> bool {
        self.0.generation == *generation && self.0.mark.as_ref().is_some_and(|required| !mark.includes(required))
    }

    fn with_text(generation: Generation, mark: Option<Mark>) -> Self {
        let told = mark.as_ref().map(Mark::to_string).filter(|text| text.len() <= LONGEST);
        let text = format!("{generation}/{}", told.as_deref().unwrap_or(NEWEST));
        Self(Arc::new(Inner { generation, mark, text }))
    }
}

impl fmt::Display for HistoryMark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.text)
    }
}

impl FromStr for HistoryMark {
    type Err = MarkError;

    fn from_str(text: &str) -> Result<Self, MarkError> {
        let (generation, mark) = text.split_once('/').ok_or(MarkError)?;
        let is_printable = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        if generation.is_empty() || text.len() > 2 * LONGEST || !generation.bytes().all(is_printable) {
            return Err(MarkError);
        }
        let mark = if mark == NEWEST { None } else { Some(mark.parse()?) };
        Ok(Self::with_text(Generation::new(generation), mark))
    }
}
