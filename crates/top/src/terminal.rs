//! The terminal: taken over, and given back as it was.

use std::{io, thread};

use ratatui::DefaultTerminal;

/// A terminal that has been taken over. Dropping it gives it back, and so does a panic before it says what is wrong.
pub(crate) struct Terminal(DefaultTerminal);

impl Terminal {
    /// Takes over the terminal at standard input and output.
    pub(crate) fn take() -> io::Result<Self> {
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self(terminal)),
            Err(error) => {
                // It may have been taken over in part.
                ratatui::restore();
                Err(error)
            }
        }
    }

    /// What is drawn on.
    pub(crate) fn screen(&mut self) -> &mut DefaultTerminal {
        &mut self.0
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Where that fails, there is no terminal any more.
        let _ = self.0.show_cursor();
        // A panic has given it back already. Once more would put the cursor over what was said since.
        if !thread::panicking() {
            let _ = ratatui::try_restore();
        }
    }
}
