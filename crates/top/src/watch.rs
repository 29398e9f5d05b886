//! What goes on while somebody looks: answers come, keys are pressed, time passes.

use std::io::{self, IsTerminal};
use std::pin::pin;
use std::time::Duration;

use crossterm::event::{Event, EventStream};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::client::Client;
use crate::controls::{Controls, Wanted};
use crate::settings::INTERVALS;
use crate::source::{Sample, Told, follow, poll};
use crate::state::State;
use crate::terminal::Terminal;
use crate::view::{Palette, draw};
use crate::{Error, Settings};

/// How much may wait to be shown.
const WAITING: usize = 256;

/// The shortest time between two pictures that nobody has pressed a key for.
const TICK: Duration = Duration::from_millis(100);

/// The longest, so that times that are shown pass, and a terminal that has got another size is filled.
const STILL: Duration = Duration::from_secs(1);

/// Shows what the server does on the terminal at standard input and output, until a key or `stop` ends it. The terminal is then as it
/// was, however this ends.
///
/// # Errors
/// Where there is no terminal, or the server does not answer at the beginning. What goes wrong later is shown, and tried again.
pub async fn watch(settings: Settings, stop: impl Future<Output = ()>) -> Result<(), Error> {
    let Settings { url, token, interval, is_coloured } = settings;
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Error::NotATerminal);
    }
    let (shortest, longest) = INTERVALS;
    if interval < shortest || interval > longest {
        return Err(Error::Settings("invalid value for --interval: expected 200ms to 1min".to_owned()));
    }
    let client = Client::new(&url, token.as_deref())?;
    let mut stop = pin!(stop);
    let begun = Instant::now();
    let mut state = State::new(client.url());
    tokio::select! {
        // What is wrong from the beginning is told where it stays to be read.
        sample = Sample::ask(&client) => state.take(begun.elapsed(), Told::Sample(sample?)),
        () = &mut stop => return Ok(()),
    };

    let (sender, mut told) = mpsc::channel(WAITING);
    let mut polling = pin!(poll(&client, interval, sender.clone()));
    let mut following = pin!(follow(&client, sender));
    let mut terminal = Terminal::take()?;
    let mut keys = EventStream::new();
    let mut controls = Controls::default();
    let palette = Palette { is_coloured };
    let mut ticks = ticks();
    let (mut is_old, mut drawn) = (true, begun);
    loop {
        tokio::select! {
            // Keys first: no flood of changes may keep anybody from quitting.
            biased;
            () = &mut stop => return Ok(()),
            event = keys.next() => match event {
                Some(Ok(Event::Key(key))) => match controls.press(key, &state) {
                    Wanted::Quit => return Ok(()),
                    Wanted::Nothing => {
                        terminal.screen().draw(|frame| draw(frame, &state, &mut controls, palette, begun.elapsed()))?;
                        (is_old, drawn) = (false, Instant::now());
                    }
                },
                Some(Ok(_)) => is_old = true,
                Some(Err(error)) => return Err(error.into()),
                // The terminal is gone.
                None => return Ok(()),
            },
            _ = ticks.tick() => if is_old || drawn.elapsed() >= STILL {
                terminal.screen().draw(|frame| draw(frame, &state, &mut controls, palette, begun.elapsed()))?;
                (is_old, drawn) = (false, Instant::now());
            },
            Some(what) = told.recv() => {
                controls.grown(state.take(begun.elapsed(), what));
                is_old = true;
            }
            // In this task and not beside it, so that a panic of theirs ends all, and gives the terminal back.
            () = &mut polling => return Ok(()),
            () = &mut following => return Ok(()),
        }
    }
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
