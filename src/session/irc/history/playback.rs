//! `znc.in/playback`: `PLAY` and `LIST` to `*playback`, as The Lounge and Textual ask (wiki.znc.in/Playback).

use std::time::{Duration, SystemTime};

use super::past::Batch;
use crate::hub::mask::{Folded, Pattern};
use crate::message::{
    Answer, Capabilities, EventId, First, Interval, Query, RecallFor, Scope, Selected, Selection,
};
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::wire::irc::{Line, Message};

/// Whom clients ask.
pub(in crate::session::irc) const PLAYBACK: &str = "*playback";

/// Most messages of a channel in an answer.
pub(super) const MOST_LINES: usize = 500;

impl Irc {
    /// `ZNC *playback command...`, which some clients send in place of `PRIVMSG *playback :command...`.
    pub(in crate::session::irc) fn znc(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if message.params[0].eq_ignore_ascii_case(PLAYBACK) {
            self.playback(&message.params[1..].join(" "), context);
        } else {
            self.playback_says("Only *playback is here", context);
        }
    }

    /// A command to `*playback`.
    pub(in crate::session::irc) fn playback(&mut self, command: &str, context: &mut Context<'_>) {
        let mut words = command.split_ascii_whitespace();
        let command = words.next().unwrap_or_default().to_ascii_uppercase();
        let targets = words.next();
        let wanted = self.scopes_like(targets.unwrap_or("*"), context);
        match command.as_str() {
            "PLAY" if targets.is_some() => {
                let [from, to] = [words.next(), words.next()].map(|time| time.map(seconds));
                let (Some(from), Some(to)) = (from.unwrap_or(Some(0.0)), to.unwrap_or(Some(f64::MAX))) else {
                    return self.playback_says("Times are seconds since 1970", context);
                };
                // Clients ask from the time of the last message that they have.
                let after = EventId::after(time(from)).previous();
                let interval = Interval { after, before: EventId::after(time(to)), first: First::Newest };
                self.play(wanted, interval, context);
            }
            "LIST" => self.list_playable(wanted, context),
            // What a client has seen is not stored for it.
            "CLEAR" => self.playback_says("Nothing was cleared: all members share the history", context),
            _ => self.playback_says("PLAY targets [from] [to] | LIST [targets]", context),
        }
    }

    fn play(&mut self, wanted: Vec<Scope>, interval: Interval, context: &mut Context<'_>) {
        let with_events = self.capabilities.has(Capabilities::EVENT_PLAYBACK);
        let selection = |of| {
            let heard = self.take_waiting(&of).unwrap_or(EventId::MAX);
            let interval = Interval { before: interval.before.min(heard), ..interval };
            Selection { of, interval, with_events, most: MOST_LINES }
        };
        let selections = wanted.into_iter().map(selection).collect();
        self.recall(Query::Events(selections), RecallFor::Play, context);
    }

    fn list_playable(&mut self, wanted: Vec<Scope>, context: &mut Context<'_>) {
        let ends = [First::Oldest, First::Newest];
        // All private messages together have no name.
        let named = wanted.into_iter().filter(|of| !matches!(of, Scope::Talks(_)));
        let selections = named.flat_map(|of| {
            ends.map(|first| Selection {
                of: of.clone(),
                interval: Interval { first, ..Interval::LATEST },
                with_events: false,
                most: 1,
            })
        });
        self.recall(Query::Events(selections.collect()), RecallFor::ListPlayable, context);
    }

    pub(super) fn play_recalled(&self, answer: Answer, context: &mut Context<'_>) {
        match answer {
            Answer::Events(selected) => self.tell_all_past(selected, context),
            _ => self.playback_says("Messages could not be retrieved", context),
        }
    }

    /// Tells the client of the past of several channels and users, as far as that fits into one answer.
    pub(super) fn tell_all_past(&self, selected: Vec<Selected>, context: &mut Context<'_>) {
        let (part, mut used) = (context.house.answer_bytes() / selected.len().max(1), 0);
        for (n, Selected { of, events, first, is_all }) in selected.into_iter().enumerate() {
            if events.is_empty() || !self.may_read(&of, context) {
                continue;
            }
            for (target, events) in self.by_target(&of, events, context) {
                // Its part, and what those before it have left.
                let most = (part * (n + 1)).saturating_sub(used);
                let (lines, bytes) = self.encoded(&events, first, most, context);
                used += bytes;
                let is_whole = is_all && lines.len() == events.len();
                self.tell_batch(Batch::Chathistory(&target), lines, is_whole, context);
            }
        }
    }

    pub(super) fn playable_recalled(&self, answer: Answer, context: &mut Context<'_>) {
        let Answer::Events(selected) = answer else {
            self.playback_says("Messages could not be retrieved", context);
            return;
        };
        for ends in selected.chunks(2) {
            let [oldest, newest] = ends else { continue };
            if let (Some(first), Some(last)) = (oldest.events.first(), newest.events.last())
                && let Some(target) = self.target(last, context)
            {
                let [first, last] = [first, last].map(|event| {
                    event.time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
                });
                let text = format!("{target} {first:.3} {last:.3}");
                self.playback_says(&text, context);
            }
        }
    }

    /// The channels of the client that match one of the masks in a comma-separated list, and its private messages with
    /// the users that it names. `*` matches all.
    fn scopes_like(&self, masks: &str, context: &mut Context<'_>) -> Vec<Scope> {
        let mut steps = 0;
        let masks = || masks.split(',').take(crate::hub::ROOMS_PER_USER);
        let patterns: Vec<_> = masks().map(Pattern::new).collect();
        let mut rooms = self.all_readable(context);
        rooms.retain(|readable| {
            let room = Folded::new(readable.room.as_str());
            patterns.iter().any(|pattern| pattern.matches(&room, &mut steps))
        });
        context.out.worked(steps);
        let mut scopes: Vec<_> = rooms.into_iter().map(Scope::from).collect();
        match self.own_account(context).filter(|_| masks().any(|mask| mask == "*")) {
            Some(account) => scopes.push(Scope::Talks(account)),
            None => scopes.extend(masks().filter_map(|name| self.talk_with(name, context))),
        }
        scopes
    }

    fn playback_says(&self, text: &str, context: &mut Context<'_>) {
        let nick = context.hub.users().get(self.user).map(|user| user.name().to_string());
        context.out.write(self.connection, |bytes| {
            let mut line = Line::begin(bytes);
            line.source(&format!("{PLAYBACK}!znc@znc.in"));
            line.command("PRIVMSG");
            line.param(nick.as_deref().unwrap_or("*"));
            line.trailing(text);
            line.end();
        });
    }
}

/// A time that a client wrote, in seconds since 1970.
fn seconds(text: &str) -> Option<f64> {
    text.parse().ok().filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0)
}

/// Times that are too late become the last one there is.
fn time(seconds: f64) -> SystemTime {
    let since = Duration::try_from_secs_f64(seconds.min(u32::MAX.into())).unwrap_or_default();
    SystemTime::UNIX_EPOCH + since
}
