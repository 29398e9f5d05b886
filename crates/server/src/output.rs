//! Standard output: what a command was asked for.

use std::io::{self, Write};

use crate::error::Error;

/// Writes `text`. A reader that has read enough, such as `head`, is no error.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::Output),
    }
}
