//! Login (modern.ircdocs.horse, "Connection Registration"; IRCv3 `capability-negotiation`). A server without
//! capabilities refuses or ignores `CAP` and welcomes us all the same.

use std::time::Duration;

use super::lines::{USERNAME, line, nick, pong};
use super::turned_away::TurnedAway;
use crate::client::error::Error;
use crate::client::history_offer::HistoryOffer;
use crate::client::incoming::{Incoming, Patience};
use crate::client::shared_connection::SharedConnection;
use crate::name::UserName;
use crate::wire::irc::{Message, numeric};

/// The capabilities that the client uses.
const WANTED: [&str; 8] = [
    "server-time",
    "message-tags",
    "echo-message",
    "standard-replies",
    "batch",
    "labeled-response",
    HISTORY,
    SEARCH,
];

/// The server answers `CHATHISTORY`, and repeats nothing of the past unasked (IRCv3 `chathistory`).
const HISTORY: &str = "draft/chathistory";

/// The server answers `SEARCH`.
const SEARCH: &str = "soju.im/search";

/// The answers to both are batches.
const BATCH: &str = "batch";

/// With all of these the server answers each message with its label, which confirms it.
const LABELS: [&str; 3] = ["echo-message", "batch", "labeled-response"];

/// The state of the login. After a refused name it continues with another.
#[derive(Debug, Default)]
pub(in crate::client) struct Greeting {
    introduced: bool,
    /// The capabilities in [`WANTED`] that the server offers.
    offered: Vec<&'static str>,
    /// The server has agreed to all of [`LABELS`].
    labels: bool,
    /// The history requests that it has agreed to.
    history: HistoryOffer,
    /// We have sent a password.
    has_password: bool,
}

/// What to do about a line from the server.
#[derive(Debug, PartialEq, Eq)]
enum Reaction {
    Wait,
    Send(Vec<u8>),
    /// The login is complete, under this name.
    Welcome(String),
    NameRefused(String),
    PasswordRefused(String),
    TurnedAway(TurnedAway),
}

/// Logs in. Returns our name, which the server may have changed.
pub(in crate::client) fn log_in(
    greeting: &mut Greeting,
    name: &UserName,
    password: Option<&str>,
    connection: &SharedConnection,
    incoming: &mut Incoming,
    within: Duration,
) -> Result<String, Error> {
    connection.send(&greeting.introduction(name, password))?;
    let patience = Patience::new(within);
    loop {
        while let Some(line) = incoming.line() {
            match greeting.hear(&line) {
                Reaction::Wait => {}
                Reaction::Send(bytes) => connection.send(&bytes)?,
                Reaction::Welcome(name) => {
                    if greeting.labels {
                        connection.use_labels();
                    }
                    connection.set_history_offer(greeting.history);
                    return Ok(name);
                }
                Reaction::NameRefused(why) => {
                    return Err(Error::NameRefused { name: name.clone(), why: Some(why) });
                }
                Reaction::PasswordRefused(line) => {
                    let (server, was_given) = (connection.server.clone(), greeting.has_password);
                    return Err(Error::PasswordRefused { server, line, was_given });
                }
                Reaction::TurnedAway(why) => return Err(why.error(&connection.server)),
            }
        }
        incoming.await_answer(patience, connection)?;
    }
}

impl Greeting {
    fn introduction(&mut self, name: &UserName, password: Option<&str>) -> Vec<u8> {
        let nick = line(|line| {
            line.command("NICK");
            line.param(name.as_str());
        });
        if self.introduced {
            return nick;
        }
        self.introduced = true;
        let mut bytes = b"CAP LS 302\r\n".to_vec();
        self.has_password = password.is_some();
        if let Some(password) = password {
            bytes.extend(line(|line| {
                line.command("PASS");
                line.trailing(password);
            }));
        }
        bytes.extend(nick);
        bytes.extend(line(|line| {
            line.command("USER");
            line.param(USERNAME);
            line.param("0");
            line.param("*");
            line.trailing(name.as_str());
        }));
        bytes
    }

    fn hear(&mut self, line: &str) -> Reaction {
        let Ok(message) = Message::decode(line) else { return Reaction::Wait };
        let text = || message.params.last().copied().unwrap_or_default().to_owned();
        match message.command.to_ascii_uppercase().as_str() {
            "PING" => Reaction::Send(pong(&message)),
            "CAP" => self.negotiate(&message.params),
            numeric::RPL_WELCOME => Reaction::Welcome(nick(message.params.first().unwrap_or(&"")).to_owned()),
            numeric::ERR_ERRONEUSNICKNAME
            | numeric::ERR_NICKNAMEINUSE
            | ERR_NICKCOLLISION
            | ERR_UNAVAILRESOURCE => Reaction::NameRefused(text()),
            numeric::ERR_PASSWDMISMATCH => Reaction::PasswordRefused(text()),
            _ => TurnedAway::decode(&message).map_or(Reaction::Wait, Reaction::TurnedAway),
        }
    }

    /// Handles `CAP us LS [*] :offered`, and the answers to `CAP REQ`.
    fn negotiate(&mut self, params: &[&str]) -> Reaction {
        let subcommand = params.get(1).copied().unwrap_or_default().to_ascii_uppercase();
        match subcommand.as_str() {
            "LS" => {
                let offered = params.last().copied().unwrap_or_default().split(' ');
                let offered = offered.map(|offer| offer.split('=').next().unwrap_or(offer));
                for offer in offered.filter_map(wanted) {
                    // A server may repeat its offers without end.
                    if !self.offered.contains(&offer) {
                        self.offered.push(offer);
                    }
                }
                match (params.get(2), self.offered.is_empty()) {
                    // More lines follow.
                    (Some(&"*"), _) if params.len() > 3 => Reaction::Wait,
                    (_, true) => Reaction::Send(b"CAP END\r\n".to_vec()),
                    (_, false) => Reaction::Send(line(|line| {
                        line.command("CAP");
                        line.param("REQ");
                        line.trailing(&self.offered.join(" "));
                    })),
                }
            }
            "ACK" | "NAK" => {
                let agreed = params.last().copied().unwrap_or_default();
                let has = |wanted: &str| subcommand == "ACK" && agreed.split(' ').any(|word| word == wanted);
                self.labels = LABELS.into_iter().all(has);
                self.history.has_history = has(HISTORY) && has(BATCH);
                self.history.has_search = has(SEARCH) && has(BATCH);
                Reaction::Send(b"CAP END\r\n".to_vec())
            }
            _ => Reaction::Wait,
        }
    }
}

fn wanted(offer: &str) -> Option<&'static str> {
    WANTED.into_iter().find(|wanted| *wanted == offer)
}

/// Two users have the name on two servers (RFC 2812 §5.2).
const ERR_NICKCOLLISION: &str = "436";
/// The name is reserved for a while (RFC 2812 §5.2).
const ERR_UNAVAILRESOURCE: &str = "437";

#[cfg(test)]
mod tests {
    use super::*;

    fn send(text: &str) -> Reaction {
        Reaction::Send(text.as_bytes().to_vec())
    }

    #[test]
    fn a_login_introduces_itself_once_and_then_tries_other_names() {
        let mut greeting = Greeting::default();
        let name = UserName::new("alice").unwrap();
        let first = greeting.introduction(&name, Some("open sesame"));
        let expected = "CAP LS 302\r\nPASS :open sesame\r\nNICK alice\r\nUSER parlor 0 * :alice\r\n";
        assert_eq!(String::from_utf8(first).unwrap(), expected);
        assert_eq!(greeting.introduction(&name, None), b"NICK alice\r\n");
    }

    #[test]
    fn only_offered_capabilities_that_we_use_are_requested() {
        let mut greeting = Greeting::default();
        assert_eq!(greeting.hear(":s CAP * LS * :sasl=PLAIN server-time"), Reaction::Wait);
        let asked = send("CAP REQ :server-time echo-message batch\r\n");
        assert_eq!(greeting.hear(":s CAP * LS :echo-message=x batch"), asked);
        assert_eq!(greeting.hear(":s CAP * ACK :server-time echo-message batch "), send("CAP END\r\n"));
        assert_eq!(Greeting::default().hear(":s CAP * LS :multi-prefix"), send("CAP END\r\n"));
        assert_eq!(Greeting::default().hear("CAP * LS :"), send("CAP END\r\n"));
        assert_eq!(Greeting::default().hear(":s CAP * NAK :server-time"), send("CAP END\r\n"));
    }

    #[test]
    fn endless_offers_of_capabilities_take_limited_memory() {
        let mut greeting = Greeting::default();
        for _ in 0..1000 {
            assert_eq!(greeting.hear(":s CAP * LS * :server-time batch labeled-response"), Reaction::Wait);
        }
        assert_eq!(greeting.offered, ["server-time", "batch", "labeled-response"]);
    }

    #[test]
    fn labels_are_used_if_the_server_agrees_to_all_that_they_need() {
        for (line, labels) in [
            (":s CAP * ACK :server-time labeled-response batch echo-message", true),
            (":s CAP * ACK :labeled-response batch", false),
            (":s CAP * NAK :labeled-response batch echo-message", false),
        ] {
            let mut greeting = Greeting::default();
            greeting.hear(line);
            assert_eq!(greeting.labels, labels, "{line}");
        }
    }

    #[test]
    fn history_and_search_are_used_if_the_server_agrees_to_each_and_to_batches() {
        for (line, history, search) in [
            (":s CAP * ACK :batch draft/chathistory soju.im/search", true, true),
            (":s CAP * ACK :batch draft/chathistory", true, false),
            (":s CAP * ACK :draft/chathistory soju.im/search", false, false),
            (":s CAP * NAK :batch draft/chathistory soju.im/search", false, false),
        ] {
            let mut greeting = Greeting::default();
            greeting.hear(line);
            let HistoryOffer { has_history, has_search, .. } = greeting.history;
            assert_eq!((has_history, has_search), (history, search), "{line}");
        }
    }

    #[test]
    fn a_server_without_capabilities_welcomes_us() {
        let mut greeting = Greeting::default();
        for line in [":s 421 * CAP :Unknown command", ":s 451 * :Register first", "", ":s NOTICE * :*** hi"] {
            assert_eq!(greeting.hear(line), Reaction::Wait, "{line}");
        }
        assert_eq!(greeting.hear("PING :a token"), send("PONG :a token\r\n"));
        assert_eq!(greeting.hear(":s 001 al :Welcome, al"), Reaction::Welcome("al".into()));
    }

    #[test]
    fn a_login_tells_refused_names_passwords_and_clients_apart() {
        let mut greeting = Greeting::default();
        for line in [":s 433 * al :In use", ":s 432 * al :In use"] {
            assert_eq!(greeting.hear(line), Reaction::NameRefused("In use".into()));
        }
        assert_eq!(greeting.hear(":s 464 * :Wrong"), Reaction::PasswordRefused("Wrong".into()));
        for line in ["ERROR :Go away", "error :Go away", ":s 465 * :Go away"] {
            assert!(matches!(greeting.hear(line), Reaction::TurnedAway(_)), "{line}");
        }
    }
}
