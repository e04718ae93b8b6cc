//! What was said before: asking for it, and showing it.

use std::time::Instant;

use super::Talk;
use crate::client::{ClientEvent, Error};
use crate::terminal::recall::{Past, Recalled};

impl Talk {
    /// Shows the last lines of a room: those that the server remembers, or else those that were heard.
    pub(super) fn recall(&mut self, room: &str, count: usize) {
        if self.link.history_offer().has_history {
            if let Err(why) = self.recalls.ask(room, count, Instant::now()) {
                self.screen.note(why);
            }
            return self.request();
        }
        let lines = self.chat().last_heard(room, count);
        let why = if self.link.is_up() { "this server keeps no history" } else { "there is no connection" };
        let told = if lines.is_empty() {
            "and nothing was said since you came"
        } else {
            "this was said since you came:"
        };
        self.screen.note(&format!("{why}; {told}"));
        lines.iter().for_each(|shown| self.screen.show(shown, false));
        self.screen.end_past();
    }

    /// Searches a room.
    pub(super) fn search(&mut self, room: &str, text: &str) {
        if !self.link.is_up() {
            return self.screen.note("there is no connection; nothing was sent");
        }
        if !self.link.history_offer().has_search {
            return self.screen.note(&Error::NotOffered { what: "search" }.to_string());
        }
        if let Err(why) = self.recalls.search(room, text, Instant::now()) {
            self.screen.note(why);
        }
        self.request();
    }

    /// Handles what is recalled.
    pub(super) fn recalled(&mut self, recalled: Vec<Recalled>) {
        for one in recalled {
            match one {
                Recalled::Live(event) => self.live(&event),
                Recalled::Past(past) => self.show_past(&past),
                Recalled::NoAnswer(room) => self.screen.note(&no_answer(room.as_deref())),
            }
        }
        self.request();
    }

    fn live(&mut self, event: &ClientEvent) {
        let (shown, several) = {
            let mut chat = self.chat();
            (chat.hear(event, Instant::now()), chat.has_several_rooms())
        };
        if let Some(shown) = shown {
            self.screen.show(&shown, several);
        }
    }

    fn show_past(&mut self, past: &Past) {
        let (lines, several) = {
            let mut chat = self.chat();
            (chat.recalled(past), chat.has_several_rooms())
        };
        lines.iter().for_each(|shown| self.screen.show(shown, several));
        self.screen.end_past();
    }

    /// Tells the server how far everything was read, before we leave.
    pub(super) fn tell_markers(&mut self) {
        if self.link.is_up() {
            self.recalls.tell_markers();
            self.request();
        }
    }

    /// Sends requests for the past before lines that are queued.
    fn request(&mut self) {
        self.link.queue.push_urgent(self.recalls.take_requests());
    }
}

/// What to tell if the server does not send what was asked for; the past of a room, if it names one.
fn no_answer(room: Option<&str>) -> String {
    match room {
        Some(room) => format!("{room}: the server does not send what was said before; /history asks again"),
        None => "the server does not answer the search".to_owned(),
    }
}
