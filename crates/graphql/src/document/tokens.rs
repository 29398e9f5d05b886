//! How long a text is, before it is parsed.

/// How deep brackets of any kind can nest: a selection has brackets of its own, its arguments, and lists and objects in these.
const MAX_NESTING: usize = 128;

/// The longest name, in bytes.
const MAX_NAME: usize = 255;

/// Refuses a text of more than `limit` tokens (specification of October 2021, section 2.1), and one that would keep the parser busy in
/// other ways. What is no token at all counts as one; the parser finds it.
///
/// # Errors
/// What is wrong, as a sentence.
pub(super) fn check(text: &str, limit: usize) -> Result<(), String> {
    let mut rest = text.as_bytes();
    let (mut tokens, mut nesting) = (0, 0_usize);
    while let Some((&first, after)) = rest.split_first() {
        rest = match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                rest = after;
                continue;
            }
            b'#' => {
                rest = past(after, |byte| !matches!(byte, b'\r' | b'\n'));
                continue;
            }
            b'{' | b'[' | b'(' => {
                nesting += 1;
                after
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                after
            }
            b'"' => string(rest)?,
            b'.' => rest.strip_prefix(b"...").unwrap_or(after),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let end = past(rest, |byte| byte == b'_' || byte.is_ascii_alphanumeric());
                if rest.len() - end.len() > MAX_NAME {
                    return Err(format!("the document has a name of more than {MAX_NAME} characters"));
                }
                end
            }
            b'-' | b'0'..=b'9' => {
                past(after, |byte| matches!(byte, b'+' | b'-' | b'.') || byte.is_ascii_alphanumeric())
            }
            _ => after,
        };
        tokens += 1;
        if tokens > limit {
            return Err(format!("the document has more than {limit} tokens"));
        }
        if nesting > MAX_NESTING {
            return Err(format!("the document nests brackets deeper than {MAX_NESTING} levels"));
        }
    }
    Ok(())
}

/// A text without its comments and with nothing in its strings: what may be private of a document.
pub(crate) fn without_texts(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some(place) = rest.find(['"', '#']) {
        let (before, here) = rest.split_at(place);
        kept.push_str(before);
        let bytes = here.as_bytes();
        let left = if bytes[0] == b'#' {
            past(bytes, |byte| !matches!(byte, b'\r' | b'\n'))
        } else {
            kept.push_str("\"\"");
            // Of what is no string, nothing is kept.
            string(bytes).unwrap_or_default()
        };
        rest = here.get(here.len() - left.len()..).unwrap_or_default();
    }
    kept + rest
}

/// What is left behind the first bytes that are so.
fn past(bytes: &[u8], are_so: impl Fn(u8) -> bool) -> &[u8] {
    let end = bytes.iter().position(|byte| !are_so(*byte)).unwrap_or(bytes.len());
    &bytes[end..]
}

/// What is left behind the string that `bytes` begin with.
fn string(bytes: &[u8]) -> Result<&[u8], String> {
    if let Some(mut rest) = bytes.strip_prefix(b"\"\"\"") {
        loop {
            rest = match rest {
                [b'\\', b'"', b'"', b'"', after @ ..] | [_, after @ ..] if !rest.starts_with(b"\"\"\"") => after,
                [b'"', b'"', b'"', after @ ..] => return Ok(after),
                _ => return Ok(&[]),
            };
        }
    }
    let mut rest = &bytes[1..];
    loop {
        rest = match rest {
            [b'"', after @ ..] => return Ok(after),
            [] | [b'\r' | b'\n', ..] => return Ok(rest),
            // U+D800 to U+DFFF are halves of characters in UTF-16.
            [b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F', ..] => {
                return Err("the document has an escape `\\u` that is half of a character; write the character itself"
                    .to_owned());
            }
            [b'\\', _, after @ ..] | [_, after @ ..] => after,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many tokens there are.
    fn count(text: &str) -> usize {
        (0..).find(|limit| check(text, *limit).is_ok()).unwrap()
    }

    #[test]
    fn tokens_are_counted_as_the_specification_has_them() {
        for (text, tokens) in [
            ("", 0),
            (" ,\t\r\n", 0),
            ("# a { \" comment\n", 0),
            ("{ a }", 3),
            ("{a(b:-1.5e+3,c:[$d,E])...F@g}", 19),
            ("query Q($a: [Int!]! = 1) { a }", 17),
            (r#"{ a(b: "c \" } d \u2a1A") }"#, 8),
            ("{ a(b: \"\"\" c \" d \\\"\"\" # e { \"\"\", f: \"\") }", 11),
        ] {
            assert_eq!(count(text), tokens, "{text}");
        }
    }

    #[test]
    fn comments_and_what_strings_hold_are_left_out() {
        for (text, kept) in [
            ("{ a }", "{ a }"),
            (r#"{ a(b: "secret", c: 1) # mine"#, r#"{ a(b: "", c: 1) "#),
            ("{ a # \"x\n b(c: \"é \\\" # \") }", "{ a \n b(c: \"\") }"),
            ("{ a(b: \"\"\" x \" y \\\"\"\" # é \"\"\", f: \"\") }", "{ a(b: \"\", f: \"\") }"),
            ("{ a(b: \"no end", "{ a(b: \"\""),
            ("{ a(b: \"\\ud800 x\") }", "{ a(b: \"\""),
        ] {
            assert_eq!(without_texts(text), kept, "{text}");
        }
    }

    #[test]
    fn what_has_no_end_has_an_end_here() {
        for text in ["\"", "\"\"\"", "\"a\\", "\"\"\" a \\\"\"\"", "\"a\n", "#", "...", ".", "\"\\u"] {
            assert!(check(text, 10).is_ok(), "{text}");
        }
    }

    #[test]
    fn halves_of_characters_deep_brackets_and_long_names_are_refused() {
        for text in [r#""\ud83d\ude00""#, r#""\uDFFF""#, r#""a\uD800""#] {
            assert!(check(text, 10).is_err(), "{text}");
        }
        assert!(check(r#""\\ud800" "\ud7ff" "\ue000""#, 10).is_ok() && check(r#""""\ud800""""#, 10).is_ok());
        for bracket in ["{", "[", "("] {
            assert!(check(&bracket.repeat(128), 1_000).is_ok() && check(&bracket.repeat(129), 1_000).is_err());
        }
        assert!(check("é \u{feff} €", 8).is_ok() && check(&"é".repeat(11), 20).is_err(), "each byte counts");
        assert!(check(&"()".repeat(400), 1_000).is_ok() && check(&")".repeat(400), 1_000).is_ok());
        assert!(check(&"a".repeat(255), 1).is_ok() && check(&"a".repeat(256), 1).is_err());
    }
}
