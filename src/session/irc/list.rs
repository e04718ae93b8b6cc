//! `LIST`: the channels visible to the client, filtered by conditions.

use std::time::SystemTime;

use super::client::{Irc, Progress, Work};
use super::work::CHANNEL_TARGETS;
use crate::hub::Room;
use crate::hub::mask::{Folded, Pattern};
use crate::session::Context;
use crate::wire::irc::{Line, Message, numeric};

/// Vacant indices per step of work.
pub(super) const VACANT_PLACES_PER_STEP: usize = 16;

/// Steps to fold the letter case of a channel's name.
const FOLDING_STEPS: usize = 16;

/// The progress of a `LIST`.
#[derive(Debug)]
struct Listing {
    conditions: Vec<Condition>,
    /// Rooms below this index are done.
    next: usize,
    /// Bytes left for the answer.
    bytes_left: usize,
}

impl Work for Listing {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        let Context { hub, out, house, now, .. } = context;
        let hub = &**hub;
        let Some((place, id, room)) = hub.rooms().at_or_after(self.next) else {
            irc.say(numeric::RPL_LISTEND, "End of LIST", context);
            return Progress::Done;
        };
        // Skipped vacant indices cost work too.
        let mut steps = 1 + (place - self.next) / VACANT_PLACES_PER_STEP;
        self.next = place + 1;
        if hub.is_visible(id, irc.user) && lists(&self.conditions, room, now.time, &mut steps) {
            if self.bytes_left == 0 {
                self.next = usize::MAX;
                irc.tell_cut("*", context);
                return Progress::More;
            }
            let own_name = hub.users().get(irc.user).map_or("*", |user| user.name().as_str());
            out.write(irc.connection, |bytes| {
                let start = bytes.len();
                let topic = room.settings.topic.as_ref();
                let mut line = Line::begin(bytes);
                line.source(&house.name);
                line.command(numeric::RPL_LIST);
                line.param(own_name);
                line.param(room.name.as_str());
                line.number(room.members().len());
                line.trailing(topic.map_or("", |topic| &topic.text));
                line.end();
                self.bytes_left = self.bytes_left.saturating_sub(bytes.len() - start);
            });
        }
        out.worked(steps);
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        false
    }
}

impl Irc {
    /// `LIST [channels] [conditions]`; the two are told apart by their form, so either may come first.
    pub(super) fn list(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let wanted = message.params.join(",");
        let conditions = self.targets(&wanted, CHANNEL_TARGETS, context);
        let conditions = conditions.into_iter().map(Condition::new).collect();
        self.numeric(numeric::RPL_LISTSTART, context, |line| {
            line.param("Channel");
            line.trailing("Users  Name");
        });
        let bytes_left = context.house.answer_bytes();
        self.begin(Listing { conditions, next: 0, bytes_left }, context);
    }
}

/// A condition of `LIST`, with its letter in `ELIST` (modern.ircdocs.horse).
#[derive(Debug)]
enum Condition {
    /// `U`: more or fewer members than this.
    Members(Comparison),
    /// `C`: created more or fewer minutes ago than this.
    Created(Comparison),
    /// `T`: topic set more or fewer minutes ago than this.
    TopicSet(Comparison),
    /// `N`: the name does not match this mask.
    NotNamed(Pattern),
    /// `M`, or a plain name: the name matches this mask.
    Named(Pattern),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    More(u64),
    Fewer(u64),
}

impl Condition {
    fn new(text: &str) -> Self {
        let comparison = |text: &str| match text.split_at_checked(1)? {
            (">", number) => number.parse().ok().map(Comparison::More),
            ("<", number) => number.parse().ok().map(Comparison::Fewer),
            _ => None,
        };
        if let Some(comparison) = comparison(text) {
            return Self::Members(comparison);
        }
        let (letter, rest) = text.split_at_checked(1).unwrap_or((text, ""));
        match (letter, comparison(rest)) {
            ("C" | "c", Some(comparison)) => Self::Created(comparison),
            ("T" | "t", Some(comparison)) => Self::TopicSet(comparison),
            ("!", _) => Self::NotNamed(Pattern::new(rest)),
            _ => Self::Named(Pattern::new(text)),
        }
    }
}

impl Comparison {
    fn holds(&self, number: u64) -> bool {
        match *self {
            Self::More(than) => number > than,
            Self::Fewer(than) => number < than,
        }
    }

    /// `C>60` means "created more than an hour ago".
    fn holds_since(&self, then: SystemTime, now: SystemTime) -> bool {
        let minutes = now.duration_since(then).map_or(0, |since| since.as_secs() / 60);
        self.holds(minutes)
    }
}

/// True when one of the names and all other conditions match.
fn lists(conditions: &[Condition], room: &Room, now: SystemTime, steps: &mut usize) -> bool {
    if conditions.is_empty() {
        return true;
    }
    let name = Folded::new(room.name.as_str());
    *steps += FOLDING_STEPS;
    let (mut names, mut named) = (0, false);
    for condition in conditions {
        let holds = match condition {
            Condition::Named(pattern) => {
                names += 1;
                named = named || pattern.matches(&name, steps);
                true
            }
            Condition::NotNamed(pattern) => !pattern.matches(&name, steps),
            Condition::Members(comparison) => comparison.holds(room.members().len() as u64),
            Condition::Created(comparison) => comparison.holds_since(room.settings.created, now),
            Condition::TopicSet(comparison) => {
                let topic = room.settings.topic.as_ref();
                topic.is_some_and(|topic| comparison.holds_since(topic.at, now))
            }
        };
        if !holds {
            return false;
        }
    }
    names == 0 || named
}
