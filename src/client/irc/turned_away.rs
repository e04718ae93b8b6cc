//! How a server ends a connection before anybody is logged in, and whether a later attempt can succeed.
//!
//! Codes decide, not words. IRC has a code for a ban (465), for a host that is not admitted (463) and for a server that
//! admits only accounts (`FAIL * ACCOUNT_REQUIRED`): those are final. It has no code for a server that is full, limits
//! connections, shuts down, has waited too long for a login, or wants TLS. Such a server only sends `ERROR`, whose text
//! is for people, so `ERROR` without one of these codes before it counts as temporary. Some servers send nothing else
//! for a ban either; only the text tells such a ban from a full server.

use crate::address::Address;
use crate::client::error::Error;
use crate::client::texts::without_closing_link;
use crate::wire::irc::{Message, numeric};

/// Our host is not among those that the server admits (RFC 2812 §5.2).
const ERR_NOPERMFORHOST: &str = "463";

/// What a server said when it turned us away.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) struct TurnedAway {
    /// A later attempt will not succeed either.
    is_final: bool,
    text: String,
}

impl TurnedAway {
    /// What `message` says of this, if it says anything of it.
    pub(in crate::client) fn decode(message: &Message<'_>) -> Option<Self> {
        let is_final = match message.command.to_ascii_uppercase().as_str() {
            ERR_NOPERMFORHOST | numeric::ERR_YOUREBANNEDCREEP => true,
            "FAIL" if message.params.get(1) == Some(&"ACCOUNT_REQUIRED") => true,
            "ERROR" => false,
            _ => return None,
        };
        let text = message.params.last().copied().unwrap_or_default();
        Some(Self { is_final, text: without_closing_link(text).to_owned() })
    }

    /// The error that this is, from this server.
    pub(in crate::client) fn error(self, server: &Address) -> Error {
        let (server, line) = (server.clone(), self.text);
        if self.is_final { Error::Refused { server, line } } else { Error::Unavailable { server, line } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_decide_whether_a_later_attempt_can_succeed_and_words_do_not() {
        for (line, is_final, text) in [
            (":s 465 al :You are banned, try again in an hour", true, "You are banned, try again in an hour"),
            (":s 463 al :Your host isn't among the privileged", true, "Your host isn't among the privileged"),
            (":s FAIL * ACCOUNT_REQUIRED :Log in with SASL", true, "Log in with SASL"),
            ("ERROR :Closing link: you are banned", false, "you are banned"),
            ("error :The server is full", false, "The server is full"),
        ] {
            let expected = TurnedAway { is_final, text: text.into() };
            assert_eq!(TurnedAway::decode(&Message::decode(line).unwrap()), Some(expected), "{line}");
        }
        for line in [":s FAIL NICK INVALID_UTF8 :UTF-8 only", ":s NOTICE * :banned", ":s 433 * al :In use"] {
            assert_eq!(TurnedAway::decode(&Message::decode(line).unwrap()), None, "{line}");
        }
    }
}
