//! Callbacks of the line editor: completions, how to draw the line, and what to leave of it on the screen.
//!
//! After Enter, a line of chat is replaced by how it looks among the lines of others, with its time. Everything else
//! stays as it was typed. Only the editor knows which rows a line takes, and it clears them before it draws, so its
//! last drawing is replaced.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use rustix::termios::tcgetwinsize;
use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, GraphemeClusterMode, Helper};

use super::guard;
use super::paint::Paint;
use super::printer::Printer;
use super::rows::{Place, Width};
use super::wrap::wrap;
use crate::terminal::chat::Chat;

/// Leaves nothing of a line: moves up, because the editor then ends the line.
const NOTHING: &str = "\x1b[A";

/// The callbacks of the line editor.
pub(super) struct Assistant {
    chat: Arc<Mutex<Chat>>,
    paint: Arc<Paint>,
    printer: Arc<Printer>,
    drawn: RefCell<Drawn>,
}

/// The last drawing of the prompt and the line.
struct Drawn {
    /// The line is secret and not shown.
    is_secret: bool,
    columns: u16,
    mode: GraphemeClusterMode,
    prompt: String,
    /// What stays on the screen instead of the entered line.
    left: Option<String>,
    /// The cursor is at the end of the line.
    is_at_end: bool,
}

impl Drawn {
    fn width(&self) -> Width {
        Width { columns: self.columns, mode: self.mode }
    }

    /// The position after the prompt and the line.
    fn end_of(&self, line: &str) -> Place {
        let (_, start) = self.width().broken(&self.prompt, Place::default());
        self.width().broken(line, start).1
    }

    /// What is drawn instead of the line. With the cursor inside the line, the editor first draws it again to move
    /// the cursor to the end.
    fn instead(&self) -> Option<&str> {
        self.left.as_deref().filter(|_| self.is_at_end)
    }
}

impl Assistant {
    pub(super) fn new(chat: &Arc<Mutex<Chat>>, paint: &Arc<Paint>, printer: &Arc<Printer>) -> Self {
        let drawn = Drawn {
            is_secret: false,
            columns: columns(),
            mode: GraphemeClusterMode::from_env(),
            prompt: String::new(),
            left: None,
            is_at_end: true,
        };
        let drawn = RefCell::new(drawn);
        Self { chat: Arc::clone(chat), paint: Arc::clone(paint), printer: Arc::clone(printer), drawn }
    }

    /// Begins another line.
    pub(super) fn begin(&self, is_secret: bool) {
        let mut drawn = self.drawn.borrow_mut();
        drawn.is_secret = is_secret;
        drawn.left = None;
    }

    /// The line before a key switched the room, to continue after the new prompt.
    pub(super) fn take_typed(&self) -> Option<(String, String)> {
        let typed = self.chat().take_typed()?;
        self.drawn.borrow_mut().left = None;
        Some(typed)
    }

    /// The prompt of the room that a key has switched to.
    pub(super) fn prompt(&self) -> String {
        let mut chat = self.chat();
        chat.prompted();
        chat.prompt()
    }

    /// What stays on the screen instead of an entered line.
    fn left_of(&self, line: &str) -> Option<String> {
        let chat = self.chat();
        if chat.has_typed() || line.trim().is_empty() {
            return Some(NOTHING.to_owned());
        }
        // A paste of several lines needs a confirmation. A paste of one line may contain its end.
        let mut lines = line.lines();
        let (line, None) = (lines.next()?, lines.next()) else { return None };
        let own = chat.own_line(line, SystemTime::now())?;
        Some(wrap(&self.paint.line(&own, chat.has_several_rooms()), columns().into()))
    }

    fn chat(&self) -> MutexGuard<'_, Chat> {
        // Valid also after a panic: each change is complete.
        self.chat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The width of the screen, as the editor reads it.
fn columns() -> u16 {
    const USUAL: u16 = 80;
    let columns = tcgetwinsize(io::stdout()).map_or(0, |size| size.ws_col);
    if columns == 0 { USUAL } else { columns }
}

impl Helper for Assistant {}

impl Validator for Assistant {
    /// Called on Enter. The editor only draws the line again if there is a message, even an empty one. If the line
    /// ends at the edge, the message must begin the next row, or that row stays empty.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let is_secret = self.drawn.borrow().is_secret;
        let left = if is_secret { None } else { self.left_of(context.input()) };
        let mut drawn = self.drawn.borrow_mut();
        let begins_row = drawn.end_of(context.input()).column == 0;
        let message = left.as_ref().map(|_| if begins_row { " " } else { "" }.to_owned());
        drawn.left = left;
        Ok(ValidationResult::Valid(message))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    /// Called before each drawing. There is no hint.
    fn hint(&self, _: &str, _: usize, _: &Context<'_>) -> Option<String> {
        guard::remember_editing();
        self.printer.draw_line();
        // Also called when the width changes, before the line is drawn again.
        self.drawn.borrow_mut().columns = columns();
        None
    }
}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.chat().complete(line, position))
    }
}

impl Highlighter for Assistant {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        let mut drawn = self.drawn.borrow_mut();
        if drawn.instead().is_some() {
            return Cow::Borrowed("");
        }
        prompt.clone_into(&mut drawn.prompt);
        let (broken, _) = drawn.width().broken(prompt, Place::default());
        Cow::Owned(self.paint.prompt(&broken))
    }

    /// There are no hints, and messages only change the layout.
    fn highlight_hint<'h>(&self, _: &'h str) -> Cow<'h, str> {
        Cow::Borrowed("")
    }

    /// True if the editor must draw the whole line and not only the new character.
    fn highlight_char(&self, line: &str, position: usize, _: CmdKind) -> bool {
        let mut drawn = self.drawn.borrow_mut();
        drawn.is_at_end = position == line.len();
        drawn.is_secret || drawn.left.is_some()
    }

    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let drawn = self.drawn.borrow();
        if drawn.is_secret {
            return Cow::Borrowed("");
        }
        if let Some(instead) = drawn.instead() {
            return Cow::Owned(instead.to_owned());
        }
        let (_, start) = drawn.width().broken(&drawn.prompt, Place::default());
        Cow::Owned(drawn.width().broken(line, start).0)
    }
}
