//! Somebody at the other end of a socket, who speaks in bytes and knows no protocol.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use parlor::address::Address;
use rustix::net::{self, AddressFamily, SocketType, sockopt};
#[cfg(feature = "tls")]
use rustls::{ClientConnection, StreamOwned};

use super::{DEADLINE, login, whisper};

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

/// A connection, and what has been read and not yet been expected.
pub struct Peer {
    socket: Socket,
    unread: Vec<u8>,
}

impl Peer {
    /// Connects and says nothing.
    pub fn connect(address: &Address) -> Self {
        let socket = match address {
            Address::Tcp { host, port } => Socket::Tcp(connect_tcp(host, *port)),
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).expect("the server listens");
                stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
                stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
                Socket::Unix(stream)
            }
        };
        Self { socket, unread: Vec::new() }
    }

    /// Connects over TCP from this address, one of IPv4 that this machine has, and says nothing.
    pub fn connect_from(address: &Address, source: Ipv4Addr) -> Self {
        let Address::Tcp { host, port } = address else { panic!("{address} is not over TCP") };
        let socket =
            net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a descriptor is left");
        net::bind(&socket, &SocketAddr::from((source, 0))).expect("this machine has the address");
        let ip: IpAddr = host.parse().expect("the test names an address");
        net::connect(&socket, &SocketAddr::from((ip, *port))).expect("the server listens");
        Self { socket: Socket::Tcp(patient(TcpStream::from(socket))), unread: Vec::new() }
    }

    /// Connects, and shakes hands as `client` says; says nothing.
    #[cfg(feature = "tls")]
    pub fn over_tls(address: &Address, client: ClientConnection) -> Self {
        let mut peer = Self::before_tls(address, client);
        let Socket::Tls(stream) = &mut peer.socket else { panic!("it is over TLS") };
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).expect("the server speaks TLS");
        }
        peer
    }

    /// Connects, and shakes no hands before something is sent or read.
    #[cfg(feature = "tls")]
    pub fn before_tls(address: &Address, client: ClientConnection) -> Self {
        let Address::Tcp { host, port } = address else { panic!("TLS goes over TCP here") };
        let stream = StreamOwned::new(client, connect_tcp(host, *port));
        Self { socket: Socket::Tls(Box::new(stream)), unread: Vec::new() }
    }

    /// The TLS connection, and the socket under it.
    #[cfg(feature = "tls")]
    pub fn tls(&mut self) -> (&mut ClientConnection, &mut TcpStream) {
        let Socket::Tls(stream) = &mut self.socket else { panic!("it is not over TLS") };
        (&mut stream.conn, &mut stream.sock)
    }

    /// Logs in on the CrazyIt wire, and ends the quiet time after the login with a frame.
    pub fn log_in(mut self, name: &str) -> Self {
        self.send(login(name));
        self.expect("1");
        self.settle(name);
        self
    }

    /// Registers on IRC.
    pub fn register(mut self, name: &str) -> Self {
        self.send(format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n"));
        self.settle_on_irc("welcome");
        self
    }

    /// Connects, logs in, and ends the quiet time after the login with a frame.
    pub fn user(address: &Address, name: &str) -> Self {
        Self::connect(address).log_in(name)
    }

    /// The same, where others may say something meanwhile.
    pub fn user_amid_chat(address: &Address, name: &str) -> Self {
        let mut peer = Self::connect(address);
        peer.send(login(name));
        peer.expect("1");
        peer.settle_amid_chat(name);
        peer
    }

    /// Connects, and registers on IRC. Joins nothing.
    pub fn irc_user(address: &Address, name: &str) -> Self {
        Self::connect(address).register(name)
    }

    /// The same, in the lobby.
    pub fn irc_member(address: &Address, name: &str) -> Self {
        let mut peer = Self::irc_user(address, name);
        peer.send("JOIN #lobby\r\n");
        peer.settle_on_irc("joined");
        peer
    }

    /// Somebody on IRC asks how many users and how many connections without a name there are.
    #[track_caller]
    pub fn population(&mut self) -> (usize, usize) {
        self.send("LUSERS\r\n");
        let mut next = |numeric: &str| loop {
            if let Some((_, told)) = self.line().split_once(&format!(" {numeric} ")) {
                break told.split(' ').find_map(|word| word.parse().ok()).expect("a number");
            }
        };
        let population = (next("251"), next("253"));
        next("266");
        population
    }

    /// Waits until this peer, who is on IRC, is alone with the server.
    #[track_caller]
    pub fn wait_for_solitude(&mut self) {
        let begin = Instant::now();
        loop {
            let population = self.population();
            if population == (1, 0) {
                return;
            }
            assert!(begin.elapsed() < DEADLINE, "{population:?} users and others are left");
        }
    }

    /// Asks for a sign of life, and reads up to the answer. The server has then handled what this peer sent before.
    #[track_caller]
    pub fn settle_on_irc(&mut self, token: &str) {
        self.send(format!("PING {token}\r\n"));
        let answer = format!(" PONG parlor.local :{token}\r");
        loop {
            let line = self.line();
            assert!(!line.starts_with("ERROR "), "{line}");
            if line.ends_with(&answer) {
                break;
            }
        }
    }

    /// Whispers to itself, and expects that alone. The server has then handled whatever anybody sent before
    /// this: it reads all who are ready in a turn, and answers at its end. Twice, because it accepts newcomers at
    /// the end of a turn and reads them in the next.
    #[track_caller]
    pub fn settle(&mut self, name: &str) {
        for n in 0..2 {
            self.send(whisper(name, &format!("settled {n}")));
            self.expect(&format!("{name}悄悄地对你说：settled {n}\n"));
        }
    }

    /// The same for somebody who hears others meanwhile, and does not care what.
    pub fn settle_amid_chat(&mut self, name: &str) {
        for n in 0..2 {
            self.send(whisper(name, &format!("settled {n}")));
            let settled = format!("{name}悄悄地对你说：settled {n}");
            loop {
                let line = self.line();
                assert!(!line.starts_with("* "), "{name} is told: {line}");
                if line == settled {
                    break;
                }
            }
        }
    }

    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).expect("the server takes what is sent");
    }

    /// Sends to somebody who may be gone.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        match &mut self.socket {
            Socket::Tcp(stream) => stream.write_all(bytes.as_ref()),
            Socket::Unix(stream) => stream.write_all(bytes.as_ref()),
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => stream.write_all(bytes.as_ref()),
        }
    }

    /// Reads once, as the textbook's Python programs do: up to 2,048 bytes of whatever is there.
    pub fn receive_once(&mut self) -> Vec<u8> {
        let mut bytes = [0; 2048];
        let count = self.read(&mut bytes).expect("something arrives within the deadline");
        bytes[..count].to_vec()
    }

    /// Expects exactly these bytes next.
    #[track_caller]
    pub fn expect(&mut self, expected: &str) {
        while self.unread.len() < expected.len() && expected.as_bytes().starts_with(&self.unread) {
            if !self.read_more() {
                break;
            }
        }
        let got: Vec<_> = self.unread.drain(..self.unread.len().min(expected.len())).collect();
        assert_eq!(String::from_utf8_lossy(&got), expected);
    }

    /// The next line, without its newline.
    #[track_caller]
    pub fn line(&mut self) -> String {
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line: Vec<_> = self.unread.drain(..=end).collect();
                return String::from_utf8(line[..end].to_vec()).expect("the server sends UTF-8");
            }
            assert!(self.read_more(), "the server ended a line with {:?}", self.text());
        }
    }

    /// Expects a line of the server's own that contains `part`.
    #[track_caller]
    pub fn expect_notice(&mut self, part: &str) {
        let line = self.line();
        assert!(line.starts_with("* ") && line.contains(part), "{line:?} does not say {part:?}");
    }

    /// Expects the line in which a server tells a peer on IRC, or one that has shown no protocol yet, why its
    /// connection ends.
    #[track_caller]
    pub fn expect_closing_link(&mut self, reason: &str) {
        assert_eq!(self.line(), format!("ERROR :Closing link: {reason}\r"));
    }

    /// Expects that nothing comes any more but a clean end: not a reset.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let rest = self.rest();
        assert_eq!(rest, "", "the server has more to say before the end");
    }

    /// Everything up to a clean end.
    #[track_caller]
    pub fn rest(&mut self) -> String {
        while self.read_more() {}
        let rest = self.text();
        self.unread.clear();
        rest
    }

    /// Reads until the connection ends, in whatever way.
    pub fn wait_for_any_end(&mut self) {
        let mut bytes = [0; 65536];
        loop {
            match self.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    let timeout = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                    assert!(!timeout, "the server does not end the connection");
                    return;
                }
            }
        }
    }

    /// Sends no more, and goes on reading.
    pub fn finish(&mut self) {
        let result = match &mut self.socket {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Socket::Unix(stream) => stream.shutdown(Shutdown::Write),
            // What is under it stays open, as RFC 8446 §6.1 has it.
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush()
            }
        };
        result.expect("the connection is open");
    }

    /// Breaks the connection: the server's next read fails.
    pub fn reset(self) {
        sockopt::set_socket_linger(self.as_fd(), Some(Duration::ZERO)).expect("a socket");
    }

    /// Another handle to the same connection, for another thread. What was read and not expected stays here.
    pub fn share(&self) -> Self {
        let socket = match &self.socket {
            Socket::Tcp(stream) => stream.try_clone().map(Socket::Tcp),
            Socket::Unix(stream) => stream.try_clone().map(Socket::Unix),
            #[cfg(feature = "tls")]
            Socket::Tls(_) => panic!("who speaks TLS speaks alone"),
        };
        Self { socket: socket.expect("a descriptor is left"), unread: Vec::new() }
    }

    /// Ends both directions at once, also for other handles.
    pub fn hang_up(&self) {
        let result = match &self.socket {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Socket::Unix(stream) => stream.shutdown(Shutdown::Both),
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => stream.sock.shutdown(Shutdown::Both),
        };
        // It fails where the server was first.
        result.ok();
    }

    /// The port at this end.
    pub fn local_port(&self) -> u16 {
        match &self.socket {
            Socket::Tcp(stream) => stream.local_addr().expect("an open socket").port(),
            Socket::Unix(_) => panic!("a Unix socket has no port"),
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => stream.sock.local_addr().expect("an open socket").port(),
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.unread).into_owned()
    }

    /// False at a clean end of the stream.
    #[track_caller]
    fn read_more(&mut self) -> bool {
        let mut bytes = [0; 65536];
        match self.read(&mut bytes) {
            Ok(count) => {
                self.unread.extend_from_slice(&bytes[..count]);
                count > 0
            }
            Err(error) => panic!("after {:?}: {error}", self.text()),
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let result = match &mut self.socket {
                Socket::Tcp(stream) => stream.read(bytes),
                Socket::Unix(stream) => stream.read(bytes),
                #[cfg(feature = "tls")]
                Socket::Tls(stream) => stream.read(bytes),
            };
            // A read with a timeout ends early when the system stops this process for a moment (signal(7)).
            match result {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

fn connect_tcp(host: &str, port: u16) -> TcpStream {
    patient(TcpStream::connect((host, port)).expect("the server listens"))
}

/// A stream that sends a packet for each `send`, so that a cut is a cut, and waits for the deadline.
fn patient(stream: TcpStream) -> TcpStream {
    stream.set_nodelay(true).expect("an open socket");
    stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
    stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
    stream
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Socket::Tcp(stream) => stream.as_fd(),
            Socket::Unix(stream) => stream.as_fd(),
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => stream.sock.as_fd(),
        }
    }
}
