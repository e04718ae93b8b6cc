//! Connections to a broker: questions and answers.

use std::fmt;
use std::time::Duration;

use super::command::Command;
use super::error::BrokerError;
use super::sentinel::open_primary;
use super::single::Single;
use super::spread::Spread;
use super::value::Value;
use super::{Broker, Kind};

/// A connection to a broker. After [`BrokerError::Broken`], open another one.
pub struct Connection {
    line: Line,
}

enum Line {
    /// To one server.
    One(Single),
    /// To the servers of a Redis Cluster.
    Spread(Spread),
}

impl Connection {
    /// Connects and logs in. `Broker::open` explains the error.
    pub fn open(broker: &Broker) -> Result<Self, BrokerError> {
        let line = match &broker.kind {
            Kind::One => Line::One(open_only(broker)?),
            Kind::Sentinel(service) => Line::One(open_primary(broker, service)?),
            Kind::Spread => Line::Spread(Spread::open(broker)?),
        };
        Ok(Self { line })
    }

    /// How long the broker may take to answer, if not `TIMEOUT`.
    pub fn set_patience(&mut self, time: Duration) -> Result<(), BrokerError> {
        match &mut self.line {
            Line::One(line) => line.set_patience(time),
            Line::Spread(spread) => spread.set_patience(time),
        }
    }

    /// True for a Redis Cluster: a command must not have keys of different slots, and what is sent together may be carried
    /// out in any order.
    pub fn is_spread(&self) -> bool {
        matches!(self.line, Line::Spread(_))
    }

    /// Asks one question.
    pub fn ask(&mut self, command: &Command) -> Result<Value, BrokerError> {
        let mut answers = self.ask_all(std::slice::from_ref(command))?;
        answers.pop().unwrap_or_else(|| Err(BrokerError::broken("there is no answer")))
    }

    /// Asks several questions at once, and returns their answers in the same order. A refusal of one of them is its
    /// answer. A script that the broker does not know is sent again, after the other commands.
    pub fn ask_all(&mut self, commands: &[Command]) -> Result<Vec<Result<Value, BrokerError>>, BrokerError> {
        let mut answers = self.ask_once(commands)?;
        for (answer, command) in answers.iter_mut().zip(commands) {
            let is_unknown = answer.as_ref().is_err_and(|error| error.has_code("NOSCRIPT"));
            if let Some(command) = command.with_text().filter(|_| is_unknown) {
                let again = self.ask_once(&[command])?.pop();
                *answer = again.unwrap_or_else(|| Err(BrokerError::broken("there is no answer")));
            }
        }
        Ok(answers)
    }

    fn ask_once(&mut self, commands: &[Command]) -> Result<Vec<Result<Value, BrokerError>>, BrokerError> {
        match &mut self.line {
            Line::One(line) => {
                line.send(commands.iter())?;
                commands.iter().map(|_| line.answer()).collect()
            }
            Line::Spread(spread) => spread.ask_all(commands),
        }
    }
}

fn open_only(broker: &Broker) -> Result<Single, BrokerError> {
    let server = broker.servers.first().ok_or_else(|| BrokerError::broken("it has no address"))?;
    Single::open(server, broker)
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
