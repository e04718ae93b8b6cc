//! Prints lines and notes on the terminal.

use std::cell::RefCell;
use std::env;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::guard;
use super::output::show;
use super::paint::{Paint, is_dumb};
use super::printer::Printer;
use super::wrap::wrap;
use crate::config::Color;
use crate::terminal::chat::{Shown, What};

/// Timeout for printing the last lines.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// True if colours are used: by the settings, the environment, and whether the output is a terminal.
pub(super) fn has_colors(color: Color) -> bool {
    let (no_color, term) = (env::var("NO_COLOR").ok(), env::var("TERM").ok());
    let color = if io::stdout().is_terminal() || color == Color::Always { color } else { Color::Never };
    Paint::wants_colors(color, no_color.as_deref(), term.as_deref())
}

/// The width of the terminal; `None` if it is unknown.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// Prints above the line that is being typed.
pub(super) struct Screen {
    paint: Arc<Paint>,
    /// Prints above the line editor; `None` without an editor.
    printer: Option<Arc<Printer>>,
    /// The output is a terminal that can be cleared.
    can_clear: bool,
    /// The date of the last line that somebody said, at first that of the start.
    date: RefCell<String>,
}

impl Screen {
    pub(super) fn new(paint: Arc<Paint>, printer: Option<Arc<Printer>>) -> Self {
        let can_clear = io::stdout().is_terminal() && !is_dumb(env::var("TERM").ok().as_deref());
        let date = RefCell::new(paint.today());
        Self { paint, can_clear, printer, date }
    }

    /// Shows a line, after a date if it is of another day than the line before. With `names_rooms` it names its room.
    pub(super) fn show(&self, shown: &Shown, names_rooms: bool) {
        self.paint.date(shown).into_iter().for_each(|date| self.turn_to(date));
        self.print(&self.paint.line(shown, names_rooms));
    }

    /// Shows today's date after lines of another day.
    pub(super) fn end_past(&self) {
        self.turn_to(self.paint.today());
    }

    fn turn_to(&self, date: String) {
        if *self.date.borrow() != date {
            self.print(&self.paint.new_day(&date));
            self.date.replace(date);
        }
    }

    fn print(&self, line: &str) {
        let line = columns().map_or_else(|| line.to_owned(), |columns| wrap(line, columns));
        match &self.printer {
            Some(printer) => printer.print(&(line + "\n")),
            None => show(&line),
        }
    }

    /// Shows a message of the program itself, in one or more lines.
    pub(super) fn note(&self, text: &str) {
        for line in text.lines() {
            let shown =
                Shown { time: Some(SystemTime::now()), room: None, what: What::Note(line.to_owned()) };
            self.show(&shown, false);
        }
    }

    pub(super) fn clear(&self) {
        const CLEAR: &str = "\x1b[H\x1b[2J";
        match &self.printer {
            Some(printer) if self.can_clear => printer.print(CLEAR),
            None if self.can_clear => show(CLEAR),
            Some(_) | None => {}
        }
    }

    /// True if there is an editor, which can hide a password.
    pub(super) fn has_editor(&self) -> bool {
        self.printer.is_some()
    }

    /// Restores the editor's settings after a stop, and draws the prompt and the line again.
    pub(super) fn resume(&self) {
        // Prints nothing visible, after which the editor draws its line again. The editor would append a newline if
        // there were none.
        const NOTHING: &str = "\x1b[A\n";
        if let Some(printer) = self.printer.as_ref().filter(|printer| printer.is_typing()) {
            guard::resume_editing();
            printer.print(NOTHING);
        }
    }

    /// Waits until everything is printed, up to a timeout.
    pub(super) fn finish(&self) {
        self.printer.iter().for_each(|printer| printer.finish(LAST_WORDS));
    }
}
