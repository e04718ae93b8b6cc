//! The half of a connection that receives, on its own thread.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::error::Error;
use super::event::ClientEvent;
use super::listening::Listening;
use super::shared_connection::SharedConnection;
use super::speaker::Speaker;

/// Events waiting to be read. When full, the reader stops, and finally the server.
const WAITING: usize = 256;

/// Iterates over the events from the server until it closes the connection. Blocks for the next one. After an error
/// there are no more items.
///
/// A thread named `parlor-reader` receives them and answers `PING`. Dropping this value ends the connection and the
/// thread.
#[derive(Debug)]
pub struct Events {
    // Declared first, so that it is dropped first: the reader must not block while we join it.
    receiver: Receiver<Result<ClientEvent, Error>>,
    reader: Reader,
}

impl Events {
    pub(super) fn new(connection: Arc<SharedConnection>, listening: Listening) -> Result<Self, Error> {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let hear = move |item: Option<_>| item.is_some_and(|item| sender.send(item).is_ok());
        let reader = Reader::start(connection, listening, hear)?;
        Ok(Self { receiver, reader })
    }

    /// The next event, or `None` if none comes within `time` or the connection has ended.
    pub fn next_within(&mut self, time: Duration) -> Option<Result<ClientEvent, Error>> {
        self.receiver.recv_timeout(time).ok()
    }

    /// Finishes with [`Speaker::finish`], and waits until the server has taken everything and closed. Discards the
    /// events that come meanwhile; to read them, call `finish` and continue to iterate.
    pub fn close(self, speaker: Speaker) -> Result<(), Error> {
        speaker.finish()?;
        let result = self.receiver.iter().try_for_each(|item| item.map(|_| ()));
        self.reader.join();
        result
    }
}

impl Iterator for Events {
    type Item = Result<ClientEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.receiver.recv().ok()
    }
}

/// The thread that receives. Dropping it ends the connection and waits for the thread.
pub struct Reader {
    connection: Arc<SharedConnection>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Calls `hear` for each event until it returns false or the connection ends. The last item is an error, or
    /// `None` after an orderly end.
    pub(super) fn start(
        connection: Arc<SharedConnection>,
        mut listening: Listening,
        mut hear: impl FnMut(Option<Result<ClientEvent, Error>>) -> bool + Send + 'static,
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

    /// Ends the connection without waiting for the thread.
    pub fn abort(&self) {
        self.connection.abort();
    }

    /// Waits for the end of the connection.
    pub fn join(mut self) {
        self.wait();
    }

    fn wait(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic there has already been reported.
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
