//! Numbers, times and texts as they are shown.

use std::time::Duration;

use bytesize::ByteSize;
use chrono::{DateTime, Utc};

/// What is shown where there is nothing to tell.
pub(crate) const NOTHING: &str = "–";

/// The heights of a bar, from none to all.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A whole number, with its thousands apart.
pub(crate) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of which a tenth matters only if it is small.
pub(crate) fn number(number: f64) -> String {
    match number {
        0.0 => "0".to_owned(),
        small if small < 9.95 => format!("{small:.1}"),
        large => whole(large.round() as u64),
    }
}

/// How many of a hundred.
pub(crate) fn percent(part: u64, of: u64) -> String {
    if of == 0 {
        return NOTHING.to_owned();
    }
    // What is not all must not look like it.
    let percent = (part as f64 * 1_000.0 / of as f64).floor() / 10.0;
    format!("{percent:.1}")
}

/// Milliseconds, with as many digits as matter.
pub(crate) fn milliseconds(seconds: f64) -> String {
    match seconds * 1_000.0 {
        0.0 => "0".to_owned(),
        small if small < 0.995 => format!("{small:.2}"),
        other => number(other),
    }
}

/// A size in memory.
pub(crate) fn bytes(bytes: u64) -> String {
    ByteSize(bytes).display().iec().to_string()
}

/// How long, in words.
pub(crate) fn duration(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

/// The time of day, in UTC.
pub(crate) fn clock(time: DateTime<Utc>) -> String {
    time.format("%H:%M:%S").to_string()
}

/// Day and time, in UTC.
pub(crate) fn date(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A name of the API in words.
pub(crate) fn words(name: &str) -> String {
    printable(&name.to_lowercase().replace('_', " "))
}

/// Values as bars, from nothing to the greatest of them.
pub(crate) fn bars(values: &[f64]) -> String {
    let greatest = values.iter().copied().fold(0.0, f64::max);
    let bar = |value: &f64| {
        let height = if greatest > 0.0 { (value / greatest * (BARS.len() - 1) as f64).round() as usize } else { 0 };
        BARS[height.min(BARS.len() - 1)]
    };
    values.iter().map(bar).collect()
}

/// What may have come from anywhere must not drive a terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// `text` in at most `width` characters: what is in its middle is left out, because names begin and ids end with what tells them apart.
pub(crate) fn shortened(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let Some(kept) = width.checked_sub(1) else { return String::new() };
    let (head, tail) = (kept.div_ceil(2), kept / 2);
    let head = text.chars().take(head);
    let tail = text.chars().skip(length - tail);
    head.chain(['…']).chain(tail).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_matter() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(whole), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 0.04, 9.94, 9.95, 1_234.5].map(number), ["0", "0.0", "9.9", "10", "1,235"]);
        assert_eq!([0.0, 0.000_31, 0.001, 0.012_3, 1.5].map(milliseconds), ["0", "0.31", "1.0", "12", "1,500"]);
        assert_eq!(
            [(0, 0), (1, 3), (99_999, 100_000), (5, 5)].map(|(part, of)| percent(part, of)),
            ["–", "33.3", "99.9", "100.0"]
        );
        assert_eq!(bytes(12 << 20), "12.0 MiB");
    }

    #[test]
    fn bars_are_as_high_as_their_values() {
        assert_eq!(bars(&[0.0, 1.0, 3.5, 7.0]), "▁▂▅█");
        assert_eq!(bars(&[0.0, 0.0]), "▁▁");
        assert_eq!(bars(&[]), "");
    }

    #[test]
    fn what_is_left_out_is_in_the_middle() {
        assert_eq!(shortened("todo(id=todo_01abcdef)", 12), "todo(i…cdef)");
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!([0, 1, 2].map(|width| shortened("äöü", width)), ["", "…", "ä…"]);
    }

    #[test]
    fn what_could_drive_a_terminal_is_gone() {
        assert_eq!(printable("a\x1b[2J\u{9b}b\n"), "a [2J b ");
    }
}
