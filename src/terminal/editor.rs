//! The line editor, with history and completion. Everything else is printed above its line.

use std::env;
use std::io::{self, ErrorKind};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{
    Cmd, ConditionalEventHandler, Event as KeyInput, EventContext, EventHandler, KeyCode, KeyEvent, Modifiers,
};
use rustyline::{ColorMode, CompletionType, Config, Editor, ExternalPrinter};

use super::failure::Failure;
use super::helper::Assistant;
use super::note::Note;
use super::paint::{Paint, is_dumb};
use super::printer::Printer;
use super::prompts::Prompt;
use crate::terminal::chat::Chat;

/// Number of lines in the history, which ends with the program.
const HISTORY: usize = 500;

pub(super) type LineEditor = Editor<Assistant, MemHistory>;

/// An editor, and what prints above its line; `None` if the terminal cannot do that.
pub(super) fn open(
    chat: &Arc<Mutex<Chat>>,
    paint: &Arc<Paint>,
) -> Result<Option<(LineEditor, Arc<Printer>)>, Failure> {
    let Some((mut editor, mut above)) = open_editor() else { return Ok(None) };
    // If the terminal is gone, a signal will end the program.
    let printer = Printer::start(move |text| above.print(text).unwrap_or(())).map_err(no_thread)?;
    bind_rooms(&mut editor, chat);
    editor.set_helper(Some(Assistant::new(chat, paint, &printer)));
    Ok(Some((editor, printer)))
}

fn open_editor() -> Option<(LineEditor, impl ExternalPrinter + Send)> {
    if is_dumb(env::var("TERM").ok().as_deref()) {
        return None;
    }
    // Needed for everything that we draw ourselves, not only for colours.
    let config = Config::builder().completion_type(CompletionType::Circular).color_mode(ColorMode::Forced);
    let config = config.max_history_size(HISTORY).ok()?.build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history).ok()?;
    let printer = editor.create_external_printer().ok()?;
    Some((editor, printer))
}

/// F1 to F9 switch to the room with that number, Alt-Left and Alt-Right to the previous and the next. Alt with a
/// digit is not possible: the editor takes it for a repeat count.
fn bind_rooms(editor: &mut LineEditor, chat: &Arc<Mutex<Chat>>) {
    let mut bind = |key, turn| {
        let switch = Switch { chat: Arc::clone(chat), turn };
        editor.bind_sequence(key, EventHandler::Conditional(Box::new(switch)));
    };
    for number in 1..=9 {
        bind(KeyEvent(KeyCode::F(number), Modifiers::NONE), Turn::To(number.into()));
    }
    bind(KeyEvent(KeyCode::Left, Modifiers::ALT), Turn::Back);
    bind(KeyEvent(KeyCode::Right, Modifiers::ALT), Turn::On);
}

/// The room that a key switches to.
#[derive(Clone, Copy)]
enum Turn {
    To(usize),
    Back,
    On,
}

/// Switches the room. The current line ends, and comes back after the new prompt.
struct Switch {
    chat: Arc<Mutex<Chat>>,
    turn: Turn,
}

impl ConditionalEventHandler for Switch {
    fn handle(&self, _: &KeyInput, _: u16, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let mut chat = self.chat.lock().unwrap_or_else(PoisonError::into_inner);
        let has_turned = match self.turn {
            Turn::To(number) => chat.switch_to(number),
            Turn::Back => chat.switch(false),
            Turn::On => chat.switch(true),
        };
        if !has_turned {
            return Some(Cmd::Noop);
        }
        let (before, behind) = context.line().split_at_checked(context.pos())?;
        chat.keep_typed(before, behind);
        Some(Cmd::AcceptLine)
    }
}

fn no_thread(error: io::Error) -> Failure {
    Failure::new(1, format!("no thread for the terminal: {error}"))
}

/// Reads lines on a thread of its own, one for each prompt.
pub(super) fn start(
    mut editor: LineEditor,
    printer: &Arc<Printer>,
    notes: SyncSender<Note>,
    prompts: Receiver<Prompt>,
) -> Result<(), Failure> {
    let printer = Arc::clone(printer);
    let reader = thread::Builder::new().name("parlor-keyboard".into());
    let reader = reader.spawn(move || {
        for prompt in prompts {
            let note = read(&mut editor, &printer, &prompt);
            let is_last = matches!(note, Note::InputEnded(_));
            if notes.send(note).is_err() || is_last {
                return;
            }
        }
    });
    reader.map(|_| ()).map_err(no_thread)
}

fn read(editor: &mut LineEditor, printer: &Printer, prompt: &Prompt) -> Note {
    let edit = |editor: &mut LineEditor, text: &str, typed: (&str, &str)| {
        printer.begin_line();
        let result = editor.readline_with_initial(text, typed);
        printer.end_line();
        result
    };
    if let Some(assistant) = editor.helper() {
        assistant.begin(prompt.is_secret);
    }
    let mut result = edit(editor, &prompt.text, ("", ""));
    // A key has switched the room.
    while let Some((before, behind)) = editor.helper().and_then(Assistant::take_typed) {
        let turned = editor.helper().filter(|_| !prompt.is_secret).map(Assistant::prompt);
        let text = turned.as_ref().unwrap_or(&prompt.text);
        result = edit(editor, text, (&before, &behind));
    }
    match result {
        Ok(line) if prompt.is_secret => Note::Typed(vec![line]),
        Ok(line) => {
            // A full history drops the oldest line.
            editor.add_history_entry(line.as_str()).ok();
            let lines: Vec<_> = line.lines().map(str::to_owned).collect();
            // A typed line contains no line end.
            if lines.len() > 1 { Note::Pasted(lines) } else { Note::Typed(lines) }
        }
        // The editor has dropped the whole line.
        Err(ReadlineError::Io(why)) if why.kind() == ErrorKind::InvalidData => Note::Garbled,
        Err(ReadlineError::Interrupted) => Note::Interrupted,
        Err(ReadlineError::Eof) => Note::InputEnded(Ok(())),
        Err(why) => Note::InputEnded(Err(Failure::new(2, format!("the keyboard: {why}")))),
    }
}
