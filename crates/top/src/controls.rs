//! What whoever looks has chosen to see, and the keys that choose it.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::lists::{OperationOrder, ValueOrder};
use crate::state::State;

/// One of the lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    #[default]
    Values,
    Misses,
    Operations,
    Jobs,
    Changes,
}

/// What whoever looks has chosen to see.
#[derive(Debug, Default)]
pub(crate) struct Controls {
    /// The list that keys are for.
    pub(crate) pane: Pane,
    /// The one above the changes, where there is room for two.
    pub(crate) upper: Pane,
    pub(crate) values: ValueOrder,
    pub(crate) operations: OperationOrder,
    pub(crate) shows_help: bool,
    /// What was known when the picture was stopped.
    pub(crate) stopped: Option<Box<State>>,
    /// By how many rows each list is scrolled.
    scrolled: [usize; Pane::ALL.len()],
    /// How many rows of the list that keys are for are seen.
    page: usize,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Nothing,
    Quit,
}

impl Pane {
    pub(crate) const ALL: [Self; 5] = [Self::Values, Self::Misses, Self::Operations, Self::Jobs, Self::Changes];

    /// What is over it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Values => "Values",
            Self::Misses => "Misses",
            Self::Operations => "Operations",
            Self::Jobs => "Dead jobs",
            Self::Changes => "Changes",
        }
    }

    fn after(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }
}

impl Controls {
    /// Does what a key is for.
    pub(crate) fn press(&mut self, key: KeyEvent, state: &State) -> Wanted {
        if key.kind == KeyEventKind::Release {
            return Wanted::Nothing;
        }
        match (key.code, key.modifiers.contains(KeyModifiers::CONTROL)) {
            (KeyCode::Char('c'), true) | (KeyCode::Char('q'), false) => return Wanted::Quit,
            (_, true) => {}
            // Any key ends the help, and does nothing else.
            _ if self.shows_help => self.shows_help = false,
            (KeyCode::Char('?' | 'h'), _) => self.shows_help = true,
            (KeyCode::Char(' '), _) => {
                self.stopped = if self.stopped.is_some() { None } else { Some(Box::new(state.clone())) }
            }
            (KeyCode::Char('s'), _) => self.order(),
            (KeyCode::Tab, _) => self.show(self.pane.after(1)),
            (KeyCode::BackTab, _) => self.show(self.pane.after(Pane::ALL.len() - 1)),
            (KeyCode::Char(digit @ '1'..='5'), _) => self.show(Pane::ALL[digit as usize - '1' as usize]),
            (KeyCode::Down | KeyCode::Char('j'), _) => self.scroll(|row, _| row + 1),
            (KeyCode::Up | KeyCode::Char('k'), _) => self.scroll(|row, _| row.saturating_sub(1)),
            (KeyCode::PageDown, _) => self.scroll(|row, page| row + page),
            (KeyCode::PageUp, _) => self.scroll(|row, page| row.saturating_sub(page)),
            (KeyCode::Home, _) => self.scroll(|_, _| 0),
            // What is past the last row is brought back when it is drawn.
            (KeyCode::End, _) => self.scroll(|_, _| usize::MAX),
            _ => {}
        }
        Wanted::Nothing
    }

    /// What is shown: what is known, or was when the picture was stopped.
    pub(crate) fn shown<'a>(&'a self, state: &'a State) -> &'a State {
        self.stopped.as_deref().unwrap_or(state)
    }

    /// The list of changes has grown at its head. Who has scrolled into it goes on to see the same.
    pub(crate) fn grown(&mut self, lines: usize) {
        let scrolled = &mut self.scrolled[Pane::Changes as usize];
        if *scrolled > 0 && self.stopped.is_none() {
            *scrolled = scrolled.saturating_add(lines);
        }
    }

    /// By how many rows a list is scrolled that has so many, of which so many are seen.
    pub(crate) fn scrolled(&mut self, pane: Pane, rows: usize, page: usize) -> usize {
        if pane == self.pane {
            self.page = page;
        }
        let scrolled = &mut self.scrolled[pane as usize];
        *scrolled = (*scrolled).min(rows.saturating_sub(page));
        *scrolled
    }

    fn show(&mut self, pane: Pane) {
        self.pane = pane;
        if pane != Pane::Changes {
            self.upper = pane;
        }
    }

    fn scroll(&mut self, to: impl Fn(usize, usize) -> usize) {
        let scrolled = &mut self.scrolled[self.pane as usize];
        *scrolled = to(*scrolled, self.page.max(1));
    }

    fn order(&mut self) {
        match self.pane {
            Pane::Values => self.values = self.values.next(),
            Pane::Operations => self.operations = self.operations.next(),
            Pane::Misses | Pane::Jobs | Pane::Changes => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(controls: &mut Controls, code: KeyCode) -> Wanted {
        controls.press(KeyEvent::from(code), &State::default())
    }

    #[test]
    fn tabs_and_digits_choose_lists() {
        let mut controls = Controls::default();
        for pane in [Pane::Misses, Pane::Operations, Pane::Jobs, Pane::Changes, Pane::Values] {
            press(&mut controls, KeyCode::Tab);
            assert_eq!(controls.pane, pane);
        }
        press(&mut controls, KeyCode::BackTab);
        assert_eq!((controls.pane, controls.upper), (Pane::Changes, Pane::Values));
        press(&mut controls, KeyCode::Char('3'));
        assert_eq!((controls.pane, controls.upper), (Pane::Operations, Pane::Operations));
    }

    #[test]
    fn lists_are_scrolled_within_their_rows() {
        let mut controls = Controls::default();
        assert_eq!(controls.scrolled(Pane::Values, 25, 10), 0);
        for (code, expected) in [
            (KeyCode::Up, 0),
            (KeyCode::Down, 1),
            (KeyCode::PageDown, 11),
            (KeyCode::PageDown, 15),
            (KeyCode::Up, 14),
            (KeyCode::PageUp, 4),
            (KeyCode::End, 15),
            (KeyCode::Home, 0),
        ] {
            press(&mut controls, code);
            assert_eq!(controls.scrolled(Pane::Values, 25, 10), expected, "{code:?}");
        }
        assert_eq!(controls.scrolled(Pane::Misses, 25, 10), 0, "each by itself");
    }

    #[test]
    fn who_has_scrolled_into_the_changes_goes_on_to_see_the_same() {
        let mut controls = Controls::default();
        press(&mut controls, KeyCode::Char('5'));
        controls.grown(3);
        assert_eq!(controls.scrolled(Pane::Changes, 100, 10), 0, "at the head, the latest are seen");
        press(&mut controls, KeyCode::Down);
        controls.grown(3);
        assert_eq!(controls.scrolled(Pane::Changes, 100, 10), 4);
    }

    #[test]
    fn a_stopped_picture_does_not_change() {
        let (mut controls, mut state) = (Controls::default(), State::new("before"));
        controls.press(KeyEvent::from(KeyCode::Char(' ')), &state);
        state.url = "after".to_owned();
        assert_eq!(controls.shown(&state).url, "before");
        controls.press(KeyEvent::from(KeyCode::Char(' ')), &state);
        assert_eq!(controls.shown(&state).url, "after");
    }

    #[test]
    fn help_ends_with_any_key_and_q_quits_always() {
        let mut controls = Controls::default();
        press(&mut controls, KeyCode::Char('?'));
        assert!(controls.shows_help);
        press(&mut controls, KeyCode::Tab);
        assert_eq!((controls.shows_help, controls.pane), (false, Pane::Values));
        press(&mut controls, KeyCode::Char('?'));
        assert_eq!(press(&mut controls, KeyCode::Char('q')), Wanted::Quit);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(controls.press(interrupt, &State::default()), Wanted::Quit);
    }
}
