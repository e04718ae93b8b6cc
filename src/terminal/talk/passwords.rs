//! Questions for passwords, which are neither shown nor kept among the lines that the arrow keys bring back.

use std::time::Instant;

use super::Talk;
use crate::client::{Account, Error, Speaker};
use crate::terminal::prompts::{PasswordFor, Secret};

impl Talk {
    /// Asks for the password of an account, to use it at once.
    pub(super) fn want_password(&mut self, wanted: PasswordFor) {
        if !self.link.is_up() {
            self.screen.note("there is no connection; nothing was sent");
        } else if self.screen.has_editor() {
            self.prompts.want_password(wanted);
        } else {
            // Only the editor can hide a password.
            self.screen.note("this terminal would show the password; start again with --account");
        }
    }

    /// Uses the password that was typed. True if the server may give us another name then.
    pub(super) fn take_password(&mut self, lines: &[String]) -> bool {
        // A pasted password may have its line end with it.
        let password = lines.first().and_then(|line| line.lines().next()).unwrap_or_default().to_owned();
        let Some(wanted) = self.prompts.take_password() else { return false };
        match wanted {
            // An empty line retries with the old one.
            PasswordFor::Server => self.link.try_with(password, false, Instant::now()),
            PasswordFor::Account(_) => self.link.try_with(password, true, Instant::now()),
            _ if password.is_empty() => self.screen.note("nothing was sent"),
            _ if !self.link.is_up() => self.screen.note("there is no connection; nothing was sent"),
            PasswordFor::LogIn(name) => {
                let sent = self.link.ask(Account::new(&name, &password), Speaker::log_in);
                return self.is_sent(sent);
            }
            PasswordFor::Registering(name) => {
                self.prompts.want_password(PasswordFor::Repeating(name, Secret(password)));
            }
            PasswordFor::Repeating(_, Secret(first)) if first != password => {
                self.screen.note("these were two different passwords; nothing was sent");
            }
            PasswordFor::Repeating(name, _) => {
                let sent = self.link.ask(Account::new(&name, &password), Speaker::register);
                self.is_sent(sent);
            }
        }
        false
    }

    /// False if it was not sent, which this tells.
    fn is_sent(&self, sent: Result<(), Error>) -> bool {
        match &sent {
            // The reader reports the loss.
            Ok(()) | Err(Error::Lost { .. }) => {}
            Err(error) => self.screen.note(&error.to_string()),
        }
        sent.is_ok()
    }

    /// Stops asking for the password of an account. False if there was no such question.
    pub(super) fn stop_asking(&mut self) -> bool {
        let is_asking = self.link.is_up() && self.prompts.take_password().is_some();
        if is_asking {
            self.screen.note("nothing was sent");
        }
        is_asking
    }
}
