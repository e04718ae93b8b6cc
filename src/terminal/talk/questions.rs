//! Questions before lines are sent, and their answers.

use super::Talk;
use crate::terminal::chat::Act;
use crate::terminal::paste::PasteAnswer;
use crate::terminal::typed::yes_or_no;

impl Talk {
    /// Handles the answer whether to send what was typed without a connection. False if the line is no answer.
    pub(super) fn answered(&mut self, line: &str) -> bool {
        match yes_or_no(line) {
            Some(true) => {}
            Some(false) => self.link.queue.clear(),
            None => return false,
        }
        self.is_asking = false;
        self.link.queue.hold(false);
        true
    }

    /// Asks whether to send what was typed without a connection.
    pub(super) fn ask(&mut self) {
        self.is_asking = true;
        let lines = self.link.queue.waiting_lines();
        self.screen.note(&format!("{lines} of your lines were not sent: send them? y or n"));
    }

    /// Asks whether to send what was pasted.
    pub(super) fn pasted(&mut self, lines: &[String]) {
        let acts: Vec<_> = lines.iter().map(|line| self.chat().pasted(line)).collect();
        let mut requests = Vec::new();
        for act in acts {
            let Act::Send(request) = act else { return self.act(&act) };
            requests.push(request);
        }
        self.paste.add(requests);
        self.screen.note(&self.paste.question());
    }

    /// Handles the answer whether to send a paste. False if the line is no answer.
    pub(super) fn answered_paste(&mut self, line: &str) -> bool {
        match self.paste.answer(line) {
            PasteAnswer::NotAsked => return false,
            PasteAnswer::Send(lines) => {
                lines.iter().for_each(|line| self.link.push(line));
                if !self.link.is_up() {
                    self.screen.note("kept until the connection is back");
                }
            }
            PasteAnswer::Drop(lines) => self.screen.note(&format!("{lines} lines were not sent")),
            PasteAnswer::Other(lines) => {
                self.screen.note(&format!("{lines} pasted lines were not sent"));
                return false;
            }
        }
        true
    }

    /// Drops the lines that are queued. False if there are none.
    pub(super) fn stop(&mut self) -> bool {
        let mut lines = self.paste.clear();
        // Lines that were typed without a connection are asked about later.
        if self.link.is_up() && !self.is_asking {
            lines += self.link.queue.waiting_lines();
            self.link.queue.clear();
        }
        if lines > 0 {
            self.screen.note(&format!("stopped: {lines} lines were not sent"));
        }
        lines > 0
    }
}
