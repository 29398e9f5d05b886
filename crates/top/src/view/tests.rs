//! Pictures of recorded states.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::*;
use crate::Error;
use crate::source::{Sample, Told};
use crate::tide::{Asked, OfJobs, Seen, Tide};

const COLOURED: Palette = Palette { is_coloured: true };
const PLAIN: Palette = Palette { is_coloured: false };

/// A moment of a server's life.
fn recorded(number: usize) -> Sample {
    let tide = [include_str!("tests/tide-1.json"), include_str!("tests/tide-2.json")][number];
    let Asked::<Tide> { tide } = serde_json::from_str(tide).unwrap();
    let Asked::<OfJobs> { tide: OfJobs { jobs } } = serde_json::from_str(include_str!("tests/jobs.json")).unwrap();
    Sample { tide, jobs: Ok(jobs) }
}

fn seen() -> Seen {
    let Asked::<Seen> { tide } = serde_json::from_str(include_str!("tests/changes.json")).unwrap();
    tide
}

/// A server that has been watched for ten seconds.
fn watched() -> State {
    let mut state = State::new("http://127.0.0.1:8000");
    state.take(Duration::ZERO, Told::Sample(recorded(0)));
    state.take(Duration::from_secs(1), Told::Following(seen()));
    state.take(Duration::from_secs(10), Told::Sample(recorded(1)));
    state
}

fn buffer(size: (u16, u16), state: &State, controls: &mut Controls, palette: Palette) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw(frame, state, controls, palette, Duration::from_secs(12))).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let line = |line: &[ratatui::buffer::Cell]| {
        let text: String = line.iter().map(|cell| cell.symbol()).collect();
        text.trim_end().to_owned() + "\n"
    };
    buffer.content().chunks(usize::from(buffer.area.width)).map(line).collect()
}

fn picture(size: (u16, u16), state: &State, keys: &[KeyCode]) -> String {
    let mut controls = Controls::default();
    for key in keys {
        controls.press(KeyEvent::from(*key), state);
        // Keys are for what is seen.
        buffer(size, state, &mut controls, PLAIN);
    }
    text(&buffer(size, state, &mut controls, PLAIN))
}

/// Checks that a picture fits, and shows all of this.
fn check(size: (u16, u16), keys: &[KeyCode], expected: &[&str]) {
    let picture = picture(size, &watched(), keys);
    assert_eq!(picture.lines().count(), usize::from(size.1), "{picture}");
    assert!(picture.lines().all(|line| line.chars().count() <= usize::from(size.0)), "{picture}");
    for text in expected {
        assert!(picture.contains(text), "{text:?} is not in:\n{picture}");
    }
}

#[test]
fn all_is_shown_at_each_size() {
    let head = [
        "http://127.0.0.1:8000",
        "database answers · Redis answers",
        "\ntimes   gate ",
        " ms · database ",
        "values 96.1 %",
        "1 dead",
        "q quit",
    ];
    for size in [(60, 15), (80, 24), (120, 40)] {
        check(size, &[], &[&head[..], &["lookups/s▾", "\ntodo  "]].concat());
    }
    check((120, 40), &[], &[" ms · Redis 0.", " ms · p50/p95/p99 of the last minute"]);
    check((120, 40), &[], &["5 Changes", "seen at", "outside     table"]);
    check((60, 15), &[KeyCode::Char('5')], &["seen at", "outside     table", "todo(id=todo_0", "…"]);
    check(
        (160, 110),
        &[KeyCode::Char('5')],
        &["transaction", "this server update  todo(id=todo_", "another     update"],
    );
}

#[test]
fn each_list_is_shown() {
    check((80, 24), &[KeyCode::Char('2')], &["mostly of", "\nnever filled  ", "\nchanged  "]);
    check((60, 15), &[KeyCode::Char('3')], &["asked/s▾", "\nMine "]);
    check((120, 24), &[KeyCode::Char('3')], &["gate ms", "misses mostly", "\nBroken "]);
    check((60, 15), &[KeyCode::Char('4')], &["given up at", "2026-11-27 09:12:44"]);
    check((60, 15), &[KeyCode::Char('?')], &["Any key ends this", "Times of day are in UTC."]);
}

#[test]
fn before_there_are_two_answers_counts_are_shown_instead_of_rates() {
    let mut state = State::new("http://127.0.0.1:8000");
    state.take(Duration::ZERO, Told::Sample(recorded(0)));
    let picture = picture((80, 30), &state, &[]);
    assert!(!picture.contains("/s"), "{picture}");
    assert!(picture.contains("lookups") && picture.contains("nothing has changed yet"), "{picture}");
}

#[test]
fn what_is_wrong_is_told_below_with_the_time_of_the_next_attempt() {
    let mut state = watched();
    let refused = || Error::Unreachable { url: "http://127.0.0.1:8000".to_owned(), reason: "nobody listens there" };
    state.take(Duration::from_secs(11), Told::NotFollowing(refused(), Duration::from_secs(2)));
    let told = picture((60, 15), &state, &[]);
    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("changes are not followed: http://127.0.0.1:8000 cannot be reached (nobody listens there)"),
        "{told}"
    );
    assert!(flat.ends_with("(again in 1 s)"), "{told}");
    state.take(Duration::from_secs(12), Told::NotAnswered(refused(), Duration::from_secs(4)));
    let told = picture((80, 24), &state, &[]);
    assert!(told.contains("as it was 2s ago") && told.contains("(again in 4 s)"), "{told}");
}

#[test]
fn without_colours_there_are_none_and_with_them_some() {
    let mut state = watched();
    state.take(Duration::from_secs(12), Told::NotAnswered(Error::Ended, Duration::from_secs(4)));
    for (palette, expected) in [(PLAIN, false), (COLOURED, true)] {
        let buffer = buffer((160, 40), &state, &mut Controls::default(), palette);
        let mut cells = buffer.content().iter();
        assert_eq!(cells.any(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset)), expected, "{palette:?}");
    }
}

#[test]
fn the_list_is_ordered_by_what_was_chosen_and_the_picture_stops() {
    let first = |keys: &[KeyCode]| {
        let picture = picture((80, 24), &watched(), keys);
        let lines: Vec<_> = picture.lines().map(str::to_owned).collect();
        let head = lines.iter().position(|line| line.contains('▾')).unwrap();
        (lines[head].clone(), lines[head + 1].clone())
    };
    let s = KeyCode::Char('s');
    for (presses, column) in [(0, "lookups/s▾"), (1, "misses/s▾"), (2, "hit %▾"), (3, "kind▾"), (4, "lookups/s▾")]
    {
        let (head, _) = first(&vec![s; presses]);
        assert!(head.contains(column), "{presses}: {head}");
    }
    assert_ne!(first(&[]).1, first(&[s; 3]).1);
    let stopped = picture((80, 24), &watched(), &[KeyCode::Char(' ')]);
    assert!(stopped.contains("stopped: space lets it go on"), "{stopped}");
}

#[test]
fn a_terminal_that_is_too_small_is_told_so_and_none_is_too_small_for_that() {
    for size in [(59, 15), (60, 14), (20, 5), (1, 1)] {
        let picture = picture(size, &watched(), &[KeyCode::Char('?')]);
        assert!(picture.starts_with('T'), "{picture}");
    }
}

/// Whatever the size, whatever the keys, and also while nothing is known.
#[test]
fn no_size_and_no_key_is_too_much() {
    let keys = [KeyCode::Char('?'), KeyCode::End, KeyCode::PageDown, KeyCode::Down, KeyCode::Char(' '), KeyCode::Up];
    for state in [State::new(""), watched()] {
        for width in [60, 61, 79, 90, 115, 130, 300] {
            for height in [15, 16, 20, 24, 25, 26, 27, 60, 200] {
                for digit in '1'..='5' {
                    picture((width, height), &state, &[&[KeyCode::Char(digit)], &keys[..]].concat());
                }
            }
        }
    }
}
