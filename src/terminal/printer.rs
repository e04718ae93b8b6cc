//! Prints above the line editor, without blocking the caller while somebody types.
//!
//! The editor takes one text at a time and none between two lines, but only the caller lets the next line begin. So a
//! thread waits for the editor, and gives it all queued text at once.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Limit on queued text, in bytes, while somebody types. When full, callers block, and finally the server.
const WAITING_BYTES: usize = 64 * 1024;

/// The queued text and the state of the editor.
#[derive(Debug, Default)]
pub(super) struct Printer {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: String,
    /// The editor is printing some text.
    is_printing: bool,
    /// Somebody is typing a line, so the editor takes text.
    is_typing: bool,
}

impl Printer {
    /// Prints with `print`, which may block.
    pub(super) fn start(mut print: impl FnMut(String) + Send + 'static) -> io::Result<Arc<Self>> {
        let printer = Arc::new(Self::default());
        let ours = Arc::clone(&printer);
        let thread = thread::Builder::new().name("parlor-printer".into());
        thread.spawn(move || {
            loop {
                print(ours.next());
            }
        })?;
        Ok(printer)
    }

    /// Queues `text`.
    pub(super) fn print(&self, text: &str) {
        let is_full = |state: &mut State| state.is_typing && state.waiting.len() >= WAITING_BYTES;
        let state = self.changed.wait_while(self.lock(), is_full);
        state.unwrap_or_else(PoisonError::into_inner).waiting.push_str(text);
        self.changed.notify_all();
    }

    /// Whether somebody is typing a line.
    pub(super) fn set_typing(&self, is_typing: bool) {
        self.lock().is_typing = is_typing;
        self.changed.notify_all();
    }

    /// True while somebody types a line.
    pub(super) fn is_typing(&self) -> bool {
        self.lock().is_typing
    }

    /// Waits until everything is printed, but no longer than `within`.
    pub(super) fn finish(&self, within: Duration) {
        let has_more = |state: &mut State| state.is_printing || !state.waiting.is_empty();
        // Later text is not printed.
        drop(self.changed.wait_timeout_while(self.lock(), within, has_more));
    }

    /// Takes the queued text; what it returned before is printed.
    fn next(&self) -> String {
        let mut state = self.lock();
        state.is_printing = false;
        self.changed.notify_all();
        let state = self.changed.wait_while(state, |state| state.waiting.is_empty());
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.is_printing = true;
        self.changed.notify_all();
        std::mem::take(&mut state.waiting)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Valid also after a panic: each change is complete.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(30);

    const LINE: &str = "a line of text\n";

    /// Several times as many as wait.
    const LINES: usize = 4 * WAITING_BYTES / LINE.len();

    /// A printer whose editor takes a text each time that it may, and the sizes of those that it has taken.
    fn printer() -> (Arc<Printer>, mpsc::Sender<()>, mpsc::Receiver<usize>) {
        let (allow, allowed) = mpsc::channel();
        let (sender, taken) = mpsc::channel();
        let printer = Printer::start(move |text| {
            allowed.recv().ok();
            sender.send(text.len()).ok();
        });
        (printer.unwrap(), allow, taken)
    }

    #[test]
    fn printing_does_not_wait_for_the_next_line() {
        let (printer, allow, taken) = printer();
        // The editor takes nothing, and still this comes to its end.
        (0..LINES).for_each(|_| printer.print(LINE));
        printer.set_typing(true);
        drop(allow);
        printer.finish(DEADLINE);
        assert_eq!(taken.try_iter().sum::<usize>(), LINES * LINE.len());
    }

    #[test]
    fn text_queued_while_somebody_types_is_limited() {
        let (printer, allow, taken) = printer();
        printer.set_typing(true);
        let crowd = Arc::clone(&printer);
        thread::spawn(move || (0..LINES).for_each(|_| crowd.print(LINE)));
        let mut printed = 0;
        while printed < LINES * LINE.len() {
            allow.send(()).unwrap();
            let text = taken.recv_timeout(DEADLINE).unwrap();
            assert!(text < WAITING_BYTES + LINE.len(), "{text}");
            printed += text;
        }
        printer.finish(DEADLINE);
    }
}
