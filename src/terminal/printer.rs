//! Prints above the line editor, without blocking the caller while somebody types.
//!
//! The editor takes one text at a time and none between two lines, but only the caller lets the next line begin. So a
//! thread waits for the editor, and gives it all queued text at once. Between two lines the text goes straight to the
//! terminal, and never while the editor draws the first prompt of a line: a screen cleared then would stay without it.

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
    /// The text that was taken last is being printed.
    printing: Option<Way>,
    line: Line,
}

/// How text reaches the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By the editor, above the line.
    AboveLine,
    /// At once, as no line is being typed.
    Straight,
}

/// What the editor is doing.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// Nobody is typing.
    #[default]
    None,
    /// A line begins. The editor does not take text yet, and nothing else may be printed.
    Begins,
    /// Somebody is typing, so the editor takes text.
    Typed,
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
        let is_full = |state: &mut State| state.line != Line::None && state.waiting.len() >= WAITING_BYTES;
        let state = self.changed.wait_while(self.lock(), is_full);
        state.unwrap_or_else(PoisonError::into_inner).waiting.push_str(text);
        self.changed.notify_all();
    }

    /// Waits until nothing goes straight to the terminal, and lets the editor begin a line.
    pub(super) fn begin_line(&self) {
        let is_in_the_way = |state: &mut State| state.printing == Some(Way::Straight);
        let state = self.changed.wait_while(self.lock(), is_in_the_way);
        state.unwrap_or_else(PoisonError::into_inner).line = Line::Begins;
    }

    /// The editor draws the line, so it takes text from now on.
    pub(super) fn draw_line(&self) {
        let mut state = self.lock();
        if state.line == Line::Begins {
            state.line = Line::Typed;
            self.changed.notify_all();
        }
    }

    /// The editor has ended the line.
    pub(super) fn end_line(&self) {
        self.lock().line = Line::None;
        self.changed.notify_all();
    }

    /// True while somebody types a line.
    pub(super) fn is_typing(&self) -> bool {
        self.lock().line == Line::Typed
    }

    /// Waits until everything is printed, but no longer than `within`.
    pub(super) fn finish(&self, within: Duration) {
        let has_more = |state: &mut State| state.printing.is_some() || !state.waiting.is_empty();
        // Later text is not printed.
        drop(self.changed.wait_timeout_while(self.lock(), within, has_more));
    }

    /// Takes the queued text; what it returned before is printed.
    fn next(&self) -> String {
        let mut state = self.lock();
        state.printing = None;
        self.changed.notify_all();
        let must_wait = |state: &mut State| state.waiting.is_empty() || state.line == Line::Begins;
        let state = self.changed.wait_while(state, must_wait);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.printing = Some(if state.line == Line::Typed { Way::AboveLine } else { Way::Straight });
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

    /// Waits until a text is being printed.
    fn await_printing(printer: &Printer) {
        let waits = |state: &mut State| state.printing.is_none();
        let (state, timeout) = printer.changed.wait_timeout_while(printer.lock(), DEADLINE, waits).unwrap();
        assert!(!timeout.timed_out(), "{state:?}");
    }

    #[test]
    fn printing_does_not_wait_for_the_next_line_nor_a_line_for_the_editor() {
        let (printer, allow, taken) = printer();
        printer.begin_line();
        printer.draw_line();
        printer.print(LINE);
        await_printing(&printer);
        printer.end_line();
        // The editor takes nothing, and still this comes to its end.
        (0..LINES).for_each(|_| printer.print(LINE));
        printer.begin_line();
        printer.draw_line();
        drop(allow);
        printer.finish(DEADLINE);
        assert_eq!(taken.try_iter().sum::<usize>(), (LINES + 1) * LINE.len());
    }

    #[test]
    fn text_queued_while_somebody_types_is_limited() {
        let (printer, allow, taken) = printer();
        printer.begin_line();
        printer.draw_line();
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
    #[test]
    fn a_line_begins_after_what_goes_straight_to_the_terminal() {
        let (printer, allow, taken) = printer();
        printer.print(LINE);
        await_printing(&printer);
        let editor = Arc::clone(&printer);
        let begun = thread::spawn(move || editor.begin_line());
        assert!(taken.try_recv().is_err() && !begun.is_finished());
        allow.send(()).unwrap();
        begun.join().unwrap();
        assert_eq!(taken.try_recv(), Ok(LINE.len()));
    }

    #[test]
    fn nothing_is_printed_between_the_begin_of_a_line_and_its_prompt() {
        let (printer, allow, taken) = printer();
        allow.send(()).unwrap();
        printer.begin_line();
        printer.print(LINE);
        printer.finish(Duration::from_millis(20));
        assert!(taken.try_recv().is_err());
        printer.draw_line();
        assert_eq!(taken.recv_timeout(DEADLINE), Ok(LINE.len()));
    }
}
