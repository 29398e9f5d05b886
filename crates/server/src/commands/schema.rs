use std::path::Path;

use crate::cli::SchemaArguments;
use crate::error::{Error, reason};
use crate::output::print;

/// Prints the schema, or compares it with a file: the one for clients, or that of the subgraph.
pub(crate) fn schema(arguments: &SchemaArguments, is_subgraph: bool) -> Result<(), Error> {
    let served = if is_subgraph { tidewater_graphql::subgraph_sdl() } else { tidewater_graphql::sdl() };
    match &arguments.check {
        None => print(&served),
        Some(file) => {
            let kept = std::fs::read_to_string(file)
                .map_err(|error| Error::File { file: file.clone(), reason: reason(&error) })?;
            compare(file, &kept, &served)
        }
    }
}

fn compare(file: &Path, kept: &str, served: &str) -> Result<(), Error> {
    if kept == served {
        return Ok(());
    }
    let mut lines = kept.lines();
    let mut line = 0;
    let what = loop {
        line += 1;
        // What is left may differ in the end of the last line only.
        match (lines.next(), served.lines().nth(line - 1)) {
            (Some(kept), Some(served)) if kept == served => {}
            (Some(kept), Some(served)) => break format!("`{}` is served as `{}`", kept.trim(), served.trim()),
            (Some(kept), None) => break format!("`{}` is not served", kept.trim()),
            (None, Some(served)) => break format!("`{}` is missing", served.trim()),
            (None, None) => break "the ends of the lines".to_owned(),
        }
    };
    Err(Error::SchemaDiffers { file: file.to_owned(), line, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(kept: &str, served: &str) -> String {
        compare(Path::new("x"), kept, served).unwrap_err().to_string()
    }

    #[test]
    fn the_first_difference_is_named() {
        assert!(compare(Path::new("x"), "a\nb\n", "a\nb\n").is_ok());
        assert!(difference("a\nb\n", "a\n  c\n").contains("line 2: `b` is served as `c`"));
        assert!(difference("a\n", "a\nc\n").contains("line 2: `c` is missing"));
        assert!(difference("a\nb\n", "a\n").contains("line 2: `b` is not served"));
        assert!(difference("a", "a\n").contains("line 2: the ends of the lines"));
    }
}
