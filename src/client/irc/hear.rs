//! Turns lines of IRC into events.

use std::borrow::Cow;

use super::accounts;
use super::batches::Batches;
use super::lines::{nick, pong};
use super::numerics::{Numerics, is_numeric};
use super::speak;
use crate::client::event::{ClientEvent, ClientEventKind, Manner};
use crate::client::shared_connection::{OwnSide, SharedConnection};
use crate::date;
use crate::name::same_name;
use crate::wire::irc::{Message, numeric};

/// Longest id of a message that is kept, in bytes; usual ones have 10 to 40.
const ID_BYTES: usize = 200;

/// Turns what the server sends after the login into events.
#[derive(Debug, Default)]
pub(in crate::client) struct Ear {
    numerics: Numerics,
    batches: Batches,
    /// The id of the last message that we sent to ourselves. It comes twice, as an echo and as a message, but is one
    /// event.
    to_oneself: Option<String>,
}

impl Ear {
    /// The event in one line, without its end. Answers `PING`.
    pub(in crate::client) fn hear(
        &mut self,
        line: &str,
        connection: &SharedConnection,
    ) -> Option<ClientEvent> {
        let message = Message::decode(line).ok()?;
        let own_name = connection.name();
        let is_own = message.source.is_some_and(|source| same_name(nick(source), &own_name));
        let answers = match message.command {
            "PONG" => speak::confirmed(&message.params),
            _ => message.tags.get("label").and_then(|label| label.parse().ok()),
        };
        let time = message.tags.get("time").and_then(|time| date::parse(&time));
        let id = message.tags.get("msgid").filter(|id| !id.is_empty() && id.len() <= ID_BYTES);
        let id = id.map(Cow::into_owned);
        if let Some(batch) = message.tags.get("batch").filter(|batch| self.batches.has(batch))
            && !message.command.eq_ignore_ascii_case("BATCH")
        {
            let kind = happened(&message, &own_name)?;
            let event = ClientEvent { time, id, is_own, answers: None, is_other_device: false, kind };
            self.batches.add(&batch, event, line.len());
            return None;
        }
        let kind = self.meaning(&message, &own_name, connection);
        let kind = kind.filter(|kind| !is_own || !self.came_before(kind, &message, &own_name));
        let kind = kind.or(answers.map(|_| ClientEventKind::Taken))?;
        if let (ClientEventKind::Renamed { to, .. }, true) = (&kind, is_own) {
            connection.set_name(to);
        }
        let is_talk = matches!(kind, ClientEventKind::Said { .. } | ClientEventKind::Whispered { .. });
        // An answer to us has our label, or is in a batch that has it.
        let is_unasked = answers.is_none() && message.tags.get("batch").is_none();
        let is_other_device = is_talk && is_own && is_unasked && connection.has_labels();
        Some(ClientEvent { time, id, is_own, is_other_device, answers, kind })
    }

    /// True for the second copy of a message to ourselves.
    fn came_before(&mut self, kind: &ClientEventKind, message: &Message<'_>, own_name: &str) -> bool {
        let ClientEventKind::Whispered { to: Some(to), .. } = kind else { return false };
        let Some(id) = message.tags.get("msgid").filter(|_| same_name(to, own_name)) else { return false };
        let came_before = self.to_oneself.as_deref() == Some(&*id);
        self.to_oneself = (!came_before).then(|| id.into_owned());
        came_before
    }

    fn meaning(
        &mut self,
        message: &Message<'_>,
        own_name: &str,
        connection: &SharedConnection,
    ) -> Option<ClientEventKind> {
        if let Some(heard) = accounts::hear(message, connection) {
            return heard;
        }
        let command = message.command.to_ascii_uppercase();
        match command.as_str() {
            "PING" => {
                connection.answer(&pong(message));
                None
            }
            "PONG" => {
                if speak::confirms_end(&message.params)
                    && matches!(connection.own_side(), OwnSide::Draining { .. })
                {
                    // If it fails, the connection is broken, which the next read reports.
                    connection.close().ok();
                }
                None
            }
            "ERROR" => match connection.own_side() {
                OwnSide::Closing { .. } => None,
                OwnSide::Greeting | OwnSide::Open | OwnSide::Draining { .. } => {
                    Some(ClientEventKind::Closing(last(message)))
                }
            },
            "CHATHISTORY" => match message.params[..] {
                ["TARGETS", with, last, ..] if room(with).is_none() => {
                    Some(ClientEventKind::TalkedWith { who: with.to_owned(), last: date::parse(last) })
                }
                _ => None,
            },
            "MARKREAD" => match message.params[..] {
                [of, at, ..] => {
                    let at = at.strip_prefix("timestamp=").and_then(date::parse);
                    Some(ClientEventKind::ReadMarker { of: of.to_owned(), at })
                }
                _ => None,
            },
            "BATCH" => self.batches.turn(message),
            numeric::RPL_ISUPPORT => {
                let offer = connection.history_offer();
                connection
                    .set_history_offer(message.params.iter().fold(offer, |offer, token| offer.with(token)));
                None
            }
            "FAIL" => Some(ClientEventKind::Refused {
                command: message.params.first().map(|&command| command.to_owned()),
                code: param(message, 1),
                about: Some(failed(&message.params).to_owned()),
                text: last(message),
            }),
            // `REGISTER SUCCESS alice :Welcome`.
            "WARN" | "NOTE" | "WALLOPS" | "REGISTER" => Some(ClientEventKind::Notice(last(message))),
            code if is_numeric(code) => self.numerics.meaning(code, &message.params),
            _ => happened(message, own_name),
        }
    }
}

/// A message or an action of somebody.
fn happened(message: &Message<'_>, own_name: &str) -> Option<ClientEventKind> {
    match message.command.to_ascii_uppercase().as_str() {
        "PRIVMSG" => talk(message, own_name, Manner::Message),
        "NOTICE" => talk(message, own_name, Manner::Notice),
        command => movement(command, message),
    }
}

/// Who said what to whom.
fn talk(message: &Message<'_>, own_name: &str, manner: Manner) -> Option<ClientEventKind> {
    let [target, text, ..] = message.params[..] else { return None };
    // A notice from a server is not talk.
    let Some(source) = message.source.filter(|source| source.contains('!') || manner != Manner::Notice)
    else {
        return Some(ClientEventKind::Notice(text.to_owned()));
    };
    let from = nick(source).to_owned();
    let (text, manner) = match text.strip_prefix('\x01') {
        None => (text.to_owned(), manner),
        Some(request) => {
            // Of the CTCP messages, only `ACTION` comes from people.
            let action = request.trim_end_matches('\x01').strip_prefix("ACTION")?;
            (action.trim_start_matches(' ').to_owned(), Manner::Action)
        }
    };
    Some(match room(target) {
        Some(room) if !same_name(target, own_name) => {
            ClientEventKind::Said { room: Some(room.to_owned()), from, text, manner }
        }
        Some(_) | None => ClientEventKind::Whispered { from, to: Some(target.to_owned()), text, manner },
    })
}

/// The room in a target, if it is one, without the rank before it (`STATUSMSG`).
fn room(target: &str) -> Option<&str> {
    let without_rank = target.trim_start_matches(['@', '+', '%', '~', '&', '!']);
    match target.chars().next() {
        Some('#' | '&' | '+' | '!') if !without_rank.starts_with('#') => Some(target),
        _ => without_rank.starts_with('#').then_some(without_rank),
    }
}

/// The subject of a `FAIL`: the room in its context, or else the command.
fn failed<'a>(params: &[&'a str]) -> &'a str {
    let context = params.get(2..params.len().saturating_sub(1)).unwrap_or_default();
    let room = context.iter().find(|word| room(word).is_some());
    room.or(params.first()).copied().unwrap_or_default()
}

/// Joins, departures and changes.
fn movement(command: &str, message: &Message<'_>) -> Option<ClientEventKind> {
    let who = nick(message.source?).to_owned();
    let first = param(message, 0);
    Some(match command {
        "JOIN" => ClientEventKind::Joined { room: first, who },
        "PART" => ClientEventKind::Parted { room: first, who, reason: param(message, 1) },
        "QUIT" => ClientEventKind::Quit { who, reason: first },
        "KICK" => ClientEventKind::Kicked {
            room: first,
            who: param(message, 1),
            by: who,
            reason: param(message, 2),
        },
        "NICK" => ClientEventKind::Renamed { from: who, to: first },
        "TOPIC" => ClientEventKind::Topic { room: first, topic: param(message, 1), by: Some(who) },
        "INVITE" => ClientEventKind::Invited { room: param(message, 1), who: first, by: who },
        "MODE" => {
            let changes = message.params.get(1..).unwrap_or_default().join(" ");
            ClientEventKind::Changed { of: first, by: who, changes }
        }
        _ => return None,
    })
}

fn param(message: &Message<'_>, n: usize) -> String {
    message.params.get(n).copied().unwrap_or_default().to_owned()
}

fn last(message: &Message<'_>) -> String {
    message.params.last().copied().unwrap_or_default().to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::client::account::{Account, AccountFault};
    use crate::client::account_offer::AccountOffer;
    use crate::client::shared_connection::tests::of_alice;

    /// The events that alice gets from these lines.
    pub(in crate::client::irc) fn heard(lines: &[&str]) -> Vec<ClientEvent> {
        let (mut ear, connection) = (Ear::default(), of_alice());
        lines.iter().filter_map(|line| ear.hear(line, &connection)).collect()
    }

    fn meaning(line: &str) -> Option<ClientEventKind> {
        happened(&Message::decode(line).unwrap(), "alice")
    }

    fn said(room: &str, text: &str, manner: Manner) -> Option<ClientEventKind> {
        Some(ClientEventKind::Said { room: Some(room.into()), from: "bob".into(), text: text.into(), manner })
    }

    fn whispered(to: &str, text: &str, manner: Manner) -> Option<ClientEventKind> {
        Some(ClientEventKind::Whispered {
            from: "bob".into(),
            to: Some(to.into()),
            text: text.into(),
            manner,
        })
    }

    #[test]
    fn talk_is_to_a_room_or_to_one_user() {
        assert_eq!(meaning(":bob!u@h PRIVMSG #tea :hi there"), said("#tea", "hi there", Manner::Message));
        assert_eq!(meaning(":bob!u@h PRIVMSG @#tea hi"), said("#tea", "hi", Manner::Message));
        assert_eq!(meaning(":bob!u@h NOTICE &local hi"), said("&local", "hi", Manner::Notice));
        assert_eq!(meaning(":bob!u@h PRIVMSG ALICE hi"), whispered("ALICE", "hi", Manner::Message));
        assert_eq!(meaning(":bob!u@h NOTICE alice hi"), whispered("alice", "hi", Manner::Notice));
    }

    #[test]
    fn an_action_is_talk_and_other_ctcp_is_not() {
        let waves = "\x01ACTION waves\x01";
        assert_eq!(meaning(&format!(":bob!u@h PRIVMSG #t :{waves}")), said("#t", "waves", Manner::Action));
        assert_eq!(meaning(":bob!u@h PRIVMSG #t :\x01ACTION waves"), said("#t", "waves", Manner::Action));
        assert_eq!(meaning(":bob!u@h PRIVMSG alice :\x01VERSION\x01"), None);
    }

    #[test]
    fn a_notice_from_a_server_is_not_talk() {
        let notice = Some(ClientEventKind::Notice("look".into()));
        assert_eq!(meaning(":irc.example NOTICE alice :look"), notice);
        assert_eq!(meaning("NOTICE AUTH :look"), notice);
    }

    #[test]
    fn a_failure_is_about_the_room_in_it_or_else_about_the_command() {
        assert_eq!(failed(&["JOIN", "NOT_WELCOME", "#tea", "No"]), "#tea");
        assert_eq!(failed(&["REGISTER", "BAD", "alice", "No"]), "REGISTER");
        assert_eq!((failed(&["*"]), failed(&[])), ("*", ""));
    }

    #[test]
    fn every_join_departure_and_change_becomes_its_event() {
        let text = |text: &str| text.to_owned();
        let (room, who) = (text("#t"), text("bob"));
        let cases = [
            (":bob!u@h JOIN #t", ClientEventKind::Joined { room: text("#t"), who: who.clone() }),
            (":bob!u@h JOIN #t * :real", ClientEventKind::Joined { room: text("#t"), who: who.clone() }),
            (
                ":bob!u@h PART #t",
                ClientEventKind::Parted { room: room.clone(), who: who.clone(), reason: text("") },
            ),
            (
                ":bob!u@h PART #t :so",
                ClientEventKind::Parted { room: room.clone(), who: who.clone(), reason: text("so") },
            ),
            (":bob!u@h QUIT :so", ClientEventKind::Quit { who: who.clone(), reason: text("so") }),
            (
                ":bob!u@h KICK #t eve :so",
                ClientEventKind::Kicked {
                    room: room.clone(),
                    who: text("eve"),
                    by: who.clone(),
                    reason: text("so"),
                },
            ),
            (":bob!u@h NICK rob", ClientEventKind::Renamed { from: who.clone(), to: text("rob") }),
            (
                ":bob TOPIC #t :x y",
                ClientEventKind::Topic { room: room.clone(), topic: text("x y"), by: Some(who.clone()) },
            ),
            (
                ":bob INVITE eve #t",
                ClientEventKind::Invited { room: room.clone(), who: text("eve"), by: who.clone() },
            ),
            (":bob MODE #t +o eve", ClientEventKind::Changed { of: room, by: who, changes: text("+o eve") }),
        ];
        for (line, kind) in cases {
            assert_eq!(meaning(line), Some(kind), "{line}");
        }
        assert_eq!(meaning("JOIN #t"), None, "nobody joins");
        assert_eq!(meaning(":bob CHGHOST a b"), None);
    }

    #[test]
    fn a_confirmation_has_the_mark_of_our_message() {
        let (mut ear, connection) = (Ear::default(), of_alice());
        let mut answers = |line: &str| {
            let event = ear.hear(line, &connection)?;
            Some((event.answers, event.kind == ClientEventKind::Taken))
        };
        assert_eq!(answers("@label=3 :alice!a@h PRIVMSG #t :hi"), Some((Some(3), false)));
        assert_eq!(answers("@label=4 :s 404 alice #t :no"), Some((Some(4), false)));
        assert_eq!(answers("@label=5 :s ACK"), Some((Some(5), true)));
        assert_eq!(answers("@label=6 :s BATCH +r labeled-response"), Some((Some(6), true)));
        assert_eq!(answers(":s BATCH -r"), None);
        assert_eq!(answers(":s PONG s :parlor-mark-7"), Some((Some(7), true)));
        assert_eq!(answers(":s PONG s :parlor"), None);
        assert_eq!(answers(":bob!b@h PRIVMSG #t :hi"), Some((None, false)));
    }

    #[test]
    fn a_live_message_has_the_id_that_it_has_in_the_history() {
        let long = "x".repeat(ID_BYTES + 1);
        for (tags, id) in
            [("@msgid=a ", Some("a")), ("@msgid= ", None), ("", None), (&*format!("@msgid={long} "), None)]
        {
            let heard = heard(&[&format!("{tags}:bob!b@h PRIVMSG #tea :hi")]);
            assert_eq!(heard[0].id.as_deref(), id);
        }
    }

    #[test]
    fn limits_of_history_are_learned_from_what_the_server_supports() {
        let (mut ear, connection) = (Ear::default(), of_alice());
        let line = ":s 005 alice CHANTYPES=# CHATHISTORY=50 MSGREFTYPES=timestamp :are supported";
        assert_eq!(ear.hear(line, &connection), None);
        let offer = connection.history_offer();
        assert_eq!((offer.most, offer.knows_ids, offer.has_history), (Some(50), false, false));
    }

    #[test]
    fn a_failure_names_its_command() {
        let heard = heard(&[":s FAIL CHATHISTORY INVALID_TARGET LATEST #tea :No"]);
        let (command, code) = (Some("CHATHISTORY".into()), "INVALID_TARGET".into());
        let refused =
            ClientEventKind::Refused { command, code, about: Some("#tea".into()), text: "No".into() };
        assert_eq!(heard[0].kind, refused);
    }

    #[test]
    fn a_message_to_ourselves_is_one_event() {
        let mut ear = Ear::default();
        let mut hear = |line: &str| {
            let message = Message::decode(line).unwrap();
            let kind = talk(&message, "alice", Manner::Message).unwrap();
            !ear.came_before(&kind, &message, "alice")
        };
        assert!(hear("@msgid=a :alice!u@h PRIVMSG alice :psst"));
        assert!(!hear("@msgid=a :alice!u@h PRIVMSG alice :psst"));
        assert!(hear("@msgid=b :alice!u@h PRIVMSG alice :psst"));
        assert!(hear("@msgid=b :alice!u@h PRIVMSG bob :psst"));
        for _ in 0..2 {
            assert!(hear(":alice!u@h PRIVMSG alice :psst"), "without ids nobody can tell");
        }
    }

    #[test]
    fn what_another_device_says_is_our_own_and_no_echo() {
        let (mut ear, connection) = (Ear::default(), of_alice());
        let mut heard = |line: &str| {
            let event = ear.hear(line, &connection).unwrap();
            (event.is_own, event.is_other_device)
        };
        let line = "@msgid=a :alice!a@h PRIVMSG #t :hi";
        assert_eq!(heard(line), (true, false), "nobody can tell");
        connection.use_labels();
        assert_eq!(heard(line), (true, true));
        assert_eq!(heard("@msgid=b :alice!a@h PRIVMSG bob :hi"), (true, true));
        assert_eq!(heard("@label=7;msgid=c :alice!a@h PRIVMSG bob :hi"), (true, false));
        assert_eq!(heard("@batch=7;msgid=d :alice!a@h PRIVMSG bob :hi"), (true, false));
        assert_eq!(heard("@msgid=e :bob!b@h PRIVMSG #t :hi"), (false, false));
        assert_eq!(heard(":alice!a@h JOIN #t"), (true, false));
    }

    #[test]
    fn a_login_and_a_logout_are_told() {
        let heard = heard(&[
            ":s 900 alice alice!a@h Alice :You are now logged in as Alice",
            ":s 903 alice :Done",
            ":s 901 alice alice!a@h :You are now logged out",
        ]);
        let kinds: Vec<_> = heard.into_iter().map(|event| event.kind).collect();
        let account = "Alice".to_owned();
        assert_eq!(kinds, [ClientEventKind::LoggedIn { account }, ClientEventKind::LoggedOut]);
    }

    /// Alice, who has asked to log in to an account.
    fn logging_in(sasl: Option<&str>) -> (SharedConnection, Result<(), crate::client::Error>) {
        let connection = of_alice();
        let sasl = sasl.map(str::to_owned);
        connection.set_account_offer(AccountOffer { sasl, registration: None });
        // The other end is gone, which is not reported before the first write.
        let asked = accounts::log_in(&Account::new("al", "sesame"), &connection);
        (connection, asked)
    }

    #[test]
    fn a_login_to_an_account_later_on_ends_as_the_server_says() {
        let refused = |code: &str, text: &str| ClientEventKind::Refused {
            command: Some("AUTHENTICATE".into()),
            code: code.into(),
            about: Some("al".into()),
            text: text.into(),
        };
        let wrong = Some(refused("904", "Wrong"));
        let none = Some(refused("*", "the server has no accounts, or offers no login to them (SASL)"));
        let begin = [":s CAP alice ACK :sasl", "AUTHENTICATE +"];
        for (lines, told) in [
            (&[begin[0], begin[1], ":s 904 alice :Wrong"][..], wrong),
            (&[begin[0], begin[1], ":s 903 alice :Done"], None),
            (&[":s CAP alice NAK :sasl"], none),
            (&[":s CAP alice ACK :batch", ":bob!b@h CHGHOST a b"], None),
        ] {
            let (connection, _) = logging_in(Some("PLAIN"));
            let mut ear = Ear::default();
            let heard: Vec<_> = lines.iter().filter_map(|line| ear.hear(line, &connection)).collect();
            assert_eq!(heard.into_iter().next().map(|event| event.kind), told, "{lines:?}");
        }
        let (_, asked) = logging_in(None);
        let none = AccountFault::NotOffered;
        assert!(matches!(asked, Err(crate::client::Error::Account { fault, .. }) if fault == none));
    }

    #[test]
    fn users_with_whom_we_talked_are_told_and_rooms_are_not() {
        let heard = heard(&[
            "@label=7 :s BATCH +1 draft/chathistory-targets",
            "@batch=1 :s CHATHISTORY TARGETS #tea 2026-01-02T03:04:05.678Z",
            "@batch=1 :s CHATHISTORY TARGETS bob 2026-01-02T03:04:05.678Z",
            ":s BATCH -1",
            ":s CHATHISTORY TARGETS",
        ]);
        let kinds: Vec<_> = heard.into_iter().map(|event| event.kind).collect();
        let last = date::parse("2026-01-02T03:04:05.678Z");
        let talked = ClientEventKind::TalkedWith { who: "bob".into(), last };
        assert_eq!(kinds, [ClientEventKind::Taken, talked]);
    }

    #[test]
    fn a_read_marker_is_a_time_or_unknown() {
        let stamp = "2026-01-02T03:04:05.678Z";
        let heard =
            heard(&[&format!(":s MARKREAD bob timestamp={stamp}"), ":s MARKREAD #tea *", ":s MARKREAD bob"]);
        let kinds: Vec<_> = heard.into_iter().map(|event| event.kind).collect();
        let marker = |of: &str, at| ClientEventKind::ReadMarker { of: of.into(), at };
        assert_eq!(kinds, [marker("bob", date::parse(stamp)), marker("#tea", None)]);
    }
}
