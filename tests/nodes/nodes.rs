//! Real programs over a real broker.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::{env, fs, thread};

use parlor::address::Address;
use rustix::process::Signal;

use crate::client::Client;
use crate::proxy::Proxy;
use crate::support::options::PARLORD_ARGS;
use crate::support::redis_server::RedisServer;
use crate::support::{Peer, Program};

/// The names of nodes.
pub(crate) const NAMES: [&str; 3] = ["attic", "barn", "cellar"];

/// What clients ask for unless the test says otherwise.
pub(crate) const CAPABILITIES: &str = "message-tags server-time";

/// How nodes are started.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setup<'a> {
    /// More options for all nodes.
    pub(crate) options: &'a [&'a str],
    /// A proxy between each node and the broker.
    pub(crate) behind_proxies: bool,
    /// How far the clock of each node is wrong, for libfaketime, such as `+300s`.
    pub(crate) clocks: [&'a str; 3],
}

/// A node, which may be dead.
struct Node {
    program: Option<Program>,
    at: Address,
    proxy: Option<Proxy>,
    clock: String,
}

/// Nodes over one broker. All end on drop.
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    options: Vec<String>,
    pub(crate) broker: RedisServer,
}

impl Nodes {
    /// Starts a broker and this many nodes. `None` if redis-server is not installed, except in CI.
    pub(crate) fn start(count: usize) -> Option<Self> {
        Self::with(count, Setup::default())
    }

    pub(crate) fn with(count: usize, setup: Setup<'_>) -> Option<Self> {
        let broker = RedisServer::start()?;
        let options = setup.options.iter().map(|&option| option.to_owned()).collect();
        let mut nodes = Self { nodes: Vec::new(), options, broker };
        for n in 0..count {
            let proxy = setup.behind_proxies.then(|| Proxy::to(nodes.broker.port()));
            let clock = setup.clocks[n].to_owned();
            let at = Address::Tcp { host: String::new(), port: 0 };
            nodes.nodes.push(Node { program: None, at, proxy, clock });
            nodes.revive(n);
        }
        Some(nodes)
    }

    /// Starts a node that is dead.
    pub(crate) fn revive(&mut self, n: usize) {
        let node = &self.nodes[n];
        let port = node.proxy.as_ref().map_or(self.broker.port(), Proxy::port);
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlord"));
        command.args(PARLORD_ARGS).args([
            "--max-per-ip",
            "1000",
            "--oper",
            "root:secret",
            "--node",
            NAMES[n],
        ]);
        command.args(["--cluster", &format!("redis://127.0.0.1:{port}/0")]).args(&self.options);
        // Without a line for each user.
        command.env("RUST_LOG", "info,parlor::logging::peer_log=warn");
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        if !node.clock.is_empty() {
            let library = faketime().expect("the test has looked for it");
            command.env("LD_PRELOAD", library).env("FAKETIME", &node.clock);
            command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        let program = Program::spawn(command);
        let node = &mut self.nodes[n];
        node.at = program.listening();
        node.program = Some(program);
    }

    pub(crate) fn address(&self, n: usize) -> &Address {
        &self.nodes[n].at
    }

    /// The network between a node and the broker.
    pub(crate) fn network(&self, n: usize) -> &Proxy {
        self.nodes[n].proxy.as_ref().expect("the test has proxies")
    }

    /// An IRC user on a node.
    #[track_caller]
    pub(crate) fn client(&self, n: usize, name: &str) -> Client {
        self.client_with(n, name, CAPABILITIES)
    }

    /// The same with these capabilities.
    #[track_caller]
    pub(crate) fn client_with(&self, n: usize, name: &str, capabilities: &str) -> Client {
        self.connect(n, name).register(capabilities)
    }

    /// An IRC client that has said nothing.
    #[track_caller]
    pub(crate) fn connect(&self, n: usize, name: &str) -> Client {
        Client::connect(&self.nodes[n].at, name)
    }

    /// An IRC user in a room, who has read who is there.
    #[track_caller]
    pub(crate) fn member(&self, n: usize, name: &str, room: &str) -> Client {
        self.member_with(n, name, room, CAPABILITIES)
    }

    #[track_caller]
    pub(crate) fn member_with(&self, n: usize, name: &str, room: &str, capabilities: &str) -> Client {
        let mut client = self.client_with(n, name, capabilities);
        client.told(&format!("JOIN {room}"), &format!(" 366 {name} {room} "));
        client
    }

    /// An operator of the server.
    #[track_caller]
    pub(crate) fn operator(&self, n: usize, name: &str) -> Client {
        let mut client = self.client(n, name);
        client.told("OPER root secret", " 381 ");
        client
    }

    /// A user of a textbook client, who is in the lobby.
    pub(crate) fn textbook(&self, n: usize, name: &str) -> Peer {
        Peer::user(&self.nodes[n].at, name)
    }

    /// Ends a node without a word (`kill -9`).
    pub(crate) fn kill(&mut self, n: usize) {
        self.nodes[n].program = None;
    }

    /// Lets a node do nothing until [`Self::resume`].
    pub(crate) fn pause(&self, n: usize) {
        self.signal(n, Signal::STOP);
    }

    pub(crate) fn resume(&self, n: usize) {
        self.signal(n, Signal::CONT);
    }

    pub(crate) fn signal(&self, n: usize, signal: Signal) {
        self.nodes[n].program.as_ref().expect("it is alive").signal(signal);
    }

    pub(crate) fn program(&mut self, n: usize) -> &mut Program {
        self.nodes[n].program.as_mut().expect("it is alive")
    }
}

/// What the nodes have logged, for whoever reads why a test failed.
impl Drop for Nodes {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        for (n, node) in self.nodes.iter_mut().enumerate() {
            if let Some(program) = &mut node.program {
                program.signal(Signal::KILL);
                eprintln!("what {} has logged:\n{}", NAMES[n], program.ended().stderr);
            }
        }
    }
}

/// The library that changes the clock of a program, if it is installed.
#[allow(clippy::print_stderr)] // For whoever runs the tests.
pub(crate) fn faketime() -> Option<PathBuf> {
    let path = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).find_map(|entry| {
        let path = entry.path().join("faketime/libfaketimeMT.so.1");
        path.exists().then_some(path)
    });
    if path.is_none() {
        assert!(env::var_os("CI").is_none(), "libfaketime is missing");
        eprintln!("left out, because libfaketime is not installed");
    }
    path
}
