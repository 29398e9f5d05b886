//! What is said of a document that is not acceptable.

/// The longest text that is said, in bytes. A value that is not acceptable is repeated in it.
const LONGEST: usize = 500;

/// Says in a short sentence what the parser draws in several lines, with the text around it. Where it is stays in the error's
/// locations.
pub(crate) fn say_plainly(message: &mut String) {
    // Further to the right the more digits the number of the line has.
    let last = message.lines().next_back().and_then(|line| line.trim_start().strip_prefix("= "));
    if let Some(expected) = last {
        // It names the rules of its grammar.
        *message = format!("the document cannot be parsed: {}", expected.replace('_', " ").trim_end());
    } else if message.starts_with("invalid number") {
        *message = "the document has a number that is too large".to_owned();
    }
    message.retain(|character| !character.is_control());
    if message.len() > LONGEST {
        message.truncate(message.floor_char_boundary(LONGEST));
        message.push('…');
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn the_text_is_not_repeated() {
        let said = |text: &str| {
            let mut message = parse_query(text).unwrap_err().to_string();
            say_plainly(&mut message);
            message
        };
        assert_eq!(said("{"), "the document cannot be parsed: expected selection");
        assert_eq!(said("nonsense\n"), "the document cannot be parsed: expected executable definition");
        assert_eq!(said(&format!("{}{{", "\n".repeat(100))), "the document cannot be parsed: expected selection");
        assert_eq!(said("{ a(b: 1e999) }"), "the document has a number that is too large");
        assert_eq!(said("{ a } { b }"), "document contains multiple operations");
    }

    #[test]
    fn what_is_long_or_no_text_is_cut() {
        let mut message = "a\r\nb\0".to_owned();
        say_plainly(&mut message);
        assert_eq!(message, "ab");
        let mut message = "é".repeat(300);
        say_plainly(&mut message);
        assert_eq!(message, "é".repeat(250) + "…");
    }
}
