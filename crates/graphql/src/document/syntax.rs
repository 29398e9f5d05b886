//! What is said of a document that cannot be parsed.

use async_graphql::ServerError;

/// Says in a sentence what the parser draws, with the text around it, in several lines. Where it is stays in the error's locations.
pub(crate) fn say_plainly(error: &mut ServerError) {
    let message = &error.message;
    if let Some((_, expected)) = message.rsplit_once("\n  = ") {
        // It names the rules of its grammar.
        error.message = format!("the document cannot be parsed: {}", expected.replace('_', " ").trim_end());
    } else if message.starts_with("invalid number") {
        error.message = "the document has a number that is too large".to_owned();
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn the_text_is_not_repeated() {
        let said = |text: &str| {
            let mut error = ServerError::from(parse_query(text).unwrap_err());
            say_plainly(&mut error);
            error.message
        };
        assert_eq!(said("{"), "the document cannot be parsed: expected selection");
        assert_eq!(said("nonsense\n"), "the document cannot be parsed: expected executable definition");
        assert_eq!(said("{ a(b: 1e999) }"), "the document has a number that is too large");
        assert_eq!(said("{ a } { b }"), "document contains multiple operations");
    }
}
