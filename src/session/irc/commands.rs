//! The table of commands, and how messages reach their handlers.

use super::client::{Irc, Phase};
use crate::message::Refusal;
use crate::session::Context;
use crate::wire::irc::{Message, numeric};

pub(super) struct CommandRow {
    /// In upper case; clients may use any letter case.
    pub(super) name: &'static str,
    handler: fn(&mut Irc, &Message<'_>, &mut Context<'_>),
    pub(super) access: Access,
    /// Minimum number of parameters.
    pub(super) least: usize,
    #[cfg(feature = "cluster")]
    pub(super) changes: Changes,
    /// The text of `HELP`: parameters and effect.
    pub(super) help: &'static str,
}

/// Who may use a command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Anyone,
    /// Clients that have not registered yet.
    Registering,
    Registered,
    /// Operators of the server.
    Operators,
}

/// Which messages with a command change what nodes share. They are carried out under the lock. Errands change nothing:
/// their results may.
#[derive(Clone, Copy)]
pub(super) enum Changes {
    Never,
    Always,
    /// Those with at least two parameters.
    IfTwoParams,
    /// Those with modes to change.
    IfModes,
    /// Those that set or clear metadata.
    #[cfg(feature = "store")]
    IfMetadata,
    /// Those that change a name or complete a registration.
    IfEntering,
    /// Those for a service that is asked to change something.
    IfForService,
}

const fn command(
    name: &'static str,
    handler: fn(&mut Irc, &Message<'_>, &mut Context<'_>),
    access: Access,
    least: usize,
    #[cfg_attr(not(feature = "cluster"), expect(unused, reason = "one node changes everything at once"))]
    changes: Changes,
    help: &'static str,
) -> CommandRow {
    CommandRow {
        name,
        handler,
        access,
        least,
        #[cfg(feature = "cluster")]
        changes,
        help,
    }
}

/// All commands, sorted by name.
pub(super) const COMMANDS: &[CommandRow] = {
    use Access::{Anyone, Operators, Registered, Registering};
    #[cfg(feature = "store")]
    use Changes::IfMetadata;
    use Changes::{Always, IfEntering, IfForService, IfModes, IfTwoParams, Never};
    &[
        command("ADMIN", Irc::admin, Registered, 0, Never, "ADMIN: who runs this server"),
        #[cfg(feature = "store")]
        command(
            "AUTHENTICATE",
            Irc::authenticate,
            Anyone,
            1,
            Never,
            "AUTHENTICATE mechanism, base64 or *: log in to your account (SASL)",
        ),
        #[cfg(not(feature = "store"))]
        command("AWAY", Irc::away, Registered, 0, Always, "AWAY [message]: say that you are away, or back"),
        #[cfg(feature = "store")]
        command(
            "AWAY",
            Irc::away,
            Anyone,
            0,
            Always,
            "AWAY [message]: say that you are away from this device, or back",
        ),
        #[cfg(feature = "store")]
        command(
            "BATCH",
            Irc::batch,
            Registered,
            1,
            IfForService,
            "BATCH +name draft/multiline target, or -name: send lines as one message",
        ),
        command(
            "CAP",
            Irc::cap,
            Anyone,
            1,
            IfEntering,
            "CAP LS|LIST|REQ|END [capabilities]: negotiate capabilities",
        ),
        #[cfg(feature = "store")]
        command(
            "CHANSERV",
            Irc::service,
            Registered,
            0,
            IfForService,
            "CHANSERV command [parameters]: manage registered channels, see CHANSERV HELP",
        ),
        #[cfg(feature = "store")]
        command(
            "CHATHISTORY",
            Irc::chathistory,
            Registered,
            1,
            Never,
            "CHATHISTORY LATEST|BEFORE|AFTER|AROUND channel msgid=...|timestamp=...|* limit, BETWEEN channel from to limit, \
             TARGETS from to limit: what was said earlier",
        ),
        command(
            "CHGHOST",
            Irc::chghost,
            Operators,
            3,
            Always,
            "CHGHOST nick user host: change what others see",
        ),
        #[cfg(feature = "store")]
        command(
            "CS",
            Irc::service,
            Registered,
            0,
            IfForService,
            "CS command [parameters]: the same as CHANSERV, see CS HELP",
        ),
        command("ERROR", Irc::error, Anyone, 0, Never, "ERROR: servers say this, clients do not"),
        command("HELP", Irc::help, Registered, 0, Never, "HELP [command]: list or explain commands"),
        command("HELPOP", Irc::help, Registered, 0, Never, "HELPOP [command]: the same as HELP"),
        command("INFO", Irc::info, Registered, 0, Never, "INFO: what this server is"),
        command(
            "INVITE",
            Irc::invite,
            Registered,
            0,
            IfTwoParams,
            "INVITE [nick channel]: invite somebody, or list your invitations",
        ),
        command("ISON", Irc::ison, Registered, 1, Never, "ISON nick...: who of these is here"),
        #[cfg(feature = "store")]
        command("ISUPPORT", Irc::isupport_again, Anyone, 0, Never, "ISUPPORT: what this server can do"),
        command(
            "JOIN",
            Irc::join,
            Registered,
            1,
            Always,
            "JOIN channels [keys]: enter channels; JOIN 0 leaves all",
        ),
        command(
            "KICK",
            Irc::kick,
            Registered,
            2,
            Always,
            "KICK channels nicks [reason]: remove people from a channel, or each from the channel at the same place",
        ),
        command("KILL", Irc::kill, Operators, 2, Always, "KILL nick reason: end somebody's connection"),
        command(
            "KLINE",
            Irc::kline,
            Operators,
            1,
            Always,
            "KLINE [minutes|30m|12h|7d|1w] target reason: ban an address, a network such as 192.0.2.0/24, a cloak, \
             *.cloak.ip for a network, or a nick's address from the server",
        ),
        command("LINKS", Irc::links, Registered, 0, Never, "LINKS: the servers, only this one"),
        command(
            "LIST",
            Irc::list,
            Registered,
            0,
            Never,
            "LIST [channels|conditions]: channels; conditions such as >10, *tea*, !*x*, C<60, T>5",
        ),
        command("LUSERS", Irc::lusers, Registered, 0, Never, "LUSERS: how many people are here"),
        #[cfg(feature = "cluster")]
        command(
            "MAP",
            Irc::map,
            Registered,
            0,
            Never,
            "MAP: the server and how many people are there; for operators, on each of its nodes",
        ),
        #[cfg(feature = "store")]
        command(
            "MARKREAD",
            Irc::markread,
            Registered,
            0,
            IfTwoParams,
            "MARKREAD target [timestamp=time]: how far you have read a channel, or what somebody wrote to you",
        ),
        #[cfg(feature = "store")]
        command(
            "METADATA",
            Irc::metadata,
            Registered,
            2,
            IfMetadata,
            "METADATA nick|channel|* GET keys, LIST, SET key [value], CLEAR or SYNC; * SUB keys, UNSUB keys or SUBS: what \
             people tell about themselves and their channels",
        ),
        command(
            "MODE",
            Irc::mode,
            Registered,
            1,
            IfModes,
            "MODE target [changes]: see or change channels and yourself",
        ),
        command(
            "MONITOR",
            Irc::monitor,
            Registered,
            1,
            Never,
            "MONITOR + nicks, - nicks, C, L or S: hear who comes and goes",
        ),
        command("MOTD", Irc::motd, Registered, 0, Never, "MOTD: the message of the day"),
        command("NAMES", Irc::names, Registered, 0, Never, "NAMES channels: who is there"),
        command("NICK", Irc::nick, Anyone, 0, IfEntering, "NICK name: take a name"),
        #[cfg(feature = "store")]
        command(
            "NICKSERV",
            Irc::service,
            Registered,
            0,
            IfForService,
            "NICKSERV command [parameters]: manage your account, see NICKSERV HELP",
        ),
        command(
            "NOTICE",
            Irc::notice,
            Registered,
            0,
            Never,
            "NOTICE targets text: say something that nobody answers automatically",
        ),
        #[cfg(feature = "store")]
        command(
            "NS",
            Irc::service,
            Registered,
            0,
            IfForService,
            "NS command [parameters]: the same as NICKSERV, see NS HELP",
        ),
        command(
            "OPER",
            Irc::oper,
            Registered,
            2,
            Never,
            "OPER name password: become an operator of the server",
        ),
        command("PART", Irc::part, Registered, 1, Always, "PART channels [reason]: leave channels"),
        command(
            "PASS",
            Irc::pass,
            Registering,
            1,
            Never,
            "PASS password, or PASS account:password: before NICK and USER",
        ),
        command("PING", Irc::ping, Anyone, 1, Never, "PING token: answered with PONG"),
        command("PONG", Irc::pong, Anyone, 0, Never, "PONG token: the answer to PING"),
        command(
            "PRIVMSG",
            Irc::privmsg,
            Registered,
            0,
            IfForService,
            "PRIVMSG targets text: say something to channels or people",
        ),
        command("QUIT", Irc::quit, Anyone, 0, Never, "QUIT [reason]: leave"),
        #[cfg(feature = "store")]
        command(
            "REDACT",
            Irc::redact,
            Registered,
            2,
            Never,
            "REDACT channel msgid [reason]: delete a message of yours, or any as an operator of the channel",
        ),
        #[cfg(feature = "store")]
        command(
            "REGISTER",
            Irc::register,
            Anyone,
            3,
            Never,
            "REGISTER * * password: register an account with your nick, so that nobody else can use it",
        ),
        command("REHASH", Irc::rehash, Operators, 0, Never, "REHASH: read the config and its files again"),
        #[cfg(feature = "store")]
        command(
            "RENAME",
            Irc::rename,
            Registered,
            2,
            Always,
            "RENAME channel name [reason]: give a channel another name, as an operator of it",
        ),
        #[cfg(feature = "store")]
        command(
            "SEARCH",
            Irc::search,
            Registered,
            1,
            Never,
            "SEARCH in=channel;from=nick;text=words;after=time;before=time;limit=n: find messages in your channels",
        ),
        command("SETNAME", Irc::setname, Registered, 1, Always, "SETNAME realname: change your real name"),
        command(
            "STATS",
            Irc::stats,
            Registered,
            1,
            Never,
            "STATS u: how long the server has been up; k, p: for operators",
        ),
        command("TAGMSG", Irc::tagmsg, Registered, 0, Never, "TAGMSG targets: send only tags"),
        command("TIME", Irc::time, Registered, 0, Never, "TIME: the server's time"),
        command(
            "TOPIC",
            Irc::topic,
            Registered,
            1,
            IfTwoParams,
            "TOPIC channel [topic]: see or set the topic",
        ),
        command("UNKLINE", Irc::unkline, Operators, 1, Always, "UNKLINE target: end a KLINE"),
        command(
            "USER",
            Irc::user,
            Registering,
            4,
            IfEntering,
            "USER username 0 * realname: register, with NICK",
        ),
        command(
            "USERHOST",
            Irc::userhost,
            Registered,
            1,
            Never,
            "USERHOST nicks: user and host of up to five people",
        ),
        #[cfg(feature = "store")]
        command(
            "VERIFY",
            Irc::verify,
            Anyone,
            2,
            Never,
            "VERIFY account code: accounts need no verification",
        ),
        command(
            "VERSION",
            Irc::version,
            Registered,
            0,
            Never,
            "VERSION: which server this is, and what it can do",
        ),
        command("WALLOPS", Irc::wallops, Operators, 1, Always, "WALLOPS text: tell all operators"),
        command("WHO", Irc::who, Registered, 0, Never, "WHO [mask] [o] [%fields,token]: list people"),
        command("WHOIS", Irc::whois, Registered, 0, Never, "WHOIS nick: who somebody is"),
        command("WHOWAS", Irc::whowas, Registered, 0, Never, "WHOWAS nick [count]: who somebody was"),
        #[cfg(feature = "store")]
        command(
            "ZNC",
            Irc::znc,
            Registered,
            2,
            Never,
            "ZNC *playback PLAY channels [from] [to]: what was said earlier",
        ),
    ]
};

/// The command of this name, ignoring letter case.
pub(super) fn named(name: &str) -> Option<&'static CommandRow> {
    COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name))
}

/// True when `word` is a command, ignoring letter case.
pub(in crate::session) fn is_command(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|word| named(word).is_some())
}

/// Commands that work even when their text is not UTF-8, with the index of the parameter where the text begins.
/// Clients with another encoding must be able to register and quit.
const WITH_TEXT: [(&str, usize); 5] = [("AWAY", 0), ("KICK", 2), ("PART", 1), ("QUIT", 0), ("USER", 0)];

/// True when only text contains replaced bytes, so the message can be handled.
pub(super) fn is_readable(message: &Message<'_>) -> bool {
    let command = WITH_TEXT.iter().find(|(name, _)| name.eq_ignore_ascii_case(message.command));
    command.is_some_and(|&(_, text)| {
        message.params.iter().take(text).all(|param| !param.contains(char::REPLACEMENT_CHARACTER))
    })
}

impl Irc {
    pub(super) fn command(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        self.labelled(message, context, |irc, context| irc.unlabelled(message, context));
        #[cfg(feature = "store")]
        self.tell_own_at_once(context);
    }

    pub(super) fn unlabelled(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if let Some(command) = self.permitted(message, context) {
            (command.handler)(self, message, context);
        }
    }

    /// The command, if the client may use it so. Otherwise the message is handled.
    pub(super) fn permitted(
        &mut self,
        message: &Message<'_>,
        context: &mut Context<'_>,
    ) -> Option<&'static CommandRow> {
        let command = named(message.command);
        let access = command.map_or(Access::Registered, |command| command.access);
        if !self.is_at_stage_of(access, context) {
            return None;
        }
        #[cfg(feature = "store")]
        if self.is_batched(message, context) {
            return None;
        }
        let Some(command) = command else {
            let text = "Unknown command, HELP lists all commands";
            self.complain(numeric::ERR_UNKNOWNCOMMAND, message.command, text, context);
            return None;
        };
        if message.params.len() < command.least {
            self.need_more_params(command.name, context);
            return None;
        }
        if access == Access::Operators && !self.is_for_operators(context) {
            return None;
        }
        Some(command)
    }

    /// True when the client's registration is at the stage that `access` requires; otherwise sends an error.
    pub(super) fn is_at_stage_of(&self, access: Access, context: &mut Context<'_>) -> bool {
        let is_registered = matches!(self.phase, Phase::Online { .. });
        match access {
            Access::Anyone => return true,
            Access::Registering if is_registered => {
                self.say(numeric::ERR_ALREADYREGISTERED, "You may not register a second time", context)
            }
            Access::Registered | Access::Operators if !is_registered => self.say(
                numeric::ERR_NOTREGISTERED,
                "You have not registered: send NICK name and USER name 0 * :real name",
                context,
            ),
            Access::Registering | Access::Registered | Access::Operators => return true,
        }
        false
    }

    /// True when the client is an operator of the server; otherwise sends an error.
    pub(super) fn is_for_operators(&self, context: &mut Context<'_>) -> bool {
        let is_operator = context.hub.users().get(self.user).is_some_and(|user| user.is_operator);
        if !is_operator {
            self.refuse(&Refusal::NotServerOperator, context);
        }
        is_operator
    }

    pub(super) fn need_more_params(&self, command: &str, context: &mut Context<'_>) {
        self.complain(numeric::ERR_NEEDMOREPARAMS, command, "Not enough parameters, see HELP", context);
    }
}
