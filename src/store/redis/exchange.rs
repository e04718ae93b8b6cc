//! Asking the broker, over a connection that is opened when it is needed.

use std::time::{Duration, Instant};

use log::warn;

use crate::broker::{Broker, BrokerError, Command, Connection, Value};

/// How long a broker that could not be reached is left alone.
const PAUSE: Duration = Duration::from_millis(500);

/// Most commands and bytes sent before their answers are read.
const PART_COMMANDS: usize = 500;
const PART_BYTES: usize = 1024 * 1024;

/// The broker, and the connection to it.
#[derive(Debug)]
pub(super) struct Exchange {
    broker: Broker,
    connection: Option<Connection>,
    /// Why the broker could not be reached, and until when that is the answer.
    failure: Option<(BrokerError, Instant)>,
    /// Something was asked twice since [`Self::was_repeated`] was last called.
    is_repeated: bool,
}

impl Exchange {
    pub(super) fn new(broker: Broker) -> Self {
        Self { broker, connection: None, failure: None, is_repeated: false }
    }

    /// An error in one line.
    pub(super) fn in_words<T>(&self, result: Result<T, BrokerError>) -> Result<T, String> {
        result.map_err(|error| self.broker.explain(&error))
    }

    /// Logs that something cannot be recorded. Whoever has changed the broker's keys should know.
    pub(super) fn complain(&self, error: &BrokerError) {
        warn!("something is not recorded: {}", self.broker.explain(error));
    }

    /// True if something was asked twice since the last call, because there was no answer: the broker may have done it
    /// the first time.
    pub(super) fn was_repeated(&mut self) -> bool {
        std::mem::take(&mut self.is_repeated)
    }

    /// Asks one question.
    pub(super) fn ask(&mut self, command: Command) -> Result<Value, BrokerError> {
        let mut answers = self.ask_all(&[command])?;
        answers.pop().ok_or_else(|| BrokerError::Broken("there is no answer".into()))
    }

    /// Asks several questions, and returns their answers in the same order. All of them must be such that asking twice
    /// does no harm: if the connection has failed, perhaps long ago, it opens another one and asks again.
    pub(super) fn ask_all(&mut self, commands: &[Command]) -> Result<Vec<Value>, BrokerError> {
        self.ask_each(commands)?.into_iter().collect()
    }

    /// The same, where a key may hold something else than it should: that is the answer, and no reason to ask again.
    pub(super) fn ask_each(
        &mut self,
        commands: &[Command],
    ) -> Result<Vec<Result<Value, BrokerError>>, BrokerError> {
        let mut answers = Vec::with_capacity(commands.len());
        let mut rest = commands;
        while !rest.is_empty() {
            let (part, later) = rest.split_at(part_of(rest));
            answers.extend(self.ask_part(part)?);
            rest = later;
        }
        Ok(answers)
    }

    fn ask_part(&mut self, commands: &[Command]) -> Result<Vec<Result<Value, BrokerError>>, BrokerError> {
        let was_open = self.connection.is_some();
        match self.ask_once(commands) {
            Err(BrokerError::Broken(_)) if was_open => {
                self.is_repeated = true;
                self.ask_once(commands)
            }
            answers => answers,
        }
    }

    fn ask_once(&mut self, commands: &[Command]) -> Result<Vec<Result<Value, BrokerError>>, BrokerError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                let connection = self.connect()?;
                self.connection.insert(connection)
            }
        };
        let may_pass = |answer: &Result<_, BrokerError>| {
            answer.as_ref().is_err_and(|error| !error.has_code("WRONGTYPE"))
        };
        let answers =
            connection.ask_all(commands).and_then(|mut answers| match answers.iter().position(may_pass) {
                Some(refused) => answers.swap_remove(refused).map(|_| Vec::new()),
                None => Ok(answers),
            });
        if answers.is_err() {
            // Also if it refuses: it may not be the master any longer.
            self.connection = None;
        }
        answers
    }

    fn connect(&mut self) -> Result<Connection, BrokerError> {
        match &self.failure {
            Some((failure, until)) if Instant::now() < *until => return Err(failure.clone()),
            _ => self.failure = None,
        }
        Connection::open(&self.broker).inspect_err(|error| {
            self.failure = Some((error.clone(), Instant::now() + PAUSE));
        })
    }
}

/// The number of commands to send at once, at least one.
fn part_of(commands: &[Command]) -> usize {
    let mut bytes = 0;
    let fits = |command: &&Command| {
        bytes += command.bytes();
        bytes <= PART_BYTES
    };
    commands.iter().take(PART_COMMANDS).take_while(fits).count().max(1)
}
