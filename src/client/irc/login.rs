//! Login (modern.ircdocs.horse, "Connection Registration"; IRCv3 `capability-negotiation`). A server without
//! capabilities refuses or ignores `CAP` and welcomes us all the same.

use std::time::Duration;

use super::lines::{USERNAME, line, nick, pong};
use super::sasl::{SASL, SaslLogin, Turn};
use super::turned_away::TurnedAway;
use crate::client::account::{Account, AccountFault};
use crate::client::account_offer::{AccountOffer, REGISTRATION};
use crate::client::error::Error;
use crate::client::history_offer::HistoryOffer;
use crate::client::incoming::{Incoming, Patience};
use crate::client::shared_connection::SharedConnection;
use crate::name::UserName;
use crate::wire::irc::{Message, numeric};

/// The capabilities that the client uses.
const WANTED: [&str; 10] = [
    "server-time",
    "message-tags",
    "echo-message",
    "standard-replies",
    "batch",
    "labeled-response",
    HISTORY,
    SEARCH,
    READ_MARKER,
    REGISTRATION,
];

/// The server answers `CHATHISTORY`, and repeats nothing of the past unasked (IRCv3 `chathistory`).
const HISTORY: &str = "draft/chathistory";

/// The server answers `SEARCH`.
const SEARCH: &str = "soju.im/search";

/// The server remembers how far we have read (IRCv3 `read-marker`), if we have an account.
const READ_MARKER: &str = "draft/read-marker";

/// The answers to history and search are batches.
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
    /// The account to log in to.
    account: Option<Account>,
    /// Nobody can read what we send on its way.
    is_private: bool,
    /// Whether the server lets us log in to accounts and register them.
    accounts: AccountOffer,
    login: Login,
    /// The server refused our name before we had logged in to the account, to which it may belong.
    was_name_refused: bool,
}

/// How far the login to the account has come.
#[derive(Debug, Default)]
enum Login {
    #[default]
    NotBegun,
    UnderWay(SaslLogin),
    Done,
}

/// The client's reaction to a line from the server.
#[derive(Debug, PartialEq, Eq)]
enum Reaction {
    Wait,
    Send(Vec<u8>),
    /// The login is complete, under this name.
    Welcome(String),
    NameRefused(String),
    PasswordRefused(String),
    AccountFailed(AccountFault),
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
            match greeting.hear(&line, name) {
                Reaction::Wait => {}
                Reaction::Send(bytes) => connection.send(&bytes)?,
                Reaction::Welcome(name) => {
                    if greeting.labels {
                        connection.use_labels();
                    }
                    connection.set_history_offer(greeting.history);
                    connection.set_account_offer(greeting.accounts.clone());
                    return Ok(name);
                }
                Reaction::NameRefused(why) => {
                    return Err(Error::NameRefused { name: name.clone(), why: Some(why) });
                }
                Reaction::PasswordRefused(line) => {
                    let (server, was_given) = (connection.server.clone(), greeting.has_password);
                    return Err(Error::PasswordRefused { server, line, was_given });
                }
                Reaction::AccountFailed(AccountFault::Unavailable { line }) => {
                    return Err(Error::Unavailable { server: connection.server.clone(), line });
                }
                Reaction::AccountFailed(fault) => {
                    let account = greeting.account.as_ref().map_or("", Account::name);
                    return Err(Error::Account { name: account.to_owned(), fault });
                }
                Reaction::TurnedAway(why) => return Err(why.error(&connection.server)),
            }
        }
        incoming.await_answer(patience, connection)?;
    }
}

impl Greeting {
    /// A greeting that also logs in to this account. `is_private` if nobody can read what we send on its way.
    pub(in crate::client) fn new(account: Option<Account>, is_private: bool) -> Self {
        Self { account, is_private, ..Self::default() }
    }

    fn introduction(&mut self, name: &UserName, password: Option<&str>) -> Vec<u8> {
        let nick = nick_line(name);
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

    fn hear(&mut self, line: &str, name: &UserName) -> Reaction {
        let Ok(message) = Message::decode(line) else { return Reaction::Wait };
        if let Login::UnderWay(login) = &mut self.login {
            match login.hear(&message) {
                Ok(Turn::Other) => {}
                Ok(Turn::Wait) => return Reaction::Wait,
                Ok(Turn::Send(bytes)) => return Reaction::Send(bytes),
                Ok(Turn::LoggedIn) => return self.logged_in(name),
                Err(fault) => return Reaction::AccountFailed(fault),
            }
        }
        let text = || message.params.last().copied().unwrap_or_default().to_owned();
        match message.command.to_ascii_uppercase().as_str() {
            "PING" => Reaction::Send(pong(&message)),
            "CAP" => self.negotiate(&message.params),
            numeric::RPL_WELCOME if self.is_account_missing() => {
                Reaction::AccountFailed(AccountFault::NotOffered)
            }
            numeric::RPL_WELCOME => Reaction::Welcome(nick(message.params.first().unwrap_or(&"")).to_owned()),
            numeric::ERR_ERRONEUSNICKNAME
            | numeric::ERR_NICKNAMEINUSE
            | ERR_NICKCOLLISION
            | ERR_UNAVAILRESOURCE => {
                self.was_name_refused = self.is_account_missing();
                if self.was_name_refused { Reaction::Wait } else { Reaction::NameRefused(text()) }
            }
            numeric::ERR_PASSWDMISMATCH => Reaction::PasswordRefused(text()),
            _ => TurnedAway::decode(&message).map_or(Reaction::Wait, Reaction::TurnedAway),
        }
    }

    /// Handles `CAP us LS [*] :offered`, and the answers to `CAP REQ`.
    fn negotiate(&mut self, params: &[&str]) -> Reaction {
        let subcommand = params.get(1).copied().unwrap_or_default().to_ascii_uppercase();
        let capabilities = params.last().copied().unwrap_or_default();
        match subcommand.as_str() {
            "LS" => {
                self.note_offers(capabilities);
                let more_follow = params.get(2) == Some(&"*") && params.len() > 3;
                if more_follow { Reaction::Wait } else { self.request() }
            }
            "ACK" => self.agreed(capabilities),
            // A server that refuses one capability of a request refuses all.
            "NAK" => self.agreed(""),
            _ => Reaction::Wait,
        }
    }

    fn note_offers(&mut self, offered: &str) {
        offered.split(' ').for_each(|entry| self.accounts.note(entry));
        let offered = offered.split(' ').map(|offer| offer.split('=').next().unwrap_or(offer));
        for offer in offered.filter_map(wanted) {
            // A server may repeat its offers without end.
            if !self.offered.contains(&offer) {
                self.offered.push(offer);
            }
        }
    }

    /// Asks for what the server offers and we use.
    fn request(&self) -> Reaction {
        let mut requested = self.offered.clone();
        requested.retain(|&offer| offer != READ_MARKER || self.account.is_some());
        match (&self.account, &self.accounts.sasl) {
            (Some(_), None) => return Reaction::AccountFailed(AccountFault::NotOffered),
            (Some(_), Some(_)) => requested.push(SASL),
            (None, _) => {}
        }
        if requested.is_empty() {
            return Reaction::Send(CAP_END.to_vec());
        }
        Reaction::Send(line(|line| {
            line.command("CAP");
            line.param("REQ");
            line.trailing(&requested.join(" "));
        }))
    }

    /// The server has agreed to these capabilities. Goes on with the login to the account.
    fn agreed(&mut self, capabilities: &str) -> Reaction {
        let has = |wanted: &str| capabilities.split(' ').any(|word| word == wanted);
        self.labels = LABELS.into_iter().all(has);
        self.history.has_history = has(HISTORY) && has(BATCH);
        self.history.has_search = has(SEARCH) && has(BATCH);
        self.history.has_markers = has(READ_MARKER);
        match (&self.account, &self.accounts.sasl) {
            (None, _) => Reaction::Send(CAP_END.to_vec()),
            (Some(account), Some(mechanisms)) if has(SASL) => {
                match SaslLogin::begin(account, self.is_private, mechanisms) {
                    Ok((login, bytes)) => {
                        self.login = Login::UnderWay(login);
                        Reaction::Send(bytes)
                    }
                    Err(fault) => Reaction::AccountFailed(fault),
                }
            }
            (Some(_), _) => Reaction::AccountFailed(AccountFault::NotOffered),
        }
    }

    /// True if we want to log in to an account, and are not logged in.
    fn is_account_missing(&self) -> bool {
        self.account.is_some() && !matches!(self.login, Login::Done)
    }

    /// Ends the negotiation. A name that was refused may be ours now.
    fn logged_in(&mut self, name: &UserName) -> Reaction {
        self.login = Login::Done;
        let mut bytes = if self.was_name_refused { nick_line(name) } else { Vec::new() };
        bytes.extend(CAP_END);
        Reaction::Send(bytes)
    }
}

fn nick_line(name: &UserName) -> Vec<u8> {
    line(|line| {
        line.command("NICK");
        line.param(name.as_str());
    })
}

/// Ends the negotiation.
const CAP_END: &[u8] = b"CAP END\r\n";

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

    fn alice() -> UserName {
        UserName::new("alice").unwrap()
    }

    impl Greeting {
        fn heard(&mut self, line: &str) -> Reaction {
            self.hear(line, &alice())
        }
    }

    fn send(text: &str) -> Reaction {
        Reaction::Send(text.as_bytes().to_vec())
    }

    #[test]
    fn a_login_introduces_itself_once_and_then_tries_other_names() {
        let mut greeting = Greeting::default();
        let name = alice();
        let first = greeting.introduction(&name, Some("open sesame"));
        let expected = "CAP LS 302\r\nPASS :open sesame\r\nNICK alice\r\nUSER parlor 0 * :alice\r\n";
        assert_eq!(String::from_utf8(first).unwrap(), expected);
        assert_eq!(greeting.introduction(&name, None), b"NICK alice\r\n");
    }

    #[test]
    fn only_offered_capabilities_that_we_use_are_requested() {
        let mut greeting = Greeting::default();
        assert_eq!(greeting.heard(":s CAP * LS * :sasl=PLAIN server-time"), Reaction::Wait);
        let asked = send("CAP REQ :server-time echo-message batch\r\n");
        assert_eq!(greeting.heard(":s CAP * LS :echo-message=x batch"), asked);
        assert_eq!(greeting.heard(":s CAP * ACK :server-time echo-message batch "), send("CAP END\r\n"));
        assert_eq!(Greeting::default().heard(":s CAP * LS :multi-prefix"), send("CAP END\r\n"));
        assert_eq!(Greeting::default().heard("CAP * LS :"), send("CAP END\r\n"));
        assert_eq!(Greeting::default().heard(":s CAP * NAK :server-time"), send("CAP END\r\n"));
    }

    #[test]
    fn endless_offers_of_capabilities_take_limited_memory() {
        let mut greeting = Greeting::default();
        for _ in 0..1000 {
            assert_eq!(greeting.heard(":s CAP * LS * :server-time batch labeled-response"), Reaction::Wait);
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
            greeting.heard(line);
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
            greeting.heard(line);
            let HistoryOffer { has_history, has_search, .. } = greeting.history;
            assert_eq!((has_history, has_search), (history, search), "{line}");
        }
    }

    #[test]
    fn read_markers_are_asked_for_with_an_account() {
        let offer = ":s CAP * LS :sasl=PLAIN draft/read-marker";
        assert_eq!(Greeting::default().heard(offer), send("CAP END\r\n"));
        let mut greeting = Greeting::new(Some(Account::new("alice", "sesame")), false);
        assert_eq!(greeting.heard(offer), send("CAP REQ :draft/read-marker sasl\r\n"));
        greeting.heard(":s CAP * ACK :draft/read-marker sasl");
        assert!(greeting.history.has_markers);
    }

    #[test]
    fn a_server_without_capabilities_welcomes_us() {
        let mut greeting = Greeting::default();
        for line in [":s 421 * CAP :Unknown command", ":s 451 * :Register first", "", ":s NOTICE * :*** hi"] {
            assert_eq!(greeting.heard(line), Reaction::Wait, "{line}");
        }
        assert_eq!(greeting.heard("PING :a token"), send("PONG :a token\r\n"));
        assert_eq!(greeting.heard(":s 001 al :Welcome, al"), Reaction::Welcome("al".into()));
    }

    #[test]
    fn a_login_tells_refused_names_passwords_and_clients_apart() {
        let mut greeting = Greeting::default();
        for line in [":s 433 * al :In use", ":s 432 * al :In use"] {
            assert_eq!(greeting.heard(line), Reaction::NameRefused("In use".into()));
        }
        assert_eq!(greeting.heard(":s 464 * :Wrong"), Reaction::PasswordRefused("Wrong".into()));
        for line in ["ERROR :Go away", "error :Go away", ":s 465 * :Go away"] {
            assert!(matches!(greeting.heard(line), Reaction::TurnedAway(_)), "{line}");
        }
    }

    /// A greeting with an account of alice, on a connection that nobody else can read.
    fn with_account() -> Greeting {
        Greeting::new(Some(Account::new("alice/phone", "sesame")), true)
    }

    #[test]
    fn an_account_is_logged_in_to_before_the_negotiation_ends() {
        let mut greeting = with_account();
        assert_eq!(greeting.heard(":s CAP * LS * :server-time"), Reaction::Wait);
        let asked = send("CAP REQ :server-time sasl\r\n");
        assert_eq!(greeting.heard(":s CAP * LS :sasl=EXTERNAL,PLAIN"), asked);
        assert_eq!(greeting.heard(":s CAP * ACK :server-time sasl"), send("AUTHENTICATE PLAIN\r\n"));
        // \0alice/phone\0sesame
        let told = send("AUTHENTICATE AGFsaWNlL3Bob25lAHNlc2FtZQ==\r\n");
        assert_eq!(greeting.heard("AUTHENTICATE +"), told);
        assert_eq!(greeting.heard(":s 900 * * alice :You are alice"), Reaction::Wait);
        assert_eq!(greeting.heard(":s 903 * :Done"), send("CAP END\r\n"));
        assert_eq!(greeting.heard(":s 001 Alice :Welcome"), Reaction::Welcome("Alice".into()));
    }

    #[test]
    fn a_name_that_was_refused_before_the_account_is_known_is_asked_for_again() {
        let mut greeting = with_account();
        greeting.heard(":s CAP * LS :sasl=PLAIN");
        assert_eq!(greeting.heard(":s 433 * alice :Registered"), Reaction::Wait);
        greeting.heard(":s CAP * ACK :sasl");
        greeting.heard("AUTHENTICATE +");
        assert_eq!(greeting.heard(":s 903 * :Done"), send("NICK alice\r\nCAP END\r\n"));
        assert_eq!(greeting.heard(":s 433 * alice :Used"), Reaction::NameRefused("Used".into()));
    }

    #[test]
    fn a_server_without_accounts_ends_a_login_to_one() {
        let not_offered = || Reaction::AccountFailed(AccountFault::NotOffered);
        for lines in [
            &[":s CAP * LS :server-time"][..],
            &[":s CAP * LS :sasl=PLAIN", ":s CAP * NAK :sasl"],
            &[":s CAP * LS :sasl=PLAIN server-time", ":s CAP * ACK :server-time"],
            &[":s 421 * CAP :Unknown command", ":s 001 alice :Welcome"],
        ] {
            let mut greeting = with_account();
            let reactions: Vec<_> = lines.iter().map(|line| greeting.heard(line)).collect();
            assert_eq!(reactions.last(), Some(&not_offered()), "{lines:?}");
        }
    }

    #[test]
    fn a_wrong_password_and_one_that_others_could_read_end_the_login() {
        let mut greeting = with_account();
        greeting.heard(":s CAP * LS :sasl=PLAIN");
        greeting.heard(":s CAP * ACK :sasl");
        greeting.heard("AUTHENTICATE +");
        let refused = AccountFault::Refused { line: "Wrong".into() };
        assert_eq!(greeting.heard(":s 904 * :Wrong"), Reaction::AccountFailed(refused));
        let mut greeting = Greeting::new(Some(Account::new("alice", "sesame")), false);
        greeting.heard(":s CAP * LS :sasl=PLAIN");
        let exposed = Reaction::AccountFailed(AccountFault::Exposed);
        assert_eq!(greeting.heard(":s CAP * ACK :sasl"), exposed);
    }
}
