use std::path::Path;

use crate::error::Error;

/// Adds the variables of the file `.env` in the current folder to the environment; those that are set already stay. No file is
/// no error.
///
/// To be called before there is a second thread.
pub(crate) fn load_environment_file() -> Result<(), Error> {
    match dotenvy::from_path(Path::new(".env")) {
        Ok(()) => Ok(()),
        Err(error) if error.not_found() => Ok(()),
        Err(error) => Err(Error::Configuration(sentence(&error))),
    }
}

fn sentence(error: &dotenvy::Error) -> String {
    match error {
        // Nothing of the line is shown: it may be a password.
        dotenvy::Error::LineParse(..) => {
            "the file .env cannot be read: a line is not of the form NAME=VALUE; a value with spaces needs quotes"
                .to_owned()
        }
        dotenvy::Error::Io(error) => format!("the file .env cannot be read: {error}"),
        other => format!("the file .env cannot be read: {other}"),
    }
}
