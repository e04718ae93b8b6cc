//! The servers to compare, and how to start them: on loopback, without limits, and with their files in a directory that
//! is removed with them.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use crate::browser::Browsers;
use crate::client::Door;
use crate::configs;
use crate::failure::Failure;
use crate::kind::Kind;
use crate::tls::Certificate;
use crate::wire::Wire;

/// How long a server may take until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// One column of a table.
pub(crate) struct Contender {
    pub(crate) kind: Kind,
    /// Its heading in tables.
    pub(crate) name: String,
    program: PathBuf,
    wire: Wire,
    /// Its certificate if it uses TLS.
    certificate: Option<Rc<Certificate>>,
    browsers: Browsers,
    /// Options besides those that all of its kind have.
    options: Vec<String>,
}

impl Contender {
    /// The contender without TLS. `None` if it is not installed.
    pub(crate) fn plain(kind: Kind) -> Option<Self> {
        Some(Self::of(kind, kind.name().into(), kind.program()?))
    }

    pub(crate) fn over_tls(self, certificate: &Rc<Certificate>) -> Self {
        Self { name: format!("{}, TLS", self.name), certificate: Some(Rc::clone(certificate)), ..self }
    }

    /// The same with modern IRC clients.
    pub(crate) fn with_modern_clients(self) -> Self {
        Self { name: format!("{}, modern", self.name), wire: Wire::ModernIrc, ..self }
    }

    /// The same with browsers, which speak WebSocket.
    pub(crate) fn with_browsers(self) -> Self {
        Self { name: format!("{}, browsers", self.name), browsers: Browsers::All, ..self }
    }

    /// The same where every second client is a browser.
    pub(crate) fn with_half_browsers(self) -> Self {
        Self { name: format!("{}, half browsers", self.name), browsers: Browsers::Half, ..self }
    }

    /// Another `parlord` without TLS.
    pub(crate) fn other(program: PathBuf) -> Self {
        Self::of(Kind::Parlord, program.display().to_string(), program)
    }

    /// A node of those that share this broker.
    #[cfg(feature = "cluster")]
    pub(crate) fn with_broker(self, broker: SocketAddr, node: usize) -> Self {
        let options =
            ["--cluster".into(), format!("redis://{broker}"), "--node".into(), format!("node{node}")];
        Self { options: options.into(), ..self }
    }

    fn of(kind: Kind, name: String, program: PathBuf) -> Self {
        Self {
            kind,
            name,
            program,
            wire: kind.wire(),
            certificate: None,
            browsers: Browsers::None,
            options: Vec::new(),
        }
    }

    /// Starts the server, and waits until it listens.
    pub(crate) fn start(&self) -> Result<Running, Failure> {
        let directory = Directory::new()?;
        let Self { kind, wire, certificate, browsers, .. } = self;
        let certificate = certificate.clone();
        let address = free_address()?;
        let door = Door { addresses: vec![address], wire: *wire, certificate, browsers: *browsers };
        let log = File::create(directory.0.join("log"))?;
        let mut command = Command::new(&self.program);
        configs::configure(*kind, &mut command, address, &door, &directory.0)?;
        command.args(&self.options);
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut running = Running { name: self.name.clone(), address, door, child, directory };
        running.await_listening()?;
        Ok(running)
    }
}

/// A running server, killed on drop.
pub(crate) struct Running {
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) door: Door,
    child: Child,
    directory: Directory,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn await_listening(&mut self) -> Result<(), Failure> {
        let by = Instant::now() + START_TIMEOUT;
        while TcpStream::connect(self.address).is_err() {
            if self.child.try_wait()?.is_some() || Instant::now() > by {
                let log = fs::read_to_string(self.directory.0.join("log")).unwrap_or_default();
                return Err(Failure::Wrong(format!("{} does not listen: {}", self.name, log.trim_end())));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A temporary directory, removed on drop.
struct Directory(PathBuf);

impl Directory {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("parlor-peers-{}-{count}", process::id()));
        fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// An address that was free a moment ago. Most servers cannot report the port that the system chose.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
