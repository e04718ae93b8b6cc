//! Questions for passwords, which are neither shown nor kept among the lines that the arrow keys bring back.

use std::time::Instant;

use super::Talk;
use crate::client::{Account, Error};
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

    /// Uses the password that was typed.
    pub(super) fn take_password(&mut self, lines: Vec<String>) {
        let password = lines.into_iter().next().unwrap_or_default();
        let Some(wanted) = self.prompts.take_password() else { return };
        let account = |name: &str| Account::new(name, &password);
        let result = match wanted {
            // An empty line retries with the old one.
            PasswordFor::Server => return self.link.try_with(password, false, Instant::now()),
            PasswordFor::Account(_) => return self.link.try_with(password, true, Instant::now()),
            _ if password.is_empty() => return self.screen.note("nothing was sent"),
            _ if !self.link.is_up() => return self.screen.note("there is no connection; nothing was sent"),
            PasswordFor::Registering(name) => {
                return self.prompts.want_password(PasswordFor::Repeating(name, Secret(password)));
            }
            PasswordFor::Repeating(_, Secret(first)) if first != password => {
                return self.screen.note("these were two different passwords; nothing was sent");
            }
            PasswordFor::LogIn(name) => self.link.log_in(account(&name)),
            PasswordFor::Repeating(name, _) => self.link.register(account(&name)),
        };
        match result {
            // The reader reports the loss.
            Ok(()) | Err(Error::Lost { .. }) => {}
            Err(error) => self.screen.note(&error.to_string()),
        }
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
