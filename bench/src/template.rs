//! Compares answers with the one expected, byte for byte, but for the versions in the texts.

use smallvec::SmallVec;

use crate::dataset::HOT_TODOS_PER_USER;
use crate::version::{self, DIGITS};

/// The versions that one answer shows.
pub(crate) type Versions = SmallVec<[u64; HOT_TODOS_PER_USER]>;

/// The data that a request is answered with.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    data: Vec<u8>,
    /// Where the digits of versions begin.
    holes: SmallVec<[usize; HOT_TODOS_PER_USER]>,
}

impl Template {
    /// Answers with exactly these data, or with other versions in their texts.
    pub(crate) fn new(data: &[u8]) -> Self {
        let prefix = version::PREFIX.as_bytes();
        let places = data.windows(prefix.len()).enumerate().filter(|(_, window)| *window == prefix);
        Self { data: data.to_owned(), holes: places.map(|(place, _)| place + prefix.len()).collect() }
    }

    /// Whether `body` answers with exactly these data.
    pub(crate) fn is_in(&self, body: &[u8]) -> bool {
        data_in(body, self.data.len()) == Some(&self.data)
    }

    /// The versions that `body` shows, in order, if it is otherwise the same.
    pub(crate) fn versions_in(&self, body: &[u8]) -> Option<Versions> {
        let data = data_in(body, self.data.len())?;
        let mut versions = Versions::new();
        let mut begin = 0;
        for &hole in &self.holes {
            if data[begin..hole] != self.data[begin..hole] {
                return None;
            }
            begin = hole + DIGITS;
            versions.push(version::parse(&data[hole..begin])?);
        }
        (data[begin..] == self.data[begin..]).then_some(versions)
    }
}

/// The data in `body`, if they are as long as that and there is no error beside them.
fn data_in(body: &[u8], length: usize) -> Option<&[u8]> {
    let (data, rest) = body.strip_prefix(br#"{"data":"#)?.split_at_checked(length)?;
    (rest.starts_with(b"}") || rest.starts_with(br#","extensions":"#)).then_some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(versions: [u64; 2]) -> String {
        format!(r#"{{"a":"{}","b":"{}","c":1}}"#, version::text(versions[0]), version::text(versions[1]))
    }

    fn body(data: &str, rest: &str) -> Vec<u8> {
        format!(r#"{{"data":{data}{rest}"#).into_bytes()
    }

    #[test]
    fn the_same_data_are_the_same_whatever_extensions_follow() {
        let template = Template::new(data([0, 0]).as_bytes());
        assert!(template.is_in(&body(&data([0, 0]), "}")));
        assert!(template.is_in(&body(&data([0, 0]), r#","extensions":{"x":1}}"#)));
        assert!(!template.is_in(&body(&data([0, 0]), r#","errors":[]}"#)));
        assert!(!template.is_in(&body(&data([0, 1]), "}")));
        assert!(!template.is_in(b"{}"));
    }

    #[test]
    fn versions_are_read_and_everything_else_compared() {
        let template = Template::new(data([0, 0]).as_bytes());
        let versions = template.versions_in(&body(&data([12, 3_000_000_000]), "}"));
        assert_eq!(versions.as_deref(), Some(&[12, 3_000_000_000][..]));
        for wrong in [data([1, 2]).replace(r#""c":1"#, r#""c":2"#), data([1, 2]).replace("Measured", "measured")] {
            assert_eq!(template.versions_in(&body(&wrong, "}")), None, "{wrong}");
        }
        let no_number = data([1, 2]).replace("0000000002", "000000000x");
        assert_eq!(template.versions_in(&body(&no_number, "}")), None);
    }
}
