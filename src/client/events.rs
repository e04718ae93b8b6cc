//! The half of a connection that listens, on a thread of its own.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::error::Error;
use super::event::Event;
use super::listening::Listening;
use super::shared_connection::SharedConnection;
use super::speaker::Speaker;

/// Events that wait for whoever iterates over them. Behind these the server waits.
const WAITING: usize = 256;

/// What comes from the server, until it closes the connection. Waits for it; an error is the last item.
///
/// A thread named `parlor-reader` answers the server's own questions meanwhile. Dropping this ends the connection and
/// that thread.
#[derive(Debug)]
pub struct Events {
    // First, so that the reader does not wait for us when we wait for it.
    receiver: Receiver<Result<Event, Error>>,
    reader: Reader,
}

impl Events {
    pub(super) fn new(connection: Arc<SharedConnection>, listening: Listening) -> Result<Self, Error> {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let hear = move |item: Option<_>| item.is_some_and(|item| sender.send(item).is_ok());
        let reader = Reader::start(connection, listening, hear)?;
        Ok(Self { receiver, reader })
    }

    /// The next event, or `None` when there is none within this time; after the end always.
    pub fn next_within(&mut self, time: Duration) -> Option<Result<Event, Error>> {
        self.receiver.recv_timeout(time).ok()
    }

    /// Ends our side with [`Speaker::finish`], waits until the server has taken everything and closed, and ends the
    /// thread. Events that come meanwhile are forgotten; who wants them calls `finish` and goes on iterating.
    pub fn close(self, speaker: Speaker) -> Result<(), Error> {
        speaker.finish()?;
        let result = self.receiver.iter().try_for_each(|item| item.map(|_| ()));
        self.reader.join();
        result
    }
}

impl Iterator for Events {
    type Item = Result<Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.recv().ok()
    }
}

/// The thread that reads from a connection. Dropping it ends the connection, and waits for the thread.
pub struct Reader {
    connection: Arc<SharedConnection>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Gives `hear` everything that comes, until it returns false, or the connection ends: an error is the last that
    /// comes, or else a `None`.
    pub(super) fn start(
        connection: Arc<SharedConnection>,
        mut listening: Listening,
        mut hear: impl FnMut(Option<Result<Event, Error>>) -> bool + Send + 'static,
    ) -> Result<Self, Error> {
        let thread = thread::Builder::new().name("parlor-reader".into());
        let thread = thread.spawn(move || {
            loop {
                let item = listening.next();
                let is_last = !matches!(item, Some(Ok(_)));
                if !hear(item) || is_last {
                    return;
                }
            }
        });
        Ok(Self { connection, thread: Some(thread.map_err(Error::NoThread)?) })
    }

    /// Ends the connection, and does not wait for the thread.
    pub fn abort(&self) {
        self.connection.abort();
    }

    /// Waits for the connection's end.
    pub fn join(mut self) {
        self.wait();
    }

    fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic there has been told of already.
            thread.join().ok();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.connection.abort();
            self.wait();
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("server", &self.connection.server).finish_non_exhaustive()
    }
}
