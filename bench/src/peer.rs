//! Other servers over the same database, in `bench/peers`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::system::output;

/// A server that somebody could write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// What it is called.
    pub(crate) name: String,
    /// What it promises.
    pub(crate) promise: Promise,
}

/// What a peer promises of the age of its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It invalidates what it changes itself.
    Invalidates,
    /// It answers with what was right some seconds ago.
    Expires,
    /// It keeps nothing.
    Uncached,
}

impl Peer {
    /// Installs what all of them need, and names them.
    pub(crate) fn install_all() -> Result<Vec<Self>, Error> {
        output(&mut Command::new(folder().join("install")))?;
        let list = output(&mut Command::new(folder().join("list")))?;
        list.lines().filter(|line| !line.trim().is_empty()).map(Self::parse).collect()
    }

    /// The program that runs one of them in the foreground.
    pub(crate) fn start_script(&self) -> PathBuf {
        folder().join("start")
    }

    fn parse(line: &str) -> Result<Self, Error> {
        let mut words = line.split_whitespace();
        let (name, promise) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default());
        let promise = match promise {
            "invalidates" => Promise::Invalidates,
            "expires" => Promise::Expires,
            "uncached" => Promise::Uncached,
            _ => {
                let reason = format!("`{line}` does not end with invalidates, expires or uncached");
                return Err(Error::Program { program: "bench/peers/list".to_owned(), reason });
            }
        };
        Ok(Self { name, promise })
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_peer_and_its_promise() {
        let peer = Peer::parse("yoga-redis expires").unwrap();
        assert_eq!(peer, Peer { name: "yoga-redis".to_owned(), promise: Promise::Expires });
        assert!(Peer::parse("yoga-redis").unwrap_err().to_string().contains("`yoga-redis` does not end"));
    }
}
