//! The picture: what is known, on a terminal of some size.

mod body;
mod help;
mod palette;
mod status;
mod summary;

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::widgets::{Paragraph, Wrap};

use crate::controls::Controls;
use crate::state::State;

pub(crate) use palette::Palette;

/// The smallest terminal that has room for all parts.
const LEAST: (u16, u16) = (60, 15);

/// Draws all of it, `now` being the time since this program began.
pub(crate) fn draw(frame: &mut Frame<'_>, state: &State, controls: &mut Controls, palette: Palette, now: Duration) {
    let area = frame.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let text = format!("This needs {} columns and {} lines: enlarge the terminal, or press q.", LEAST.0, LEAST.1);
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
        return;
    }
    let lines = summary::lines(controls.shown(state), now, palette, area.width);
    let status = status::lines(state, controls, palette, now, area.width);
    let heights = [Constraint::Length(lines.len() as u16), Constraint::Min(1), Constraint::Length(status.len() as u16)];
    let [top, middle, bottom] = Layout::vertical(heights).areas(area);
    frame.render_widget(Paragraph::new(lines), top);
    body::draw(frame, middle, state, controls, palette);
    frame.render_widget(Paragraph::new(status), bottom);
    if controls.shows_help {
        help::draw(frame, area, palette);
    }
}

#[cfg(test)]
mod tests;
