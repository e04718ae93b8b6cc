//! Restores the terminal at the end, also after a signal or a panic.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;
use std::sync::mpsc::SyncSender;
use std::time::Duration;
use std::{panic, process, thread};

use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM};

use super::failure::Failure;
use super::note::Note;
use super::output::show;
use crate::secret::PASSWORD_BYTES;

/// Timeout for an orderly end after SIGTERM.
const GOODBYE: Duration = Duration::from_secs(3);

/// The exit status after SIGTERM, as in shells.
pub(super) const TERMINATED: u8 = 128 + 15;

/// The exit status after a panic, as in the standard library.
const PANICKED: i32 = 101;

/// The original settings of the terminal, and whether there is an editor, which changes more.
static FOUND: OnceLock<(Termios, bool)> = OnceLock::new();

/// Asks for a password without showing it. `None` after Ctrl-C or Ctrl-D.
pub(super) fn ask_password(question: &str) -> Result<Option<String>, Failure> {
    const CTRL_C: u8 = 3;
    let mut out = io::stdout();
    out.write_all(question.as_bytes()).and_then(|()| out.flush()).ok();
    let found = tcgetattr(io::stdin()).ok();
    if let Some(found) = &found {
        let mut hidden = found.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        // Read as a byte: as a signal it would leave the echo off.
        hidden.special_codes[SpecialCodeIndex::VEOL] = CTRL_C;
        tcsetattr(io::stdin(), OptionalActions::Flush, &hidden).ok();
    }
    let mut typed = Vec::new();
    let mut bytes = io::stdin().lock().bytes();
    let result = loop {
        match bytes.next() {
            Some(Ok(b'\n')) => break Ok(true),
            Some(Ok(CTRL_C)) | None => break Ok(false),
            Some(Ok(byte)) if typed.len() < PASSWORD_BYTES => typed.push(byte),
            Some(Ok(_)) => {}
            Some(Err(error)) => break Err(Failure::new(2, format!("the keyboard: {error}"))),
        }
    };
    if let Some(found) = &found {
        tcsetattr(io::stdin(), OptionalActions::Now, found).ok();
    }
    show("");
    Ok(result?.then(|| String::from_utf8_lossy(&typed).into_owned()))
}

/// The settings of the terminal while the editor reads a line.
static EDITING: OnceLock<Termios> = OnceLock::new();

/// Saves the editor's settings, to restore them after a stop.
#[cfg(feature = "editor")]
pub(super) fn remember_editing() {
    if EDITING.get().is_none()
        && let Ok(editing) = tcgetattr(io::stdin())
    {
        EDITING.set(editing).ok();
    }
}

/// Restores the editor's settings after a stop, because the shell has changed them.
pub(super) fn resume_editing() {
    let Some(editing) = EDITING.get() else { return };
    // In the background this stops us again, until we are in the foreground.
    while tcsetattr(io::stdin(), OptionalActions::Now, editing) == Err(Errno::INTR) {}
    let mut out = io::stdout();
    // Turns bracketed paste on again.
    out.write_all(b"\x1b[?2004h").and_then(|()| out.flush()).ok();
}

/// Saves the settings of the terminal, to restore them at the end. A panic on any thread restores them and ends the
/// program.
pub(super) fn remember(has_editor: bool) {
    if let Ok(found) = tcgetattr(io::stdin()) {
        // Only the first counts.
        FOUND.set((found, has_editor)).ok();
    }
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |why| {
        restore();
        told(why);
        process::exit(PANICKED);
    }));
}

/// Restores the terminal.
pub(super) fn restore() {
    let Some((found, has_editor)) = FOUND.get() else { return };
    // There is nothing left to try if this fails.
    tcsetattr(io::stdin(), OptionalActions::Now, found).ok();
    if *has_editor {
        let mut out = io::stdout();
        // Turns bracketed paste and attributes off, and moves the cursor to the left edge.
        out.write_all(b"\x1b[?2004l\x1b[0m\r").and_then(|()| out.flush()).ok();
    }
}

/// Reports SIGINT, SIGCONT, SIGTERM and SIGHUP as notes, on threads of their own. Ends the program if the
/// conversation does not end in time after SIGTERM or SIGHUP.
pub(super) fn watch(notes: &SyncSender<Note>) -> io::Result<()> {
    let sender = notes.clone();
    on_signals("parlor-interrupts", &[SIGINT], move || {
        // If the loop is blocked, SIGTERM still ends the program.
        sender.try_send(Note::Interrupted).ok();
    })?;
    let sender = notes.clone();
    on_signals("parlor-goes-on", &[SIGCONT], move || {
        sender.try_send(Note::Continued).ok();
    })?;
    let sender = notes.clone();
    on_signals("parlor-signals", &[SIGTERM, SIGHUP], move || {
        sender.try_send(Note::Terminated).ok();
        thread::sleep(GOODBYE);
        restore();
        process::exit(TERMINATED.into());
    })
}

fn on_signals(thread: &str, signals: &[i32], then: impl Fn() + Send + 'static) -> io::Result<()> {
    let (mut received, sent) = UnixStream::pair()?;
    for &signal in signals {
        signal_hook::low_level::pipe::register(signal, sent.try_clone()?)?;
    }
    let thread = thread::Builder::new().name(thread.into());
    thread.spawn(move || {
        let mut byte = [0];
        while received.read_exact(&mut byte).is_ok() {
            then();
        }
    })?;
    Ok(())
}
