//! When the next prompt appears: at once, or when the server's answer has changed it.

use std::fmt;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use super::enter::{PASSWORD, password_of};
use crate::client::texts::printable;

/// Longest wait for a prompt that is about to change.
const PATIENCE: Duration = Duration::from_secs(2);

/// The use of a password that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PasswordFor {
    /// Entering the server.
    Server,
    /// Logging in to this account when we connect again.
    Account(String),
    /// Logging in to this account now.
    LogIn(String),
    /// Registering this name.
    Registering(String),
    /// Registering this name, too: the password is typed a second time, and was this the first time.
    Repeating(String, Secret),
}

impl PasswordFor {
    fn question(&self) -> String {
        match self {
            Self::Server => PASSWORD.to_owned(),
            Self::Account(name) | Self::LogIn(name) => password_of(name),
            Self::Registering(name) => format!("New password of {}: ", printable(name)),
            Self::Repeating(..) => "Once more: ".to_owned(),
        }
    }
}

/// A text that debug output omits.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

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
    /// The next line is this password.
    wants: Option<PasswordFor>,
    /// The current line is this password.
    reads: Option<PasswordFor>,
}

impl Prompts {
    /// Gives prompts to the thread that reads the keyboard.
    pub(super) fn new(given: SyncSender<Prompt>) -> Self {
        Self { given, pending: None, wants: None, reads: None }
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
        self.reads = self.wants.clone();
        let text = self.reads.as_ref().map_or_else(|| prompt.to_owned(), PasswordFor::question);
        // There is room for it, because each line takes one.
        self.given.try_send(Prompt { text, is_secret: self.reads.is_some() }).ok();
    }

    /// Asks for a password next.
    pub(super) fn want_password(&mut self, wanted: PasswordFor) {
        self.wants = Some(wanted);
    }

    /// True if the current or last line is a password.
    pub(super) fn reads_password(&self) -> bool {
        self.reads.is_some()
    }

    /// Returns the use of the password that the current or last line is, if it is one. The next line is none.
    pub(super) fn take_password(&mut self) -> Option<PasswordFor> {
        self.wants = None;
        self.reads.take()
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
        prompts.want_password(PasswordFor::Server);
        assert!(!prompts.reads_password() && !taken.try_recv().unwrap().is_secret);
        prompts.give("> ");
        let prompt = taken.try_recv().unwrap();
        assert!(prompts.reads_password() && prompt.is_secret && prompt.text == "Password: ");
        assert_eq!(prompts.take_password(), Some(PasswordFor::Server));
        prompts.give("> ");
        assert!(!prompts.reads_password() && !taken.try_recv().unwrap().is_secret, "once");
    }

    #[test]
    fn a_question_for_a_password_says_which_one_and_debug_output_does_not_show_it() {
        let first = Secret("sesame".into());
        let questions = [
            (PasswordFor::Account("alice".into()), "Password of alice: "),
            (PasswordFor::Registering("alice".into()), "New password of alice: "),
            (PasswordFor::Repeating("alice".into(), first), "Once more: "),
        ];
        for (wanted, question) in questions {
            assert_eq!(wanted.question(), question);
            assert!(!format!("{wanted:?}").contains("sesame"));
        }
    }
}
