//! Answers what the editor asks about the typed line: what the tab key offers, how to draw the line, and what to leave
//! of it on the screen.
//!
//! Once a line of chat is entered, it is shown as the lines of others are, with its time, so that the screen reads as one
//! conversation. Everything else stays as it was typed. Only the editor knows which rows a line takes. It clears them
//! before each drawing, so the last drawing is the place to leave something else.

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
use super::rows::{Place, Width};
use super::wrap::wrap;
use crate::terminal::chat::Chat;

/// Leaves nothing of a line: the editor ends it, and so the next one begins where it was.
const NOTHING: &str = "\x1b[A";

/// Answers the editor.
pub(super) struct Assistant {
    chat: Arc<Mutex<Chat>>,
    paint: Arc<Paint>,
    drawn: RefCell<Drawn>,
}

/// How the prompt and the line were drawn last.
struct Drawn {
    /// The line is not shown.
    is_secret: bool,
    columns: u16,
    mode: GraphemeClusterMode,
    prompt: String,
    /// What stays on the screen instead of the line, which is entered.
    left: Option<String>,
    /// The cursor stands behind the whole line.
    is_at_end: bool,
}

impl Drawn {
    fn width(&self) -> Width {
        Width { columns: self.columns, mode: self.mode }
    }

    /// The place behind a line and its prompt.
    fn end_of(&self, line: &str) -> Place {
        let (_, start) = self.width().broken(&self.prompt, Place::default());
        self.width().broken(line, start).1
    }

    /// What is drawn instead of the line. While the cursor is within the line, the editor draws it once more to put it
    /// behind.
    fn instead(&self) -> Option<&str> {
        self.left.as_deref().filter(|_| self.is_at_end)
    }
}

impl Assistant {
    pub(super) fn new(chat: &Arc<Mutex<Chat>>, paint: &Arc<Paint>) -> Self {
        let drawn = Drawn {
            is_secret: false,
            columns: columns(),
            mode: GraphemeClusterMode::from_env(),
            prompt: String::new(),
            left: None,
            is_at_end: true,
        };
        Self { chat: Arc::clone(chat), paint: Arc::clone(paint), drawn: RefCell::new(drawn) }
    }

    /// Another line begins.
    pub(super) fn begin(&self, is_secret: bool) {
        let mut drawn = self.drawn.borrow_mut();
        drawn.is_secret = is_secret;
        drawn.left = None;
    }

    /// What was typed before a key turned to another room. It goes on behind another prompt.
    pub(super) fn take_typed(&self) -> Option<(String, String)> {
        let typed = self.chat().take_typed()?;
        self.drawn.borrow_mut().left = None;
        Some(typed)
    }

    /// The prompt of the room that a key has turned to.
    pub(super) fn prompt(&self) -> String {
        let mut chat = self.chat();
        chat.prompted();
        chat.prompt()
    }

    /// What stays on the screen instead of a line that is entered.
    fn left_of(&self, line: &str) -> Option<String> {
        let chat = self.chat();
        if chat.has_typed() || line.trim().is_empty() {
            return Some(NOTHING.to_owned());
        }
        // A paste of several lines is asked about first. One line of it may have its end.
        let mut lines = line.lines();
        let (line, None) = (lines.next()?, lines.next()) else { return None };
        let own = chat.own_line(line, SystemTime::now())?;
        Some(wrap(&self.paint.line(&own, chat.has_several_rooms()), columns().into()))
    }

    fn chat(&self) -> MutexGuard<'_, Chat> {
        // Each change leaves it whole.
        self.chat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How wide the screen is, as the editor sees it too.
fn columns() -> u16 {
    const USUAL: u16 = 80;
    let columns = tcgetwinsize(io::stdout()).map_or(0, |size| size.ws_col);
    if columns == 0 { USUAL } else { columns }
}

impl Helper for Assistant {}

impl Validator for Assistant {
    /// The editor asks when a line is entered. It draws the line again only if there is a message, even an empty one.
    /// Where the next row has begun, it would leave that empty, unless the message begins it.
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

    /// The editor asks for a hint before it draws a line. There is none.
    fn hint(&self, _: &str, _: usize, _: &Context<'_>) -> Option<String> {
        guard::remember_editing();
        // A change in the width is followed by this, and then the line is drawn anew.
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

    /// There is no hint. A message is for the layout alone.
    fn highlight_hint<'h>(&self, _: &'h str) -> Cow<'h, str> {
        Cow::Borrowed("")
    }

    /// True where the editor is not to write what is typed by itself, and for what stays of a line.
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
