//! The line that is typed, with history and completion, above which everything else is printed.

use std::borrow::Cow;
use std::env;
use std::io::{self, ErrorKind};
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, ExternalPrinter, Helper};

use super::paint::is_dumb;
use super::printer::Printer;
use super::{Failure, Note};
use crate::client::chat::Chat;

/// Lines that are remembered, until the program ends.
const HISTORY: usize = 500;

pub(super) type LineEditor = Editor<Offers, MemHistory>;

/// An editor, with colours or without, and what prints above its line; `None` where the terminal is not up to it.
pub(super) fn open(
    chat: &Arc<Mutex<Chat>>,
    has_colors: bool,
) -> Option<(LineEditor, impl ExternalPrinter + Send + use<>)> {
    if is_dumb(env::var("TERM").ok().as_deref()) {
        return None;
    }
    let colors = if has_colors { ColorMode::Forced } else { ColorMode::Disabled };
    let config = Config::builder().completion_type(CompletionType::Circular).color_mode(colors);
    let config = config.max_history_size(HISTORY).ok()?.build();
    let history = MemHistory::with_config(&config);
    let mut editor = Editor::with_history(config, history).ok()?;
    editor.set_helper(Some(Offers(Arc::clone(chat))));
    let printer = editor.create_external_printer().ok()?;
    Some((editor, printer))
}

/// Reads lines on a thread of its own, one for each prompt that comes, and prints above them.
pub(super) fn start(
    mut editor: LineEditor,
    mut above: impl ExternalPrinter + Send + 'static,
    notes: SyncSender<Note>,
    prompts: Receiver<String>,
) -> Result<Arc<Printer>, Failure> {
    let failed = |error: io::Error| Failure::new(1, format!("no thread for the terminal: {error}"));
    // A terminal that takes no more is about to end us.
    let printer = Printer::start(move |text| above.print(text).unwrap_or(())).map_err(failed)?;
    let ours = Arc::clone(&printer);
    let reader = thread::Builder::new().name("parlor-keyboard".into());
    let reader = reader.spawn(move || {
        for prompt in prompts {
            ours.set_typing(true);
            let note = read(&mut editor, &prompt);
            ours.set_typing(false);
            let is_last = matches!(note, Note::InputEnded(_));
            if notes.send(note).is_err() || is_last {
                return;
            }
        }
    });
    reader.map(|_| printer).map_err(failed)
}

fn read(editor: &mut LineEditor, prompt: &str) -> Note {
    match editor.readline(prompt) {
        Ok(line) => {
            // A history that is full forgets the oldest.
            editor.add_history_entry(line.as_str()).ok();
            let lines: Vec<_> = line.lines().map(str::to_owned).collect();
            // Nobody types the end of a line into a line.
            if lines.len() > 1 { Note::Pasted(lines) } else { Note::Typed(lines) }
        }
        // The editor has forgotten the line that had it in it.
        Err(ReadlineError::Io(why)) if why.kind() == ErrorKind::InvalidData => Note::Garbled,
        Err(ReadlineError::Interrupted) => Note::Interrupted,
        Err(ReadlineError::Eof) => Note::InputEnded(Ok(())),
        Err(why) => Note::InputEnded(Err(Failure::new(2, format!("the keyboard: {why}")))),
    }
}

/// What the tab key offers.
pub(super) struct Offers(Arc<Mutex<Chat>>);

impl Helper for Offers {}
impl Validator for Offers {}

impl Hinter for Offers {
    type Hint = String;
}

impl Completer for Offers {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let chat = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(chat.complete(line, position))
    }
}

impl Highlighter for Offers {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(format!("\x1b[1m{prompt}\x1b[0m"))
    }
}
