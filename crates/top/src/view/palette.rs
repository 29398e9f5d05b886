use ratatui::style::{Color, Modifier, Style};

use crate::sheet::Tone;

/// How things look, with colours or without. Nothing is told by a colour alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) is_coloured: bool,
}

impl Palette {
    pub(super) fn of(self, tone: Tone) -> Style {
        let style = Style::new();
        match (tone, self.is_coloured) {
            (Tone::Plain, _) => style,
            (Tone::Faint, _) => style.add_modifier(Modifier::DIM),
            (Tone::Notable, true) => style.fg(Color::Yellow),
            (Tone::Notable, false) => style.add_modifier(Modifier::UNDERLINED),
            (Tone::Bad, true) => style.fg(Color::Red).add_modifier(Modifier::BOLD),
            (Tone::Bad, false) => style.add_modifier(Modifier::BOLD),
        }
    }

    /// What lines are about.
    pub(super) fn title(self) -> Style {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if self.is_coloured { style.fg(Color::Cyan) } else { style }
    }

    /// What is over columns.
    pub(super) fn head(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What keys are for.
    pub(super) fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }
}
