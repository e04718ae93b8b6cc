//! When the next prompt appears: at once, or when the server's answer has changed it.

use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

/// Longest wait for a prompt that is about to change.
const PATIENCE: Duration = Duration::from_secs(2);

/// Lets one line be typed.
#[cfg_attr(not(feature = "editor"), allow(dead_code))]
pub(super) struct Prompt {
    pub(super) text: String,
    /// The terminal does not show what is typed.
    pub(super) is_secret: bool,
}

/// Gives the keyboard one prompt for each line.
#[derive(Debug)]
pub(super) struct Prompts {
    /// Where the prompts go.
    given: SyncSender<Prompt>,
    /// The current prompt, and how long to wait for another.
    pending: Option<(String, Instant)>,
    /// The next line is the server's password.
    wants_password: bool,
    /// The current line is the server's password.
    reads_password: bool,
}

impl Prompts {
    /// Gives prompts to the thread that reads the keyboard.
    pub(super) fn new(given: SyncSender<Prompt>) -> Self {
        Self { given, pending: None, wants_password: false, reads_password: false }
    }

    /// Allows another line, with this prompt or, if it `changes`, with the next one.
    pub(super) fn expect(&mut self, prompt: String, changes: bool, now: Instant) {
        self.pending = Some((prompt, if changes { now + PATIENCE } else { now }));
    }

    /// The prompt will not change.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Some((_, until)) = &mut self.pending {
            *until = now;
        }
    }

    /// When to show the prompt at the latest.
    pub(super) fn due(&self) -> Option<Instant> {
        self.pending.as_ref().map(|(_, until)| *until)
    }

    /// True if it is time to show this prompt.
    pub(super) fn is_due(&self, prompt: &str, now: Instant) -> bool {
        self.pending.as_ref().is_some_and(|(old, until)| now >= *until || old != prompt)
    }

    /// Shows this prompt.
    pub(super) fn give(&mut self, prompt: &str) {
        self.pending = None;
        self.reads_password = self.wants_password;
        let text = if self.reads_password { "Password: " } else { prompt };
        // There is room for it, because each line takes one.
        self.given.try_send(Prompt { text: text.to_owned(), is_secret: self.reads_password }).ok();
    }

    /// Whether to ask for the server's password next.
    pub(super) fn want_password(&mut self, wants: bool) {
        self.wants_password = wants;
    }

    /// True if the current or last line is the server's password.
    pub(super) fn reads_password(&self) -> bool {
        self.reads_password
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{self, Receiver};

    use super::*;

    fn prompts() -> (Prompts, Receiver<Prompt>, Instant) {
        let (given, taken) = mpsc::sync_channel(1);
        (Prompts::new(given), taken, Instant::now())
    }

    #[test]
    fn a_prompt_waits_for_its_change_up_to_a_timeout() {
        let (mut prompts, taken, now) = prompts();
        prompts.expect("#tea> ".into(), false, now);
        assert!(prompts.is_due("#tea> ", now));
        prompts.give("#tea> ");
        assert!(!prompts.is_due("#dev> ", now), "one for each line");
        assert_eq!(taken.try_recv().unwrap().text, "#tea> ");
        prompts.expect("#tea> ".into(), true, now);
        assert!(!prompts.is_due("#tea> ", now) && prompts.is_due("#dev> ", now));
        assert_eq!(prompts.due(), Some(now + PATIENCE));
        assert!(prompts.is_due("#tea> ", now + PATIENCE));
        prompts.hurry(now);
        assert!(prompts.is_due("#tea> ", now), "it was refused");
    }

    #[test]
    fn a_password_is_asked_for_after_the_current_line() {
        let (mut prompts, taken, _) = prompts();
        prompts.give("> ");
        prompts.want_password(true);
        assert!(!prompts.reads_password() && !taken.try_recv().unwrap().is_secret);
        prompts.give("> ");
        let prompt = taken.try_recv().unwrap();
        assert!(prompts.reads_password() && prompt.is_secret && prompt.text == "Password: ");
    }
}
