//! The thread that sends requests and receives their replies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asking::{Topic, command, reply};
use super::desk::{Desk, Errand};
use super::keys;
use crate::broker::{Broker, BrokerError, Command, Connection};
use crate::cluster::request::Request;

/// A connection that has lasted for this time was no mistake: the next pause is short.
const STABLE: Duration = Duration::from_secs(10);

/// Pauses between attempts to connect: each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Writer<W> {
    desk: Arc<Desk>,
    broker: Broker,
    connection: Connection,
    wake: W,
    /// Since when there is this connection.
    since: Instant,
    /// The next pause.
    pause: Duration,
}

impl<W: Fn()> Writer<W> {
    pub(super) fn open(desk: Arc<Desk>, broker: Broker, wake: W) -> Result<Self, String> {
        let connection = connect(&broker)?;
        Ok(Self { desk, broker, connection, wake, since: Instant::now(), pause: FIRST_PAUSE })
    }

    /// Works until the loop drops the link.
    pub(super) fn run(mut self) {
        while let Some(errand) = self.desk.next_errand() {
            let done = match errand {
                Errand::Requests(requests) => self.carry_out(&requests),
                Errand::Interrupt(reader) => self.interrupt(reader),
                Errand::Fail(why) => Err(why),
            };
            if let Err(why) = done
                && !self.reconnect(why)
            {
                return;
            }
        }
    }

    /// Carries out requests together. All of them are void if one cannot be.
    fn carry_out(&mut self, requests: &[Request]) -> Result<(), String> {
        let (commands, topics): (Vec<Command>, Vec<Topic>) = requests.iter().filter_map(command).unzip();
        let answers = self.connection.ask_all(&commands).and_then(|answers| {
            let answers = answers.into_iter().zip(topics);
            answers.map(|(answer, topic)| reply(topic, answer?)).collect()
        });
        self.desk.reply(answers.map_err(|error| self.broker.explain(&error))?);
        (self.wake)();
        Ok(())
    }

    /// Lets the reader begin anew. The broker may not know that it waits: then this is tried again.
    fn interrupt(&mut self, reader: u64) -> Result<(), String> {
        let command = Command::new("CLIENT UNBLOCK").arg(reader);
        match self.connection.ask(&command) {
            // It waits for a short time if this is not allowed.
            Ok(_) | Err(BrokerError::Refused(_)) => Ok(()),
            Err(error) => Err(self.broker.explain(&error)),
        }
    }

    /// Connects anew, however long it takes. False when the link is over.
    fn reconnect(&mut self, why: String) -> bool {
        self.desk.go_down(why);
        (self.wake)();
        // A broker that lets us in but then refuses something is not asked more and more often.
        if self.since.elapsed() > STABLE {
            self.pause = FIRST_PAUSE;
        }
        while self.desk.pause(self.pause) {
            self.pause = LAST_PAUSE.min(self.pause * 2);
            if let Ok(connection) = connect(&self.broker) {
                (self.connection, self.since) = (connection, Instant::now());
                self.desk.go_up();
                (self.wake)();
                return true;
            }
        }
        false
    }
}

/// Connects to a broker that has loaded its data and lets us in.
fn connect(broker: &Broker) -> Result<Connection, String> {
    let mut connection = broker.open()?;
    let known = connection.ask(&Command::new("GET").key(keys::ID));
    known.map_err(|error| broker.explain(&error))?;
    Ok(connection)
}
