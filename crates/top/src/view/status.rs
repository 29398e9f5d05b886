use std::time::Duration;

use ratatui::text::Line;

use super::Palette;
use crate::controls::Controls;
use crate::sheet::Tone;
use crate::state::{State, Trouble};

const KEYS: &str = "q quit  tab list  ↑↓ scroll  s order  space stop  ? help";

/// How many lines there are at most.
const MOST: usize = 3;

/// The lines below the lists: what is wrong, else what can be done.
pub(super) fn lines(
    state: &State,
    controls: &Controls,
    palette: Palette,
    now: Duration,
    width: u16,
) -> Vec<Line<'static>> {
    let what = match (&state.asking, &state.following) {
        (Some(trouble), _) => Some(told(trouble, "", now)),
        (None, Some(trouble)) => Some(told(trouble, "changes are not followed: ", now)),
        (None, None) => None,
    };
    let mut lines = what.map(|text| wrapped(&text, width, palette)).unwrap_or_default();
    if controls.stopped.is_some() {
        lines.push(Line::styled("stopped: space lets it go on", palette.of(Tone::Notable)));
    }
    if lines.is_empty() {
        lines.push(Line::styled(KEYS, palette.of(Tone::Faint)));
    }
    lines
}

fn told(Trouble { sentence, again_at }: &Trouble, what: &str, now: Duration) -> String {
    let seconds = again_at.saturating_sub(now).as_secs_f64().ceil();
    let again = if seconds > 0.0 { format!("again in {seconds} s") } else { "trying again".to_owned() };
    format!("{what}{sentence} ({again})")
}

/// `text` in lines of whole words, of which the last is cut.
fn wrapped(text: &str, width: u16, palette: Palette) -> Vec<Line<'static>> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let length = word.chars().count();
        match lines.pop() {
            Some(line) if line.chars().count() + 1 + length <= usize::from(width) => {
                lines.push([&line, " ", word].concat())
            }
            Some(line) if lines.len() + 1 == MOST => {
                lines.push(line);
                break;
            }
            last => lines.extend(last.into_iter().chain([word.to_owned()])),
        }
    }
    lines.into_iter().map(|line| Line::styled(line, palette.of(Tone::Bad))).collect()
}
