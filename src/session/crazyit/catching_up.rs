//! Sends peers the messages that they have missed, as lines with their times.

use std::time::Instant;

use super::later::{Later, Returning};
use super::{CrazyIt, encode};
use crate::hub::Entered;
use crate::message::{Answer, Effect, Event, EventKind, Recall, RecallFor, Source};
use crate::session::Context;
use crate::session::missed::Missed;
use crate::session::past_time::write_time;

impl CrazyIt {
    /// The lines that wait for the peer.
    pub(super) fn later(&mut self) -> &mut Later {
        self.later.get_or_insert_default()
    }

    /// The messages that the peer has missed, while it is told of them.
    pub(super) fn returning(&self) -> Option<&Returning> {
        self.later.as_ref()?.returning.as_ref()
    }

    /// Tells the peer what it has missed, from `begins` on. Call it after the answer to the login.
    pub(super) fn return_at(&mut self, begins: Instant, entered: Entered, context: &mut Context<'_>) {
        let Some(missed) = Missed::by(entered, context) else { return };
        missed.begin((self.user, self.connection), context);
        self.later().returning = Some(Returning { missed, begins: Some(begins) });
        context.out.push(Effect::BeginQuiet(self.connection, None));
    }

    /// Begins now, if there is something to begin.
    pub(super) fn begin_to_return(&mut self, context: &mut Context<'_>) {
        if let Some(returning) = self.later.as_mut().and_then(|later| later.returning.as_mut())
            && returning.begins.take().is_some()
        {
            context.out.push(Effect::WhenDrained(self.connection));
        }
    }

    /// Asks for the next page.
    pub(super) fn ask_for_missed(&mut self, context: &mut Context<'_>) {
        let Some(returning) = self.returning().filter(|returning| returning.begins.is_none()) else {
            return;
        };
        let query = returning.missed.next(self.user, context);
        let recall = Recall { query, purpose: RecallFor::Missed };
        context.out.push(Effect::Errand(self.connection, recall.into()));
    }

    pub(super) fn missed_recalled(&mut self, answer: Answer, context: &mut Context<'_>) {
        let later = self.later.as_mut();
        let Some(mut returning) = later.and_then(|later| later.returning.take()) else { return };
        let owner = (self.user, self.connection);
        let tell = |events, context: &mut Context<'_>| self.tell_missed(events, context);
        if returning.missed.take(answer, owner, context, tell) {
            self.later().returning = Some(returning);
            return context.out.push(Effect::WhenDrained(self.connection));
        }
        context.out.push(Effect::EndQuiet(self.connection));
    }

    /// Sends events as lines with their times, as far as they fit into one answer. Returns their number.
    fn tell_missed(&self, events: Vec<Event>, context: &mut Context<'_>) -> usize {
        let name = context.hub.users().get(self.user).map(|user| user.name().clone());
        let (mut lines, mut told, most) = (Vec::new(), 0, context.house.answer_bytes());
        for mut event in events {
            if let (EventKind::Whispered { to, .. }, Source::User(from)) = (&event.kind, &event.from) {
                event.watched = name.as_ref() == Some(&from.name) && from.name != *to;
            }
            write_time(&mut event);
            let before = lines.len();
            encode(&event, context.house, &mut lines);
            if lines.len() > most && told > 0 {
                lines.truncate(before);
                break;
            }
            told += 1;
        }
        context.out.worked(told);
        context.out.bytes(self.connection, &lines);
        told
    }
}
