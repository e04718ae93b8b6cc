//! When the next line may be typed: at once, or when an answer of the server has changed what stands before it.

use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

/// A prompt that is about to change waits for so long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Lets one line be typed.
#[cfg_attr(not(feature = "editor"), allow(dead_code))]
pub(super) struct Prompt {
    pub(super) text: String,
    /// The terminal does not show what is typed.
    pub(super) is_secret: bool,
}

/// Gives one prompt for each line.
#[derive(Debug)]
pub(super) struct Prompts {
    /// Lets a line be typed, with this prompt.
    given: SyncSender<Prompt>,
    /// A prompt waits until this differs from it, or until then.
    pending: Option<(String, Instant)>,
    /// The next line that is typed is the server's password.
    wants_password: bool,
    /// The line that is being typed is.
    reads_password: bool,
}

impl Prompts {
    /// Gives prompts to whoever reads the keyboard.
    pub(super) fn new(given: SyncSender<Prompt>) -> Self {
        Self { given, pending: None, wants_password: false, reads_password: false }
    }

    /// Another line may be typed, behind this prompt or, where it is about to change, behind the next one.
    pub(super) fn expect(&mut self, prompt: String, changes: bool, now: Instant) {
        self.pending = Some((prompt, if changes { now + PATIENCE } else { now }));
    }

    /// The prompt will not change.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Some((_, until)) = &mut self.pending {
            *until = now;
        }
    }

    /// When it is time for the next line, if nothing happens before.
    pub(super) fn due(&self) -> Option<Instant> {
        self.pending.as_ref().map(|(_, until)| *until)
    }

    /// True when it is time for a line behind this prompt.
    pub(super) fn is_due(&self, prompt: &str, now: Instant) -> bool {
        self.pending.as_ref().is_some_and(|(old, until)| now >= *until || old != prompt)
    }

    /// Lets a line be typed behind this prompt.
    pub(super) fn give(&mut self, prompt: &str) {
        self.pending = None;
        self.reads_password = self.wants_password;
        let text = if self.reads_password { "Password: " } else { prompt };
        // There is place for it: one is given for each line.
        self.given.try_send(Prompt { text: text.to_owned(), is_secret: self.reads_password }).ok();
    }

    /// Whether the next line is to be the server's password.
    pub(super) fn want_password(&mut self, wants: bool) {
        self.wants_password = wants;
    }

    /// The line that is being typed, or was typed last, is the server's password.
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
    fn a_prompt_that_is_about_to_change_waits_for_that_and_no_longer_than_it_may() {
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
    fn a_password_is_asked_for_with_the_next_line_and_not_with_the_one_that_is_being_typed() {
        let (mut prompts, taken, _) = prompts();
        prompts.give("> ");
        prompts.want_password(true);
        assert!(!prompts.reads_password() && !taken.try_recv().unwrap().is_secret);
        prompts.give("> ");
        let prompt = taken.try_recv().unwrap();
        assert!(prompts.reads_password() && prompt.is_secret && prompt.text == "Password: ");
    }
}
