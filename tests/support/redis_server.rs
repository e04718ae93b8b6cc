//! A real `redis-server` on a free port, with a directory of its own and what it needs to survive being killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{env, thread};

use rustix::process::{Pid, Signal, kill_process};

use super::{DEADLINE, Scratch};

/// The user of doc/CLUSTER.md and what it may do, as `ACL SETUSER` takes it.
pub fn documented_rule() -> String {
    let page = include_str!("../../doc/CLUSTER.md");
    let (_, rule) = page.split_once("redis-cli ACL SETUSER ").expect("the page has the rule");
    let (rule, _) = rule.split_once("\n\n").expect("text follows");
    rule.split_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ").replace('\'', "")
}

/// A server, killed on drop.
pub struct RedisServer {
    port: u16,
    is_sentinel: bool,
    arguments: Vec<String>,
    directory: Scratch,
    /// What a user `parlor` may do, who has the password `PASSWORD`.
    rule: Option<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a server. `None` if the program is not installed, except in CI, which must have it.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with these options besides.
    pub fn start_with(arguments: &[&str]) -> Option<Self> {
        Self::start_as(false, arguments, "")
    }

    /// Starts a sentinel that watches this primary server under the name `chat`.
    pub fn sentinel(primary: &Self) -> Option<Self> {
        let (at, timeout) = (primary.port, 60_000);
        let config = format!(
            "sentinel monitor chat 127.0.0.1 {at} 1\n\
             sentinel down-after-milliseconds chat 1000\n\
             sentinel failover-timeout chat {timeout}\n"
        );
        Self::start_as(true, &[], &config)
    }

    #[allow(clippy::print_stderr)] // For whoever runs the tests.
    fn start_as(is_sentinel: bool, arguments: &[&str], config: &str) -> Option<Self> {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        // Somebody else may get the port first.
        for _ in 0..10 {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
            let port = listener.local_addr().expect("it is bound").port();
            drop(listener);
            let arguments = arguments.clone();
            let directory = Scratch::new();
            directory.file("redis.conf", config);
            let mut server = Self { port, is_sentinel, arguments, directory, rule: None, child: None };
            if !server.spawn() {
                assert!(env::var_os("CI").is_none(), "redis-server is missing");
                eprintln!("left out, because redis-server is not installed");
                return None;
            }
            if server.is_answering() {
                return Some(server);
            }
        }
        panic!("redis-server does not start");
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// The path of a file in its directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path(name)
    }

    /// The URL for a user who may do what doc/CLUSTER.md says, and no more.
    pub fn permitted_url(&self) -> String {
        format!("redis://parlor:PASSWORD@127.0.0.1:{}/0", self.port)
    }

    /// Lets that user in.
    pub fn permit(&mut self) {
        self.rule = Some(documented_rule());
        self.set_rule();
    }

    /// Kills it. It keeps what it has answered.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it is ours");
            child.wait().expect("it is ours");
        }
    }

    /// Starts it again after a kill.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.spawn() && self.is_answering(), "redis-server does not start again");
        self.set_rule();
    }

    /// Lets it do nothing until [`Self::resume`]: connections stay, and nobody is answered.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Asks it something in one line, and returns the first line of the answer.
    pub fn ask(&self, command: &str) -> String {
        self.try_ask(command).expect("the server answers")
    }

    fn set_rule(&self) {
        if let Some(rule) = &self.rule {
            assert_eq!(self.ask(&format!("ACL SETUSER {rule}")), "+OK");
        }
    }

    /// Asks it something in one line, and returns the whole answer as it is sent.
    pub fn text(&self, command: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("the server accepts");
        stream.set_read_timeout(Some(DEADLINE)).expect("it is a socket");
        stream.write_all(format!("{command}\r\n").as_bytes()).expect("the server reads");
        stream.shutdown(Shutdown::Write).expect("it is connected");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the server answers");
        answer
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("it runs");
        kill_process(Pid::from_child(child), signal).expect("it is ours");
    }

    fn spawn(&mut self) -> bool {
        let kind: &[&str] = match self.is_sentinel {
            true => &["--sentinel"],
            false => &["--save", "", "--appendonly", "yes", "--appendfsync", "no"],
        };
        let child = Command::new("redis-server")
            .arg(self.directory.path("redis.conf"))
            .args(kind)
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--dir"])
            .arg(self.directory.path(""))
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = child.ok();
        self.child.is_some()
    }

    /// Waits until it answers. False if it has ended.
    fn is_answering(&mut self) -> bool {
        let by = Instant::now() + DEADLINE;
        while self.try_ask("PING").as_deref() != Some("+PONG") {
            assert!(Instant::now() < by, "redis-server does not answer");
            let has_ended = |child: &mut Child| child.try_wait().ok().flatten().is_some();
            if self.child.as_mut().is_none_or(has_ended) {
                return false;
            }
            thread::yield_now();
        }
        true
    }

    fn try_ask(&self, command: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(DEADLINE)).ok()?;
        stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
    }
}
