//! Answers, in steps of a few milliseconds: each asks the broker for the next events of several cursors at once.

use std::collections::BTreeSet;
use std::mem;
use std::time::{Duration, SystemTime};

use super::Redis;
use super::keys::{ACCOUNTS, AccountKeys, PlaceKeys};
use super::members::read;
use crate::broker::{BrokerError, Command, Value};
use crate::message::{
    AccountId, Answer, Event, EventId, First, HistoryLimit, Interval, Query, Readable, Scope, Selection,
};
use crate::store::cursors::{MOST_TALKS, answer, cursors};
use crate::store::place::Place;
use crate::store::question::{Cursor, Progress, Question};

/// Events that one step asks for, and one cursor in it.
const STEP_EVENTS: usize = 500;
const CURSOR_EVENTS: usize = 100;

impl Redis {
    /// Works on the answer; `None` if it takes longer.
    pub(super) fn answer_step(
        &mut self,
        question: &mut Question,
        now: SystemTime,
    ) -> Result<Option<Answer>, BrokerError> {
        let asked = question.asked();
        let Question { query, progress, .. } = question;
        if matches!(query, Query::Search { .. }) {
            return Ok(Some(Answer::Unsearchable));
        }
        if progress.until.is_none() {
            // Other nodes record, too, so the last event is not known. If the clock was set back, ids are ahead of it.
            let last = self.writes.last_event();
            progress.until = Some(if last < EventId::after(now) { EventId::after(asked) } else { last });
            progress.cursors = match query {
                Query::Message { of, id } => cursors(&only(of, *id), |of| self.places(of))?,
                _ => cursors(query, |of| self.places(of))?,
            };
            self.begin_cursors(progress, now)?;
        }
        if progress.at < progress.cursors.len() {
            self.advance(progress)?;
        }
        if progress.at < progress.cursors.len() {
            return Ok(None);
        }
        let cursors = mem::take(&mut progress.cursors);
        Ok(Some(match query {
            Query::Message { .. } => {
                let mut found = cursors.into_iter().flat_map(|cursor| cursor.found);
                Answer::Message(found.find(|event| event.kind.is_speech()))
            }
            query => answer(query, cursors),
        }))
    }

    /// The places of a scope, each with the first event that may be read though the place was closed.
    fn places(&mut self, of: &Scope) -> Result<Vec<(Place, EventId)>, BrokerError> {
        Ok(match of {
            Scope::Room(Readable { room, closed_since }) => vec![(Place::Room(room.clone()), *closed_since)],
            Scope::Talk(between) => vec![(Place::Talk(*between), EventId::MIN)],
            Scope::Talks(account) => {
                let key = AccountKeys(*account).talks();
                let last = Command::new("ZREVRANGE").key(&key).arg(0_u8).arg(MOST_TALKS - 1);
                let others = self.exchange.ask(last)?.into_list()?;
                let others = others.iter().filter_map(|other| other.number().ok()).map(AccountId);
                others.map(|other| (Place::Talk(AccountId::sorted(*account, other)), EventId::MIN)).collect()
            }
        })
    }

    /// Narrows the interval of each cursor to what is kept and known, and makes it empty if an account is gone.
    fn begin_cursors(&mut self, progress: &mut Progress, now: SystemTime) -> Result<(), BrokerError> {
        let until = progress.until.unwrap_or(EventId::MAX);
        let limits = progress.cursors.iter().map(|cursor| own_limit(&cursor.place.folded()));
        let limits = self.exchange.ask_all(&limits.collect::<Vec<_>>())?;
        let talking = progress.cursors.iter().flat_map(|cursor| cursor.place.accounts());
        let gone = self.gone(talking.flatten().map(AccountId).collect())?;
        for (cursor, limit) in progress.cursors.iter_mut().zip(limits) {
            let own = limit_of(limit)?;
            let Interval { after, before, .. } = &mut cursor.left;
            *after = (*after).max(self.limits.oldest(own.map(|limit| limit.age), now));
            *before = (*before).min(until.following());
            if cursor.place.accounts().into_iter().flatten().any(|id| gone.contains(&AccountId(id))) {
                *before = EventId::MIN;
            }
        }
        Ok(())
    }

    /// Those of these accounts that do not exist.
    pub(super) fn gone(
        &mut self,
        mut accounts: BTreeSet<AccountId>,
    ) -> Result<BTreeSet<AccountId>, BrokerError> {
        accounts.remove(&AccountId::NONE);
        if accounts.is_empty() {
            return Ok(accounts);
        }
        let command = Command::new("HMGET").key(ACCOUNTS);
        let command = accounts.iter().fold(command, |command, account| command.arg(account.0));
        let names = self.exchange.ask(command)?.into_list()?;
        Ok(accounts
            .into_iter()
            .zip(names)
            .filter(|(_, name)| *name == Value::Nil)
            .map(|(id, _)| id)
            .collect())
    }

    /// Asks for the next events of the first cursors that are not done.
    fn advance(&mut self, progress: &mut Progress) -> Result<(), BrokerError> {
        let Progress { cursors, at, bytes, .. } = progress;
        let (mut commands, mut left) = (Vec::new(), STEP_EVENTS);
        for cursor in cursors.iter().skip(*at) {
            if left == 0 {
                break;
            }
            left = left.saturating_sub(wanted(cursor));
            commands.push(next_events(cursor));
        }
        for answer in self.exchange.ask_all(&commands)? {
            let Some(cursor) = cursors.get_mut(*at) else { break };
            if !visit(cursor, bytes, &answer.into_list()?) {
                // The next cursors may find more or less, depending on what this one still finds.
                break;
            }
            *at += 1;
        }
        Ok(())
    }
}

/// The question for one event.
fn only(of: &Scope, id: EventId) -> Query {
    let interval = Interval { after: id.previous(), before: id.following(), first: First::Oldest };
    Query::Events(vec![Selection { of: of.clone(), interval, with_events: true, most: 1 }])
}

/// Asks for the limit of a place.
pub(super) fn own_limit(folded: &str) -> Command {
    Command::new("HMGET").key(&PlaceKeys::of(folded).state()).arg("lines").arg("age")
}

/// The limit in the answer.
pub(super) fn limit_of(answer: Value) -> Result<Option<HistoryLimit>, BrokerError> {
    let [lines, age] = answer.into_array()?;
    let limit = lines.number().ok().zip(age.number().ok());
    Ok(limit.map(|(lines, age)| HistoryLimit { lines, age: Duration::from_secs(age) }))
}

/// How many events to ask for: one more than needed tells whether there are more.
fn wanted(cursor: &Cursor) -> usize {
    cursor.most.saturating_sub(cursor.found.len()).saturating_add(1).min(CURSOR_EVENTS)
}

fn next_events(cursor: &Cursor) -> Command {
    let Interval { after, before, first } = cursor.left;
    let key = PlaceKeys::of(&cursor.place.folded()).events(cursor.class);
    let (from, to) = (format!("[{}", after.following()), format!("({before}"));
    let command = match first {
        First::Oldest => Command::new("ZRANGEBYLEX").key(&key).arg(from).arg(to),
        First::Newest => Command::new("ZREVRANGEBYLEX").key(&key).arg(to).arg(from),
    };
    command.arg("LIMIT").arg(0_u8).arg(wanted(cursor))
}

/// Takes what was found. True when the cursor is done.
fn visit(cursor: &mut Cursor, bytes: &mut usize, members: &[Value]) -> bool {
    let is_end = members.len() < wanted(cursor);
    let mut has_advanced = false;
    for member in members {
        let Some(member) = member.bytes().ok().and_then(|member| read(member, &cursor.place, cursor.class))
        else {
            continue;
        };
        if !member.is_closed || member.id >= cursor.closed_since {
            if cursor.is_full(*bytes) {
                cursor.is_cut = true;
                return true;
            }
            if let Some(event) = member.event {
                *bytes += size_of::<Event>() + event.kind.written_bytes();
                cursor.found.push(event);
            }
        }
        cursor.pass(member.id);
        has_advanced = true;
    }
    // What nobody can read must not be asked for again and again.
    is_end || !has_advanced
}
