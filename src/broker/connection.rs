//! Connections to a broker: questions and answers.

use std::fmt;
use std::time::Duration;

use super::command::Command;
use super::error::BrokerError;
use super::single::Single;
use super::value::Value;
use super::{Broker, Kind};

/// A connection to a broker. After [`BrokerError::Broken`], open another one.
pub struct Connection {
    line: Single,
}

impl Connection {
    /// Connects and logs in. `Broker::open` explains the error.
    pub fn open(broker: &Broker) -> Result<Self, BrokerError> {
        let line = match &broker.kind {
            Kind::One => open_first(broker)?,
        };
        Ok(Self { line })
    }

    /// How long the broker may take to answer, if not `TIMEOUT`.
    pub fn set_patience(&mut self, time: Duration) -> Result<(), BrokerError> {
        self.line.set_patience(time)
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
        self.line.send(commands.iter())?;
        let answers = commands.iter().map(|_| match self.line.receive() {
            Err(error @ BrokerError::Broken(_)) => Err(error),
            answer => Ok(answer),
        });
        answers.collect()
    }
}

/// Connects to the first server that can be reached.
fn open_first(broker: &Broker) -> Result<Single, BrokerError> {
    let mut failure = BrokerError::broken("it has no address");
    for server in &broker.servers {
        match Single::open(server, broker) {
            Ok(single) => return Ok(single),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
