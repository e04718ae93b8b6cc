//! What the one at the terminal sees.

use std::env;
use std::io::{self, IsTerminal};
use std::time::SystemTime;

use super::clock::Clock;
use super::paint::Paint;
use super::show;
use crate::client::chat::{Shown, What};
use crate::config::Color;

/// Prints above the line that is typed.
pub(super) type Print = Box<dyn FnMut(String)>;

/// Shows what happens above the line that is being typed.
pub(super) struct Screen {
    paint: Paint,
    print: Print,
    /// There is a terminal that can be cleared.
    can_clear: bool,
}

impl Screen {
    /// `print` prints above the line that is typed; without it lines are printed as they come.
    pub(super) fn new(color: Color, print: Option<Print>) -> Self {
        let (no_color, term) = (env::var("NO_COLOR").ok(), env::var("TERM").ok());
        let is_terminal = io::stdout().is_terminal();
        let color = if is_terminal || color == Color::Always { color } else { Color::Never };
        let has_colors = Paint::wants_colors(color, no_color.as_deref(), term.as_deref());
        Self {
            paint: Paint::new(has_colors, Clock::local()),
            can_clear: is_terminal && term.is_some_and(|term| term != "dumb"),
            print: print.unwrap_or_else(|| Box::new(|line| show(line.trim_end_matches('\n')))),
        }
    }

    /// Shows what happened. Lines name their room where there are several.
    pub(super) fn show(&mut self, shown: &Shown, names_rooms: bool) {
        let line = self.paint.line(shown, names_rooms);
        (self.print)(line + "\n");
    }

    /// Says something of the program's own, in one line or more.
    pub(super) fn note(&mut self, text: &str) {
        for line in text.lines() {
            let shown =
                Shown { time: Some(SystemTime::now()), room: None, what: What::Note(line.to_owned()) };
            self.show(&shown, false);
        }
    }

    pub(super) fn clear(&mut self) {
        if self.can_clear {
            (self.print)("\x1b[H\x1b[2J".to_owned());
        }
    }
}
