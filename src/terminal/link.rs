//! A connection that is restored after it is lost.

use std::io::ErrorKind;
use std::mem::{self, Discriminant};
use std::sync::mpsc::SyncSender;
use std::thread;
use std::time::{Duration, Instant};

use super::enter::{self, is_wrong_password};
use super::note::Note;
#[cfg(feature = "tls")]
use crate::client::TlsError;
use crate::client::{
    Account, AccountFault, Client, ClientEvent, ClientEventKind, Error, HistoryOffer, Reader, Request,
    Speaker, is_parlord,
};
use crate::config::ClientConfig;
use crate::name::UserName;
use crate::terminal::backoff::Backoff;
use crate::terminal::prompts::PasswordFor;
use crate::terminal::send_queue::{Next, SendQueue};

/// How long the lost connection may hold our name before we take another. A server may need minutes to notice the
/// loss.
const GHOST_PATIENCE: Duration = Duration::from_secs(5);

/// Most other names to try while ours is held.
const OTHER_NAMES: usize = 3;

/// The connection, and how it is restored.
#[derive(Debug)]
pub(super) struct Link {
    config: ClientConfig,
    notes: SyncSender<Note>,
    up: Option<(Speaker, Reader)>,
    /// Sending has failed; the reader will report the loss.
    is_broken: bool,
    pub(super) queue: SendQueue,
    /// The account that we have asked to log in to, or to register.
    asked_account: Option<Account>,
    /// The password that the server wants is that of the account.
    wants_account: bool,
    /// The number of this connection, to ignore events of earlier ones.
    number: u64,
    /// The name for the next login.
    name: UserName,
    said_goodbye: bool,
    /// The kind of refusal that was reported last.
    told: Option<Discriminant<Error>>,
    /// Number of other names tried since the loss.
    other_names: usize,
    /// Our name before we tried others.
    held_name: Option<UserName>,
    backoff: Backoff,
    /// When this connection began.
    since: Instant,
    lost_at: Option<Instant>,
    /// When to retry; `None` while a try is running or none is due.
    try_at: Option<Instant>,
}

/// The result of a retry.
#[derive(Debug)]
pub(super) enum Tried {
    /// The connection is restored, under this name.
    Back(String),
    /// It failed and will be repeated. Contains a new kind of refusal, to report it once.
    NotYet(Option<Error>),
    /// The server wants a password. There is no retry without one.
    WantsPassword(Error),
    /// Our name is still held, so this one is tried now.
    OtherName(String),
    /// It failed for good.
    GivenUp(Error),
}

impl Link {
    /// `name` is the one that `client` requested.
    pub(super) fn new(
        config: &ClientConfig,
        client: Client,
        name: UserName,
        notes: SyncSender<Note>,
    ) -> Result<Self, Error> {
        let mut link = Self {
            config: config.clone(),
            notes,
            up: None,
            is_broken: false,
            queue: SendQueue::new(config.wire),
            asked_account: None,
            wants_account: false,
            number: 0,
            name,
            said_goodbye: false,
            told: None,
            other_names: 0,
            held_name: None,
            backoff: Backoff::default(),
            since: Instant::now(),
            lost_at: None,
            try_at: None,
        };
        link.attach(client, link.since)?;
        Ok(link)
    }

    fn attach(&mut self, client: Client, now: Instant) -> Result<(), Error> {
        self.number += 1;
        self.since = now;
        let (notes, number) = (self.notes.clone(), self.number);
        self.rename(&client.name());
        self.up = Some(client.listen(move |item| notes.send(Note::Heard(number, item)).is_ok())?);
        (self.is_broken, self.said_goodbye, self.lost_at) = (false, false, None);
        (self.told, self.other_names, self.held_name) = (None, 0, None);
        self.queue.trust(false);
        Ok(())
    }

    /// Keeps the name that the server gave us, if we could request it in the next login.
    fn rename(&mut self, name: &str) {
        if let Ok(name) = UserName::new(name) {
            self.name = name;
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.up.is_some()
    }

    /// True for events of the current connection.
    pub(super) fn is_current(&self, number: u64) -> bool {
        self.is_up() && number == self.number
    }

    /// Which requests for history the server answers: none without a connection.
    pub(super) fn history_offer(&self) -> HistoryOffer {
        self.up.as_ref().map(|(speaker, _)| speaker.history_offer()).unwrap_or_default()
    }

    /// Queues a request.
    pub(super) fn push(&mut self, request: &Request) {
        let pieces = match &self.up {
            Some((speaker, _)) => speaker.pieces(request),
            None => vec![request.clone()],
        };
        self.queue.push(pieces);
    }

    /// Sends what the queue allows, and starts a retry that is due. Returns when to call it again, and the errors of
    /// requests that could not be sent.
    pub(super) fn pump(&mut self, now: Instant) -> (Option<Instant>, Vec<Error>) {
        let mut refused = Vec::new();
        if self.try_at.is_some_and(|at| at <= now) {
            self.try_at = None;
            self.try_again();
        }
        let Some((speaker, reader)) = self.up.as_mut().filter(|_| !self.is_broken) else {
            return (self.try_at, refused);
        };
        loop {
            let sent = match self.queue.next(now) {
                Next::WaitUntil(at) => return (Some(at), refused),
                Next::Rest => return (None, refused),
                Next::Confirm => speaker.confirm().map(|mark| self.queue.asked(mark, now)),
                Next::Send(request) => {
                    // A request that was queued without a connection may need several messages.
                    let pieces = speaker.pieces(&request);
                    let sent = pieces.iter().try_fold(None, |_, piece| speaker.send_piece(piece));
                    sent.map(|mark| self.queue.sent(mark, now))
                }
            };
            match sent {
                Ok(()) => {}
                Err(Error::Lost { error, .. }) => {
                    // What has come must still be read, unless the connection is stuck.
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) {
                        reader.abort();
                    }
                    self.is_broken = true;
                    return (None, refused);
                }
                Err(error) => {
                    self.queue.refuse();
                    refused.push(error);
                }
            }
        }
    }

    /// Applies an event to the queue and to our name.
    pub(super) fn hear(&mut self, event: &ClientEvent, now: Instant) {
        if let Some(mark) = event.answers {
            self.queue.taken(mark, now);
        }
        match &event.kind {
            ClientEventKind::Server { version } => self.queue.trust(is_parlord(version)),
            ClientEventKind::Closing(_) => self.said_goodbye = true,
            ClientEventKind::Renamed { to, .. } if event.is_own => self.rename(to),
            ClientEventKind::LoggedIn { .. } => self.keep_account(),
            ClientEventKind::LoggedOut => self.config.account = None,
            ClientEventKind::Refused { command: Some(command), .. }
                if matches!(command.as_str(), "AUTHENTICATE" | "REGISTER") =>
            {
                self.asked_account = None;
            }
            _ => {}
        }
    }

    /// Logs in to an account with [`Speaker::log_in`], or registers it with [`Speaker::register`].
    pub(super) fn ask(
        &mut self,
        account: Account,
        ask: fn(&mut Speaker, &Account) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Some((speaker, _)) = &mut self.up else { return Ok(()) };
        ask(speaker, &account)?;
        self.asked_account = Some(account);
        Ok(())
    }

    /// Keeps the account that we have logged in to, for the next connection.
    fn keep_account(&mut self) {
        if let Some(account) = self.asked_account.take() {
            self.config.account_password = account.password().map(str::to_owned);
            self.config.account = Some(account.name().to_owned());
        }
    }

    /// The password that the server wants before we are connected again.
    pub(super) fn wanted_password(&self) -> PasswordFor {
        match &self.config.account {
            Some(account) if self.wants_account => PasswordFor::Account(account.clone()),
            _ => PasswordFor::Server,
        }
    }

    /// Notes the loss of the connection. Returns how many lines are in doubt.
    pub(super) fn lost(&mut self, now: Instant) -> usize {
        self.up = None;
        self.asked_account = None;
        self.backoff.held(now.saturating_duration_since(self.since));
        self.lost_at = Some(now);
        self.try_at = Some(now + self.backoff.pause());
        self.queue.lost(self.said_goodbye)
    }

    /// True if the settings allow no retry.
    pub(super) fn has_given_up(&self) -> bool {
        self.config.retry == Some(Duration::ZERO)
    }

    fn try_again(&mut self) {
        let (config, name, notes) = (self.config.clone(), self.name.clone(), self.notes.clone());
        let trying = thread::Builder::new().name("parlor-connect".into());
        let trying = trying.spawn(move || {
            let result = enter::log_in(&config, &name).map(Box::new);
            // Fails if the program is ending.
            notes.send(Note::Tried(result)).ok();
        });
        if trying.is_err() {
            self.try_at = Some(Instant::now() + self.backoff.pause());
        }
    }

    /// Takes our name with an underscore appended, unless that is no name or too many were tried.
    fn take_other_name(&mut self) -> Option<String> {
        let other =
            UserName::new(&format!("{}_", self.name)).ok().filter(|_| self.other_names < OTHER_NAMES)?;
        self.other_names += 1;
        let name = mem::replace(&mut self.name, other);
        self.held_name.get_or_insert(name);
        Some(self.name.to_string())
    }

    /// Returns to our own name.
    fn take_own_name(&mut self) {
        self.other_names = 0;
        if let Some(name) = self.held_name.take() {
            self.name = name;
        }
    }

    /// Handles the result of a try.
    pub(super) fn tried(&mut self, result: Result<Box<Client>, Error>, now: Instant) -> Tried {
        let error = match result {
            Ok(client) => {
                let name = client.name();
                match self.attach(*client, now) {
                    Ok(()) => return Tried::Back(name),
                    Err(error) => error,
                }
            }
            Err(error @ Error::PasswordRefused { .. }) => {
                self.wants_account = false;
                return Tried::WantsPassword(error);
            }
            Err(error) if is_wrong_password(&error) && self.config.account_password.is_some() => {
                self.wants_account = true;
                return Tried::WantsPassword(error);
            }
            // The server may still count the lost connection among too many devices.
            Err(error @ Error::Account { fault: AccountFault::Declined { .. }, .. }) => error,
            Err(error @ Error::Account { .. }) => return Tried::GivenUp(error),
            Err(error @ Error::Refused { .. }) => return Tried::GivenUp(error),
            #[cfg(feature = "tls")]
            Err(error @ Error::Tls { error: TlsError::Certificate(_), .. }) => return Tried::GivenUp(error),
            // The server may not have noticed the loss yet.
            Err(error) => error,
        };
        let gone = self.lost_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let is_unclear = matches!(error, Error::NameRefused { why: None, .. });
        if is_unclear && self.other_names > 0 {
            // Two names are refused, so it is probably the password, and servers limit guesses.
            self.take_own_name();
            self.wants_account = false;
            return Tried::WantsPassword(error);
        }
        if matches!(error, Error::NameRefused { .. })
            && gone >= GHOST_PATIENCE
            && let Some(name) = self.take_other_name()
        {
            self.try_at = Some(now);
            return Tried::OtherName(name);
        }
        let pause = self.backoff.pause();
        if self.config.retry.is_some_and(|retry| gone + pause > retry) {
            return Tried::GivenUp(error);
        }
        self.try_at = Some(now + pause);
        let is_refusal =
            matches!(error, Error::NameRefused { .. } | Error::Unavailable { .. } | Error::Account { .. });
        let is_news =
            is_refusal && self.told.replace(mem::discriminant(&error)) != Some(mem::discriminant(&error));
        Tried::NotYet(is_news.then_some(error))
    }

    /// Retries at once, with this password unless it is empty.
    pub(super) fn try_with(&mut self, password: String, is_for_account: bool, now: Instant) {
        let kept = if is_for_account { &mut self.config.account_password } else { &mut self.config.password };
        if !password.is_empty() {
            *kept = Some(password);
        }
        self.try_at = Some(now);
    }

    /// Ends our side. The reader reports the end.
    pub(super) fn finish(&mut self) {
        if let Some((speaker, _)) = &self.up {
            // If it fails, the reader reports that the connection is broken.
            speaker.close().ok();
        }
    }

    /// Leaves the server. The reader reports the end. False without a connection.
    pub(super) fn quit(&mut self) -> bool {
        self.is_broken = true;
        self.up.as_mut().is_some_and(|(speaker, _)| speaker.say_goodbye().is_ok())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use super::*;
    use crate::config::Invocation;

    const DEADLINE: Duration = Duration::from_secs(30);

    /// The name that the next client asks for, which gets another.
    fn welcome_as(given: &str, listener: &TcpListener) -> String {
        let mut peer = BufReader::new(listener.accept().unwrap().0);
        // Reads the whole login, because unread bytes would make the end a reset.
        let mut asked = String::new();
        while !asked.contains("USER") {
            peer.read_line(&mut asked).unwrap();
        }
        write!(peer.get_mut(), ":s 001 {given} :Welcome\r\n").unwrap();
        asked.lines().find_map(|line| line.strip_prefix("NICK ")).unwrap().to_owned()
    }

    #[test]
    fn a_name_that_cannot_be_requested_is_not_used_for_the_next_login() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || [(); 2].map(|()| welcome_as("1st\x1b", &listener)));
        // As if the name had been asked for: the settings have none.
        let Ok(Invocation::Run(config)) = ClientConfig::from_args(&[target], None, true) else { panic!() };
        let name = UserName::new("alice").unwrap();
        let client = enter::log_in(&config, &name).unwrap();
        let (notes, heard) = mpsc::sync_channel(9);
        let mut link = Link::new(&config, client, name, notes).unwrap();
        let now = Instant::now();
        link.lost(now);
        link.pump(now + DEADLINE);
        let tried = std::iter::from_fn(|| heard.recv_timeout(DEADLINE).ok());
        assert!(tried.into_iter().any(|note| matches!(note, Note::Tried(Ok(_)))));
        assert_eq!(server.join().unwrap(), ["alice", "alice"]);
    }

    /// Alice, whose connection is lost.
    fn lost_link() -> (Link, UserName) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = listener.local_addr().unwrap().to_string();
        let server = thread::spawn(move || welcome_as("alice", &listener));
        let Ok(Invocation::Run(config)) = ClientConfig::from_args(&[target], None, true) else { panic!() };
        let name = UserName::new("alice").unwrap();
        let client = enter::log_in(&config, &name).unwrap();
        server.join().unwrap();
        let (notes, _heard) = mpsc::sync_channel(9);
        let mut link = Link::new(&config, client, name.clone(), notes).unwrap();
        link.lost(Instant::now());
        (link, name)
    }

    #[test]
    fn another_name_is_taken_and_reported_while_a_ghost_holds_ours() {
        let (mut link, name) = lost_link();
        let lost = link.lost_at.unwrap();
        let mut tried = |why: Option<&str>, after: Duration| {
            let refused = Error::NameRefused { name: name.clone(), why: why.map(str::to_owned) };
            link.tried(Err(refused), lost + after)
        };
        let why = Some("In use");
        assert!(matches!(tried(why, Duration::ZERO), Tried::NotYet(Some(_))));
        for other in ["alice_", "alice__", "alice___"] {
            assert!(matches!(tried(why, GHOST_PATIENCE), Tried::OtherName(name) if name == other));
        }
        assert!(matches!(tried(why, GHOST_PATIENCE), Tried::NotYet(None)));
    }

    #[test]
    fn a_refusal_without_a_code_is_reported_once_and_retried_and_a_ban_is_not() {
        let (mut link, _) = lost_link();
        let lost = link.lost_at.unwrap();
        let (server, line) = (link.config.server.clone(), "banned".to_owned());
        let full = || Error::Unavailable { server: server.clone(), line: line.clone() };
        assert!(matches!(link.tried(Err(full()), lost), Tried::NotYet(Some(Error::Unavailable { .. }))));
        assert!(matches!(link.tried(Err(full()), lost), Tried::NotYet(None)));
        assert!(link.try_at.is_some());
        let banned = Error::Refused { server: server.clone(), line: line.clone() };
        assert!(matches!(link.tried(Err(banned), lost), Tried::GivenUp(_)));
    }

    #[test]
    fn after_two_unclear_refusals_the_password_is_asked_for() {
        let (mut link, name) = lost_link();
        let lost = link.lost_at.unwrap();
        let mut tried = |after: Duration| {
            let refused = Error::NameRefused { name: name.clone(), why: None };
            link.tried(Err(refused), lost + after)
        };
        assert!(matches!(tried(Duration::ZERO), Tried::NotYet(Some(_))));
        assert!(matches!(tried(GHOST_PATIENCE), Tried::OtherName(name) if name == "alice_"));
        assert!(matches!(tried(GHOST_PATIENCE), Tried::WantsPassword(_)));
        assert_eq!(link.name, name, "which goes with our own name");
    }

    #[test]
    fn an_account_is_retried_if_it_is_declined_and_the_password_is_asked_for_if_it_is_wrong() {
        let (mut link, _) = lost_link();
        let lost = link.lost_at.unwrap();
        let failed = |fault| Err(Error::Account { name: "alice".into(), fault });
        let line = || "No".to_owned();
        link.config.account = Some("alice".into());
        let declined = failed(AccountFault::Declined { line: line() });
        assert!(matches!(link.tried(declined, lost), Tried::NotYet(Some(Error::Account { .. }))));
        let wrong = || failed(AccountFault::Refused { line: line() });
        assert!(matches!(link.tried(wrong(), lost), Tried::GivenUp(_)), "there is no password");
        link.config.account_password = Some("sesame".into());
        assert!(matches!(link.tried(wrong(), lost), Tried::WantsPassword(_)));
        assert_eq!(link.wanted_password(), PasswordFor::Account("alice".into()));
        link.try_with("open".into(), true, lost);
        assert_eq!(link.config.account_password.as_deref(), Some("open"));
        assert_eq!(link.config.password, None);
        assert!(matches!(link.tried(failed(AccountFault::NotOffered), lost), Tried::GivenUp(_)));
    }

    #[test]
    fn an_account_that_we_logged_in_to_is_kept_for_the_next_connection() {
        let (mut link, _) = lost_link();
        let event = |kind| ClientEvent {
            time: None,
            id: None,
            is_own: false,
            is_other_device: false,
            answers: None,
            kind,
        };
        let now = Instant::now();
        let logged_in = || event(ClientEventKind::LoggedIn { account: "alice".into() });
        link.hear(&logged_in(), now);
        assert_eq!(link.config.account, None, "by other means");
        link.asked_account = Some(Account::new("alice/phone", "sesame"));
        link.hear(&logged_in(), now);
        assert_eq!(link.config.account.as_deref(), Some("alice/phone"));
        assert_eq!(link.config.account_password.as_deref(), Some("sesame"));
        link.hear(&event(ClientEventKind::LoggedOut), now);
        assert_eq!(link.config.account, None);
    }
}
