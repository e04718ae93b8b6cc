//! The servers that are compared, and how each is started: on loopback, with limits out of the way, and with all it
//! writes in a directory that goes away with it.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use crate::client::Door;
use crate::configs;
use crate::failure::Failure;
use crate::tls::Certificate;
use crate::wire::Wire;

/// How long a server may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Where servers are that are not in everybody's `PATH`.
const MORE_DIRECTORIES: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// One column of a table.
pub(crate) struct Contender {
    pub(crate) kind: Kind,
    /// What the table calls it.
    pub(crate) name: String,
    program: PathBuf,
    wire: Wire,
    /// What it shows, where it speaks TLS.
    certificate: Option<Rc<Certificate>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Relay,
    Parlord,
    Ngircd,
    Inspircd,
    Redis,
    Nats,
}

/// All of them, the limit first, as the table has them.
pub(crate) const KINDS: [Kind; 6] =
    [Kind::Relay, Kind::Parlord, Kind::Inspircd, Kind::Ngircd, Kind::Redis, Kind::Nats];

/// Those that speak TLS. ngircd does as well, but it takes 2 KB of a record, and the others only when another comes: a
/// record with 30 lines is heard in part, and the speakers wait for ever.
pub(crate) const TLS_KINDS: [Kind; 4] = [Kind::Parlord, Kind::Inspircd, Kind::Redis, Kind::Nats];

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relay => "bare relay",
            Self::Parlord => "parlord",
            Self::Ngircd => "ngircd",
            Self::Inspircd => "InspIRCd",
            Self::Redis => "redis-server",
            Self::Nats => "nats-server",
        }
    }

    fn wire(self) -> Wire {
        match self {
            Self::Relay => Wire::Raw,
            Self::Parlord | Self::Ngircd | Self::Inspircd => Wire::Irc,
            Self::Redis => Wire::Redis,
            Self::Nats => Wire::Nats,
        }
    }

    /// Its program, where there is one.
    fn program(self) -> Option<PathBuf> {
        match self {
            // This program, as a child of itself.
            Self::Relay => env::current_exe().ok(),
            Self::Parlord => Some(env!("CARGO_BIN_EXE_parlord").into()),
            Self::Ngircd | Self::Redis | Self::Nats => find(self.name()),
            Self::Inspircd => find("inspircd"),
        }
    }
}

impl Contender {
    /// Over plain sockets. `None` where it is not installed.
    pub(crate) fn plain(kind: Kind) -> Option<Self> {
        let (name, program) = (kind.name().into(), kind.program()?);
        Some(Self { kind, name, program, wire: kind.wire(), certificate: None })
    }

    /// The same over TLS.
    pub(crate) fn over_tls(self, certificate: &Rc<Certificate>) -> Self {
        Self { name: format!("{}, TLS", self.name), certificate: Some(Rc::clone(certificate)), ..self }
    }

    /// The same with modern clients of IRC.
    pub(crate) fn with_modern_clients(self) -> Self {
        Self { name: format!("{}, modern", self.name), wire: Wire::ModernIrc, ..self }
    }

    /// Another parlord, over plain sockets.
    pub(crate) fn other(program: PathBuf) -> Self {
        let (kind, name) = (Kind::Parlord, program.display().to_string());
        Self { kind, name, program, wire: kind.wire(), certificate: None }
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn start(&self) -> Result<Running, Failure> {
        let directory = Directory::new()?;
        let Self { kind, wire, certificate, .. } = self;
        let door = Door { address: free_address()?, wire: *wire, certificate: certificate.clone() };
        let log = File::create(directory.0.join("log"))?;
        let mut command = Command::new(&self.program);
        configs::configure(*kind, &mut command, &door, &directory.0)?;
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let mut running = Running { name: self.name.clone(), door, child, directory };
        running.await_listening()?;
        Ok(running)
    }
}

/// A server that runs until this is dropped.
pub(crate) struct Running {
    pub(crate) name: String,
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
        while TcpStream::connect(self.door.address).is_err() {
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

/// A directory of its own, removed when dropped.
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

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(MORE_DIRECTORIES.iter().map(PathBuf::from));
    directories.map(|directory| directory.join(program)).find(|file| is_file(file))
}

fn is_file(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|metadata| metadata.is_file())
}

/// An address that was free just now. Most servers cannot say which port the system gave them.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
