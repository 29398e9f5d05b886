//! The texts that rows carry: which run wrote them, into which key, and when in its history.

use std::fmt::Write;

/// Which version of which key a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) pool: u32,
    pub(crate) key: u32,
    /// Grows with every write of the run.
    pub(crate) stamp: u64,
}

/// Reads and writes the texts of one run.
#[derive(Clone, Debug)]
pub(crate) struct Labels {
    run: String,
}

/// How many characters come before the stamp.
pub(crate) const PREFIX_LENGTH: usize = 8 + 1 + 4 + 1 + 6 + 1;

impl Labels {
    pub(crate) fn new(run: u32) -> Self {
        Self { run: format!("{run:08x}") }
    }

    /// The run, as texts name it.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// What all texts of a pool begin with, and no others.
    pub(crate) fn pool(&self, pool: u32) -> String {
        format!("{}-{pool:04x}-", self.run)
    }

    pub(crate) fn write(&self, label: Label) -> String {
        let mut text = String::with_capacity(PREFIX_LENGTH + 12);
        // Writing to a string does not fail.
        let _ = write!(text, "{}-{:04x}-{:06x}-{}", self.run, label.pool, label.key, label.stamp);
        text
    }

    /// `None`: no text of this run.
    pub(crate) fn read(&self, text: &str) -> Option<Label> {
        let mut parts = text.split('-');
        if parts.next() != Some(&self.run) {
            return None;
        }
        let pool = u32::from_str_radix(parts.next()?, 16).ok()?;
        let key = u32::from_str_radix(parts.next()?, 16).ok()?;
        let stamp = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Label { pool, key, stamp })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_tells_what_it_was_made_of() {
        let labels = Labels::new(0xabc);
        let label = Label { pool: 3, key: 77, stamp: 123_456 };
        let text = labels.write(label);
        assert_eq!(text, "00000abc-0003-00004d-123456");
        assert_eq!(labels.read(&text), Some(label));
        assert!(text.starts_with(&labels.pool(3)));
        assert_eq!(text.find("123456"), Some(PREFIX_LENGTH));
        for foreign in ["", "buy milk", "00000abd-0003-00004d-1", "00000abc-0003-00004d-1-2", "00000abc-0003-00004d-x"]
        {
            assert_eq!(labels.read(foreign), None, "{foreign}");
        }
    }
}
