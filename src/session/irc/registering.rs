//! Registration: capabilities, password, nick, user (modern.ircdocs.horse, "Connection Registration").

use std::sync::Arc;

use log::Level;

#[cfg(feature = "store")]
use super::accounts::login_in;
use super::client::{Irc, Phase};
#[cfg(feature = "store")]
use super::draft;
#[cfg(feature = "store")]
use super::exchange;
#[cfg(feature = "store")]
use super::metadata;
use super::reply::fill;
use crate::message::{Capabilities, Check, CloseReason, Command, Outcome, Profile, Purpose, Refusal};
use crate::name::{NameError, UserName};
use crate::secret::Guess;
use crate::session::Context;
use crate::session::conversation::Conversation;
use crate::session::logins::{NO_PASSWORD, log_login, log_not_checked, log_wrong_password};
use crate::wire::irc::{Message, numeric};

/// Longest username, in characters; the rest is cut.
pub(super) const USERNAME_CHARS: usize = 16;

/// The username of clients that send no valid one.
pub(super) const DEFAULT_USERNAME: &str = "user";

/// Longest real name, in characters; the rest is cut.
pub(super) const REALNAME_CHARS: usize = 128;

/// How long clients that have used TLS must continue to, in seconds: 30 days.
const STS_SECONDS: u32 = 30 * 86_400;

/// The value of `sts`, which makes clients use TLS (IRCv3 `sts`): the port on plain connections, the duration on TLS
/// connections. Clients cannot request it.
fn sts(context: &Context<'_>) -> Option<String> {
    let port = context.house.sts_port?;
    Some(if context.is_secure { format!("sts=duration={STS_SECONDS}") } else { format!("sts=port={port}") })
}

/// A capability as `CAP LS` lists it: from version 302 on with its value, if it has one.
#[cfg(feature = "store")]
fn advertised(name: &str, capability: Capabilities, is_modern: bool, context: &Context<'_>) -> String {
    match capability {
        Capabilities::SASL if is_modern => format!("{name}={}", exchange::mechanisms(context)),
        Capabilities::MULTILINE if is_modern => format!("{name}={}", draft::value()),
        Capabilities::METADATA_2 | Capabilities::METADATA_3 if is_modern => {
            format!("{name}={}", metadata::value())
        }
        _ => name.to_owned(),
    }
}

/// A capability as `CAP LS` lists it.
#[cfg(not(feature = "store"))]
fn advertised(name: &str, _: Capabilities, _: bool, _: &Context<'_>) -> String {
    name.to_owned()
}

/// The capabilities in `which`, as `CAP LS` lists them.
fn advertisements(
    which: impl Fn(Capabilities) -> bool,
    is_modern: bool,
    context: &Context<'_>,
) -> Vec<String> {
    let those = Capabilities::ALL.iter().filter(|&&(_, known)| which(known));
    those.map(|&(name, known)| advertised(name, known, is_modern, context)).collect()
}

impl Irc {
    pub(super) fn cap(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let subcommand = message.params[0].to_ascii_uppercase();
        match subcommand.as_str() {
            "LS" => {
                // From version 302 on, clients are notified of changes.
                let version: Option<u32> = message.params.get(1).and_then(|version| version.parse().ok());
                let is_modern = version.is_some_and(|version| version >= 302);
                if is_modern {
                    self.keeps_cap_notify = true;
                    self.capabilities = self.capabilities.and(Capabilities::CAP_NOTIFY);
                }
                self.hear(context);
                self.begin_negotiation();
                let mut all = advertisements(|known| context.house.offers(known), is_modern, context);
                if is_modern {
                    all.extend(sts(context));
                }
                self.cap_reply("LS", &all.join(" "), context);
            }
            "LIST" => self.cap_reply("LIST", &self.capabilities.names(), context),
            "REQ" => self.cap_req(message.params.get(1).copied().unwrap_or_default(), context),
            "END" => {
                self.end_negotiation();
                self.try_to_register(context);
            }
            _ => self.complain(numeric::ERR_INVALIDCAPCMD, message.params[0], "Invalid CAP command", context),
        }
    }

    /// Enables all requested capabilities or none.
    fn cap_req(&mut self, wanted: &str, context: &mut Context<'_>) {
        self.begin_negotiation();
        let mut after = self.capabilities;
        for name in wanted.split(' ').filter(|name| !name.is_empty()) {
            let (name, is_wanted) = match name.strip_prefix('-') {
                Some(name) => (name, false),
                None => (name, true),
            };
            match Capabilities::named(name).filter(|&known| context.house.offers(known)) {
                Some(capability) if is_wanted => after = after.and(capability),
                Some(capability) => after = after.without(capability),
                None => return self.cap_reply("NAK", wanted, context),
            }
        }
        #[cfg(feature = "store")]
        if after.has(metadata::EITHER) {
            return self.cap_reply("NAK", wanted, context);
        }
        let kept = if self.keeps_cap_notify { Capabilities::CAP_NOTIFY } else { Capabilities::NONE };
        self.capabilities = after.and(kept);
        self.hear(context);
        #[cfg(feature = "store")]
        self.keep_subscriptions(context);
        self.cap_reply("ACK", wanted, context);
    }

    /// Answers with `names` on as many lines as needed; a name is never cut. Clients of version 302 are told with a star
    /// that more lines follow.
    fn cap_reply(&self, subcommand: &str, names: &str, context: &mut Context<'_>) {
        let mut names = names.split(' ').filter(|name| !name.is_empty()).peekable();
        let is_list = matches!(subcommand, "LS" | "LIST");
        loop {
            self.numeric("CAP", context, |line| {
                line.param(subcommand);
                let text = fill(&mut names, line.room() - " *".len());
                if is_list && self.keeps_cap_notify && names.peek().is_some() {
                    line.param("*");
                }
                line.trailing(&text);
            });
            if names.peek().is_none() {
                return;
            }
        }
    }

    /// Tells the client of capabilities that are offered now, or not any longer (IRCv3 `cap-notify`).
    #[cfg(feature = "store")]
    pub(super) fn capabilities_changed(
        &mut self,
        offered: Capabilities,
        withheld: Capabilities,
        context: &mut Context<'_>,
    ) {
        self.capabilities = self.capabilities.without(withheld);
        self.hear(context);
        if !self.capabilities.has(Capabilities::CAP_NOTIFY) {
            return;
        }
        let names = advertisements(|known| offered.has(known), self.keeps_cap_notify, context);
        for (subcommand, names) in [("NEW", names.join(" ")), ("DEL", withheld.names())] {
            if !names.is_empty() {
                self.cap_reply(subcommand, &names, context);
            }
        }
    }

    fn begin_negotiation(&mut self) {
        if let Phase::Registering(registration) = &mut self.phase {
            registration.negotiates = true;
        }
    }

    pub(super) fn end_negotiation(&mut self) {
        if let Phase::Registering(registration) = &mut self.phase {
            registration.negotiates = false;
        }
    }

    pub(super) fn pass(&mut self, message: &Message<'_>, _: &mut Context<'_>) {
        if let Phase::Registering(registration) = &mut self.phase {
            let password = message.params[0];
            registration.password = Some(Guess::new(password));
            #[cfg(feature = "store")]
            {
                registration.login = login_in(password);
            }
        }
    }

    pub(super) fn nick(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let wanted = message.params.first().copied().unwrap_or_default();
        let name = match UserName::new(wanted) {
            Ok(name) => name,
            Err(NameError::Empty) => {
                return self.say(numeric::ERR_NONICKNAMEGIVEN, "No nickname given", context);
            }
            Err(why) => {
                return self.complain(numeric::ERR_ERRONEUSNICKNAME, wanted, &why.to_string(), context);
            }
        };
        match &mut self.phase {
            Phase::Online { .. } => {
                self.ask(Command::Rename(name), context);
            }
            Phase::Registering(registration) => {
                let is_taken = context.hub.users().find(&name).is_some();
                #[cfg(feature = "store")]
                // Its owner may log in until the registration is complete.
                let is_taken = is_taken && context.hub.accounts().find(&name).is_none();
                if is_taken {
                    return self.refuse(&Refusal::NameTaken(name), context);
                }
                registration.name = Some(name);
                self.try_to_register(context);
            }
        }
    }

    pub(super) fn user(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        self.note_user(message);
        self.try_to_register(context);
    }

    pub(super) fn note_user(&mut self, message: &Message<'_>) {
        // Without characters that separate parts of a mask; the `~` says that nobody has verified it.
        let username = message.params[0].chars().filter(|&c| c.is_alphanumeric() || "-_.".contains(c));
        let mut username: String = username.take(USERNAME_CHARS).collect();
        if username.is_empty() {
            // A client does not ask its user again, so an error would leave it waiting.
            username.push_str(DEFAULT_USERNAME);
        }
        let realname: String = message.params[3].chars().take(REALNAME_CHARS).collect();
        if let Phase::Registering(registration) = &mut self.phase {
            registration.user = Some((format!("~{username}").into(), realname.into()));
        }
    }

    /// Finishes a registration that needed a password.
    pub(super) fn registration_checked(&mut self, outcome: Outcome, context: &mut Context<'_>) {
        match outcome {
            Outcome::Right => {}
            Outcome::Wrong => {
                log_wrong_password(context, format_args!("PASS"));
                return self.refuse_password(CloseReason::WrongPassword, context);
            }
            Outcome::NotChecked => {
                log_not_checked(context, format_args!("PASS"));
                return context.out.close(self.connection, CloseReason::PasswordNotChecked);
            }
        }
        if let Phase::Registering(registration) = &mut self.phase {
            registration.is_let_in = true;
        }
        self.try_to_register(context);
    }

    pub(super) fn refuse_password(&mut self, reason: CloseReason, context: &mut Context<'_>) {
        self.say(numeric::ERR_PASSWDMISMATCH, "Password incorrect", context);
        context.out.close(self.connection, reason);
    }

    /// Registers a client that has sent everything, unless it must be refused or a password is to be checked first.
    pub(super) fn try_to_register(&mut self, context: &mut Context<'_>) {
        let Phase::Registering(registration) = &self.phase else { return };
        if registration.name.is_none() || registration.user.is_none() || registration.negotiates {
            return;
        }
        #[cfg(feature = "store")]
        if !self.has_settled_account(context) {
            return;
        }
        if self.is_let_in(context) {
            self.come_in(context);
        }
    }

    /// True when the client needs no password of the server, or has given the right one. Otherwise it is refused, or its
    /// password is being checked.
    fn is_let_in(&mut self, context: &mut Context<'_>) -> bool {
        let Phase::Registering(registration) = &mut self.phase else { return true };
        let house = context.house;
        let Some(secret) = house.config.password.as_ref().filter(|_| !registration.is_let_in) else {
            return true;
        };
        let Some(guess) = registration.password.take() else {
            let peer = context.peer;
            context.log(Level::Info, format_args!("{peer}: login refused: {NO_PASSWORD}"));
            self.refuse_password(CloseReason::WrongPassword, context);
            return false;
        };
        let check = Check::new(secret.clone(), guess, Purpose::Register);
        self.send_on(check.into(), context);
        false
    }

    /// Registers the client.
    fn come_in(&mut self, context: &mut Context<'_>) {
        let Phase::Registering(registration) = &mut self.phase else { return };
        #[cfg(feature = "store")]
        if let Some((account, device)) = registration.account.take() {
            return self.return_to(account, device, context);
        }
        let (Some(name), Some((username, realname))) = (registration.name.take(), &registration.user) else {
            return;
        };
        let profile = profile(Arc::clone(username), Arc::clone(realname), context);
        #[cfg(feature = "store")]
        let profile = Profile { away: registration.away.clone(), ..profile };
        match context.hub.log_in(self.connection, name, profile, context.now, context.out) {
            Ok(user) => {
                self.set_owner(user, context);
                log_login(user, context);
                self.welcome(context);
            }
            // Another client was faster, or the name is registered. The client may try another name.
            Err(why) => self.refuse(&why, context),
        }
    }
}

/// The profile of a user with this username and real name.
pub(super) fn profile(username: Arc<str>, realname: Arc<str>, context: &Context<'_>) -> Profile {
    let (is_secure, host, peer) = (context.is_secure, context.house.cloak.host(&context.peer), context.peer);
    Profile {
        is_secure,
        username,
        host,
        realname,
        peer,
        #[cfg(feature = "store")]
        away: None,
    }
}
