//! The thread that reads the log and messages.

use std::sync::Arc;
use std::time::Duration;

use super::asking::{field, parse_id, time};
use super::desk::{Desk, Reading, Task};
use super::keys;
use super::positions::{Id, Positions};
use crate::broker::{Broker, BrokerError, Command, Connection, TIMEOUT, Value};
use crate::cluster::request::{Reply, Stream};
use crate::message::LogIndex;

/// Most entries of a stream that are read together.
const TOGETHER: usize = 256;

/// After this many entries of a stream, everything is read that was in it before: so many are kept, and some more.
const KEPT: usize = 12_000;

/// How long the broker waits for something to read, and how long if it must not be told to stop.
const WAIT: Duration = Duration::from_secs(1);
const SHORT_WAIT: Duration = Duration::from_millis(50);

pub(super) struct Reader<W> {
    desk: Arc<Desk>,
    broker: Broker,
    wake: W,
    line: Option<Line>,
    positions: Positions,
    /// The turn for which the positions are.
    turn: u64,
}

/// A connection for reading.
struct Line {
    connection: Connection,
    /// How the broker knows it; `None` if it does not tell.
    number: Option<u64>,
    /// How often the broker was lost before.
    losses: u64,
}

/// Entries of a stream.
struct Found {
    /// `None` for the log.
    stream: Option<Stream>,
    entries: Vec<(Id, Vec<Value>)>,
}

impl<W: Fn()> Reader<W> {
    pub(super) fn open(desk: Arc<Desk>, broker: Broker, wake: W) -> Result<Self, String> {
        let line = Line::open(&broker, 0).map_err(|error| broker.explain(&error))?;
        Ok(Self { desk, broker, wake, line: Some(line), positions: Positions::default(), turn: 0 })
    }

    /// Works until the loop drops the link.
    pub(super) fn run(mut self) {
        while let Some(task) = self.desk.next_task() {
            if let Err(error) = self.read(&task) {
                self.line = None;
                self.desk.reader_failed(task.losses, self.broker.explain(&error));
            }
        }
    }

    /// Reads once: first what was said, and then the log, since what somebody has said before leaving must arrive before
    /// the entry in which they leave.
    fn read(&mut self, task: &Task) -> Result<(), BrokerError> {
        self.prepare(task)?;
        let streams = &task.reading.streams;
        let (log, messages): (Vec<_>, Vec<_>) =
            self.ask(task, streams, true)?.into_iter().partition(|found| found.stream.is_none());
        let mut more = longer(&messages);
        if !self.deliver(task, messages) {
            return Ok(());
        }
        let mut read = TOGETHER;
        while !log.is_empty() && !more.is_empty() && read < KEPT {
            let messages = self.ask(task, &more, false)?;
            more = longer(&messages);
            read += TOGETHER;
            if !self.deliver(task, messages) {
                return Ok(());
            }
        }
        self.deliver(task, log);
        Ok(())
    }

    /// Connects if necessary, and sets the positions if this is a new turn.
    fn prepare(&mut self, task: &Task) -> Result<(), BrokerError> {
        let Reading { after, streams } = &task.reading;
        let is_new = self.turn != task.turn && self.positions.set(*after, streams);
        self.turn = task.turn;
        let line = self.line.take().filter(|line| line.losses == task.losses);
        let is_fresh = line.is_none();
        let line = match line {
            Some(line) => self.line.insert(line),
            None => self.line.insert(Line::open(&self.broker, task.losses)?),
        };
        if is_new || is_fresh {
            let now = time(line.connection.ask(&Command::new("TIME"))?)?;
            self.positions.begin(streams, now);
        }
        Ok(())
    }

    /// Reads these streams, and the log, for which it waits.
    fn ask(&mut self, task: &Task, streams: &[Stream], with_log: bool) -> Result<Vec<Found>, BrokerError> {
        let Some(line) = &mut self.line else { return Ok(Vec::new()) };
        let mut keys: Vec<_> = streams.iter().map(keys::messages).collect();
        let mut ids: Vec<_> = streams.iter().map(|stream| self.positions.of(stream)).collect();
        let mut command = Command::new("XREAD").arg("COUNT").arg(TOGETHER);
        if with_log {
            keys.push(keys::ENTRIES.into());
            ids.push(self.positions.log());
            let wait = if line.number.is_some() { WAIT } else { SHORT_WAIT };
            command = command.arg("BLOCK").arg(wait.as_millis() as u64);
        }
        let command = keys.iter().fold(command.arg("STREAMS"), |command, key| command.key(key));
        let command =
            ids.iter().fold(command, |command, (first, second)| command.arg(format!("{first}-{second}")));
        let answer = match line.number.filter(|_| with_log) {
            Some(number) if !self.desk.begin_waiting(number, task.turn) => Ok(Value::Nil),
            Some(_) | None => line.connection.ask(&command),
        };
        self.desk.end_waiting();
        let Some(answer) = answer?.optional() else { return Ok(Vec::new()) };
        let found = answer.into_list()?.into_iter().map(|found| parse(found, &keys, streams));
        found.collect()
    }

    /// Hands over what was found. False if the loop does not want it any longer.
    fn deliver(&mut self, task: &Task, found: Vec<Found>) -> bool {
        let ends: Vec<_> = found.iter().filter_map(Found::end).collect();
        let replies: Vec<_> = found.into_iter().flat_map(Found::replies).collect();
        let is_delivered = self.desk.deliver(task.turn, replies);
        if is_delivered && !ends.is_empty() {
            for (stream, id) in ends {
                self.positions.advance(stream.as_ref(), id);
            }
            (self.wake)();
        }
        is_delivered
    }
}

impl Line {
    fn open(broker: &Broker, losses: u64) -> Result<Self, BrokerError> {
        let mut connection = Connection::open(broker)?;
        connection.set_patience(WAIT + TIMEOUT)?;
        let number = number(&mut connection)?;
        Ok(Self { connection, number, losses })
    }
}

/// The number by which the broker knows a connection, if it tells and can stop it from waiting.
fn number(connection: &mut Connection) -> Result<Option<u64>, BrokerError> {
    let number = match connection.ask(&Command::new("CLIENT ID")) {
        Ok(number) => number.number::<u64>()?,
        Err(BrokerError::Refused(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    match connection.ask(&Command::new("CLIENT UNBLOCK").arg(number)) {
        Ok(_) => Ok(Some(number)),
        Err(BrokerError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The streams of which there may be more.
fn longer(found: &[Found]) -> Vec<Stream> {
    let longer = found.iter().filter(|found| found.entries.len() >= TOGETHER);
    longer.filter_map(|found| found.stream.clone()).collect()
}

/// `[key, [[id, [field, value, ...]], ...]]`. The last of the keys is that of the log.
fn parse(found: Value, keys: &[String], streams: &[Stream]) -> Result<Found, BrokerError> {
    let [key, entries] = found.into_array()?;
    let key = key.text()?;
    let n = keys.iter().position(|known| known == key);
    let n = n.ok_or_else(|| BrokerError::broken("the broker has read another stream"))?;
    let entries = entries.into_list()?.into_iter().map(|entry| {
        let [id, fields] = entry.into_array()?;
        Ok((parse_id(&id)?, fields.into_list()?))
    });
    Ok(Found { stream: streams.get(n).cloned(), entries: entries.collect::<Result<_, BrokerError>>()? })
}

impl Found {
    fn end(&self) -> Option<(Option<Stream>, Id)> {
        self.entries.last().map(|(id, _)| (self.stream.clone(), *id))
    }

    /// Entries without the field that they must have are left out.
    fn replies(self) -> impl Iterator<Item = Reply> {
        let stream = self.stream;
        self.entries.into_iter().filter_map(move |((index, _), fields)| match &stream {
            None => field(fields, keys::ENTRY).map(|entry| Reply::Entry { index: LogIndex(index), entry }),
            Some(stream) => {
                let message = field(fields, keys::MESSAGE)?;
                Some(Reply::Message { stream: stream.clone(), message })
            }
        })
    }
}
