//! Peers of one node of several: which of their frames wait for the lock, and how these are declined.

use super::{CrazyIt, Phase};
use crate::message::{AccountFound, AccountPurpose, Found, Outcome, Purpose};
use crate::session::Context;
use crate::session::services::{self, Client, Service};
use crate::session::sharing::OTHERS_UNREACHABLE;
use crate::wire::crazyit::{Decoded, Request};

/// Tells why a login was declined.
const NOT_LET_IN: &str =
    "a login was declined because the other servers could not be reached: try again in a minute";

impl CrazyIt {
    /// True if the frame at the start of `bytes` may change what nodes share: it logs in, or asks a service to change
    /// something.
    pub(super) fn changes_shared(&self, bytes: &[u8]) -> bool {
        match self.decoder.clone().next(bytes) {
            Decoded::Frame(Ok(Request::LogIn(_)), _) => true,
            Decoded::Frame(Ok(Request::Whisper { to, text }), _) => {
                let service = Service::called(to).filter(|_| matches!(self.phase, Phase::Online));
                service.is_some_and(|service| service.needs_lock(text))
            }
            Decoded::Frame(Ok(Request::Say(_)) | Err(_), _)
            | Decoded::NeedMore
            | Decoded::LineEnd
            | Decoded::Broken(_) => false,
        }
    }

    /// True if the rest of a frame may change what nodes share.
    pub(super) fn result_changes_shared(&self, found: &Found) -> bool {
        match found {
            Found::Checked(_, outcome) => *outcome == Outcome::Right,
            Found::Account(AccountPurpose::LogIn { .. }, found) => matches!(found, AccountFound::LoggedIn(_)),
            Found::Account(AccountPurpose::Service(step), found) => services::needs_lock_for(step, found),
            Found::Account(..) | Found::Recalled(..) | Found::Report(_) | Found::Reloaded(_) => false,
        }
    }

    /// Declines the frame at the start of `bytes`. Returns its length.
    pub(super) fn decline_frame(&mut self, bytes: &[u8], context: &mut Context<'_>) -> usize {
        let Decoded::Frame(request, used) = self.decoder.next(bytes) else { return bytes.len() };
        self.end_quiet(context);
        match request {
            Ok(Request::Whisper { to, .. }) if let Some(service) = Service::called(to) => {
                self.tell(service, OTHERS_UNREACHABLE, context);
            }
            _ => self.decline_login(context),
        }
        used
    }

    /// Declines the rest of a frame.
    pub(super) fn decline_result(&mut self, found: Found, context: &mut Context<'_>) {
        if let Phase::Greeting(deadline) = &mut self.phase {
            deadline.go_on(context.now.instant);
        }
        match found {
            Found::Account(AccountPurpose::Service(step), _) => {
                services::found_too_late(&step, self, context)
            }
            Found::Checked(Purpose::LogIn(_), _) | Found::Account(AccountPurpose::LogIn { .. }, _) => {
                self.decline_login(context);
            }
            // Nothing else needs the lock.
            Found::Checked(..)
            | Found::Account(..)
            | Found::Recalled(..)
            | Found::Report(_)
            | Found::Reloaded(_) => {}
        }
    }

    /// Declines a login. The peer is told why after the silence if it is logged in, and later otherwise.
    fn decline_login(&mut self, context: &mut Context<'_>) {
        let is_online = matches!(self.phase, Phase::Online);
        self.later().hint = Some(if is_online { OTHERS_UNREACHABLE } else { NOT_LET_IN }.into());
        self.refuse_name(&OTHERS_UNREACHABLE, context);
        if is_online {
            self.tell_hint(context);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{ConnectionId, UserId};
    use crate::session::logins::Deadline;

    fn peer(phase: Phase) -> CrazyIt {
        let deadline = Deadline::new(std::time::Instant::now());
        CrazyIt { phase, user: UserId(1), ..CrazyIt::new(ConnectionId(1), 8192, deadline) }
    }

    #[test]
    fn logins_and_changes_at_services_need_the_lock_and_messages_do_not() {
        let online = peer(Phase::Online);
        for frame in ["∏∑ana∏∑", "∏∑ana※secret∏∑", "★【ns※ghost ana x★【", "★【ChanServ※OP #tea bob★【"]
        {
            assert!(online.changes_shared(frame.as_bytes()), "{frame}");
            assert!(!online.changes_shared(&frame.as_bytes()[..frame.len() - 1]), "{frame}, incomplete");
        }
        for frame in [
            "§γ∏∑ana∏∑§γ",
            "★【bob※ghost★【",
            "★【NickServ※HELP★【",
            "★【NickServ※ghosts★【",
            "\n∏∑ana∏∑",
            "x",
            "",
        ] {
            assert!(!online.changes_shared(frame.as_bytes()), "{frame}");
        }
        let greeting = CrazyIt::new(ConnectionId(1), 8192, Deadline::new(std::time::Instant::now()));
        assert!(greeting.changes_shared("∏∑ana∏∑".as_bytes()));
        assert!(!greeting.changes_shared("★【ns※ghost ana x★【".as_bytes()));
    }

    #[test]
    fn a_long_frame_that_arrives_byte_by_byte_is_not_searched_again() {
        let mut peer = peer(Phase::Online);
        let frame = format!("∏∑{}∏∑", "x".repeat(1000));
        let cut = frame.len() - 1;
        assert!(matches!(peer.decoder.next(&frame.as_bytes()[..cut]), Decoded::NeedMore));
        assert!(peer.changes_shared(frame.as_bytes()));
    }
}
