//! Refusals of `METADATA`, whose codes differ between the versions.

use crate::hub::{METADATA_KEY_BYTES, METADATA_VALUE_BYTES, NotDescribed, SUBSCRIPTIONS};
use crate::message::Capabilities;
use crate::session::Context;
use crate::session::irc::batches::Batch;
use crate::session::irc::client::Irc;

const COMMAND: &str = "METADATA";

/// Why a command, or a part of one, is refused.
pub(super) enum Fault<'a> {
    Subcommand(&'a str),
    /// The parameters of this subcommand are wrong, for this reason.
    Params(&'a str, &'a str),
    Target(&'a str),
    Key(&'a str),
    /// The value of this key is too long.
    Value(&'a str),
    KeyNotSet {
        of: &'a str,
        key: &'a str,
    },
    /// No further subscription, from this key on.
    TooManySubscriptions(&'a str),
    /// The hub has refused to change this key of a target.
    NotDescribed {
        of: &'a str,
        key: &'a str,
        why: NotDescribed,
    },
}

/// A refusal in words.
struct Words<'a> {
    /// In `draft/metadata-3` and `draft/metadata-2`.
    codes: [&'static str; 2],
    about: Vec<&'a str>,
    /// Only the later version tells these.
    limit: Option<usize>,
    text: String,
}

impl Fault<'_> {
    fn words(&self) -> Words<'_> {
        let said = |codes, about: &[_], text: &str| {
            let about = about.iter().copied().map(word).collect();
            Words { codes, about, limit: None, text: text.into() }
        };
        match *self {
            Fault::Subcommand(name) => said(
                ["INVALID_PARAMS", "SUBCOMMAND_INVALID"],
                &[name],
                "Unknown subcommand, see HELP METADATA",
            ),
            Fault::Params(name, why) => said(["INVALID_PARAMS"; 2], &[name], why),
            Fault::Target(name) => said(["INVALID_TARGET"; 2], &[name], "No such user or channel here"),
            Fault::Key(key) => {
                let text = format!(
                    "A key has up to {METADATA_KEY_BYTES} characters of a-z, 0-9, '_', '.', '/' and '-'"
                );
                said(["INVALID_KEY", "KEY_INVALID"], &[key], &text)
            }
            Fault::Value(key) => {
                let text = format!("A value has up to {METADATA_VALUE_BYTES} bytes");
                said(["INVALID_VALUE", "VALUE_INVALID"], &[key], &text)
            }
            Fault::KeyNotSet { of, key } => said(["KEY_NOT_SET"; 2], &[of, key], "Key not set"),
            Fault::TooManySubscriptions(key) => Words {
                limit: Some(SUBSCRIPTIONS),
                ..said(["LIMIT_REACHED", "TOO_MANY_SUBS"], &[key], "Too many subscriptions, end one first")
            },
            Fault::NotDescribed { of, key, why } => match why {
                NotDescribed::Forbidden => {
                    said(["KEY_NO_PERMISSION"; 2], &[of, key], "Only yours, and that of channels you operate")
                }
                NotDescribed::Full(most) => Words {
                    limit: Some(most),
                    ..said(["LIMIT_REACHED"; 2], &[of], "Too many keys, remove one first")
                },
                NotDescribed::NoMemory => Words {
                    limit: Some(0),
                    ..said(["LIMIT_REACHED"; 2], &[of], "No memory for more, remove something first")
                },
                NotDescribed::TooFast(wait) => {
                    let seconds = wait.as_secs() + 1;
                    Words {
                        limit: None,
                        text: format!("Too many changes, try again in {seconds} s"),
                        ..said(["RATE_LIMITED"; 2], &[of, key], "")
                    }
                }
            },
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Fault::NotDescribed { why: NotDescribed::TooFast(wait), .. } => Some(wait.as_secs() + 1),
            _ => None,
        }
    }
}

/// `text` as one parameter.
fn word(text: &str) -> &str {
    let is_word = !text.is_empty() && !text.starts_with(':') && !text.contains(' ');
    if is_word { text } else { "*" }
}

impl Irc {
    /// Sends `FAIL METADATA`.
    pub(super) fn refuse_metadata(&self, fault: &Fault<'_>, context: &mut Context<'_>) {
        let (code, about, text) = self.worded(fault);
        let about: Vec<_> = about.iter().map(String::as_str).collect();
        // Whoever sends such a command knows this kind of answer.
        self.fail_always(COMMAND, code, &about, &text, context);
    }

    /// Sends a warning about one of several keys.
    pub(super) fn warn_of_key(&self, batch: Option<Batch>, key: &str, context: &mut Context<'_>) {
        let fault = Fault::Key(key);
        let (code, about, text) = self.worded(&fault);
        // The earlier version has no warnings.
        let command = if self.is_earlier() { "FAIL" } else { "WARN" };
        let write = |line: &mut crate::wire::irc::Line<'_>| {
            line.param(COMMAND);
            line.param(code);
            about.iter().for_each(|word| line.param(word));
            line.trailing(&text);
        };
        match batch {
            Some(batch) => self.send_in(batch, command, context, write),
            None => self.send(command, context, write),
        }
    }

    /// True for a client that knows only `draft/metadata-2`.
    pub(super) fn is_earlier(&self) -> bool {
        self.capabilities.has(Capabilities::METADATA_2)
    }

    fn worded(&self, fault: &Fault<'_>) -> (&'static str, Vec<String>, String) {
        let Words { codes: [later, earlier], about, limit, text } = fault.words();
        let mut about: Vec<_> = about.into_iter().map(str::to_owned).collect();
        about.extend(limit.filter(|_| !self.is_earlier()).map(|limit| limit.to_string()));
        about.extend(fault.retry_after().map(|seconds| seconds.to_string()));
        (if self.is_earlier() { earlier } else { later }, about, text)
    }
}
