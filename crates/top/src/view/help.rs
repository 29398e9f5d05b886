use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::Palette;

const TEXT: &str = "\
tab, shift tab, 1 to 5    choose a list
arrows, PgUp, PgDn        scroll it
Home, End                 to its begin, to its end
s                         order it by another column
space                     stop the picture, or go on
q, ctrl c                 quit

What is per second is of the last interval; shares, times
and counts are of the last minute. Before there are two
answers, all are since the start of the server. times:
what half, 95 % and 99 % of them did not exceed. kept: by
a whole response. Times of day are in UTC.";

/// Draws over all else what the keys are for.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, palette: Palette) {
    let width = TEXT.lines().map(|line| line.chars().count()).max().unwrap_or_default() as u16 + 2;
    let height = TEXT.lines().count() as u16 + 2;
    let area = area.centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, area);
    let block = Block::bordered().title(" Any key ends this ").title_style(palette.title());
    frame.render_widget(Paragraph::new(TEXT).block(block), area);
}
