//! Shared by the tests: servers on a thread of this process, the real programs, and raw-byte peers. Every wait is for
//! something that must happen, and fails at a deadline.

// Each directory of tests is a separate crate and uses a part of this.
#![allow(dead_code, unreachable_pub, unused_imports)]

#[cfg(feature = "store")]
pub mod accounts;
#[cfg(feature = "store")]
pub mod blank_store;
#[cfg(feature = "cluster")]
pub mod broker;
#[cfg(feature = "web")]
pub mod browser;
#[cfg(feature = "web")]
pub mod frames;
pub mod irc;
#[cfg(feature = "store")]
pub mod known;
pub mod options;
#[cfg(feature = "store")]
pub mod past;
pub mod peer;
pub mod program;
#[cfg(feature = "cluster")]
pub mod redis_cluster;
#[cfg(feature = "cluster")]
pub mod redis_server;
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

/// The deadline for everything, far longer than needed, because machines can be busy.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The answer to first bytes of neither protocol.
pub const NEITHER: &str = "bytes outside a frame: begin with ∏∑name∏∑, or with an IRC command such as NICK";

/// The answer to a TLS ClientHello at a plain port.
pub const TLS_HERE: &str = "TLS at a port without it: connect without TLS, or to the server's port for TLS";

pub fn login(name: &str) -> String {
    format!("∏∑{name}∏∑")
}

/// The frame for a message to everybody.
pub fn say(text: &str) -> String {
    format!("§γ{text}§γ")
}

/// The frame for a message to one user.
pub fn whisper(to: &str, text: &str) -> String {
    format!("★【{to}※{text}★【")
}

pub fn address(text: &str) -> Address {
    Address::parse(text).expect("the test names a good address")
}

/// A server on a thread of this process, shut down in an orderly way on drop.
pub struct TestServer {
    addresses: Vec<Address>,
    tls_addresses: Vec<Address>,
    stopper: Stopper,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl TestServer {
    /// A server on a free port, with default limits.
    pub fn start() -> Self {
        Self::with_limits(limits())
    }

    pub fn with_limits(limits: Limits) -> Self {
        Self::listen(&[address("127.0.0.1:0")], limits).expect("the loopback interface has a free port")
    }

    /// A server at these addresses, ready for connections.
    pub fn listen(addresses: &[Address], limits: Limits) -> Result<Self, BindError> {
        Self::run(ServerConfig { listen: addresses.to_vec(), limits, ..options::config() })
    }

    /// A server with this config, ready for connections.
    pub fn run(config: ServerConfig) -> Result<Self, BindError> {
        let reactor = Reactor::bind(config)?;
        let (addresses, stopper) = (reactor.addresses().to_vec(), reactor.stopper());
        let tls_addresses = reactor.tls_addresses().cloned().collect();
        let thread = Some(thread::spawn(|| reactor.run()));
        Ok(Self { addresses, tls_addresses, stopper, thread })
    }

    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    pub fn tls_addresses(&self) -> &[Address] {
        &self.tls_addresses
    }

    /// A peer that has sent nothing.
    pub fn connect(&self) -> Peer {
        Peer::connect(&self.addresses[0])
    }

    /// A CrazyIt user after its quiet time.
    pub fn user(&self, name: &str) -> Peer {
        Peer::user(&self.addresses[0], name)
    }

    pub fn begin_to_stop(&self) {
        self.stopper.stop().expect("the server can be woken");
    }

    /// Stops the server, and fails if it ended with an error.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.begin_to_stop();
            let result = thread.join();
            // A second panic would hide the first.
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

/// A temporary directory, removed on drop.
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

    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the directory is ours");
        path
    }

    pub fn socket(&self, name: &str) -> Address {
        Address::Unix(self.path(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("the test made this path of text")
}
