use std::time::Duration;

use ratatui::text::{Line, Span};

use super::Palette;
use crate::state::State;
use crate::summary::{self, Part};

/// How wide what a line is about is.
const TITLE: usize = 8;

const BETWEEN: &str = " · ";

/// The lines above the lists; of each, the parts that there is room for.
pub(super) fn lines(state: &State, now: Duration, palette: Palette, width: u16) -> Vec<Line<'static>> {
    let line = |summary::Line { title, parts }| {
        let mut spans = vec![Span::styled(format!("{title:TITLE$}"), palette.title())];
        let mut left = usize::from(width).saturating_sub(TITLE);
        for (index, Part { text, tone }) in parts.into_iter().enumerate() {
            let text = if index == 0 { text } else { [BETWEEN, &text].concat() };
            let span = Span::styled(text, palette.of(tone));
            // The first one matters too much to be left out; it is cut.
            if index > 0 && span.width() > left {
                break;
            }
            left = left.saturating_sub(span.width());
            spans.push(span);
        }
        Line::from(spans)
    };
    summary::lines(state, Some(now)).into_iter().map(line).collect()
}
