//! Encodes events as IRC messages for clients with different capabilities.

#[cfg(feature = "store")]
use super::draft;
use super::modes::mode_params;
#[cfg(feature = "store")]
use super::speech::may_need_lines;
use super::writer::Writer;
use crate::message::{Capabilities, Event, EventKind, Identity, Rank, Source};
use crate::session::House;
use crate::wire::irc::{Line, numeric};

/// The capabilities that affect how this event is encoded.
pub(in crate::session) fn relevant(event: &Event) -> Capabilities {
    // Any message may have the time and the bot tag.
    let always = Capabilities::SERVER_TIME.and(Capabilities::MESSAGE_TAGS);
    let own = match &event.kind {
        EventKind::Joined { .. } => Capabilities::EXTENDED_JOIN.and(Capabilities::AWAY_NOTIFY),
        EventKind::Away(_) => Capabilities::AWAY_NOTIFY.and(Capabilities::EXTENDED_MONITOR),
        EventKind::RealnameSet(_) => Capabilities::SETNAME.and(Capabilities::EXTENDED_MONITOR),
        EventKind::HostSet { .. } => Capabilities::CHGHOST.and(Capabilities::EXTENDED_MONITOR),
        EventKind::Invited { .. } => Capabilities::INVITE_NOTIFY,
        #[cfg(feature = "store")]
        EventKind::Redacted { .. } => Capabilities::REDACTION,
        #[cfg(feature = "store")]
        EventKind::Said { room, speech, .. } if may_need_lines(&event.from, room.as_str(), speech) => {
            draft::NEEDED
        }
        #[cfg(feature = "store")]
        EventKind::Whispered { to, speech } if may_need_lines(&event.from, to.as_str(), speech) => {
            draft::NEEDED
        }
        EventKind::Said { .. }
        | EventKind::Whispered { .. }
        | EventKind::Parted { .. }
        | EventKind::Kicked { .. }
        | EventKind::Left { .. }
        | EventKind::Renamed { .. }
        | EventKind::TopicSet { .. }
        | EventKind::Changed { .. }
        | EventKind::Appeared { .. }
        | EventKind::Vanished { .. }
        | EventKind::Wallops(_)
        | EventKind::Notice(_) => Capabilities::NONE,
    };
    always.and(own)
}

/// Appends `event` as a client with these capabilities sees it; nothing if it does not.
pub(in crate::session) fn encode(
    event: &Event,
    capabilities: Capabilities,
    house: &House,
    out: &mut Vec<u8>,
) {
    Writer { event, capabilities, house, is_past: false }.write(out);
}

/// Appends `event` as a client with these capabilities sees it in the history: everything has its id.
#[cfg(feature = "store")]
pub(super) fn encode_past(event: &Event, capabilities: Capabilities, house: &House, out: &mut Vec<u8>) {
    Writer { event, capabilities, house, is_past: true }.write(out);
}

fn rank_prefix(rank: Rank) -> &'static str {
    match (rank.has_any(Rank::VOICE), rank.has_any(Rank::OPERATOR)) {
        _ if rank == Rank::NONE => "",
        (true, _) => "+",
        (false, _) => "@",
    }
}

impl Writer<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let watches = |capability| {
            self.capabilities.has(capability)
                && (!self.event.watched || self.capabilities.has(Capabilities::EXTENDED_MONITOR))
        };
        match &self.event.kind {
            EventKind::Said { room, to_rank, speech } => {
                let target = format!("{}{room}", rank_prefix(*to_rank));
                self.speech(&target, speech, out);
            }
            EventKind::Whispered { to, speech } => self.speech(to.as_str(), speech, out),
            EventKind::Joined { room, away } => {
                self.line("JOIN", out, |line| {
                    line.param(room.as_str());
                    if self.capabilities.has(Capabilities::EXTENDED_JOIN) {
                        // No accounts.
                        line.param("*");
                        line.trailing(self.identity().map_or("", Identity::realname));
                    }
                });
                if let (Some(away), true) = (away, self.capabilities.has(Capabilities::AWAY_NOTIFY)) {
                    self.line("AWAY", out, |line| line.trailing(away));
                }
            }
            EventKind::Parted { room, reason } => self.line("PART", out, |line| {
                line.param(room.as_str());
                if !reason.is_empty() {
                    line.trailing(reason);
                }
            }),
            EventKind::Kicked { room, who, reason } => self.line("KICK", out, |line| {
                line.param(room.as_str());
                line.param(who.as_str());
                line.trailing(reason);
            }),
            EventKind::Left { reason } => self.line("QUIT", out, |line| line.trailing(reason)),
            EventKind::Renamed { to } => self.line("NICK", out, |line| line.param(to.as_str())),
            EventKind::TopicSet { room, topic } => self.line("TOPIC", out, |line| {
                line.param(room.as_str());
                line.trailing(topic);
            }),
            EventKind::Changed { room, changes } => {
                for params in mode_params(changes) {
                    self.line("MODE", out, |line| {
                        line.param(room.as_str());
                        params.iter().for_each(|param| line.param(param));
                    });
                }
            }
            #[cfg(feature = "store")]
            EventKind::Redacted { room, message, reason } => {
                if self.capabilities.has(Capabilities::REDACTION) {
                    self.line("REDACT", out, |line| {
                        line.param(room.as_str());
                        line.param(&message.to_string());
                        if !reason.is_empty() {
                            line.trailing(reason);
                        }
                    });
                }
            }
            EventKind::Invited { room, who } => {
                if !self.event.watched || self.capabilities.has(Capabilities::INVITE_NOTIFY) {
                    self.line("INVITE", out, |line| {
                        line.param(who.as_str());
                        line.param(room.as_str());
                    });
                }
            }
            EventKind::Away(message) if watches(Capabilities::AWAY_NOTIFY) => {
                self.line("AWAY", out, |line| {
                    if let Some(message) = message {
                        line.trailing(message);
                    }
                })
            }
            EventKind::RealnameSet(realname) if watches(Capabilities::SETNAME) => {
                self.line("SETNAME", out, |line| line.trailing(realname));
            }
            EventKind::HostSet { username, host } if watches(Capabilities::CHGHOST) => {
                self.line("CHGHOST", out, |line| {
                    line.param(username);
                    line.param(host);
                });
            }
            EventKind::Away(_) | EventKind::RealnameSet(_) | EventKind::HostSet { .. } => {}
            EventKind::Appeared { watcher } => {
                if let Source::User(identity) = &self.event.from {
                    let who = identity.to_string();
                    self.presence(numeric::RPL_MONONLINE, watcher.as_str(), &who, out);
                }
            }
            EventKind::Vanished { name, watcher } => {
                self.presence(numeric::RPL_MONOFFLINE, watcher.as_str(), name.as_str(), out);
            }
            EventKind::Wallops(text) => self.line("WALLOPS", out, |line| line.trailing(text)),
            // Addressed to `*`, like other servers do, so that all receive the same bytes.
            EventKind::Notice(text) => self.line("NOTICE", out, |line| {
                line.param("*");
                line.trailing(&format!("*** {text}"));
            }),
        }
    }

    fn presence(&self, code: &str, watcher: &str, who: &str, out: &mut Vec<u8>) {
        let mut line = Line::begin(out);
        line.source(&self.house.name);
        line.command(code);
        line.param(watcher);
        line.trailing(who);
        line.end();
    }
}
