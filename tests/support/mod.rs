//! What the tests share: a server on a thread of this process, the real programs, and a peer that speaks in bare
//! bytes. Whoever waits, waits for something that must happen, and fails when it has not happened by a deadline.

// Each directory of tests is a crate of its own and uses a part of this.
#![allow(dead_code, unreachable_pub, unused_imports)]

pub mod irc;
pub mod options;
pub mod peer;
pub mod program;
pub mod scene;
pub mod stand_in;
pub mod stream;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "tls")]
pub mod tls_stand_in;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{env, fs, process};

use parlor::address::Address;
use parlor::config::{Limits, ServerConfig};
use parlor::net::{BindError, Reactor, Stopper};

pub use options::limits;
pub use peer::Peer;
pub use program::Program;
pub use stand_in::StandIn;

/// How long anything may take before the test fails: much longer than it does, because machines can be busy.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// What is told to somebody whose first bytes begin neither protocol.
pub const NEITHER: &str = "bytes outside a frame: begin with ∏∑name∏∑, or with an IRC command such as NICK";

/// What is told to somebody who begins with TLS where it is not spoken.
pub const TLS_HERE: &str = "TLS at a port without it: connect without TLS, or to the server's port for TLS";

/// The frame that logs in.
pub fn login(name: &str) -> String {
    format!("∏∑{name}∏∑")
}

/// The frame that tells everybody.
pub fn say(text: &str) -> String {
    format!("§γ{text}§γ")
}

/// The frame that tells one user.
pub fn whisper(to: &str, text: &str) -> String {
    format!("★【{to}※{text}★【")
}

/// An address from its text.
pub fn address(text: &str) -> Address {
    Address::parse(text).expect("the test names a good address")
}

/// A server that runs on a thread of this process. It ends in an orderly way when it is dropped.
pub struct TestServer {
    addresses: Vec<Address>,
    tls_addresses: Vec<Address>,
    stopper: Stopper,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl TestServer {
    /// A server on a port of its own, with the default limits.
    pub fn start() -> Self {
        Self::with_limits(limits())
    }

    /// A server on a port of its own.
    pub fn with_limits(limits: Limits) -> Self {
        Self::listen(&[address("127.0.0.1:0")], limits).expect("the loopback interface has a free port")
    }

    /// A server at these addresses. When this returns, it can be connected to.
    pub fn listen(addresses: &[Address], limits: Limits) -> Result<Self, BindError> {
        Self::run(ServerConfig { listen: addresses.to_vec(), limits, ..options::config() })
    }

    /// A server that runs like this. When this returns, it can be connected to.
    pub fn run(config: ServerConfig) -> Result<Self, BindError> {
        let reactor = Reactor::bind(config)?;
        let (addresses, stopper) = (reactor.addresses().to_vec(), reactor.stopper());
        let tls_addresses = reactor.tls_addresses().cloned().collect();
        let thread = Some(thread::spawn(|| reactor.run()));
        Ok(Self { addresses, tls_addresses, stopper, thread })
    }

    /// Where it listens, in the order in which it was asked to.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Where it listens for TLS.
    pub fn tls_addresses(&self) -> &[Address] {
        &self.tls_addresses
    }

    /// Somebody who has connected and said nothing.
    pub fn connect(&self) -> Peer {
        Peer::connect(&self.addresses[0])
    }

    /// Somebody who has logged in, and from whom nothing is held back any more.
    pub fn user(&self, name: &str) -> Peer {
        Peer::user(&self.addresses[0], name)
    }

    /// Asks the server to end, and does not wait for it.
    pub fn begin_to_stop(&self) {
        self.stopper.stop().expect("the server can be woken");
    }

    /// Ends the server, and fails when it did not end well.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.begin_to_stop();
            let result = thread.join();
            // A second panic while the test's own is under way would hide it.
            if !thread::panicking() {
                result.expect("the server does not panic").expect("the server polls to its end");
            }
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.end();
    }
}

/// A directory of its own for one test, removed at the end.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        // Short, because the path of a Unix socket has at most 107 bytes (unix(7)).
        let path = env::temp_dir().join(format!("parlor-{}-{n}", process::id()));
        fs::create_dir(&path).expect("the directory for temporary files can be written to");
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file with this content.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the directory is ours");
        path
    }

    /// The address of a Unix socket in this directory.
    pub fn socket(&self, name: &str) -> Address {
        Address::Unix(self.path(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// `path` as an argument for a program.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("the test made this path of text")
}
