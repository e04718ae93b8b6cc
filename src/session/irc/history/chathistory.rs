//! `CHATHISTORY` (IRCv3 `draft/chathistory`).

use super::past::Batch;
use super::reference::{BadReference, Reference};
use crate::date;
use crate::message::{
    Answer, Capabilities, Event, EventKind, First, Interval, Query, RecallFor, Scope, Selected, Selection,
};
use crate::name::UserName;
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::wire::irc::{Line, Message};

/// Most messages in an answer, or channels in one to `TARGETS`.
pub(in crate::session::irc) const MOST_LINES: usize = 200;

const COMMAND: &str = "CHATHISTORY";

/// The subcommands for a channel or user, and `TARGETS`, with the number of references that each takes.
const SUBCOMMANDS: [(&str, usize); 6] =
    [("AFTER", 1), ("AROUND", 1), ("BEFORE", 1), ("BETWEEN", 2), ("LATEST", 1), ("TARGETS", 2)];

/// Why a command is refused: a code of the specification, what is wrong, and a text.
struct Refused<'a> {
    code: &'static str,
    about: &'a str,
    text: &'static str,
}

const fn refused<'a>(code: &'static str, about: &'a str, text: &'static str) -> Refused<'a> {
    Refused { code, about, text }
}

impl Irc {
    /// `CHATHISTORY subcommand [target] reference... limit`.
    pub(in crate::session::irc) fn chathistory(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let given = message.params[0];
        let known = SUBCOMMANDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(given));
        let asked = match known {
            None => Err(refused("INVALID_PARAMS", "", "Unknown subcommand; see HELP CHATHISTORY")),
            Some((name, references)) => self.ask_for(name, *references, &message.params[1..], context),
        };
        if let Err(Refused { code, about, text }) = asked {
            self.fail_about(COMMAND, code, &[known.map_or(given, |(name, _)| name), about], text, context);
        }
    }

    fn ask_for<'a>(
        &mut self,
        subcommand: &'static str,
        references: usize,
        params: &[&'a str],
        context: &mut Context<'_>,
    ) -> Result<(), Refused<'a>> {
        let has_target = subcommand != "TARGETS";
        if params.len() != usize::from(has_target) + references + 1 {
            return Err(refused("INVALID_PARAMS", "", "Wrong number of parameters; see HELP CHATHISTORY"));
        }
        let (places, limit) = (&params[usize::from(has_target)..params.len() - 1], params[params.len() - 1]);
        let most = limit.parse().ok().filter(|&limit: &usize| limit > 0);
        let most = most.ok_or(refused("INVALID_PARAMS", limit, "The limit is not a positive number"))?;
        let places = if subcommand == "LATEST" && places == ["*"] { &[][..] } else { places };
        let places = places.iter().map(|place| Reference::parse(place).map_err(|why| bad(place, why)));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        let most = most.min(MOST_LINES);
        if !has_target {
            let query = targets(self.all_scopes(context), &places, most);
            self.recall(query, RecallFor::Targets, context);
            return Ok(());
        }
        let target = params[0];
        let of = self.scope(target, context);
        let of = of.ok_or(refused("INVALID_TARGET", target, why_unreadable(target)))?;
        let target = match &of {
            Scope::Room(readable) => readable.room.as_str().into(),
            Scope::Talk(_) | Scope::Talks(_) => target.into(),
        };
        let with_events = self.capabilities.has(Capabilities::EVENT_PLAYBACK);
        let query = Query::Events(selections(subcommand, &places, &of, with_events, most));
        self.recall(query, RecallFor::Chathistory { subcommand: subcommand.into(), target, of }, context);
        Ok(())
    }

    pub(super) fn chathistory_recalled(
        &self,
        subcommand: &str,
        target: &str,
        of: &Scope,
        answer: Answer,
        context: &mut Context<'_>,
    ) {
        let (code, text) = match answer {
            Answer::Events(selected) if self.may_read(of, context) => {
                let (lines, is_whole) = self.encoded_halves(&selected, context);
                return self.tell_batch(Batch::Chathistory(target), lines, is_whole, context);
            }
            Answer::Events(_) => ("INVALID_TARGET", why_unreadable(target)),
            _ => ("MESSAGE_ERROR", "Messages could not be retrieved"),
        };
        self.fail_about(COMMAND, code, &[subcommand, target], text, context);
    }

    /// The lines of all selections, of which the last is the earliest, as far as they fit into one answer. Each is cut
    /// at the end that is not its first, so that pages have no gap. True if nothing is missing.
    fn encoded_halves(&self, selected: &[Selected], context: &mut Context<'_>) -> (Vec<Vec<u8>>, bool) {
        let (mut lines, mut is_whole, mut left) = (Vec::new(), true, context.house.answer_bytes());
        for (n, Selected { events, first, is_all, .. }) in selected.iter().enumerate() {
            // More than the longest message.
            let share = if n + 1 < selected.len() { left / 4 * 3 } else { left };
            let (half, bytes) = self.encoded(events, *first, share, context);
            is_whole &= *is_all && half.len() == events.len();
            left -= bytes;
            lines.splice(0..0, half);
        }
        (lines, is_whole)
    }

    pub(super) fn targets_recalled(&self, answer: Answer, context: &mut Context<'_>) {
        let Answer::Targets(targets) = answer else {
            let text = "Messages could not be retrieved";
            self.fail_about(COMMAND, "MESSAGE_ERROR", &["TARGETS", "*"], text, context);
            return;
        };
        let readable = targets.iter().filter_map(|last| Some((self.target(last, context)?, last)));
        let lines = readable.map(|(target, last)| {
            let mut bytes = Vec::new();
            let mut line = Line::begin(&mut bytes);
            line.source(&context.house.name);
            line.command(COMMAND);
            line.param("TARGETS");
            line.param(target);
            line.param(&date::millis(last.time).to_string());
            line.end();
            bytes
        });
        let lines = lines.collect();
        self.tell_batch(Batch::Targets, lines, true, context);
    }

    /// The channel or user with whom a message was exchanged, if the client may still read it.
    pub(super) fn target<'a>(&self, message: &'a Event, context: &Context<'_>) -> Option<&'a str> {
        match &message.kind {
            EventKind::Said { room, .. } => self.readable(room, context).map(|_| room.as_str()),
            _ => self.partner(message, context).map(UserName::as_str),
        }
    }
}

/// Why a client may not read the past of this target.
pub(super) fn why_unreadable(target: &str) -> &'static str {
    if target.starts_with('#') {
        "You are not in such a channel"
    } else {
        "Private messages are only kept between users with accounts"
    }
}

fn bad(place: &str, why: BadReference) -> Refused<'_> {
    match why {
        BadReference::Kind => {
            refused("INVALID_MSGREFTYPE", place, "Write msgid=ID or timestamp=YYYY-MM-DDThh:mm:ss.sssZ")
        }
        BadReference::Value => refused("INVALID_PARAMS", place, "This is no such message or time"),
    }
}

/// What is between two places, in either order.
fn between(places: &[Reference]) -> Interval {
    match places {
        [from, to] if from.before <= to.before => {
            Interval { after: from.later_than(), before: to.earlier_than(), first: First::Oldest }
        }
        [from, to] => Interval { after: to.later_than(), before: from.earlier_than(), first: First::Newest },
        _ => Interval::LATEST,
    }
}

fn targets(scopes: Vec<Scope>, places: &[Reference], most: usize) -> Query {
    Query::Targets { scopes, interval: between(places), most }
}

/// What a subcommand asks of the store.
fn selections(
    subcommand: &str,
    places: &[Reference],
    of: &Scope,
    with_events: bool,
    most: usize,
) -> Vec<Selection> {
    let selection = |interval, most| Selection { of: of.clone(), interval, with_events, most };
    let latest = Interval::LATEST;
    let interval = match (subcommand, places) {
        ("AROUND", &[place]) => {
            // The later half is first, because it begins with the message itself.
            let earlier = Interval { before: place.earlier_than(), ..latest };
            let later = Interval { after: place.before, first: First::Oldest, ..latest };
            let half = most / 2;
            return vec![selection(later, most - half), selection(earlier, half)];
        }
        ("BEFORE", &[place]) => Interval { before: place.earlier_than(), ..latest },
        ("AFTER", &[place]) => Interval { after: place.later_than(), first: First::Oldest, ..latest },
        ("LATEST", &[place]) => Interval { after: place.later_than(), ..latest },
        _ => between(places),
    };
    vec![selection(interval, most)]
}
