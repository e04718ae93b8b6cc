//! The state that both halves of a connection share: the writing end, and the state of our own side.

use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::account::Account;
use super::account_offer::AccountOffer;
use super::ends::WriteEnd;
use super::error::{Error, Step};
use super::history_offer::HistoryOffer;
use super::irc::SaslLogin;
use super::lock::lock;
use crate::address::Address;
use crate::blocking_socket::BlockingSocket;
use crate::name::UserName;

/// Limit on queued answers, in bytes. Further answers are dropped: the server asks without reading.
const ANSWERS_BYTES: usize = 64 * 1024;

/// Most messages to wait for that the server sends back.
const SAID: usize = 256;

/// The state of our own side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnSide {
    /// Not logged in yet.
    Greeting,
    /// Logged in.
    Open,
    /// We have sent everything, and wait for the server to confirm it.
    Draining {
        /// Since when.
        since: Instant,
    },
    /// Our side has ended; the server should close.
    Closing {
        /// Since when.
        since: Instant,
    },
}

/// A login to an account, after the login to the server.
#[derive(Debug, Default)]
pub(super) enum SaslState {
    #[default]
    None,
    /// We have asked for the capability.
    Wanted(Account),
    UnderWay(Box<SaslLogin>),
}

/// The shared part of a connection. The speaker writes requests, and the receiving half answers `PING`.
#[derive(Debug)]
pub(super) struct SharedConnection {
    pub(super) server: Address,
    sink: Mutex<WriteEnd>,
    /// Answers waiting for the speaker to finish its write. The receiving half must not block for that: if nobody
    /// reads, the server may stop reading too, which is a deadlock.
    answers: Mutex<Vec<u8>>,
    own_side: Mutex<OwnSide>,
    /// Our own name, which the server may change.
    name: Mutex<String>,
    /// The socket, to shut it down without waiting for the speaker.
    control: BlockingSocket,
    /// The server confirms each message with its label.
    labels: AtomicBool,
    /// Which requests for history the server answers.
    history: Mutex<HistoryOffer>,
    /// Nobody can read what we send on its way.
    pub(super) is_private: bool,
    /// Whether the server lets us log in to accounts and register them.
    accounts: Mutex<AccountOffer>,
    /// A login to an account that is under way.
    pub(super) sasl: Mutex<SaslState>,
    /// Sent before our side ends: some IRC servers miss an end that directly follows data.
    goodbye: Mutex<Option<&'static [u8]>>,
    /// On the CrazyIt wire with an account, what we said and the server has not sent back. Otherwise `None`: then
    /// everything that is said under our name is ours.
    said: Mutex<Option<VecDeque<String>>>,
    /// On the CrazyIt wire, a requested name that has no answer yet.
    wanted_name: Mutex<Option<UserName>>,
}

impl SharedConnection {
    pub(super) fn new(server: Address, sink: WriteEnd, control: BlockingSocket) -> Self {
        let is_private = !matches!(sink, WriteEnd::Plain(_)) || control.is_local();
        Self {
            server,
            control,
            sink: Mutex::new(sink),
            answers: Mutex::default(),
            own_side: Mutex::new(OwnSide::Greeting),
            name: Mutex::default(),
            labels: AtomicBool::new(false),
            history: Mutex::default(),
            is_private,
            accounts: Mutex::default(),
            sasl: Mutex::default(),
            goodbye: Mutex::default(),
            said: Mutex::default(),
            wanted_name: Mutex::default(),
        }
    }

    /// The login is complete, under this name.
    pub(super) fn open(&self, name: &str) {
        self.set_name(name);
        *lock(&self.own_side) = OwnSide::Open;
    }

    /// Writes all of `bytes`.
    pub(super) fn send(&self, bytes: &[u8]) -> Result<(), Error> {
        lock(&self.sink).write_all(bytes).map_err(|error| self.lost(error))?;
        self.write_answers();
        Ok(())
    }

    /// Writes `bytes`, or leaves them to the speaker if it is writing. On failure the next read reports the end.
    pub(super) fn answer(&self, bytes: &[u8]) {
        let mut answers = lock(&self.answers);
        if answers.len() + bytes.len() <= ANSWERS_BYTES {
            answers.extend_from_slice(bytes);
        }
        drop(answers);
        self.write_answers();
    }

    /// Whoever held the sink checks the answers again after releasing it, so none is forgotten.
    fn write_answers(&self) {
        while !lock(&self.answers).is_empty() {
            let Ok(mut sink) = self.sink.try_lock() else { return };
            let answers = std::mem::take(&mut *lock(&self.answers));
            if sink.write_all(&answers).is_err() {
                // Nothing can follow half an answer. Fails if both sides have already ended.
                self.control.shutdown(Shutdown::Both).ok();
                return;
            }
        }
    }

    pub(super) fn own_side(&self) -> OwnSide {
        *lock(&self.own_side)
    }

    /// Everything is sent; waits for the server to confirm it.
    pub(super) fn drain(&self) {
        *lock(&self.own_side) = OwnSide::Draining { since: Instant::now() };
    }

    /// Our side ends; the server should close.
    pub(super) fn leave(&self) {
        *lock(&self.own_side) = OwnSide::Closing { since: Instant::now() };
    }

    /// Sends the goodbye and shuts down the writing side.
    pub(super) fn close(&self) -> Result<(), Error> {
        self.leave();
        let mut sink = lock(&self.sink);
        let said = lock(&self.goodbye).map_or(Ok(()), |goodbye| sink.write_all(goodbye));
        said.and_then(|()| sink.finish()).map_err(|error| self.lost(error))
    }

    /// Sets what is sent before our side ends.
    pub(super) fn set_goodbye(&self, goodbye: Option<&'static [u8]>) {
        *lock(&self.goodbye) = goodbye;
    }

    pub(super) fn has_goodbye(&self) -> bool {
        lock(&self.goodbye).is_some()
    }

    /// Shuts down both sides at once. Reads then find an end.
    pub(super) fn abort(&self) {
        self.leave();
        // Fails if both have already ended.
        self.control.shutdown(Shutdown::Both).ok();
    }

    /// From now on the server confirms each message with its label.
    pub(super) fn use_labels(&self) {
        self.labels.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_labels(&self) -> bool {
        self.labels.load(Ordering::Relaxed)
    }

    /// Which requests for history the server answers.
    pub(super) fn history_offer(&self) -> HistoryOffer {
        *lock(&self.history)
    }

    pub(super) fn set_history_offer(&self, offer: HistoryOffer) {
        *lock(&self.history) = offer;
    }

    /// Whether the server lets us log in to accounts and register them.
    pub(super) fn account_offer(&self) -> AccountOffer {
        lock(&self.accounts).clone()
    }

    pub(super) fn set_account_offer(&self, offer: AccountOffer) {
        *lock(&self.accounts) = offer;
    }

    /// From now on, other devices may speak under our name.
    pub(super) fn expect_other_devices(&self) {
        *lock(&self.said) = Some(VecDeque::new());
    }

    /// Notes what we say on the CrazyIt wire.
    pub(super) fn say(&self, text: &str) {
        if let Some(said) = &mut *lock(&self.said) {
            if said.len() == SAID {
                said.pop_front();
            }
            said.push_back(text.to_owned());
        }
    }

    /// The number of our messages that a line under our name confirms; 0 if another device has said it.
    pub(super) fn said(&self, text: &str) -> u64 {
        let Some(said) = &mut *lock(&self.said) else { return 1 };
        // A server may lose some.
        let count = said.iter().position(|ours| ours == text).map_or(0, |found| found + 1);
        said.drain(..count);
        count as u64
    }

    pub(super) fn want_name(&self, name: UserName) {
        *lock(&self.wanted_name) = Some(name);
    }

    /// True while a requested name has no answer.
    pub(super) fn wants_name(&self) -> bool {
        lock(&self.wanted_name).is_some()
    }

    pub(super) fn take_wanted_name(&self) -> Option<UserName> {
        lock(&self.wanted_name).take()
    }

    pub(super) fn name(&self) -> String {
        lock(&self.name).clone()
    }

    pub(super) fn set_name(&self, name: &str) {
        name.clone_into(&mut lock(&self.name));
    }

    pub(super) fn lost(&self, error: io::Error) -> Error {
        let step = match self.own_side() {
            OwnSide::Greeting => Step::LoggingIn,
            OwnSide::Open => Step::Talking,
            OwnSide::Draining { .. } | OwnSide::Closing { .. } => Step::Closing,
        };
        Error::Lost { server: self.server.clone(), step, error }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;

    fn connection(stream: BlockingSocket) -> SharedConnection {
        let control = stream.try_clone().unwrap();
        SharedConnection::new(Address::Unix("x".into()), WriteEnd::Plain(stream), control)
    }

    /// A connection of alice, who is logged in. Nobody reads what it sends.
    pub(in crate::client) fn of_alice() -> SharedConnection {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let connection = connection(BlockingSocket::Unix(ours));
        connection.open("alice");
        connection
    }

    #[test]
    fn answers_wait_for_the_speaker_in_limited_memory() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let connection = connection(BlockingSocket::Unix(ours));
        let answer = [b'x'; 1000];
        let speaking = lock(&connection.sink);
        (0..2 * ANSWERS_BYTES / answer.len()).for_each(|_| connection.answer(&answer));
        drop(speaking);
        connection.send(b"last").unwrap();
        drop(connection);
        let mut sent = Vec::new();
        theirs.read_to_end(&mut sent).unwrap();
        assert!(sent.starts_with(b"last"));
        assert_eq!(sent.len(), 4 + ANSWERS_BYTES / answer.len() * answer.len());
    }

    #[test]
    fn an_answer_that_a_server_does_not_take_ends_the_connection() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let mut reading = ours.try_clone().unwrap();
        let stream = BlockingSocket::Unix(ours);
        stream.set_write_timeout(Some(Duration::from_millis(1))).unwrap();
        let connection = connection(stream);
        connection.open("alice");
        // Fills the socket's buffer.
        while connection.send(&[0; 1000]).is_ok() {}
        connection.answer(b"PONG :x\r\n");
        assert_eq!(reading.read(&mut [0; 9]).unwrap(), 0);
        assert_eq!(connection.own_side(), OwnSide::Open, "that is no end that we asked for");
    }
}
