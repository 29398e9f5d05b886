use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use super::Palette;
use crate::controls::{Controls, Pane};
use crate::figures::shortened;
use crate::lists;
use crate::sheet::{Column, Sheet, Tone};
use crate::state::State;

/// From which height on there is room for the changes below another list.
const FOR_TWO: u16 = 20;

/// Draws the list that was chosen, and where there is room, the changes below it.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, controls: &mut Controls, palette: Palette) {
    if area.height < FOR_TWO {
        let pane = controls.pane;
        let tabs = tabs(&Pane::ALL, pane, palette);
        return list(frame, area, pane, tabs, state, controls, palette);
    }
    let [above, below] = Layout::vertical([Constraint::Percentage(55), Constraint::Fill(1)]).areas(area);
    let (pane, upper) = (controls.pane, controls.upper);
    let (changes, others): (Vec<Pane>, Vec<Pane>) = Pane::ALL.into_iter().partition(|pane| *pane == Pane::Changes);
    let others = match pane {
        Pane::Changes => shown_tabs(&others, upper, palette),
        _ => tabs(&others, pane, palette),
    };
    list(frame, above, upper, others, state, controls, palette);
    list(frame, below, Pane::Changes, tabs(&changes, pane, palette), state, controls, palette);
}

/// The names of lists, of which one is chosen.
fn tabs(panes: &[Pane], chosen: Pane, palette: Palette) -> Line<'static> {
    named(panes, |pane| if pane == chosen { palette.chosen() } else { palette.of(Tone::Faint) })
}

/// The names of lists, of which one is shown, though keys are for another.
fn shown_tabs(panes: &[Pane], shown: Pane, palette: Palette) -> Line<'static> {
    named(panes, |pane| if pane == shown { palette.head() } else { palette.of(Tone::Faint) })
}

fn named(panes: &[Pane], style: impl Fn(Pane) -> ratatui::style::Style) -> Line<'static> {
    let name = |pane: &Pane| {
        let number = *pane as usize + 1;
        [Span::styled(format!(" {number} {} ", pane.title()), style(*pane)), Span::raw(" ")]
    };
    panes.iter().flat_map(name).collect()
}

fn list(
    frame: &mut Frame<'_>,
    area: Rect,
    pane: Pane,
    tabs: Line<'static>,
    state: &State,
    controls: &mut Controls,
    palette: Palette,
) {
    let sheet = lists::sheet(pane, controls.shown(state), controls);
    let [above, below] = Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    // One line is taken by what is over the columns.
    let page = usize::from(below.height.saturating_sub(1));
    let scrolled = controls.scrolled(pane, sheet.rows.len(), page);
    let last = (scrolled + page).min(sheet.rows.len());
    let place = format!("{}–{last} of {} ", scrolled + 1, sheet.rows.len());
    frame.render_widget(Paragraph::new(tabs), above);
    if sheet.rows.is_empty() {
        return frame.render_widget(Paragraph::new(Line::styled(sheet.empty, palette.of(Tone::Faint))), below);
    }
    if sheet.rows.len() > page {
        frame.render_widget(Paragraph::new(Line::styled(place, palette.of(Tone::Faint)).right_aligned()), above);
    }
    table(frame, below, &sheet, scrolled..last, palette);
}

fn table(frame: &mut Frame<'_>, area: Rect, sheet: &Sheet, rows: std::ops::Range<usize>, palette: Palette) {
    let shown: Vec<(usize, &Column)> =
        sheet.columns.iter().enumerate().filter(|(_, column)| column.from <= area.width).collect();
    let fixed: u16 = shown.iter().map(|(_, column)| column.width).sum();
    let rest = area.width.saturating_sub(fixed + shown.len() as u16 - 1);
    let width = |column: &Column| if column.width == Column::REST { rest } else { column.width };
    let cell = |text: &str, column: &Column| {
        let line = Line::from(shortened(text, usize::from(width(column))));
        Cell::from(if column.is_number { line.right_aligned() } else { line })
    };
    let head = shown.iter().map(|(index, column)| {
        let mark = if sheet.order == Some(*index) { "▾" } else { "" };
        cell(&[sheet.title(column), mark].concat(), column)
    });
    let row = |row: &crate::sheet::Row| {
        let cells = shown.iter().map(|(index, column)| cell(&row.cells[*index], column));
        Row::new(cells.collect::<Vec<_>>()).style(palette.of(row.tone))
    };
    let head = Row::new(head.collect::<Vec<_>>()).style(palette.head());
    let widths: Vec<_> = shown.iter().map(|(_, column)| Constraint::Length(width(column))).collect();
    frame.render_widget(Table::new(sheet.rows[rows].iter().map(row), widths).header(head), area);
}
