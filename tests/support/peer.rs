//! A peer on a real socket, which sends and expects raw bytes.

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

/// A connection, and bytes that are read and not yet expected.
pub struct Peer {
    socket: Socket,
    unread: Vec<u8>,
}

impl Peer {
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

    /// Connects over TCP from this local IPv4 address.
    pub fn connect_from(address: &Address, source: Ipv4Addr) -> Self {
        Self { socket: Socket::Tcp(patient(connect_from(address, source))), unread: Vec::new() }
    }

    /// Connects and completes the TLS handshake of `client`.
    #[cfg(feature = "tls")]
    pub fn over_tls(address: &Address, client: ClientConnection) -> Self {
        let mut peer = Self::before_tls(address, client);
        let Socket::Tls(stream) = &mut peer.socket else { panic!("it is over TLS") };
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).expect("the server speaks TLS");
        }
        peer
    }

    /// Connects; the TLS handshake happens with the first send or read.
    #[cfg(feature = "tls")]
    pub fn before_tls(address: &Address, client: ClientConnection) -> Self {
        let Address::Tcp { host, port } = address else { panic!("TLS goes over TCP here") };
        let stream = StreamOwned::new(client, connect_tcp(host, *port));
        Self { socket: Socket::Tls(Box::new(stream)), unread: Vec::new() }
    }

    #[cfg(feature = "tls")]
    pub fn tls(&mut self) -> (&mut ClientConnection, &mut TcpStream) {
        let Socket::Tls(stream) = &mut self.socket else { panic!("it is not over TLS") };
        (&mut stream.conn, &mut stream.sock)
    }

    /// Logs in on the CrazyIt wire, and ends the quiet time by sending a frame.
    pub fn log_in(mut self, name: &str) -> Self {
        self.send(login(name));
        self.expect("1");
        self.settle(name);
        self
    }

    pub fn register(mut self, name: &str) -> Self {
        self.send(format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n"));
        self.settle_on_irc("welcome");
        self
    }

    /// Connects, logs in, and ends the quiet time by sending a frame.
    pub fn user(address: &Address, name: &str) -> Self {
        Self::connect(address).log_in(name)
    }

    /// The same while others may be chatting.
    pub fn user_amid_chat(address: &Address, name: &str) -> Self {
        let mut peer = Self::connect(address);
        peer.send(login(name));
        peer.expect("1");
        peer.settle_amid_chat(name);
        peer
    }

    /// Connects and registers on IRC, without joining a channel.
    pub fn irc_user(address: &Address, name: &str) -> Self {
        Self::connect(address).register(name)
    }

    /// The same, and joins the lobby.
    pub fn irc_member(address: &Address, name: &str) -> Self {
        let mut peer = Self::irc_user(address, name);
        peer.send("JOIN #lobby\r\n");
        peer.settle_on_irc("joined");
        peer
    }

    /// Asks over IRC for the numbers of users and of connections without a name.
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

    /// Waits until this IRC peer is the only connection.
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

    /// Sends PING and reads up to the PONG: the server has then handled all earlier input of this peer. Returns the lines
    /// before it.
    #[track_caller]
    pub fn settle_on_irc(&mut self, token: &str) -> Vec<String> {
        self.send(format!("PING {token}\r\n"));
        let answer = format!(" PONG parlor.local :{token}\r");
        let mut lines = Vec::new();
        loop {
            let line = self.line();
            assert!(!line.starts_with("ERROR "), "{line}");
            if line.ends_with(&answer) {
                return lines;
            }
            lines.push(line);
        }
    }

    /// Whispers to itself, and expects only that. The server has then handled everything sent before this: it reads all
    /// ready connections in a turn and answers at its end. Twice, because it accepts newcomers at the end of a turn and
    /// reads them in the next.
    #[track_caller]
    pub fn settle(&mut self, name: &str) {
        for n in 0..2 {
            self.send(whisper(name, &format!("settled {n}")));
            self.expect(&format!("{name}悄悄地对你说：settled {n}\n"));
        }
    }

    /// The same, ignoring what others say meanwhile.
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

    /// Sends to a server that may have closed the connection.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        match &mut self.socket {
            Socket::Tcp(stream) => stream.write_all(bytes.as_ref()),
            Socket::Unix(stream) => stream.write_all(bytes.as_ref()),
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => stream.write_all(bytes.as_ref()),
        }
    }

    /// Reads once up to 2,048 bytes, as the textbook's Python programs do.
    pub fn receive_once(&mut self) -> Vec<u8> {
        let mut bytes = [0; 2048];
        let count = self.read(&mut bytes).expect("something arrives within the deadline");
        bytes[..count].to_vec()
    }

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

    /// Expects a notice of the server that contains `part`.
    #[track_caller]
    pub fn expect_notice(&mut self, part: &str) {
        let line = self.line();
        assert!(line.starts_with("* ") && line.contains(part), "{line:?} does not say {part:?}");
    }

    /// Expects the line that tells an IRC peer, or one whose protocol is unknown, why its connection closes.
    #[track_caller]
    pub fn expect_closing_link(&mut self, reason: &str) {
        assert_eq!(self.line(), format!("ERROR :Closing link: {reason}\r"));
    }

    /// Expects an orderly close and no more bytes.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let rest = self.rest();
        assert_eq!(rest, "", "the server has more to say before the end");
    }

    /// Reads all bytes up to an orderly close.
    #[track_caller]
    pub fn rest(&mut self) -> String {
        while self.read_more() {}
        let rest = self.text();
        self.unread.clear();
        rest
    }

    /// Reads until the connection ends, orderly or not.
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

    pub fn finish(&mut self) {
        let result = match &mut self.socket {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Socket::Unix(stream) => stream.shutdown(Shutdown::Write),
            // The TCP connection stays open, as RFC 8446 §6.1 allows.
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush()
            }
        };
        result.expect("the connection is open");
    }

    /// Resets the connection: the server's next read fails.
    pub fn reset(self) {
        sockopt::set_socket_linger(self.as_fd(), Some(Duration::ZERO)).expect("a socket");
    }

    /// Another handle to the connection, for another thread. Unexpected bytes stay with this one.
    pub fn share(&self) -> Self {
        let socket = match &self.socket {
            Socket::Tcp(stream) => stream.try_clone().map(Socket::Tcp),
            Socket::Unix(stream) => stream.try_clone().map(Socket::Unix),
            #[cfg(feature = "tls")]
            Socket::Tls(_) => panic!("a TLS connection has one handle"),
        };
        Self { socket: socket.expect("a descriptor is left"), unread: Vec::new() }
    }

    /// Shuts down both directions at once, for all handles.
    pub fn hang_up(&self) {
        let result = match &self.socket {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Socket::Unix(stream) => stream.shutdown(Shutdown::Both),
            #[cfg(feature = "tls")]
            Socket::Tls(stream) => stream.sock.shutdown(Shutdown::Both),
        };
        // Fails if the server closed first.
        result.ok();
    }

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

    /// Reads more. False at an orderly end of the stream.
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
            // A read with a timeout is interrupted when this process is stopped and continued (signal(7)).
            match result {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// Connects over TCP from this local IPv4 address.
pub fn connect_from(address: &Address, source: Ipv4Addr) -> TcpStream {
    let Address::Tcp { host, port } = address else { panic!("{address} is not over TCP") };
    let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a descriptor is left");
    net::bind(&socket, &SocketAddr::from((source, 0))).expect("this machine has the address");
    let ip: IpAddr = host.parse().expect("the test names an address");
    net::connect(&socket, &SocketAddr::from((ip, *port))).expect("the server listens");
    TcpStream::from(socket)
}

fn connect_tcp(host: &str, port: u16) -> TcpStream {
    patient(TcpStream::connect((host, port)).expect("the server listens"))
}

/// Sends a packet per `send`, and reads with the deadline.
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
