//! Replies to one client: numerics, and errors for refusals.

use std::iter::Peekable;

use super::client::{Irc, Phase};
use super::mode_letters::{self, LISTS};
use crate::hub::Hub;
use crate::hub::mask::{Folded, Pattern};
use crate::message::{Capabilities, Command, Refusal};
use crate::session::Context;
use crate::wire::irc::{Line, numeric};

/// As many of `words`, joined by spaces, as fit in `room` bytes; at least one.
pub(super) fn fill<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, room: usize) -> String {
    let mut text = String::new();
    while let Some(word) = words.next_if(|word| text.is_empty() || text.len() + word.len() < room) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

impl Irc {
    /// Sends a numeric (RFC 2812 §2.4): server, code, client name, and what `write` adds.
    pub(super) fn numeric(&self, code: &str, context: &mut Context<'_>, write: impl FnOnce(&mut Line<'_>)) {
        let mut write = Some(write);
        self.numeric_line(code, context, &mut |line| write.take().into_iter().for_each(|write| write(line)));
    }

    /// The common part of all numerics, compiled once to keep the program small.
    fn numeric_line(&self, code: &str, context: &mut Context<'_>, write: &mut dyn FnMut(&mut Line<'_>)) {
        let name = self.client_name(context.hub);
        context.out.write(self.connection, |bytes| {
            let mut line = Line::begin(bytes);
            line.source(&context.house.name);
            line.command(code);
            line.param(name);
            write(&mut line);
            line.end();
        });
    }

    /// The client's name in numerics.
    pub(super) fn client_name<'a>(&'a self, hub: &'a Hub) -> &'a str {
        let name = match &self.phase {
            Phase::Online { .. } => hub.users().get(self.user).map(|user| user.name().as_str()),
            Phase::Registering(registration) => registration.name(),
        };
        name.unwrap_or("*")
    }

    /// Sends a list of words in one or more numerics, as many as it needs.
    pub(super) fn words(&self, code: &str, words: &[String], context: &mut Context<'_>) {
        let mut words = words.iter().map(String::as_str).peekable();
        loop {
            self.numeric(code, context, |line| line.trailing(&fill(&mut words, line.room())));
            if words.peek().is_none() {
                return;
            }
        }
    }

    /// Sends a line from the server: source, command, and what `write` adds.
    pub(super) fn send(&self, command: &str, context: &mut Context<'_>, write: impl FnOnce(&mut Line<'_>)) {
        context.out.write(self.connection, |bytes| {
            let mut line = Line::begin(bytes);
            line.source(&context.house.name);
            line.command(command);
            write(&mut line);
            line.end();
        });
    }

    /// Sends `FAIL` (IRCv3 `standard-replies`), or a notice to clients without that capability.
    pub(super) fn fail(&self, command: &str, code: &str, text: &str, context: &mut Context<'_>) {
        self.fail_about(command, code, &[], text, context);
    }

    /// The same with what it is about. Empty words are left out.
    pub(super) fn fail_about(
        &self,
        command: &str,
        code: &str,
        about: &[&str],
        text: &str,
        context: &mut Context<'_>,
    ) {
        let about: Vec<_> = about.iter().copied().filter(|word| !word.is_empty()).collect();
        if self.capabilities.has(Capabilities::STANDARD_REPLIES) {
            self.fail_always(command, code, &about, text, context);
        } else {
            let about: String = about.iter().map(|word| format!(" {word}")).collect();
            let text = format!("FAIL {command} {code}{about}: {text}");
            self.numeric("NOTICE", context, |line| line.trailing(&text));
        }
    }

    /// The same for clients without that capability, too.
    pub(super) fn fail_always(
        &self,
        command: &str,
        code: &str,
        about: &[&str],
        text: &str,
        context: &mut Context<'_>,
    ) {
        self.send("FAIL", context, |line| {
            line.param(command);
            line.param(code);
            about.iter().for_each(|word| line.param(word));
            line.trailing(text);
        });
    }

    /// Sends a numeric with a text.
    pub(super) fn say(&self, code: &str, text: &str, context: &mut Context<'_>) {
        self.numeric_line(code, context, &mut |line| line.trailing(text));
    }

    /// Tells the client that an answer about `about` was cut.
    pub(super) fn tell_cut(&self, about: &str, context: &mut Context<'_>) {
        self.complain(
            numeric::ERR_TOOMANYMATCHES,
            about,
            "Answer cut because it is too long; ask for less",
            context,
        );
    }

    /// Sends a numeric with one parameter and a text.
    pub(super) fn complain(&self, code: &str, about: &str, text: &str, context: &mut Context<'_>) {
        self.numeric_line(code, context, &mut |line| {
            line.param(about);
            line.trailing(text);
        });
    }

    /// True when `server` is missing or denotes this server: by name, mask or one of its users. Otherwise sends an
    /// error.
    pub(super) fn is_here(&self, server: Option<&&str>, context: &mut Context<'_>) -> bool {
        let Some(server) = server else { return true };
        let is_here = Pattern::new(server).matches(&Folded::new(&context.house.name), &mut 0)
            || self.user_called(server, context).is_some();
        if !is_here {
            self.complain(numeric::ERR_NOSUCHSERVER, server, "No such server", context);
        }
        is_here
    }

    /// Sends a command to the hub, and its refusal to the client. True on success.
    pub(super) fn ask(&self, command: Command, context: &mut Context<'_>) -> bool {
        match context.hub.handle(self.user, command, context.now, context.out) {
            Ok(()) => true,
            Err(why) => {
                self.refuse(&why, context);
                false
            }
        }
    }

    /// Sends the numeric for a refusal.
    pub(super) fn refuse(&self, why: &Refusal, context: &mut Context<'_>) {
        let (mut letter, mut number) = ([0; 4], String::new());
        let (code, about) = match why {
            #[cfg(feature = "store")]
            Refusal::NameRegistered(name) => (numeric::ERR_NICKNAMEINUSE, [name.as_str(), ""]),
            #[cfg(feature = "store")]
            Refusal::NamedByAccount(_) => (numeric::ERR_NONICKCHANGE, ["", ""]),
            #[cfg(feature = "store")]
            Refusal::NoAccount => (numeric::ERR_NOPRIVILEGES, ["", ""]),
            #[cfg(feature = "store")]
            Refusal::NotFounder(room) | Refusal::RoomOfServer(room) => {
                (numeric::ERR_CHANOPRIVSNEEDED, [room.as_str(), ""])
            }
            #[cfg(feature = "store")]
            Refusal::RoomRegistered(room)
            | Refusal::NotRegistered(room)
            | Refusal::NotOffered(room)
            | Refusal::TooManyRegistered { room, .. }
            | Refusal::RanksFull { room, .. } => (numeric::ERR_UNAVAILRESOURCE, [room.as_str(), ""]),
            #[cfg(feature = "store")]
            Refusal::TooManyDevices { name, .. } | Refusal::AccountDropped(name) => {
                (numeric::ERR_UNAVAILRESOURCE, [name.as_str(), ""])
            }
            Refusal::NameTaken(name) => (numeric::ERR_NICKNAMEINUSE, [name.as_str(), ""]),
            Refusal::NameNotAllowed(_) => (numeric::ERR_ERRONEUSNICKNAME, ["*", ""]),
            Refusal::NobodyCalled(name) => (numeric::ERR_NOSUCHNICK, [name.as_str(), ""]),
            Refusal::NotLoggedIn => (numeric::ERR_NOTREGISTERED, ["", ""]),
            Refusal::AlreadyLoggedIn => (numeric::ERR_ALREADYREGISTERED, ["", ""]),
            Refusal::NoSuchRoom(room) => (numeric::ERR_NOSUCHCHANNEL, [room.as_str(), ""]),
            Refusal::NotInRoom(room) => (numeric::ERR_NOTONCHANNEL, [room.as_str(), ""]),
            Refusal::TheyAreNotInRoom(name, room) => {
                (numeric::ERR_USERNOTINCHANNEL, [name.as_str(), room.as_str()])
            }
            Refusal::TheyAreInRoom(name, room) => {
                (numeric::ERR_USERONCHANNEL, [name.as_str(), room.as_str()])
            }
            Refusal::CannotSpeak(room, _) => (numeric::ERR_CANNOTSENDTOCHAN, [room.as_str(), ""]),
            Refusal::NotOperator(room) => (numeric::ERR_CHANOPRIVSNEEDED, [room.as_str(), ""]),
            Refusal::NotServerOperator => (numeric::ERR_NOPRIVILEGES, ["", ""]),
            #[cfg(feature = "store")]
            Refusal::AccountsOnly(room) => (numeric::ERR_NEEDREGGEDNICK, [room.as_str(), ""]),
            Refusal::InviteOnly(room) => (numeric::ERR_INVITEONLYCHAN, [room.as_str(), ""]),
            Refusal::RoomIsFull(room) => (numeric::ERR_CHANNELISFULL, [room.as_str(), ""]),
            Refusal::Banned(room) => (numeric::ERR_BANNEDFROMCHAN, [room.as_str(), ""]),
            Refusal::WrongKey(room) => (numeric::ERR_BADCHANNELKEY, [room.as_str(), ""]),
            Refusal::TooManyRooms { room, .. } => (numeric::ERR_TOOMANYCHANNELS, [room.as_str(), ""]),
            Refusal::NoMoreRooms { room, .. } => (numeric::ERR_UNAVAILRESOURCE, [room.as_str(), ""]),
            Refusal::NoMemoryForRoom { room, .. } | Refusal::NoMemoryInRoom { room, .. } => {
                (numeric::ERR_UNAVAILRESOURCE, [room.as_str(), ""])
            }
            Refusal::NoMemoryForUser { .. } => (numeric::ERR_UNAVAILRESOURCE, ["*", ""]),
            Refusal::ListFull { room, list, .. } => {
                let letter: &str = mode_letters::letter(&LISTS, list).encode_utf8(&mut letter);
                (numeric::ERR_BANLISTFULL, [room.as_str(), letter])
            }
            Refusal::WatchListFull { name, most } => {
                number.push_str(&most.to_string());
                (numeric::ERR_MONLISTFULL, [number.as_str(), name.as_str()])
            }
        };
        let text = match why {
            // Also for what cannot be a room's name.
            Refusal::NoSuchRoom(_) => "No such channel".to_owned(),
            why => why.to_string(),
        };
        self.numeric_line(code, context, &mut |line| {
            about.iter().filter(|word| !word.is_empty()).for_each(|word| line.param(word));
            line.trailing(&text);
        });
    }

    /// Sends a numeric with two parameters and a text.
    pub(super) fn about_two(&self, code: &str, a: &str, b: &str, text: &str, context: &mut Context<'_>) {
        self.numeric_line(code, context, &mut |line| {
            line.param(a);
            line.param(b);
            line.trailing(text);
        });
    }
}
