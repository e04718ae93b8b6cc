//! The link to the broker: it carries out requests on two threads beside the event loop. One sends requests and receives
//! their replies, many at a time; the other waits for what there is to read.

mod asking;
mod desk;
mod keys;
mod positions;
mod reader;
mod writer;

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;

use super::request::{Reply, Request};
use crate::broker::Broker;
use desk::Desk;
use reader::Reader;
use writer::Writer;

/// The stack of each thread, in bytes: a TLS handshake takes less than 64 KiB of it.
const STACK_BYTES: usize = 256 * 1024;

/// The link to the broker, which is up when it is opened. Dropping it ends the threads, without waiting.
///
/// When the connection is lost, [`Reply::Down`] is the last reply, and requests are dropped until [`Reply::Up`] is
/// fetched: its user asks again. The user bounds the number of requests that are under way.
#[derive(Debug)]
pub struct Link {
    desk: Arc<Desk>,
    replies: VecDeque<Reply>,
}

impl Link {
    /// Connects, and starts the threads. `wake` is called from them when there are replies. The error is one line without
    /// the password.
    pub fn open(broker: &Broker, wake: impl Fn() + Send + Clone + 'static) -> Result<Self, String> {
        let desk = Arc::new(Desk::default());
        let writer = Writer::open(Arc::clone(&desk), broker.clone(), wake.clone())?;
        let reader = Reader::open(Arc::clone(&desk), broker.clone(), wake)?;
        start("parlord-broker", move || writer.run())?;
        // From here on, an error must end the other thread.
        let link = Self { desk, replies: VecDeque::new() };
        start("parlord-reader", move || reader.run())?;
        Ok(link)
    }

    /// Sends requests together.
    pub fn send(&mut self, requests: impl IntoIterator<Item = Request>) {
        self.desk.request(requests);
    }

    /// The next reply.
    pub fn fetch(&mut self) -> Option<Reply> {
        if self.replies.is_empty() {
            self.replies = self.desk.take_replies();
        }
        let reply = self.replies.pop_front();
        if reply == Some(Reply::Up) {
            self.desk.heard_up();
        }
        reply
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.desk.end();
    }
}

fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let builder = thread::Builder::new().name(name.into()).stack_size(STACK_BYTES);
    let started = builder.spawn(run);
    started.map(drop).map_err(|error| format!("cannot start a thread for the broker: {error}"))
}
