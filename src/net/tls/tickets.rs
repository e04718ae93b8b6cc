//! Tickets for resuming TLS sessions (RFC 8446 §2.2).

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::server::ProducesTickets;

use crate::tls_clock::is_after_1970;

/// The tickets of ring, with rotating keys. Its clock panics before 1970, so there are none then.
#[derive(Debug)]
struct Tickets(Arc<dyn ProducesTickets>);

/// Tickets with fresh keys; `None` when the system lacks random numbers or a valid time.
pub(super) fn tickets() -> Option<Arc<dyn ProducesTickets>> {
    let tickets = if is_after_1970() { ring::Ticketer::new().ok() } else { None };
    Some(Arc::new(Tickets(tickets?)))
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        is_after_1970() && self.0.enabled()
    }

    fn lifetime(&self) -> u32 {
        self.0.lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        if is_after_1970() { self.0.encrypt(plain) } else { None }
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        if is_after_1970() { self.0.decrypt(cipher) } else { None }
    }
}
