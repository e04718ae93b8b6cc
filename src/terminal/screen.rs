//! What the one at the terminal sees.

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

/// How long the last words have to be printed.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// True where there are colours: by the setting, the environment, and what our output is.
pub(super) fn has_colors(color: Color) -> bool {
    let (no_color, term) = (env::var("NO_COLOR").ok(), env::var("TERM").ok());
    let color = if io::stdout().is_terminal() || color == Color::Always { color } else { Color::Never };
    Paint::wants_colors(color, no_color.as_deref(), term.as_deref())
}

/// The width of the terminal; `None` without one, or where it does not tell.
fn columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// Shows what happens above the line that is being typed.
pub(super) struct Screen {
    paint: Arc<Paint>,
    /// Prints above the line that is typed; without it lines are printed as they come.
    printer: Option<Arc<Printer>>,
    /// There is a terminal that can be cleared.
    can_clear: bool,
}

impl Screen {
    pub(super) fn new(paint: Arc<Paint>, printer: Option<Arc<Printer>>) -> Self {
        let can_clear = io::stdout().is_terminal() && !is_dumb(env::var("TERM").ok().as_deref());
        Self { paint, can_clear, printer }
    }

    /// Shows what happened. Lines name their room where there are several.
    pub(super) fn show(&self, shown: &Shown, names_rooms: bool) {
        let line = self.paint.line(shown, names_rooms);
        let line = columns().map_or_else(|| line.clone(), |columns| wrap(&line, columns));
        match &self.printer {
            Some(printer) => printer.print(&(line + "\n")),
            None => show(&line),
        }
    }

    /// Says something of the program's own, in one line or more.
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

    /// True where what is typed need not be shown.
    pub(super) fn has_editor(&self) -> bool {
        self.printer.is_some()
    }

    /// Goes on after a stop: with the terminal as the editor has it, and the prompt and what was typed drawn again.
    pub(super) fn resume(&self) {
        // Prints nothing, after which the editor draws its line. It would add the end of a line to a text without.
        const NOTHING: &str = "\x1b[A\n";
        if let Some(printer) = self.printer.as_ref().filter(|printer| printer.is_typing()) {
            guard::resume_editing();
            printer.print(NOTHING);
        }
    }

    /// Waits until everything is shown, for a while.
    pub(super) fn finish(&self) {
        self.printer.iter().for_each(|printer| printer.finish(LAST_WORDS));
    }
}
