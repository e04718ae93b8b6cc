//! Encodes events as IRC messages for clients with different capabilities.

#[cfg(feature = "store")]
use super::draft;
#[cfg(feature = "store")]
use super::metadata;
use super::modes::mode_params;
#[cfg(feature = "store")]
use super::speech::may_need_lines;
use super::writer::Writer;
use crate::message::{Capabilities, Event, EventKind, Identity, Rank, Source};
#[cfg(feature = "store")]
use crate::name::UserName;
use crate::session::House;
use crate::wire::irc::numeric;

/// The capabilities that affect how this event is encoded.
pub(in crate::session) fn relevant(event: &Event) -> Capabilities {
    // Any message may have the time and the bot tag.
    let mut always = Capabilities::SERVER_TIME.and(Capabilities::MESSAGE_TAGS);
    if matches!(&event.from, Source::User(identity) if identity.account().is_some()) {
        always = always.and(Capabilities::ACCOUNT_TAG);
    }
    let own = match &event.kind {
        EventKind::Joined { .. } => Capabilities::EXTENDED_JOIN.and(Capabilities::AWAY_NOTIFY),
        EventKind::Away(_) => Capabilities::AWAY_NOTIFY.and(Capabilities::EXTENDED_MONITOR),
        EventKind::RealnameSet(_) => Capabilities::SETNAME.and(Capabilities::EXTENDED_MONITOR),
        #[cfg(feature = "store")]
        EventKind::AccountSet(_) => Capabilities::ACCOUNT_NOTIFY.and(Capabilities::EXTENDED_MONITOR),
        #[cfg(feature = "store")]
        EventKind::MarkedRead { .. } => Capabilities::READ_MARKER,
        EventKind::HostSet { .. } => Capabilities::CHGHOST.and(Capabilities::EXTENDED_MONITOR),
        EventKind::Invited { .. } => Capabilities::INVITE_NOTIFY,
        #[cfg(feature = "store")]
        EventKind::Redacted { .. } => Capabilities::REDACTION,
        #[cfg(feature = "store")]
        EventKind::MetadataSet { .. } => metadata::EITHER,
        #[cfg(feature = "store")]
        EventKind::Appeared { .. } => Capabilities::METADATA_3,
        #[cfg(feature = "store")]
        EventKind::RoomRenamed { .. } => Capabilities::CHANNEL_RENAME,
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
        | EventKind::Vanished { .. }
        | EventKind::Wallops(_)
        | EventKind::Notice(_) => Capabilities::NONE,
        #[cfg(not(feature = "store"))]
        EventKind::Appeared { .. } => Capabilities::NONE,
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
                        line.param(self.identity().and_then(Identity::account).unwrap_or("*"));
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
            EventKind::RoomRenamed { from, to, reason } => self.room_renamed(from, to, reason, out),
            #[cfg(feature = "store")]
            EventKind::Redacted { room, message, reason } => self.redacted(room, *message, reason, out),
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
            #[cfg(feature = "store")]
            EventKind::AccountSet(account) if watches(Capabilities::ACCOUNT_NOTIFY) => {
                self.line("ACCOUNT", out, |line| line.param(account.as_ref().map_or("*", UserName::as_str)));
            }
            EventKind::HostSet { username, host } if watches(Capabilities::CHGHOST) => {
                self.line("CHGHOST", out, |line| {
                    line.param(username);
                    line.param(host);
                });
            }
            EventKind::Away(_) | EventKind::RealnameSet(_) | EventKind::HostSet { .. } => {}
            #[cfg(feature = "store")]
            EventKind::AccountSet(_) => {}
            #[cfg(feature = "store")]
            EventKind::MetadataSet { of, key, value } => self.metadata_set(of, key, value.as_deref(), out),
            #[cfg(feature = "store")]
            EventKind::MarkedRead { target, at } => self.marked_read(target, *at, out),
            EventKind::Appeared { watcher } => {
                if let Source::User(identity) = &self.event.from {
                    let who = identity.to_string();
                    self.presence(numeric::RPL_MONONLINE, watcher.as_str(), &who, out);
                    #[cfg(feature = "store")]
                    self.metadata_follows(watcher.as_str(), identity.name.as_str(), out);
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
        self.numeric(code, watcher, out, |line| line.trailing(who));
    }
}

#[cfg(test)]
#[cfg(feature = "store")]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use super::*;
    use crate::config::ServerConfig;
    use crate::message::{EventId, Speech};
    use crate::name::RoomName;

    fn event(has_account: bool, kind: EventKind) -> Event {
        let mut identity = Identity::new(UserName::new("Ana").unwrap(), "~ana", "host", "Ana B");
        identity.has_account = has_account;
        let from = Source::User(Arc::new(identity));
        Event { id: EventId::MIN, time: SystemTime::UNIX_EPOCH, from, watched: false, kind }
    }

    fn encoded(event: &Event, capabilities: Capabilities) -> String {
        let house = House::new(&ServerConfig::default(), SystemTime::UNIX_EPOCH);
        let mut out = Vec::new();
        encode(event, capabilities, &house, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn room() -> RoomName {
        RoomName::new("#tea").unwrap()
    }

    #[test]
    fn every_message_of_a_logged_in_user_has_the_account_tag_for_those_who_want_it() {
        for (kind, line) in [
            (EventKind::Parted { room: room(), reason: String::new() }, "PART #tea"),
            (EventKind::Left { reason: "bye".into() }, "QUIT :bye"),
            (
                EventKind::Whispered { to: UserName::new("bob").unwrap(), speech: Speech::message("hi") },
                "PRIVMSG bob :hi",
            ),
            (EventKind::AccountSet(None), "ACCOUNT *"),
        ] {
            let wanted = Capabilities::ACCOUNT_TAG.and(Capabilities::ACCOUNT_NOTIFY);
            let [with, without] = [true, false].map(|has_account| event(has_account, kind.clone()));
            assert_eq!(encoded(&with, wanted), format!("@account=Ana :Ana!~ana@host {line}\r\n"));
            assert_eq!(encoded(&without, wanted), format!(":Ana!~ana@host {line}\r\n"));
            assert_eq!(encoded(&with, Capabilities::ACCOUNT_NOTIFY), format!(":Ana!~ana@host {line}\r\n"));
            assert!(relevant(&with).has(Capabilities::ACCOUNT_TAG), "receivers get different bytes");
            assert!(!relevant(&without).has(Capabilities::ACCOUNT_TAG), "all receivers share their bytes");
        }
    }

    #[test]
    fn logins_are_told_to_clients_with_account_notify_and_to_watchers_with_extended_monitor() {
        let mut event = event(false, EventKind::AccountSet(UserName::new("Ana").ok()));
        let notify = Capabilities::ACCOUNT_NOTIFY;
        assert_eq!(encoded(&event, Capabilities::NONE), "");
        assert_eq!(encoded(&event, notify), ":Ana!~ana@host ACCOUNT Ana\r\n");
        event.watched = true;
        assert_eq!(encoded(&event, notify), "");
        let both = notify.and(Capabilities::EXTENDED_MONITOR);
        assert_eq!(encoded(&event, both), ":Ana!~ana@host ACCOUNT Ana\r\n");
        assert!(relevant(&event).has(both));
    }

    #[test]
    fn a_join_names_the_account_for_extended_join() {
        for (has_account, account) in [(true, "Ana"), (false, "*")] {
            let event = event(has_account, EventKind::Joined { room: room(), away: None });
            let line = format!(":Ana!~ana@host JOIN #tea {account} :Ana B\r\n");
            assert_eq!(encoded(&event, Capabilities::EXTENDED_JOIN), line);
            assert_eq!(encoded(&event, Capabilities::NONE), ":Ana!~ana@host JOIN #tea\r\n");
        }
    }
}
