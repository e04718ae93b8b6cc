//! `PRIVMSG`, `NOTICE`, `TAGMSG`.

use std::vec;

use super::client::{Irc, Progress, Work};
#[cfg(feature = "store")]
use super::history::PLAYBACK;
#[cfg(feature = "cluster")]
use super::sharing::changes_at;
use super::work::unique;
use crate::message::{Capabilities, Command, Rank, Refusal, Speech, SpeechKind};
use crate::name::{RoomName, UserName};
use crate::session::Context;
#[cfg(feature = "store")]
use crate::session::services::{self, Service};
use crate::wire::irc::{Message, Tags, numeric};

/// Maximum number of targets per message.
pub(super) const TARGETS: usize = 4;

/// A message, and the targets that have not received it yet.
#[derive(Debug)]
struct Speaking {
    targets: vec::IntoIter<Box<str>>,
    speech: Speech,
}

impl Work for Speaking {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        let Some(target) = self.targets.next() else { return Progress::Done };
        context.out.counted_as_message();
        irc.speak_to(&target, self.speech.clone(), context);
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        self.targets.as_slice().iter().any(|target| changes_at(target, &self.speech.text))
    }

    #[cfg(feature = "cluster")]
    fn decline(&mut self, irc: &Irc, context: &mut Context<'_>) {
        let rest = self.targets.by_ref().filter(|target| !changes_at(target, &self.speech.text));
        self.targets = rest.collect::<Vec<_>>().into_iter();
        irc.others_unreachable("PRIVMSG", context);
    }
}

/// Tells a client that its message is kept for an account whose owner is not here.
#[cfg(feature = "store")]
const KEPT: &str = "is not here; your message is kept until then";

impl Irc {
    pub(super) fn privmsg(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        self.speak(SpeechKind::Message, message, context);
    }

    /// `NOTICE targets text`. Never answered, not even with an error (RFC 2812 §3.3.2).
    pub(super) fn notice(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        self.speak(SpeechKind::Notice, message, context);
    }

    pub(super) fn tagmsg(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        self.speak(SpeechKind::TagsOnly, message, context);
    }

    fn speak(&mut self, kind: SpeechKind, message: &Message<'_>, context: &mut Context<'_>) {
        let is_quiet = kind == SpeechKind::Notice;
        let targets = message.params.first().copied().unwrap_or_default();
        let targets = unique(targets);
        if targets.is_empty() {
            if !is_quiet {
                let text = format!("No recipient given ({})", message.command.to_ascii_uppercase());
                self.say(numeric::ERR_NORECIPIENT, &text, context);
            }
            return;
        }
        let text = message.params.get(1).copied().unwrap_or_default();
        if text.is_empty() && kind != SpeechKind::TagsOnly {
            if !is_quiet {
                self.say(numeric::ERR_NOTEXTTOSEND, "No text to send", context);
            }
            return;
        }
        #[cfg(feature = "store")]
        if targets == [PLAYBACK] && kind == SpeechKind::Message {
            return self.playback(text, context);
        }
        let tags = self.client_only_tags(message.tags);
        if kind == SpeechKind::TagsOnly && !self.capabilities.has(Capabilities::MESSAGE_TAGS) {
            return;
        }
        if targets.len() > TARGETS {
            if !is_quiet {
                let text = format!("At most {TARGETS} targets, nothing was sent");
                self.complain(numeric::ERR_TOOMANYTARGETS, targets[TARGETS], &text, context);
            }
            return;
        }
        let speech = Speech { kind, text: text.to_owned(), tags };
        match targets[..] {
            [target] => self.speak_to(target, speech, context),
            _ => {
                let targets: Vec<Box<str>> = targets.into_iter().map(Box::from).collect();
                self.begin(Speaking { targets: targets.into_iter(), speech }, context);
            }
        }
    }

    /// The client's own tags, whose names begin with `+`. Other tags only the server sets.
    pub(super) fn client_only_tags(&self, tags: Tags<'_>) -> Box<str> {
        if !self.capabilities.has(Capabilities::MESSAGE_TAGS) {
            return Box::default();
        }
        let tags = tags.raw().filter(|(key, _)| key.starts_with('+') && key.len() > 1);
        let tags =
            tags.map(|(key, value)| if value.is_empty() { key.into() } else { format!("{key}={value}") });
        tags.collect::<Vec<_>>().join(";").into()
    }

    pub(super) fn speak_to(&mut self, target: &str, speech: Speech, context: &mut Context<'_>) {
        #[cfg(feature = "store")]
        if let Some(service) = Service::called(target) {
            // A password must be neither shown on other devices nor kept.
            if speech.kind == SpeechKind::Message {
                services::ask(service, &speech.text, self, context);
            }
            return;
        }
        let is_quiet = speech.kind == SpeechKind::Notice;
        let hears_itself = self.capabilities.has(Capabilities::ECHO_MESSAGE);
        let unheard_by = (!hears_itself).then_some(self.connection);
        let (room, to_rank) = without_prefix(target);
        let (command, addressee) = match (RoomName::new(room), UserName::new(target)) {
            (Ok(room), _) => (Command::Say { room, to_rank, speech, unheard_by }, None),
            (Err(_), Ok(to)) => {
                let addressee = (speech.kind == SpeechKind::Message).then(|| to.clone());
                (Command::Whisper { to, speech, unheard_by }, addressee)
            }
            (Err(_), Err(_)) => {
                if !is_quiet {
                    self.no_such_target(target, context);
                }
                return;
            }
        };
        match context.hub.handle(self.user, command, context.now, context.out) {
            Ok(()) => {
                if let Some(addressee) = addressee {
                    self.tell_away(&addressee, context);
                }
            }
            Err(_) if is_quiet => {}
            Err(Refusal::NoSuchRoom(_)) => self.no_such_target(target, context),
            Err(why) => self.refuse(&why, context),
        }
    }

    fn no_such_target(&self, target: &str, context: &mut Context<'_>) {
        self.complain(numeric::ERR_NOSUCHNICK, target, "No such nick or channel", context);
    }

    /// Tells the client that the user it addressed or invited is away.
    pub(super) fn tell_away(&self, who: &UserName, context: &mut Context<'_>) {
        let users = context.hub.users();
        let Some(user) = users.find(who).and_then(|id| users.get(id)) else {
            #[cfg(feature = "store")]
            self.complain(numeric::RPL_AWAY, who.as_str(), KEPT, context);
            return;
        };
        let Some(message) = user.away().cloned() else { return };
        let name = user.name().clone();
        self.complain(numeric::RPL_AWAY, name.as_str(), &message, context);
    }
}

/// A target without its `@` and `+` prefixes (`STATUSMSG`), and the lowest rank that they denote.
fn without_prefix(target: &str) -> (&str, Rank) {
    let room = target.trim_start_matches(['@', '+']);
    let prefixes = &target[..target.len() - room.len()];
    match room.starts_with('#') {
        true if prefixes.contains('+') => (room, Rank::VOICE.with(Rank::OPERATOR, true)),
        true if !prefixes.is_empty() => (room, Rank::OPERATOR),
        _ => (target, Rank::NONE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_status_prefixes_denote_the_lowest_rank() {
        let voiced = Rank::VOICE.with(Rank::OPERATOR, true);
        for (target, rank) in [
            ("#tea", Rank::NONE),
            ("@#tea", Rank::OPERATOR),
            ("@@#tea", Rank::OPERATOR),
            ("+#tea", voiced),
            ("@+#tea", voiced),
            ("+@#tea", voiced),
        ] {
            assert_eq!(without_prefix(target), ("#tea", rank), "{target}");
        }
        for target in ["@tea", "+", "@+", "#@+tea", "tea", ""] {
            assert_eq!(without_prefix(target), (target, Rank::NONE), "{target}");
        }
    }
}
