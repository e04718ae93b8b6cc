//! A paste of several lines is sent as text, after one question. None of its lines is a command.

use crate::client::Request;
use crate::terminal::typed::yes_or_no;

/// Pasted lines waiting for a confirmation.
#[derive(Debug, Default)]
pub(super) struct Paste {
    lines: Vec<Request>,
}

/// What a typed line means for a waiting paste.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PasteAnswer {
    /// Yes: send these.
    Send(Vec<Request>),
    /// No: drop this number of lines.
    Drop(usize),
    /// The line is no answer. This number of lines is dropped.
    Other(usize),
    /// No paste waits.
    NotAsked,
}

impl Paste {
    /// Adds lines. One answer is for all that wait.
    pub(super) fn add(&mut self, lines: Vec<Request>) {
        self.lines.extend(lines);
    }

    /// True if a paste waits for an answer.
    pub(super) fn is_asking(&self) -> bool {
        !self.lines.is_empty()
    }

    /// The question.
    pub(super) fn question(&self) -> String {
        let count = self.lines.len();
        match self.lines.last() {
            Some(Request::Say { room: Some(room), .. }) => format!("Send {count} lines to {room}? y or n"),
            _ => format!("Send {count} lines? y or n"),
        }
    }

    /// Interprets a typed line.
    pub(super) fn answer(&mut self, line: &str) -> PasteAnswer {
        if !self.is_asking() {
            return PasteAnswer::NotAsked;
        }
        let lines = std::mem::take(&mut self.lines);
        match yes_or_no(line) {
            Some(true) => PasteAnswer::Send(lines),
            Some(false) => PasteAnswer::Drop(lines.len()),
            None if line.trim().eq_ignore_ascii_case("/stop") => PasteAnswer::Drop(lines.len()),
            None => PasteAnswer::Other(lines.len()),
        }
    }

    /// Drops the lines, and returns their number.
    pub(super) fn clear(&mut self) -> usize {
        std::mem::take(&mut self.lines).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Manner;

    fn say(text: &str) -> Request {
        Request::Say { room: Some("#tea".into()), text: text.into(), manner: Manner::Message }
    }

    #[test]
    fn a_paste_is_sent_after_a_yes_and_dropped_after_anything_else() {
        let lines = || vec![say("/quit"), say("x")];
        for (line, answer) in [
            ("y", PasteAnswer::Send(lines())),
            (" YES ", PasteAnswer::Send(lines())),
            ("n", PasteAnswer::Drop(2)),
            ("/stop", PasteAnswer::Drop(2)),
            ("hello", PasteAnswer::Other(2)),
            ("", PasteAnswer::Other(2)),
        ] {
            let mut paste = Paste::default();
            paste.add(lines());
            assert_eq!(paste.question(), "Send 2 lines to #tea? y or n");
            assert_eq!(paste.answer(line), answer, "{line:?}");
            assert_eq!(paste.answer("y"), PasteAnswer::NotAsked);
        }
    }
}
