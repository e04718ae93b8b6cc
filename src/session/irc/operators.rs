//! Commands of server operators.

use super::client::Irc;
use super::registering::USERNAME_CHARS;
use super::rooms::{KICK_CHARS, cut};
use crate::message::{
    Check, Command, Effect, ErrandKind, Outcome, PASSWORD_NOT_CHECKED, Purpose, UserChange,
};
use crate::name::UserName;
use crate::secret::Guess;
use crate::session::Context;
use crate::session::logins::{log_not_checked, log_wrong_password};
use crate::wire::irc::{Message, numeric};

/// Longest host that `CHGHOST` sets, in bytes.
const HOST_BYTES: usize = 64;

impl Irc {
    pub(super) fn oper(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let (name, password) = (message.params[0], message.params[1]);
        let operators = &context.house.config.operators;
        // For an unknown name, the answer must take as long as for any other.
        let Some(costliest) = operators.iter().max_by_key(|operator| operator.password.cost()) else {
            return self.say(
                numeric::ERR_NOOPERHOST,
                "This server has no operators (see parlord --oper)",
                context,
            );
        };
        let operator = operators.iter().find(|operator| operator.name == name);
        let secret = &operator.unwrap_or(costliest).password;
        let decoy = Some(&costliest.password).filter(|decoy| decoy.cost() > secret.cost()).cloned();
        let purpose = Purpose::Operate(operator.map(|operator| operator.name.as_str().into()));
        let check = Check::new(secret.clone(), Guess::new(password), purpose);
        context.out.push(Effect::Errand(self.connection, Check { decoy, ..check }.into()));
    }

    /// Finishes `OPER`. `name` is an existing operator, or `None` if there is none of that name.
    pub(super) fn oper_checked(&mut self, name: Option<&str>, outcome: Outcome, context: &mut Context<'_>) {
        let name = match name {
            _ if outcome == Outcome::NotChecked => {
                log_not_checked(context, format_args!("OPER"));
                return self.complain(numeric::ERR_UNKNOWNERROR, "OPER", PASSWORD_NOT_CHECKED, context);
            }
            Some(name) if outcome == Outcome::Right => name,
            Some(name) => {
                log_wrong_password(context, format_args!("OPER {name:?}"));
                return self.say(numeric::ERR_PASSWDMISMATCH, "Password incorrect", context);
            }
            // The given name is not logged: it might be a password.
            None => {
                log_wrong_password(context, format_args!("OPER, unknown name"));
                return self.say(numeric::ERR_PASSWDMISMATCH, "Password incorrect", context);
            }
        };
        log::info!("{}: is an operator now, as {name:?}", context.peer);
        let before = self.own_modes(context);
        self.ask(Command::Change(UserChange::Operator(true)), context);
        self.say(numeric::RPL_YOUREOPER, "You are now an operator", context);
        self.tell_own_changes(&before, context);
    }

    pub(super) fn kill(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some(who) = self.victim(message.params[0], context) else { return };
        let reason = cut(message.params[1], KICK_CHARS).to_owned();
        self.ask(Command::Kill { who, reason }, context);
    }

    pub(super) fn chghost(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some(who) = self.victim(message.params[0], context) else { return };
        let (username, host) = (message.params[1], message.params[2]);
        let is_word = |text: &str, most: usize| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.~/".contains(c);
            !text.is_empty() && text.len() <= most && text.chars().all(allowed)
        };
        if !is_word(username, USERNAME_CHARS + 1) || !is_word(host, HOST_BYTES) {
            let text = "User and host are letters, digits and -_.~/";
            return self.fail("CHGHOST", "INVALID_HOST", text, context);
        }
        let (username, host) = (username.to_owned(), host.to_owned());
        self.ask(Command::SetHost { who, username, host }, context);
    }

    /// The name of an existing user on whom an operator acts; otherwise sends an error.
    fn victim(&self, name: &str, context: &mut Context<'_>) -> Option<UserName> {
        let victim = UserName::new(name).ok();
        if victim.is_none() {
            self.complain(numeric::ERR_NOSUCHNICK, name, "No such nick", context);
        }
        victim
    }

    pub(super) fn rehash(&mut self, _: &Message<'_>, context: &mut Context<'_>) {
        context.out.push(Effect::Errand(self.connection, ErrandKind::Reload.into()));
    }

    /// Finishes `REHASH`.
    pub(super) fn tell_reloaded(&self, told: &str, context: &mut Context<'_>) {
        self.complain(numeric::RPL_REHASHING, "config", "Rehashing", context);
        self.say("NOTICE", told, context);
    }

    pub(super) fn wallops(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if message.params[0].is_empty() {
            return self.need_more_params("WALLOPS", context);
        }
        self.ask(Command::Wallops(message.params[0].to_owned()), context);
    }
}
