//! The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677): a client proves that it knows a password without sending
//! it. Without channel binding. Computing takes microseconds here; the client does the slow part.
//!
//! Written here instead of used from the package rsasl, which is the oracle of the tests: ring has all the hashes
//! already, rsasl would add its own, and it asks for the keys in the midst of a step, when the store has not answered yet.

#[cfg(feature = "upgrade")]
mod handover;

use std::fmt;

use base64ct::{Base64, Encoding};
use subtle::ConstantTimeEq;

use super::error::SecretError;
use super::salted::{KEY_BYTES, random, sign, stored_key, xor};
use super::stored_password::ScramKeys;

/// Length of the server's part of the nonce, before it is encoded.
const NONCE_BYTES: usize = 18;

/// The client's first message.
#[derive(Debug)]
pub struct ClientFirst {
    /// The name that the client gives its password for (*authcid*).
    pub name: String,
    /// The name that the client wants to act as, if it says so (*authzid*).
    pub acts_as: Option<String>,
    /// What the client must repeat: the channel binding and the name to act as.
    header: String,
    bare: String,
    nonce: String,
}

/// An exchange in which the client has been asked for its proof.
#[derive(Debug)]
pub struct Exchange {
    header: String,
    nonce: String,
    /// The client's and the server's first message, which both sides sign.
    said: String,
    keys: ScramKeys,
}

/// Why an exchange fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramError {
    /// The message does not follow the syntax, or is not UTF-8.
    Malformed,
    /// The client wants to bind the exchange to its TLS connection, which was not offered.
    ChannelBinding,
    /// The client demands an extension, and there are none.
    Extension,
    /// The client does not repeat what was agreed.
    Changed,
    /// The proof is wrong: so is the password.
    WrongProof,
}

impl ClientFirst {
    /// Parses `n,a=actor,n=name,r=nonce`. The end of `a=` and of `n=` is a comma; commas in names are escaped.
    pub fn parse(message: &[u8]) -> Result<Self, ScramError> {
        let text = text(message)?;
        let (flag, rest) = text.split_once(',').ok_or(ScramError::Malformed)?;
        let (actor, bare) = rest.split_once(',').ok_or(ScramError::Malformed)?;
        match flag {
            // `y`: the client could bind, and thinks rightly that the server could not.
            "n" | "y" => {}
            _ if flag.starts_with("p=") => return Err(ScramError::ChannelBinding),
            _ => return Err(ScramError::Malformed),
        }
        let acts_as = match actor {
            "" => None,
            actor => Some(unescaped(attribute("a=", Some(actor))?)?),
        };
        let mut attributes = bare.split(',');
        let first = attributes.next();
        if first.is_some_and(|first| first.starts_with("m=")) {
            return Err(ScramError::Extension);
        }
        let name = unescaped(attribute("n=", first)?)?;
        let nonce = attribute("r=", attributes.next())?;
        if nonce.is_empty() || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ScramError::Malformed);
        }
        let (nonce, header) = (nonce.to_owned(), format!("{flag},{actor},"));
        Ok(Self { name, acts_as, header, bare: bare.to_owned(), nonce })
    }

    /// Asks for a proof made with the password of `keys`. Returns the message to send. Fails if the system has no random
    /// numbers.
    pub fn challenge(self, keys: ScramKeys) -> Result<(Exchange, String), SecretError> {
        let own = Base64::encode_string(&random::<NONCE_BYTES>()?);
        Ok(self.challenge_with(&own, keys))
    }

    fn challenge_with(self, own: &str, keys: ScramKeys) -> (Exchange, String) {
        let Self { header, bare, nonce, .. } = self;
        let nonce = nonce + own;
        let first = format!("r={nonce},s={},i={}", Base64::encode_string(&keys.salt), keys.iterations);
        (Exchange { header, nonce, said: format!("{bare},{first}"), keys }, first)
    }
}

impl Exchange {
    /// The keys that the proof is checked with.
    pub fn keys(&self) -> &ScramKeys {
        &self.keys
    }

    /// Checks the proof in `c=header,r=nonce,p=proof`. Returns the message to send if it is right, with which the server
    /// proves in turn that it has the keys.
    pub fn finish(&self, message: &[u8]) -> Result<String, ScramError> {
        let (without_proof, proof) = text(message)?.rsplit_once(",p=").ok_or(ScramError::Malformed)?;
        let mut attributes = without_proof.split(',');
        let header = attribute("c=", attributes.next())?;
        let header = Base64::decode_vec(header).map_err(|_| ScramError::Malformed)?;
        let nonce = attribute("r=", attributes.next())?;
        if header != self.header.as_bytes() || nonce != self.nonce {
            return Err(ScramError::Changed);
        }
        let mut bytes = [0; KEY_BYTES];
        Base64::decode(proof, &mut bytes).map_err(|_| ScramError::Malformed)?;
        let signed = format!("{},{without_proof}", self.said);
        let client_key = xor(&bytes, &sign(&self.keys.stored_key, &signed));
        if !bool::from(stored_key(&client_key).ct_eq(&self.keys.stored_key)) {
            return Err(ScramError::WrongProof);
        }
        Ok(format!("v={}", Base64::encode_string(&sign(&self.keys.server_key, &signed))))
    }
}

fn text(message: &[u8]) -> Result<&str, ScramError> {
    match str::from_utf8(message) {
        Ok(text) if !text.contains('\0') => Ok(text),
        _ => Err(ScramError::Malformed),
    }
}

/// The value of an attribute with this key.
fn attribute<'a>(key: &str, attribute: Option<&'a str>) -> Result<&'a str, ScramError> {
    attribute.and_then(|attribute| attribute.strip_prefix(key)).ok_or(ScramError::Malformed)
}

/// A name in which `,` is `=2C` and `=` is `=3D`.
fn unescaped(name: &str) -> Result<String, ScramError> {
    let mut parts = name.split('=');
    let mut unescaped = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (sign, rest) = match (part.strip_prefix("2C"), part.strip_prefix("3D")) {
            (Some(rest), _) => (',', rest),
            (_, Some(rest)) => ('=', rest),
            (None, None) => return Err(ScramError::Malformed),
        };
        unescaped.push(sign);
        unescaped.push_str(rest);
    }
    if unescaped.is_empty() { Err(ScramError::Malformed) } else { Ok(unescaped) }
}

/// The name of the error in RFC 5802 §7.
impl fmt::Display for ScramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "invalid-encoding",
            Self::ChannelBinding => "channel-binding-not-supported",
            Self::Extension => "extensions-not-supported",
            Self::Changed => "channel-bindings-dont-match",
            Self::WrongProof => "invalid-proof",
        })
    }
}

impl std::error::Error for ScramError {}

#[cfg(test)]
mod tests;
