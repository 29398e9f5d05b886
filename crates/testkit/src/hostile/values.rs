//! Values where others are meant.

use serde_json::{Value, json};

use super::numbers::Numbers;

/// A text that is none of those that are meant.
pub(super) fn text(numbers: &mut Numbers) -> String {
    let large = numbers.below(20_000);
    match numbers.below(16) {
        0 => "\0".to_owned(),
        1 => "a\0b".to_owned(),
        2 => "\u{202e}\u{feff}\u{200d}".to_owned(),
        3 => "'; DROP TABLE \"user\"; --".to_owned(),
        4 => "%_\\%".to_owned(),
        5 => "🏊".repeat(large / 4),
        6 => "x".repeat(large),
        7 => "../../etc/passwd".to_owned(),
        8 => "todo_".to_owned(),
        9 => "todo_01h455vb4pex5vsknk084sn02q".to_owned(),
        10 => "user_zzzzzzzzzzzzzzzzzzzzzzzzzz".to_owned(),
        11 => "eyJhIjoxfQ==".to_owned(),
        12 => "\u{1}\u{7f}\r\n".to_owned(),
        13 => "0001-01-01T00:00:00Z".to_owned(),
        14 => "+999999-12-31T23:59:60+99:99".to_owned(),
        _ => String::new(),
    }
}

/// A value of any kind.
pub(super) fn value(numbers: &mut Numbers, depth: usize) -> Value {
    match numbers.below(if depth == 0 { 8 } else { 11 }) {
        0 => Value::Null,
        1 => json!(numbers.one_of(&[0_i64, -1, 101, i64::from(i32::MAX) + 1, i64::MIN, i64::MAX])),
        2 => json!(numbers.one_of(&[0.5, 1e300, -1e-300, 1e18])),
        3 => json!(u64::MAX),
        4 => json!(numbers.below(2) == 0),
        5..=7 => json!(text(numbers)),
        8 => (0..numbers.below(50)).map(|_| value(numbers, depth - 1)).collect(),
        9 => json!({ "and": value(numbers, depth - 1), "field": "ID", "direction": text(numbers) }),
        _ => (0..numbers.below(4))
            .map(|_| (text(numbers), value(numbers, depth - 1)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// A value for the variable of `query`: mostly one that gets as far as the resolvers.
pub(super) fn for_variable(query: &str, numbers: &mut Numbers) -> Value {
    if numbers.below(4) == 0 {
        return value(numbers, 3);
    }
    let texts = |numbers: &mut Numbers| (0..numbers.below(120)).map(|_| text(numbers)).collect::<Vec<_>>();
    match query.split_once("$v: ").map(|(_, kind)| kind).unwrap_or_default() {
        kind if kind.starts_with("Int") => json!(numbers.one_of(&[-1, 0, 1, 100, 101, i32::MAX, i32::MIN])),
        kind if kind.starts_with("[ID") => json!(texts(numbers)),
        kind if kind.starts_with("[TodoOrder") => {
            json!(vec![json!({ "field": "DUE_AT", "direction": "DESC" }); numbers.below(2_000)])
        }
        kind if kind.starts_with("TodoFilter") => {
            json!({ "text": text(numbers), "priority": vec!["HIGH"; numbers.below(2_000)], "dueFrom": "9999-12-31T23:59:59Z" })
        }
        kind if kind.starts_with("CreateTodo") => {
            json!({ "text": text(numbers), "notes": text(numbers), "priority": "LOW" })
        }
        kind if kind.starts_with("DateTime") => {
            json!(numbers.one_of(&[
                "0001-01-01T00:00:00Z",
                "-9999-01-01T00:00:00Z",
                "9999-12-31T23:59:60Z",
                "+262142-12-31T00:00:00Z",
                "2026-02-30T00:00:00Z"
            ]))
        }
        _ => json!(text(numbers)),
    }
}
