//! The network between a node and the broker, which can be cut, hang or be slow.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// How long a read waits before it looks whether the network has changed.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Bytes arrive after this delay.
    Open(Duration),
    /// Connections end, and new ones are refused.
    Cut,
    /// Connections stay, and nothing arrives until they are open again.
    Hung,
    /// The end of the test.
    Ended,
}

#[derive(Debug)]
struct Network {
    mode: Mutex<Mode>,
    changed: Condvar,
}

impl Network {
    fn mode(&self) -> MutexGuard<'_, Mode> {
        self.mode.lock().expect("nobody panics with it")
    }

    /// Waits while nothing arrives. True if connections live on.
    fn lets_pass(&self) -> Option<Duration> {
        let mode = self.changed.wait_while(self.mode(), |mode| *mode == Mode::Hung);
        match *mode.expect("nobody panics with it") {
            Mode::Open(delay) => Some(delay),
            _ => None,
        }
    }
}

/// A port that leads to another one. Its threads end with it.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    network: Arc<Network>,
}

impl Proxy {
    /// A proxy to a port of this machine.
    pub(crate) fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let mode = Mutex::new(Mode::Open(Duration::ZERO));
        let network = Arc::new(Network { mode, changed: Condvar::new() });
        let for_thread = Arc::clone(&network);
        thread::spawn(move || accept(&listener, target, &for_thread));
        Self { port, network }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn open(&self) {
        self.set(Mode::Open(Duration::ZERO));
    }

    /// Delays what arrives, in each direction.
    pub(crate) fn delay(&self, by: Duration) {
        self.set(Mode::Open(by));
    }

    pub(crate) fn cut(&self) {
        self.set(Mode::Cut);
    }

    pub(crate) fn hang(&self) {
        self.set(Mode::Hung);
    }

    fn set(&self, mode: Mode) {
        *self.network.mode() = mode;
        self.network.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Mode::Ended);
        // Wakes the thread that accepts.
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok();
    }
}

fn accept(listener: &TcpListener, target: u16, network: &Arc<Network>) {
    for node in listener.incoming().map_while(Result::ok) {
        let mode = *network.mode();
        if mode == Mode::Ended {
            return;
        }
        if mode == Mode::Cut {
            continue;
        }
        let network = Arc::clone(network);
        thread::spawn(move || connect(node, target, network));
    }
}

/// Connects both sides once the network lets that pass.
fn connect(node: TcpStream, target: u16, network: Arc<Network>) {
    if network.lets_pass().is_none() {
        return;
    }
    let target = SocketAddr::from((Ipv4Addr::LOCALHOST, target));
    let Ok(broker) = TcpStream::connect_timeout(&target, Duration::from_secs(1)) else { return };
    let (Ok(from_broker), Ok(to_node)) = (broker.try_clone(), node.try_clone()) else { return };
    let other = Arc::clone(&network);
    thread::spawn(move || carry(from_broker, to_node, &other));
    carry(node, broker, &network);
}

/// Carries bytes until the connection ends or is cut, and ends it on both sides.
fn carry(mut from: TcpStream, mut to: TcpStream, network: &Network) {
    let mut bytes = [0; 65_536];
    from.set_read_timeout(Some(LOOK)).ok();
    to.set_nodelay(true).ok();
    while let Some(delay) = network.lets_pass() {
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => {
                thread::sleep(delay);
                if network.lets_pass().is_none() || to.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => break,
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
