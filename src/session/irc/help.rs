//! `HELP`: lists and explains the commands, using the table of commands.

use super::client::Irc;
use super::commands::{Access, COMMANDS, named};
use crate::session::Context;
use crate::wire::irc::{Message, numeric};

impl Irc {
    pub(super) fn help(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let subject = message.params.first().copied().filter(|subject| !subject.is_empty());
        let lines: Vec<String> = match subject {
            None => {
                let names: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
                names.chunks(10).map(|names| names.join(" ")).collect()
            }
            Some(subject) => match named(subject) {
                Some(command) if command.access == Access::Operators => {
                    vec![format!("{} (operators)", command.help)]
                }
                Some(command) => vec![command.help.to_owned()],
                None => {
                    return self.complain(numeric::ERR_HELPNOTFOUND, subject, "No help on this", context);
                }
            },
        };
        let subject = subject.unwrap_or("*");
        let title = "HELP command explains one of these";
        self.complain(numeric::RPL_HELPSTART, subject, title, context);
        for line in &lines {
            self.complain(numeric::RPL_HELPTXT, subject, line, context);
        }
        self.complain(numeric::RPL_ENDOFHELP, subject, "End of HELP", context);
    }
}
