//! IRC clients of one node of several: which of their commands wait for the lock, and how these are declined.

use super::client::{Irc, Phase};
use super::commands::{self, Access, Changes};
use super::modes::changes_modes;
use super::work::CHANNEL_TARGETS;
use crate::message::{AccountFound, AccountPurpose, Answer, Found, Outcome, Purpose, RecallFor};
use crate::session::Context;
use crate::session::services::{self, Client, Service};
use crate::session::sharing::OTHERS_UNREACHABLE;
use crate::wire::irc::{Message, numeric, without_line_end};

/// The code of what is declined (IRCv3 `standard-replies`).
const UNAVAILABLE: &str = "TEMPORARILY_UNAVAILABLE";

/// True if a message to `target` asks a service to change something.
pub(super) fn changes_at(target: &str, text: &str) -> bool {
    Service::called(target).is_some_and(|service| service.needs_lock(text))
}

impl Irc {
    /// True if this line may change what nodes share.
    pub(super) fn changes_shared(&self, line: &[u8]) -> bool {
        let line = without_line_end(line);
        let text = String::from_utf8_lossy(&line);
        let Ok(message) = Message::decode(&text) else { return false };
        let Some(command) = commands::named(message.command) else { return false };
        let is_online = matches!(self.phase, Phase::Online { .. });
        let is_at_stage = match command.access {
            Access::Anyone => true,
            Access::Registering => !is_online,
            Access::Registered | Access::Operators => is_online,
        };
        let params = &message.params;
        if self.is_in_batch(&message) || !is_at_stage || params.len() < command.least {
            return false;
        }
        match command.changes {
            Changes::Never => false,
            Changes::Always => is_online,
            Changes::IfTwoParams => params.len() > 1,
            Changes::IfModes => changes_modes(params),
            Changes::IfMetadata => params
                .get(1)
                .is_some_and(|what| ["SET", "CLEAR"].iter().any(|known| known.eq_ignore_ascii_case(what))),
            Changes::IfEntering if is_online => command.name == "NICK" && !params.is_empty(),
            Changes::IfEntering => self.may_complete(command.name, params),
            Changes::IfForService => self.asks_service(command.name, params),
        }
    }

    /// True if this command may complete the registration. With an account it does not: that is read again first.
    fn may_complete(&self, command: &str, params: &[&str]) -> bool {
        let Phase::Registering(registration) = &self.phase else { return false };
        let (has_name, has_user) = (registration.name.is_some(), registration.user.is_some());
        let is_complete = match command {
            "NICK" => !params.is_empty() && has_user && !registration.negotiates,
            "USER" => has_name && !registration.negotiates,
            _ => has_name && has_user && params.first().is_some_and(|what| what.eq_ignore_ascii_case("END")),
        };
        is_complete && registration.account.is_none()
    }

    fn asks_service(&self, command: &str, params: &[&str]) -> bool {
        match (command, params) {
            ("PRIVMSG", [targets, text, ..]) => targets.split(',').any(|target| changes_at(target, text)),
            ("PRIVMSG", _) => false,
            ("BATCH", [name, ..]) => name.strip_prefix('-').is_some_and(|name| self.is_for_service(name)),
            (service, params) => changes_at(service, &params.join(" ")),
        }
    }

    /// True if the rest of a command may change what nodes share.
    pub(super) fn result_changes_shared(&self, found: &Found) -> bool {
        match found {
            Found::Checked(Purpose::Register | Purpose::Operate(Some(_)), outcome) => {
                *outcome == Outcome::Right
            }
            Found::Checked(Purpose::Operate(None) | Purpose::LogIn(_), _)
            | Found::Report(_)
            | Found::Reloaded(_) => false,
            Found::Recalled(purpose, answer) => {
                matches!((&**purpose, answer), (RecallFor::Redaction { .. }, Answer::Message(Some(_))))
            }
            Found::Account(AccountPurpose::Service(step), found) => services::needs_lock_for(step, found),
            Found::Account(
                AccountPurpose::Sasl | AccountPurpose::LogIn { .. },
                AccountFound::LoggedIn(_),
            ) => {
                matches!(self.phase, Phase::Online { .. })
            }
            Found::Account(
                AccountPurpose::Enter { .. } | AccountPurpose::Register,
                AccountFound::LoggedIn(_),
            ) => true,
            Found::Account(..) => false,
        }
    }

    /// Declines a command.
    pub(super) fn decline_line(&mut self, line: &[u8], context: &mut Context<'_>) {
        let line = without_line_end(line);
        let text = String::from_utf8_lossy(&line);
        if let Ok(message) = Message::decode(&text) {
            self.labelled(&message, context, |irc, context| irc.decline_command(&message, context));
        }
    }

    fn decline_command(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some(command) = self.permitted(message, context) else { return };
        let params = &message.params;
        match (command.name, &params[..]) {
            // A client may try again with `NICK`.
            ("USER", _) => {
                self.note_user(message);
                self.not_named(context);
            }
            ("CAP", _) => {
                self.end_negotiation();
                self.not_named(context);
            }
            ("NICK", [name, ..]) => self.unavailable(name, context),
            ("JOIN", [channels, ..]) if *channels != "0" => {
                for channel in self.targets(channels, CHANNEL_TARGETS, context) {
                    self.unavailable(channel, context);
                }
            }
            ("PRIVMSG", [target, ..]) if let Some(service) = Service::called(target) => {
                self.tell(service, OTHERS_UNREACHABLE, context);
            }
            ("BATCH", [name, ..]) => self.decline_batch(name.trim_start_matches('-'), context),
            (name, _) => match Service::called(name) {
                Some(service) => self.tell(service, OTHERS_UNREACHABLE, context),
                None => self.others_unreachable(name, context),
            },
        }
    }

    /// Declines the rest of a command.
    pub(super) fn decline_result(&mut self, found: Found, context: &mut Context<'_>) {
        match found {
            Found::Checked(Purpose::Register, _) => {
                if let Phase::Registering(registration) = &mut self.phase {
                    registration.is_let_in = true;
                }
                self.not_named(context);
            }
            Found::Account(AccountPurpose::Enter { device }, AccountFound::LoggedIn(account)) => {
                if let Phase::Registering(registration) = &mut self.phase {
                    registration.account = Some((account.id, device));
                }
                self.not_named(context);
            }
            Found::Account(AccountPurpose::Sasl, _) => self.cannot_authenticate(OTHERS_UNREACHABLE, context),
            Found::Account(AccountPurpose::Register, _) => {
                let text =
                    format!("Your account is registered, but you are not logged in: {OTHERS_UNREACHABLE}");
                self.fail("REGISTER", UNAVAILABLE, &text, context);
            }
            Found::Account(AccountPurpose::Service(step), _) => {
                services::found_too_late(&step, self, context)
            }
            Found::Recalled(..) => {
                self.unfinished(|unfinished| unfinished.asked = 0);
                self.others_unreachable("REDACT", context);
            }
            Found::Checked(..) => self.others_unreachable("OPER", context),
            // Nothing else needs the lock.
            Found::Account(..) | Found::Report(_) | Found::Reloaded(_) => {}
        }
    }

    /// Tells a client that is registering that it cannot have its name now.
    fn not_named(&self, context: &mut Context<'_>) {
        let name = match &self.phase {
            Phase::Registering(registration) => registration.name().unwrap_or("*").to_owned(),
            Phase::Online { .. } => "*".to_owned(),
        };
        self.unavailable(&name, context);
    }

    /// Tells the client that it cannot have this name or channel now.
    pub(super) fn unavailable(&self, what: &str, context: &mut Context<'_>) {
        self.complain(numeric::ERR_UNAVAILRESOURCE, what, OTHERS_UNREACHABLE, context);
    }

    /// Tells the client that a command is not carried out now.
    pub(super) fn others_unreachable(&self, command: &str, context: &mut Context<'_>) {
        self.fail(command, UNAVAILABLE, OTHERS_UNREACHABLE, context);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::super::commands::COMMANDS;
    use super::super::draft::{Batch, Draft, NEEDED};
    use super::*;
    use crate::message::{AccountId, Command, ConnectionId, Effects, Epoch, Node, NodeId, UserChange};
    use crate::name::UserName;
    use crate::session::conversation::Conversation;
    use crate::session::logins::Deadline;
    use crate::session::scene::Scene;

    /// For each command, lines of a registered client that need the lock, and lines that do not.
    const LINES: &[(&str, &[&str], &[&str])] = &[
        ("ADMIN", &[], &["ADMIN"]),
        ("AUTHENTICATE", &[], &["AUTHENTICATE PLAIN", "AUTHENTICATE +"]),
        ("AWAY", &["AWAY", "AWAY :at lunch", "away \u{fffd}"], &[]),
        ("BATCH", &[], &["BATCH +a draft/multiline #tea", "BATCH -a"]),
        ("CAP", &[], &["CAP LS", "CAP END", "CAP REQ :batch"]),
        (
            "CHANSERV",
            &["CHANSERV OP #tea bob", "chanserv :register #tea"],
            &["CHANSERV", "CHANSERV INFO #tea"],
        ),
        ("CHATHISTORY", &[], &["CHATHISTORY LATEST #tea * 50"]),
        ("CHGHOST", &["CHGHOST bob a b"], &["CHGHOST bob a"]),
        ("CS", &["CS CLEAR #tea users"], &["CS HELP", "CS OPS #tea"]),
        ("ERROR", &[], &["ERROR :x"]),
        ("HELP", &[], &["HELP JOIN"]),
        ("HELPOP", &[], &["HELPOP"]),
        ("INFO", &[], &["INFO"]),
        ("INVITE", &["INVITE bob #tea"], &["INVITE", "INVITE bob"]),
        ("ISON", &[], &["ISON bob"]),
        ("ISUPPORT", &[], &["ISUPPORT"]),
        ("JOIN", &["JOIN #tea", "JOIN 0", "@label=a :ana JOIN #a,#b k", "  jOiN #tea\r"], &["JOIN"]),
        ("KICK", &["KICK #tea bob", "KICK #tea bob :\u{fffd}"], &["KICK #tea"]),
        ("KILL", &["KILL bob x"], &["KILL bob"]),
        ("KLINE", &["KLINE 192.0.2.1"], &["KLINE"]),
        ("LINKS", &[], &["LINKS"]),
        ("LIST", &[], &["LIST"]),
        ("LUSERS", &[], &["LUSERS"]),
        ("MAP", &[], &["MAP"]),
        ("MARKREAD", &["MARKREAD #tea timestamp=2026-01-01T00:00:00.000Z"], &["MARKREAD", "MARKREAD #tea"]),
        (
            "METADATA",
            &["METADATA * SET a b", "METADATA #tea set a", "METADATA * CLEAR"],
            &["METADATA * GET a", "METADATA * SUB a", "METADATA * SYNC", "METADATA *"],
        ),
        (
            "MODE",
            &["MODE #tea +s", "MODE #tea b+o bob", "MODE #tea +b a!*@*", "MODE ana +i"],
            &["MODE #tea", "MODE #tea b", "MODE #tea +beI", "MODE #tea +o", "MODE ana"],
        ),
        ("MONITOR", &[], &["MONITOR + bob"]),
        ("MOTD", &[], &["MOTD"]),
        ("NAMES", &[], &["NAMES #tea"]),
        ("NICK", &["NICK bob"], &["NICK"]),
        ("NICKSERV", &["NICKSERV GHOST bob secret"], &["NICKSERV IDENTIFY bob secret"]),
        ("NOTICE", &[], &["NOTICE NickServ :GHOST bob"]),
        ("NS", &["NS LOGOUT"], &["NS INFO"]),
        ("OPER", &[], &["OPER root secret"]),
        ("PART", &["PART #tea", "PART #tea :\u{fffd}"], &["PART"]),
        ("PASS", &[], &["PASS secret"]),
        ("PING", &[], &["PING x"]),
        ("PONG", &[], &["PONG x"]),
        (
            "PRIVMSG",
            &["PRIVMSG NickServ :GHOST bob", "PRIVMSG #tea,cs :op #tea bob"],
            &[
                "PRIVMSG #tea :GHOST",
                "PRIVMSG bob :GHOST",
                "PRIVMSG NickServ :HELP",
                "PRIVMSG NickServ",
                "PRIVMSG",
            ],
        ),
        ("QUIT", &[], &["QUIT", "QUIT :x"]),
        ("REDACT", &[], &["REDACT #tea x"]),
        ("REGISTER", &[], &["REGISTER * * secret"]),
        ("REHASH", &[], &["REHASH"]),
        ("RENAME", &["RENAME #tea #coffee"], &["RENAME #tea"]),
        ("SEARCH", &[], &["SEARCH text=x"]),
        ("SETNAME", &["SETNAME :Ana"], &["SETNAME"]),
        ("STATS", &[], &["STATS u"]),
        ("TAGMSG", &[], &["TAGMSG NickServ"]),
        ("TIME", &[], &["TIME"]),
        ("TOPIC", &["TOPIC #tea :x", "TOPIC #tea :"], &["TOPIC #tea"]),
        ("UNKLINE", &["UNKLINE 192.0.2.1"], &["UNKLINE"]),
        ("USER", &[], &["USER a 0 * b"]),
        ("USERHOST", &[], &["USERHOST bob"]),
        ("VERIFY", &[], &["VERIFY a b"]),
        ("VERSION", &[], &["VERSION"]),
        ("WALLOPS", &["WALLOPS :x"], &["WALLOPS"]),
        ("WHO", &[], &["WHO #tea"]),
        ("WHOIS", &[], &["WHOIS bob"]),
        ("WHOWAS", &[], &["WHOWAS bob"]),
        ("ZNC", &[], &["ZNC *playback PLAY #tea"]),
    ];

    fn registering() -> Irc {
        Irc::new(ConnectionId(1), Deadline::new(Instant::now()), Instant::now())
    }

    fn online() -> Irc {
        Irc { phase: Phase::Online { check: Instant::now() }, ..registering() }
    }

    fn needs_lock(irc: &Irc, line: &str) -> bool {
        irc.needs_lock(format!("{line}\n").as_bytes())
    }

    #[test]
    fn each_command_is_known_to_change_shared_state_or_not() {
        let named: Vec<_> = LINES.iter().map(|(name, ..)| *name).collect();
        let all: Vec<_> = COMMANDS.iter().map(|command| command.name).collect();
        assert_eq!(named, all);
        let online = online();
        for (name, changing, others) in LINES {
            let is_sometimes = !matches!(commands::named(name).unwrap().changes, Changes::Never);
            assert_eq!(
                is_sometimes,
                !changing.is_empty() || ["BATCH", "CAP", "USER"].contains(name),
                "{name}"
            );
            for line in *changing {
                assert!(needs_lock(&online, line), "{line}");
                assert!(online.needs_lock_to_finish(line.as_bytes()), "{line}, and no more");
                assert!(!online.needs_lock(line.as_bytes()), "{line}, incomplete");
                assert!(!needs_lock(&registering(), line), "{line}, before registration");
            }
            for line in *others {
                assert!(!needs_lock(&online, line), "{line}");
            }
        }
        for line in ["", "\r", ":ana", "@label=a", "NOSUCH #tea", "JOINT #tea"] {
            assert!(!needs_lock(&online, line), "{line}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_hide_a_command() {
        assert!(online().needs_lock(b"PART #tea :\xff\n"));
        assert!(online().needs_lock(b"JO\0IN #tea\n"));
        assert!(!online().needs_lock(b"PRIVMSG #tea :\xff\n"));
    }

    #[test]
    fn the_rest_of_a_line_that_was_too_long_is_no_command() {
        let irc = Irc { skips_line: true, ..online() };
        assert!(!needs_lock(&irc, "JOIN #tea"));
        assert!(!irc.needs_lock_to_finish(b"JOIN #tea"));
    }

    #[test]
    fn a_registration_needs_the_lock_when_it_is_completed() {
        let with = |name: Option<&str>, has_user: bool, negotiates: bool| {
            let mut irc = registering();
            let Phase::Registering(registration) = &mut irc.phase else { unreachable!() };
            registration.name = name.map(|name| UserName::new(name).unwrap());
            registration.user = has_user.then(|| ("~ana".into(), "Ana".into()));
            registration.negotiates = negotiates;
            irc
        };
        let needing = |irc: Irc| -> Vec<&str> {
            let lines = ["NICK ana", "USER a 0 * b", "CAP END", "CAP LS", "PASS x", "NICK"];
            lines.into_iter().filter(|line| needs_lock(&irc, line)).collect()
        };
        assert_eq!(needing(registering()), [""; 0]);
        assert_eq!(needing(with(Some("ana"), false, false)), ["USER a 0 * b"]);
        assert_eq!(needing(with(None, true, false)), ["NICK ana"]);
        assert_eq!(needing(with(None, true, true)), [""; 0]);
        assert_eq!(needing(with(Some("ana"), true, true)), ["CAP END"]);
        let mut irc = with(Some("ana"), true, true);
        let Phase::Registering(registration) = &mut irc.phase else { unreachable!() };
        registration.account = Some((AccountId(1), "irc".into()));
        assert_eq!(needing(irc), [""; 0], "the account is read first");
    }

    #[test]
    fn a_message_of_several_lines_for_a_service_needs_the_lock_at_its_end() {
        let batch_for = |target: &str| {
            let mut draft = Draft::new(target, Box::default(), Instant::now());
            let line = format!("PRIVMSG {target} :GHOST bob");
            assert!(draft.add(&Message::decode(&line).unwrap(), Instant::now()).is_ok());
            let mut irc = Irc { capabilities: NEEDED, ..online() };
            irc.unfinished(|unfinished| {
                unfinished.batch = Some(Batch { name: "a".into(), draft: Some(draft) });
            });
            irc
        };
        assert!(needs_lock(&batch_for("NickServ"), "BATCH -a"));
        assert!(!needs_lock(&batch_for("NickServ"), "BATCH -b"));
        assert!(!needs_lock(&batch_for("NickServ"), "@batch=a PRIVMSG NickServ :GHOST bob"));
        assert!(!needs_lock(&batch_for("#tea"), "BATCH -a"));
    }

    proptest! {
        #[test]
        fn what_needs_no_lock_changes_nothing_that_nodes_share(
            picks in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..60),
            is_operator: bool,
        ) {
            let mut scene = Scene::new();
            scene.house.has_accounts = true;
            scene.hub.become_node(Node { id: NodeId(1), epoch: Epoch(1), name: "cellar".into() });
            let lines = LINES.iter().flat_map(|(_, changing, others)| changing.iter().chain(*others));
            let entering = ["NICK ana", "USER a 0 * b", "CAP REQ :batch draft/multiline message-tags", "OPER"];
            let lines: Vec<_> = lines.copied().chain(entering).collect();
            for (pick, is_certain) in picks {
                let line = if is_certain { *pick.get(&entering) } else { *pick.get(&lines) };
                let id = scene.session.user();
                // It has not left.
                let is_there = scene.hub.users().get(id).is_some();
                if line == "OPER" && is_operator && is_there {
                    let change = Command::Change(UserChange::Operator(true));
                    scene.hub.handle(id, change, scene.now, &mut Effects::default()).unwrap();
                    scene.hub.take_operations();
                }
                let mut bytes = format!("{line}\r\n").into_bytes();
                while !bytes.is_empty() {
                    let needs_lock = scene.session.needs_lock(&bytes);
                    let used = scene.act(|session, context| session.receive(&bytes, context));
                    let Some(used) = used else { break };
                    bytes.drain(..used);
                    prop_assert!(needs_lock || !scene.hub.has_operations(), "{line:?}");
                    scene.hub.take_operations();
                }
                while scene.session.is_working() {
                    let needs_lock = scene.session.resumes_under_lock();
                    scene.drop_effects();
                    scene.act(|session, context| session.go_on(context));
                    prop_assert!(needs_lock || !scene.hub.has_operations(), "the rest of {line:?}");
                    scene.hub.take_operations();
                }
                scene.drop_effects();
            }
        }
    }
}
