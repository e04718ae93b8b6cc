//! Tickets for resuming TLS sessions (RFC 5077, RFC 8446 §2.2): the state of a session, sealed with a key that only this
//! server has. It changes every few hours, because whoever got it could read the sessions that were resumed with it.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::server::ProducesTickets;

#[cfg(feature = "upgrade")]
use crate::cbor::map;

/// How long a key seals tickets. For the same time after that, it still opens them.
const ROTATION: Duration = Duration::from_secs(6 * 60 * 60);

/// How long clients may keep a ticket.
const LIFETIME: Duration = Duration::from_secs(2 * ROTATION.as_secs());

/// Longest ticket, in bytes: the client's certificates are in it.
const TICKET_BYTES: usize = 16 * 1024;

const NAME_BYTES: usize = 16;

/// Seals and opens tickets.
pub(super) struct Tickets(Mutex<Keys>);

/// Two keys, of which the first seals.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    current: Key,
    previous: Option<Key>,
}

#[cfg(feature = "upgrade")]
map!(Keys { 0: current, 1: previous });

#[derive(Clone)]
struct Key {
    /// Tells by which key a ticket is sealed.
    name: [u8; NAME_BYTES],
    secret: [u8; 32],
    since: Instant,
}

#[cfg(feature = "upgrade")]
map!(Key { 0: name, 1: secret, 2: since });

impl Tickets {
    /// Tickets with a new key. `None` if the system has no random numbers.
    pub(super) fn new(now: Instant) -> Option<Self> {
        let keys = Keys { current: Key::new(now)?, previous: None };
        Some(Self(Mutex::new(keys)))
    }

    /// The keys, for the program that takes the place of this one.
    #[cfg(feature = "upgrade")]
    pub(super) fn keys(&self) -> Option<Keys> {
        self.0.lock().ok().map(|keys| keys.clone())
    }

    /// Goes on with the keys of another program.
    #[cfg(feature = "upgrade")]
    pub(super) fn take_over(&self, handed: Keys) {
        if let Ok(mut keys) = self.0.lock() {
            *keys = handed;
        }
    }

    fn seal(&self, plain: &[u8], now: Instant) -> Option<Vec<u8>> {
        let mut keys = self.0.lock().ok()?;
        keys.rotate(now)?;
        keys.current.seal(plain)
    }

    fn open(&self, ticket: &[u8], now: Instant) -> Option<Vec<u8>> {
        if ticket.len() > TICKET_BYTES {
            return None;
        }
        let (name, sealed) = ticket.split_first_chunk()?;
        let keys = self.0.lock().ok()?;
        let mut keys = [Some(&keys.current), keys.previous.as_ref()].into_iter().flatten();
        keys.find(|key| key.name == *name && key.age(now) < LIFETIME)?.open(sealed)
    }
}

impl Keys {
    /// Changes the key if it is time. `None` if that fails.
    fn rotate(&mut self, now: Instant) -> Option<()> {
        if self.current.age(now) >= ROTATION {
            let last = std::mem::replace(&mut self.current, Key::new(now)?);
            self.previous = Some(last);
        }
        Some(())
    }
}

impl Key {
    fn new(now: Instant) -> Option<Self> {
        Some(Self { name: random()?, secret: random()?, since: now })
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.since)
    }

    /// A ticket: the name of the key, a nonce, and the sealed bytes with their tag.
    fn seal(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = plain.to_vec();
        let used = Nonce::assume_unique_for_key(nonce);
        self.cipher()?.seal_in_place_append_tag(used, Aad::from(self.name), &mut sealed).ok()?;
        Some([&self.name[..], &nonce, &sealed].concat())
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk()?;
        let (nonce, mut bytes) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
        let plain = self.cipher()?.open_in_place(nonce, Aad::from(self.name), &mut bytes).ok()?.len();
        bytes.truncate(plain);
        Some(bytes)
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&CHACHA20_POLY1305, &self.secret).ok().map(LessSafeKey::new)
    }
}

/// `None` if the system has no random numbers.
fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME.as_secs() as u32
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.seal(plain, Instant::now())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.open(ticket, Instant::now())
    }
}

/// Omits the keys.
impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets")
    }
}

/// Omits the secret.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("since", &self.since).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[test]
    fn a_ticket_opens_for_6_to_12_hours() {
        let start = Instant::now();
        let tickets = Tickets::new(start).unwrap();
        let early = tickets.seal(b"early", start).unwrap();
        let late = tickets.seal(b"late", start + 6 * HOUR - Duration::from_secs(1)).unwrap();
        assert_eq!(early[..NAME_BYTES], late[..NAME_BYTES], "one key seals both");
        let next = tickets.seal(b"next", start + 6 * HOUR).unwrap();
        assert_ne!(late[..NAME_BYTES], next[..NAME_BYTES], "then the key changes");
        let opens = |ticket: &[u8], hours| tickets.open(ticket, start + hours * HOUR);
        assert_eq!(opens(&early, 11).as_deref(), Some(&b"early"[..]));
        assert_eq!(opens(&late, 11).as_deref(), Some(&b"late"[..]));
        assert_eq!((opens(&early, 12), opens(&late, 12)), (None, None));
        assert_eq!(opens(&next, 17).as_deref(), Some(&b"next"[..]));
        assert_eq!(opens(&next, 18), None, "even if no ticket was sealed since");
    }

    #[test]
    fn a_changed_ticket_does_not_open() {
        let now = Instant::now();
        let tickets = Tickets::new(now).unwrap();
        let ticket = tickets.seal(b"session", now).unwrap();
        for at in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[at] ^= 1;
            assert_eq!(tickets.open(&changed, now), None, "{at}");
            assert_eq!(tickets.open(&ticket[..at], now), None, "the first {at} bytes");
        }
        let other = Tickets::new(now).unwrap();
        assert_eq!(other.open(&ticket, now), None, "another server has another key");
        let long = tickets.seal(&[0; TICKET_BYTES], now).unwrap();
        assert_eq!(tickets.open(&long, now), None);
    }

    #[test]
    fn equal_sessions_have_different_tickets() {
        let now = Instant::now();
        let tickets = Tickets::new(now).unwrap();
        assert_ne!(tickets.seal(b"session", now), tickets.seal(b"session", now));
    }

    #[test]
    #[cfg(feature = "upgrade")]
    fn the_next_program_opens_tickets_as_long_as_this_one_would_have() {
        use crate::cbor::{decode_at, encode_at};

        let start = Instant::now();
        let (tickets, next) = (Tickets::new(start).unwrap(), Tickets::new(start).unwrap());
        let first = tickets.seal(b"first", start).unwrap();
        let second = tickets.seal(b"second", start + 7 * HOUR).unwrap();
        let now = start + 8 * HOUR;
        let handed = encode_at(&tickets.keys().unwrap(), now);
        next.take_over(decode_at(&handed, now).unwrap());
        assert_eq!(next.open(&first, now).as_deref(), Some(&b"first"[..]));
        assert_eq!(next.open(&first, start + 12 * HOUR), None);
        assert_eq!(next.open(&second, start + 18 * HOUR).as_deref(), Some(&b"second"[..]));
        assert_eq!(next.open(&second, start + 19 * HOUR), None);
    }

    #[test]
    fn no_log_has_the_keys() {
        let tickets = Tickets::new(Instant::now()).unwrap();
        let keys = tickets.0.lock().unwrap().clone();
        let shown = format!("{tickets:?} {keys:?}");
        let secret = format!("{:?}", keys.current.secret);
        assert!(!shown.contains("secret") && !shown.contains(secret.trim_matches(['[', ']'])), "{shown}");
    }
}
