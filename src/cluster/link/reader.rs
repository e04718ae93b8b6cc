//! The thread that reads the log and messages.

use std::sync::Arc;
use std::time::Duration;

use super::asking::{fields, parse_id, time};
use super::desk::{Desk, Reading, Task};
use super::keys;
use super::positions::{Id, Positions, Source};
use crate::broker::{Broker, BrokerError, Command, Connection, TIMEOUT, Value};
use crate::cluster::request::Reply;
use crate::message::LogIndex;

/// Most entries of a stream that are read together.
const TOGETHER: usize = 256;

/// After this many entries of a stream, everything is read that was in it before: so many are kept, and some more.
const KEPT: usize = 12_000;

/// How long the broker waits for something to read, and how long if it must not be told to stop.
const WAIT: Duration = Duration::from_secs(1);
const SHORT_WAIT: Duration = Duration::from_millis(50);

/// How long the reader pauses between looks into a Redis Cluster: the longer, the longer there was nothing.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LAST_PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Reader<W> {
    desk: Arc<Desk>,
    broker: Broker,
    wake: W,
    line: Option<Line>,
    positions: Positions,
    /// The turn for which the positions are.
    turn: u64,
    /// The next pause between two looks into a Redis Cluster.
    pause: Duration,
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
    source: Source,
    entries: Vec<(Id, Vec<Value>)>,
}

impl<W: Fn()> Reader<W> {
    pub(super) fn open(desk: Arc<Desk>, broker: Broker, wake: W) -> Result<Self, String> {
        let line = Line::open(&broker, 0).and_then(|mut line| {
            // Whatever is not allowed is better known at once.
            let read = Command::new("XREAD").arg("STREAMS").key(keys::ENTRIES).arg("$");
            line.connection.ask(&read).map(|_| line)
        });
        let line = line.map_err(|error| broker.explain(&error))?;
        Ok(Self {
            desk,
            broker,
            wake,
            line: Some(line),
            positions: Positions::default(),
            turn: 0,
            pause: FIRST_PAUSE,
        })
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

    fn read(&mut self, task: &Task) -> Result<(), BrokerError> {
        self.prepare(task)?;
        match self.line.as_ref().is_some_and(|line| line.connection.is_spread()) {
            true => self.read_apart(task),
            false => self.read_together(task),
        }
    }

    /// Reads once: first what was said, and then the log, since what somebody has said before leaving must arrive before
    /// the entry in which they leave.
    fn read_together(&mut self, task: &Task) -> Result<(), BrokerError> {
        let mut sources = sources(task);
        sources.push(None);
        let found = self.ask(&sources, Some(task.turn))?;
        let (log, messages): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.source.is_none());
        let mut more = longer(&messages);
        if !self.deliver(task, messages) {
            return Ok(());
        }
        let mut read = TOGETHER;
        while !log.is_empty() && !more.is_empty() && read < KEPT {
            let messages = self.ask(&more, None)?;
            more = longer(&messages);
            read += TOGETHER;
            if !self.deliver(task, messages) {
                return Ok(());
            }
        }
        self.deliver(task, log);
        Ok(())
    }

    /// Reads once from a Redis Cluster, where no command reads streams of several slots, so that none can wait. What was
    /// said is read after the log: what came before an entry is found if it is there.
    fn read_apart(&mut self, task: &Task) -> Result<(), BrokerError> {
        let log = self.ask_each(&[None])?;
        let messages = self.ask_each(&sources(task))?;
        self.pause = match log.is_empty() && messages.is_empty() {
            true => LAST_PAUSE.min(self.pause * 2),
            false => FIRST_PAUSE,
        };
        if self.deliver(task, messages) && self.deliver(task, log) {
            self.desk.pause_reading(task.turn, self.pause);
        }
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

    /// Reads these. In a turn, it waits until there is something.
    fn ask(&mut self, sources: &[Source], turn: Option<u64>) -> Result<Vec<Found>, BrokerError> {
        let Some(line) = &mut self.line else { return Ok(Vec::new()) };
        let mut command = Command::new("XREAD").arg("COUNT").arg(TOGETHER);
        if turn.is_some() {
            let wait = if line.number.is_some() { WAIT } else { SHORT_WAIT };
            command = command.arg("BLOCK").arg(wait.as_millis() as u64);
        }
        let command = self.positions.named(command, sources);
        let answer = match line.number.zip(turn) {
            Some((number, turn)) if !self.desk.begin_waiting(number, turn) => Ok(Value::Nil),
            Some(_) | None => line.connection.ask(&command),
        };
        self.desk.end_waiting();
        parse(answer?, sources)
    }

    /// Reads these, each by a command of its own, without waiting.
    fn ask_each(&mut self, sources: &[Source]) -> Result<Vec<Found>, BrokerError> {
        let Some(line) = &mut self.line else { return Ok(Vec::new()) };
        let read = || Command::new("XREAD").arg("COUNT").arg(TOGETHER);
        let commands =
            sources.iter().map(|source| self.positions.named(read(), std::slice::from_ref(source)));
        let commands: Vec<_> = commands.collect();
        let mut found = Vec::new();
        for answer in line.connection.ask_all(&commands)? {
            found.append(&mut parse(answer?, sources)?);
        }
        Ok(found)
    }

    /// Hands over what was found. False if the loop does not want it any longer.
    fn deliver(&mut self, task: &Task, found: Vec<Found>) -> bool {
        let ends: Vec<_> = found.iter().filter_map(Found::end).collect();
        let replies: Vec<_> = found.into_iter().flat_map(Found::replies).collect();
        let is_delivered = self.desk.deliver(task.turn, replies);
        if is_delivered && !ends.is_empty() {
            for (source, id) in ends {
                self.positions.advance(&source, id);
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
    if connection.is_spread() {
        return Ok(None);
    }
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

/// The streams of messages.
fn sources(task: &Task) -> Vec<Source> {
    task.reading.streams.iter().cloned().map(Some).collect()
}

/// Those of which there may be more.
fn longer(found: &[Found]) -> Vec<Source> {
    let longer = found.iter().filter(|found| found.entries.len() >= TOGETHER);
    longer.map(|found| found.source.clone()).collect()
}

/// The answer to `XREAD`: `[[key, [[id, [field, value, ...]], ...]], ...]`.
fn parse(answer: Value, sources: &[Source]) -> Result<Vec<Found>, BrokerError> {
    let Some(answer) = answer.optional() else { return Ok(Vec::new()) };
    // In the order in which they were asked for.
    let mut sources = sources.iter();
    let found = answer.into_list()?.into_iter().map(|found| {
        let [key, entries] = found.into_array()?;
        let key = key.text()?;
        let source = sources.find(|source| keys::of(source) == key);
        let source = source.ok_or_else(|| BrokerError::broken("the broker has read another stream"))?;
        let entries = entries.into_list()?.into_iter().map(|entry| {
            let [id, fields] = entry.into_array()?;
            Ok((parse_id(&id)?, fields.into_list()?))
        });
        Ok(Found { source: source.clone(), entries: entries.collect::<Result<_, BrokerError>>()? })
    });
    found.collect()
}

impl Found {
    fn end(&self) -> Option<(Source, Id)> {
        self.entries.last().map(|(id, _)| (self.source.clone(), *id))
    }

    /// Messages without the field that they must have are left out. An entry of the log without it is empty: nobody can read it,
    /// and nobody can go on as if it were not there.
    fn replies(self) -> impl Iterator<Item = Reply> {
        let source = self.source;
        self.entries.into_iter().filter_map(move |((index, _), found)| match &source {
            None => {
                let [entry, before] =
                    fields(found, [keys::ENTRY, keys::BEFORE]).map(Option::unwrap_or_default);
                Some(Reply::Entry { index: LogIndex(index), before, entry })
            }
            Some(stream) => {
                let [message] = fields(found, [keys::MESSAGE]);
                Some(Reply::Message { stream: stream.clone(), message: message? })
            }
        })
    }
}
