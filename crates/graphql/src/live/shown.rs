use std::fmt;
use std::str::FromStr;

use tidewater_cache::HistoryMark;

/// Which answer to a live query its client was shown last. Its text is for the client to hold and to give back, and for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Stands for the answer's data and errors.
    pub(crate) digest: u128,
    /// What the answer showed.
    pub(crate) mark: Option<HistoryMark>,
}

/// It is not what any server gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not what a live query told")]
pub struct NotShown;

/// Between the two parts; in no mark.
const BETWEEN: char = '/';

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { digest, mark } = self;
        write!(formatter, "{digest:032x}")?;
        mark.iter().try_for_each(|mark| write!(formatter, "{BETWEEN}{mark}"))
    }
}

impl FromStr for Shown {
    type Err = NotShown;

    fn from_str(text: &str) -> Result<Self, NotShown> {
        let (digest, mark) = match text.split_once(BETWEEN) {
            Some((digest, mark)) => (digest, Some(mark.parse().map_err(|_| NotShown)?)),
            None => (text, None),
        };
        let is_digest = digest.len() == 32 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let digest = is_digest.then(|| u128::from_str_radix(digest, 16).ok()).flatten().ok_or(NotShown)?;
        Ok(Self { digest, mark })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_told_in_words_that_are_read_again() {
        for digest in [0, 1, u128::MAX] {
            let shown = Shown { digest, mark: None };
            assert_eq!(shown.to_string().parse(), Ok(shown));
        }
    }

    #[test]
    fn what_was_never_told_is_refused() {
        let digest = "0".repeat(32);
        for text in ["", "1", &digest[1..], &format!("{digest}0"), &format!("{digest}/"), &format!("+{}", &digest[1..])]
        {
            assert_eq!(text.parse::<Shown>(), Err(NotShown), "{text}");
        }
        assert!(digest.parse::<Shown>().is_ok());
    }
}
