//! Reading the keyboard: with an editor where there is one and the terminal is up to it, and as plain lines elsewhere.

use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex};

use super::failure::Failure;
use super::input;
use super::note::Note;
use super::paint::Paint;
use super::printer::Printer;
use super::prompts::Prompt;
use crate::terminal::chat::Chat;

/// Begins to read, a line for each prompt. Returns what prints above the line that is typed, where there is an editor.
#[cfg(feature = "editor")]
pub(super) fn start(
    chat: &Arc<Mutex<Chat>>,
    paint: &Arc<Paint>,
    notes: SyncSender<Note>,
    prompts: Receiver<Prompt>,
) -> Result<Option<Arc<Printer>>, Failure> {
    match super::editor::open(chat, paint) {
        Some((editor, above)) => super::editor::start(editor, above, notes, prompts).map(Some),
        None => input::start(notes, prompts).map(|()| None),
    }
}

/// Begins to read, a line for each prompt.
#[cfg(not(feature = "editor"))]
pub(super) fn start(
    _: &Arc<Mutex<Chat>>,
    _: &Arc<Paint>,
    notes: SyncSender<Note>,
    prompts: Receiver<Prompt>,
) -> Result<Option<Arc<Printer>>, Failure> {
    input::start(notes, prompts).map(|()| None)
}
