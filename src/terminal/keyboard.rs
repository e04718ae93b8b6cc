//! Reads the keyboard, with the line editor if the terminal can do that, or else as plain lines.

use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex};

use super::failure::Failure;
use super::input;
use super::note::Note;
use super::paint::Paint;
use super::printer::Printer;
use super::prompts::Prompt;
use crate::terminal::chat::Chat;

/// Starts to read one line for each prompt. Returns what prints above the line, if there is an editor.
#[cfg(feature = "editor")]
pub(super) fn start(
    chat: &Arc<Mutex<Chat>>,
    paint: &Arc<Paint>,
    notes: SyncSender<Note>,
    prompts: Receiver<Prompt>,
) -> Result<Option<Arc<Printer>>, Failure> {
    match super::editor::open(chat, paint)? {
        Some((editor, printer)) => {
            super::editor::start(editor, &printer, notes, prompts)?;
            Ok(Some(printer))
        }
        None => input::start(notes, prompts).map(|()| None),
    }
}

/// Starts to read one line for each prompt.
#[cfg(not(feature = "editor"))]
pub(super) fn start(
    _: &Arc<Mutex<Chat>>,
    _: &Arc<Paint>,
    notes: SyncSender<Note>,
    prompts: Receiver<Prompt>,
) -> Result<Option<Arc<Printer>>, Failure> {
    input::start(notes, prompts).map(|()| None)
}
