//! Deleting what need not be kept: events that are too old, more than a place may have, or more than all places may take; and
//! private messages of accounts that are gone. One node at a time looks at all places.

use std::collections::BTreeSet;
use std::mem;
use std::time::{Duration, SystemTime};

use super::Redis;
use super::keys::{AccountKeys, FIGURES, PLACES, PlaceKeys, SWEPT, talk};
use super::reading::{limit_of, own_limit};
use super::scripts::{FORGET_PLACE, SWEEP};
use crate::broker::{BrokerError, Command, Value};
use crate::message::{AccountId, HistoryLimit};
use crate::store::class::Class;
use crate::store::database::Figures;
use crate::store::times::millis;

/// How often all places are looked at.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How long an empty place stays listed: a node may just add something to it.
const EMPTY_FOR: Duration = Duration::from_secs(3_600);

/// Places looked at in one step, about.
const STEP_PLACES: u32 = 50;

/// Looking at all places.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    /// When this node last wanted to begin.
    tried: Option<SystemTime>,
    course: Option<Course>,
}

/// How far it is.
#[derive(Debug)]
struct Course {
    /// Where the broker goes on with the list of places.
    cursor: String,
    /// The part of each place to delete, because there is too much of all.
    share: f64,
    found: Figures,
}

impl Course {
    fn new(share: f64) -> Self {
        Self { cursor: "0".into(), share, found: Figures::default() }
    }
}

/// A listed place.
struct Listed {
    folded: String,
    /// When something was last recorded there, in milliseconds, as the broker writes it.
    at: String,
}

impl Redis {
    /// Looks at some places. True if there are more.
    pub(super) fn expire_step(&mut self, now: SystemTime) -> Result<bool, BrokerError> {
        let Some(mut course) = self.sweep.course.take() else { return self.begin_sweep(now) };
        let scan = Command::new("ZSCAN").key(PLACES).arg(&course.cursor).arg("COUNT").arg(STEP_PLACES);
        let [cursor, places] = self.exchange.ask(scan)?.into_array()?;
        let places = listed(places)?;
        self.look_at(&places, &mut course, now)?;
        cursor.text()?.clone_into(&mut course.cursor);
        if course.cursor != "0" {
            self.sweep.course = Some(course);
            return Ok(true);
        }
        self.end_sweep(&course)
    }

    /// Begins to look at all places if it is time and no other node has done it. True if it has begun.
    fn begin_sweep(&mut self, now: SystemTime) -> Result<bool, BrokerError> {
        let since = self.sweep.tried.map(|tried| now.duration_since(tried));
        if since.is_some_and(|since| since.is_ok_and(|since| since < SWEEP_EVERY)) {
            return Ok(false);
        }
        let every = u64::try_from(SWEEP_EVERY.as_millis()).unwrap_or(u64::MAX);
        let may_begin: i64 =
            self.exchange.ask(SWEEP.command(&[SWEPT]).arg(millis(now)).arg(every))?.number()?;
        self.sweep.tried = Some(now);
        if may_begin > 0 {
            self.sweep.course = Some(Course::new(0.0));
        } else {
            self.load_figures()?;
        }
        Ok(may_begin > 0)
    }

    /// Tells other nodes what was found. True if it must begin again, because there is too much.
    fn end_sweep(&mut self, course: &Course) -> Result<bool, BrokerError> {
        let Figures { messages, events, file_bytes } = course.found;
        let tell = Command::new("HSET").key(FIGURES).arg("messages").arg(messages);
        let tell = tell.arg("events").arg(events).arg("bytes").arg(file_bytes);
        self.exchange.ask(tell)?;
        self.figures = course.found;
        let excess = file_bytes.saturating_sub(self.limits.bytes);
        if excess > 0 && messages + events > 0 {
            self.sweep.course = Some(Course::new(excess as f64 / file_bytes as f64));
        }
        Ok(self.sweep.course.is_some())
    }

    /// What the last sweep has found.
    pub(super) fn load_figures(&mut self) -> Result<(), BrokerError> {
        let figures = Command::new("HMGET").key(FIGURES).arg("messages").arg("events").arg("bytes");
        let figures: [Value; 3] = self.exchange.ask(figures)?.into_array()?;
        let [messages, events, file_bytes] = figures.map(|figure| figure.number().unwrap_or_default());
        self.figures = Figures { messages, events, file_bytes };
        Ok(())
    }

    fn look_at(
        &mut self,
        places: &[Listed],
        course: &mut Course,
        now: SystemTime,
    ) -> Result<(), BrokerError> {
        if course.share > 0.0 {
            self.thin_out(places, course.share)?;
        }
        let limits: Vec<_> = places.iter().map(|place| own_limit(&place.folded)).collect();
        let limits = self.exchange.ask_each(&limits)?;
        let talking: BTreeSet<_> = places.iter().filter_map(|place| talk(&place.folded)).flatten().collect();
        let gone = self.gone(talking)?;
        let mut commands = Vec::new();
        for (place, limit) in places.iter().zip(limits) {
            let is_gone =
                talk(&place.folded).is_some_and(|between| between.iter().any(|id| gone.contains(id)));
            let own = if is_gone { Some(NOTHING) } else { limit.and_then(limit_of).unwrap_or_default() };
            commands.extend(self.trim(&place.folded, own, now));
        }
        let answers = self.exchange.ask_each(&commands)?;
        // What holds something else than it should is nothing.
        let answers: Vec<_> = answers.into_iter().map(|answer| answer.unwrap_or(Value::Nil)).collect();
        for (place, answers) in places.iter().zip(answers.chunks_exact(COMMANDS_PER_PLACE)) {
            let is_empty = course.count(answers);
            if is_empty && is_old(place, now) {
                self.forget(place)?;
            }
        }
        Ok(())
    }

    /// Deletes this share of the events of each place, the oldest ones, and at least one.
    fn thin_out(&mut self, places: &[Listed], share: f64) -> Result<(), BrokerError> {
        let keys = places.iter().map(|place| PlaceKeys::of(&place.folded));
        let keys: Vec<_> = keys.flat_map(|keys| Class::ALL.map(|class| keys.events(class))).collect();
        let counts = keys.iter().map(|key| Command::new("ZCARD").key(key)).collect::<Vec<_>>();
        let counts = self.exchange.ask_each(&counts)?;
        let remove = keys.iter().zip(counts).map(|(key, count)| {
            let count: u32 = count.and_then(|count| count.number()).unwrap_or_default();
            let excess = (f64::from(count) * share).ceil() as i64;
            Command::new("ZREMRANGEBYRANK").key(key).arg(0_u8).arg(excess - 1)
        });
        self.exchange.ask_each(&remove.collect::<Vec<_>>()).map(|_| ())
    }

    /// Deletes what is too much in a place, and asks for what is left.
    fn trim(&self, folded: &str, own: Option<HistoryLimit>, now: SystemTime) -> Vec<Command> {
        let keys = PlaceKeys::of(folded);
        let lines = i64::from(self.limits.lines_of(own));
        let too_old = self.limits.oldest(own.map(|limit| limit.age), now);
        let of_class = |class| {
            let key = keys.events(class);
            let rest = Command::new("ZREMRANGEBYLEX").key(&key).arg("-");
            [
                rest.arg(format!("({}", too_old.following())),
                Command::new("ZREMRANGEBYRANK").key(&key).arg(0_u8).arg(-lines - 1),
                Command::new("ZCARD").key(&key),
                Command::new("MEMORY USAGE").key(&key),
            ]
        };
        Class::ALL.into_iter().flat_map(of_class).collect()
    }

    /// Takes an empty place off the lists, unless something is recorded there again.
    fn forget(&mut self, place: &Listed) -> Result<(), BrokerError> {
        let Listed { folded, at } = place;
        let forgotten: i64 =
            self.exchange.ask(FORGET_PLACE.command(&[PLACES]).arg(folded).arg(at))?.number()?;
        if let Some([one, other]) = talk(folded).filter(|_| forgotten > 0) {
            let unlist = |account: AccountId, with: AccountId| {
                Command::new("ZREM").key(&AccountKeys(account).talks()).arg(with.0)
            };
            self.exchange.ask_all(&[unlist(one, other), unlist(other, one)])?;
        }
        Ok(())
    }

    /// All elements of a set, by name of the command that goes through it.
    pub(super) fn scan(&mut self, command: &str, key: &str) -> Result<Vec<Value>, BrokerError> {
        let (mut all, mut cursor) = (Vec::new(), "0".to_owned());
        loop {
            let step = Command::new(command).key(key).arg(&cursor).arg("COUNT").arg(1_000_u16);
            let [next, elements] = self.exchange.ask(step)?.into_array()?;
            all.extend(elements.into_list()?);
            next.text()?.clone_into(&mut cursor);
            if cursor == "0" {
                return Ok(all);
            }
        }
    }

    /// All pairs of a hash.
    pub(super) fn scan_pairs(
        &mut self,
        command: &str,
        key: &str,
    ) -> Result<Vec<(Value, Value)>, BrokerError> {
        let mut all = self.scan(command, key)?;
        let pairs = all.chunks_exact_mut(2).filter_map(|pair| match pair {
            [field, value] => Some((mem::replace(field, Value::Nil), mem::replace(value, Value::Nil))),
            _ => None,
        });
        Ok(pairs.collect())
    }
}

/// The limit of what belongs to nobody any longer.
const NOTHING: HistoryLimit = HistoryLimit { lines: 0, age: Duration::ZERO };

/// The commands of `Redis::trim`.
const COMMANDS_PER_PLACE: usize = 8;

impl Course {
    /// Counts what is left of a place. True if it is empty.
    fn count(&mut self, answers: &[Value]) -> bool {
        let mut counts = [0_u64; 2];
        for (count, answers) in counts.iter_mut().zip(answers.chunks_exact(COMMANDS_PER_PLACE / 2)) {
            let [_, _, number, bytes] = answers else { continue };
            *count = number.number().unwrap_or_default();
            // Nothing, if there is no such key.
            self.found.file_bytes += bytes.number::<u64>().unwrap_or_default();
        }
        let [messages, events] = counts;
        self.found.messages += messages;
        self.found.events += events;
        messages == 0 && events == 0
    }
}

fn listed(places: Value) -> Result<Vec<Listed>, BrokerError> {
    let places = places.into_list()?;
    let pairs = places.chunks_exact(2).filter_map(|pair| {
        let [folded, at] = pair else { return None };
        // No room has another kind of name.
        Some(Listed { folded: folded.text().ok()?.to_owned(), at: at.text().ok()?.to_owned() })
    });
    Ok(pairs.collect())
}

fn is_old(place: &Listed, now: SystemTime) -> bool {
    let at = place.at.parse::<f64>().unwrap_or_default();
    at + EMPTY_FOR.as_millis() as f64 <= millis(now) as f64
}
