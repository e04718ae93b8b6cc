//! `AUTHENTICATE` (IRCv3 `sasl` 3.1 and 3.2): PLAIN (RFC 4616), EXTERNAL (RFC 4422), SCRAM-SHA-256 (RFC 5802, RFC
//! 7677). Clients may authenticate before and after they register, and again.

use base64ct::{Base64, Encoding};
use log::Level;

use super::client::{Irc, Phase};
use super::exchange::{Mechanism, Sasl, Step, mechanisms};
use crate::message::{
    Account, AccountErrand, AccountFound, AccountPurpose, Capabilities, CloseReason, Errand, ErrandKind,
};
use crate::secret::{ClientFirst, Exchange, Guess};
use crate::session::Context;
use crate::session::accounts::Login;
use crate::session::logins::{log_not_checked, log_wrong_password};
use crate::wire::irc::{Line, Message, numeric};

/// A response is cut into pieces of this many bytes; a shorter one is the last (IRCv3 `sasl` 3.1).
const PIECE_BYTES: usize = 400;

/// Longest response of a client, in bytes of base64: ten times as long as any with sincere names and passwords.
const RESPONSE_BYTES: usize = 4096;

/// A client that has failed this often before it is registered is disconnected.
const MOST_FAILURES: u8 = 5;

/// The text of 904.
const FAILED: &str = "SASL authentication failed";

const NOT_NOW: &str = "the server cannot check it right now, try again later";

impl Irc {
    pub(super) fn authenticate(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let text = message.params[0];
        let sasl = self.unfinished(|unfinished| unfinished.sasl.take());
        if text == "*" {
            return self.tell_aborted(context);
        }
        if text.len() > PIECE_BYTES {
            return self.say(numeric::ERR_SASLTOOLONG, "SASL message too long", context);
        }
        match sasl {
            _ if !self.capabilities.has(Capabilities::SASL) => {
                self.fail_sasl("request the capability sasl first", context);
            }
            None => self.begin_sasl(text, context),
            Some(sasl) => self.take_piece(sasl, text, context),
        }
    }

    fn begin_sasl(&mut self, name: &str, context: &mut Context<'_>) {
        let mechanism = Mechanism::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some(&(_, mechanism)) = mechanism.filter(|(_, mechanism)| mechanism.is_offered(context)) else {
            self.complain(
                numeric::RPL_SASLMECHS,
                &mechanisms(context),
                "are available SASL mechanisms",
                context,
            );
            return self.fail_sasl("this mechanism is not available", context);
        };
        self.expect_response(Step::First(mechanism), "", context);
    }

    /// Adds a piece to the response, and continues when that is complete.
    fn take_piece(&mut self, mut sasl: Box<Sasl>, piece: &str, context: &mut Context<'_>) {
        if piece != "+" {
            sasl.response.push_str(piece);
        }
        if sasl.response.len() > RESPONSE_BYTES {
            return self.say(numeric::ERR_SASLTOOLONG, "SASL message too long", context);
        }
        if piece.len() == PIECE_BYTES {
            return self.keep_sasl(sasl);
        }
        match Base64::decode_vec(&sasl.response) {
            Ok(response) => self.take_response(sasl.step, &response, context),
            Err(_) => self.fail_sasl("this is not base64", context),
        }
    }

    fn take_response(&mut self, step: Step, response: &[u8], context: &mut Context<'_>) {
        match step {
            Step::First(Mechanism::Plain) => self.take_password(response, context),
            Step::First(Mechanism::External) => self.take_certificate(response, context),
            Step::First(Mechanism::ScramSha256) => self.take_first_of_scram(response, context),
            Step::Proof { exchange, login } => self.take_proof(&exchange, login, response, context),
            Step::End { account, device } if response.is_empty() => {
                let step = Step::Check { device, last: None };
                self.check_in_sasl(AccountErrand::Enter { account }, step, context);
            }
            Step::End { .. } => self.fail_sasl("nothing was expected after the proof", context),
            // The client is not read while one of these is under way.
            Step::Keys { .. } | Step::Check { .. } => {}
        }
    }

    /// `authzid NUL authcid NUL password` (RFC 4616 §2).
    fn take_password(&mut self, response: &[u8], context: &mut Context<'_>) {
        let text = str::from_utf8(response).unwrap_or_default();
        let parts: Vec<_> = text.split('\0').collect();
        let [acts_as, name, password] = parts[..] else {
            return self.fail_sasl("this is not PLAIN", context);
        };
        let Some(login) = login_as(name, acts_as) else {
            return self.fail_sasl("there is no such account, or you may not act as it", context);
        };
        let Login { name, device } = login;
        let errand = AccountErrand::LogIn { name, guess: Guess::new(password) };
        self.check_in_sasl(errand, Step::Check { device, last: None }, context);
    }

    /// Perhaps the account that the client wants to act as (RFC 4422 appendix A).
    fn take_certificate(&mut self, response: &[u8], context: &mut Context<'_>) {
        let Some(certificate) = context.certificate else {
            return self.fail_sasl("your client shows no certificate", context);
        };
        let login = match str::from_utf8(response) {
            Ok("") => None,
            text => match text.ok().and_then(Login::parse) {
                Some(login) => Some(login),
                None => return self.fail_sasl("there is no such account", context),
            },
        };
        let (name, device) = login.map(|Login { name, device }| (name, device)).unzip();
        let errand = AccountErrand::LogInByCertificate { certificate, name };
        self.check_in_sasl(errand, Step::Check { device: device.flatten(), last: None }, context);
    }

    fn take_first_of_scram(&mut self, response: &[u8], context: &mut Context<'_>) {
        let first = match ClientFirst::parse(response) {
            Ok(first) => first,
            Err(why) => return self.fail_sasl(&why.to_string(), context),
        };
        let acts_as = first.acts_as.as_deref().unwrap_or_default();
        let Some(login) = login_as(&first.name, acts_as) else {
            return self.fail_sasl("there is no such account, or you may not act as it", context);
        };
        let errand = AccountErrand::Keys { name: login.name.clone() };
        self.check_in_sasl(errand, Step::Keys { first: Box::new(first), login }, context);
    }

    fn take_proof(&mut self, exchange: &Exchange, login: Login, response: &[u8], context: &mut Context<'_>) {
        let Login { name, device } = login;
        let last = exchange.finish(response).ok();
        let keys = Box::new(exchange.keys().clone());
        let errand = AccountErrand::Prove { name, keys, is_right: last.is_some() };
        self.check_in_sasl(errand, Step::Check { device, last }, context);
    }

    /// Continues with the result of an errand.
    pub(super) fn sasl_found(&mut self, found: AccountFound, context: &mut Context<'_>) {
        let Some(sasl) = self.unfinished(|unfinished| unfinished.sasl.take()) else { return };
        match (sasl.step, found) {
            (Step::Keys { first, login }, AccountFound::Keys(keys)) => match first.challenge(*keys) {
                Ok((exchange, challenge)) => {
                    let step = Step::Proof { exchange: Box::new(exchange), login };
                    self.expect_response(step, &challenge, context);
                }
                Err(why) => self.fail_sasl(&why.to_string(), context),
            },
            (Step::Check { device, last: Some(last) }, AccountFound::LoggedIn(account)) => {
                self.expect_response(Step::End { account: account.id, device }, &last, context);
            }
            (Step::Check { device, last: None }, AccountFound::LoggedIn(account)) => {
                self.succeed_in_sasl(*account, device, context);
            }
            (Step::Check { .. }, AccountFound::Wrong) => {
                log_wrong_password(context, format_args!("SASL"));
                self.fail_sasl("no account with this password, proof or certificate", context);
            }
            _ => {
                log_not_checked(context, format_args!("SASL"));
                self.cannot_authenticate(NOT_NOW, context);
            }
        }
    }

    /// Ends the exchange for a reason that is not the client's.
    pub(super) fn cannot_authenticate(&mut self, why: &str, context: &mut Context<'_>) {
        self.unfinished(|unfinished| unfinished.sasl = None);
        // 904 alone would mean that the password is wrong.
        if self.capabilities.has(Capabilities::STANDARD_REPLIES) {
            self.fail("AUTHENTICATE", "TEMPORARILY_UNAVAILABLE", why, context);
        }
        self.fail_sasl(why, context);
    }

    fn succeed_in_sasl(&mut self, account: Account, device: Option<Box<str>>, context: &mut Context<'_>) {
        match self.log_in_to(account, device, context) {
            Ok(()) => self.say(numeric::RPL_SASLSUCCESS, "SASL authentication successful", context),
            Err(why) => self.say(numeric::ERR_NICKLOCKED, &why.to_string(), context),
        }
    }

    /// Ends the exchange that is under way, if there is one: the client registers without it.
    pub(super) fn abort_sasl(&mut self, context: &mut Context<'_>) {
        if self.unfinished(|unfinished| unfinished.sasl.take()).is_some() {
            self.tell_aborted(context);
        }
    }

    fn tell_aborted(&self, context: &mut Context<'_>) {
        self.say(numeric::ERR_SASLABORTED, "SASL authentication aborted", context);
    }

    fn fail_sasl(&mut self, why: &str, context: &mut Context<'_>) {
        let peer = context.peer;
        context.log(Level::Debug, format_args!("{peer}: SASL failed: {why}"));
        self.say(numeric::ERR_SASLFAIL, &format!("{FAILED}: {why}"), context);
        if let Phase::Registering(registration) = &mut self.phase {
            registration.failures += 1;
            if registration.failures >= MOST_FAILURES {
                context.out.close(self.connection, CloseReason::LoginFailed);
            }
        }
    }

    fn check_in_sasl(&mut self, errand: AccountErrand, step: Step, context: &mut Context<'_>) {
        self.keep_sasl(Sasl::new(step));
        let kind = ErrandKind::Account(Box::new(errand), AccountPurpose::Sasl);
        self.send_on(Errand::from(kind), context);
    }

    /// Sends `text`, in pieces, and waits for a response.
    fn expect_response(&mut self, step: Step, text: &str, context: &mut Context<'_>) {
        let encoded = Base64::encode_string(text.as_bytes());
        let mut pieces =
            encoded.as_bytes().chunks(PIECE_BYTES).map(|piece| str::from_utf8(piece).unwrap_or_default());
        // A whole piece is never the last.
        let is_whole = encoded.len() % PIECE_BYTES == 0;
        pieces.by_ref().chain(is_whole.then_some("+")).for_each(|piece| self.tell_piece(piece, context));
        self.keep_sasl(Sasl::new(step));
    }

    fn tell_piece(&self, piece: &str, context: &mut Context<'_>) {
        context.out.write(self.connection, |bytes| {
            let mut line = Line::begin(bytes);
            line.command("AUTHENTICATE");
            line.param(piece);
            line.end();
        });
    }

    fn keep_sasl(&mut self, sasl: Box<Sasl>) {
        self.unfinished(|unfinished| unfinished.sasl = Some(sasl));
    }
}

/// The account `name`, unless the client wants to act as another: nobody may.
fn login_as(name: &str, acts_as: &str) -> Option<Login> {
    let login = Login::parse(name)?;
    if acts_as.is_empty() {
        return Some(login);
    }
    let other = Login::parse(acts_as)?;
    // Either name may have the device.
    (other.name == login.name).then(|| Login { device: login.device.or(other.device), name: login.name })
}
