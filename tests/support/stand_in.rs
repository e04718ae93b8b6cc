//! A scripted server for one client, with or without TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use parlor::address::Address;

use super::DEADLINE;

/// The server's end of a connection.
pub trait Duplex: Read + Write + Send {
    /// Ends the output in an orderly way, which the peer can recognize.
    fn finish(&mut self) -> io::Result<()>;

    /// Ends the output as if the connection were cut.
    fn cut(&mut self) -> io::Result<()>;
}

impl Duplex for TcpStream {
    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn cut(&mut self) -> io::Result<()> {
        self.finish()
    }
}

pub struct StandIn {
    stream: Box<dyn Duplex>,
    unread: Vec<u8>,
}

/// A listener on a free port, and its address.
fn listener() -> (TcpListener, Address) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("it is bound");
    (listener, Address::Tcp { host: at.ip().to_string(), port: at.port() })
}

impl StandIn {
    /// Plays `script` to the first client. The thread returns the script's result.
    pub fn play<T: Send + 'static>(
        script: impl FnOnce(&mut StandIn) -> T + Send + 'static,
    ) -> (Address, JoinHandle<T>) {
        Self::play_over(|stream| Box::new(stream), script)
    }

    /// The same over the stream that `open` makes.
    pub fn play_over<T: Send + 'static>(
        open: impl FnOnce(TcpStream) -> Box<dyn Duplex> + Send + 'static,
        script: impl FnOnce(&mut StandIn) -> T + Send + 'static,
    ) -> (Address, JoinHandle<T>) {
        let (listener, at) = listener();
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client comes");
            script(&mut Self::over(stream, open))
        });
        (at, thread)
    }

    /// Plays `script` to the next `clients`, one after the other.
    pub fn play_to_each(
        clients: usize,
        script: impl Fn(usize, &mut StandIn) + Send + 'static,
    ) -> (Address, JoinHandle<()>) {
        let (listener, at) = listener();
        let thread = thread::spawn(move || {
            for n in 0..clients {
                let (stream, _) = listener.accept().expect("a client comes");
                script(n, &mut Self::over(stream, |stream| Box::new(stream)));
            }
        });
        (at, thread)
    }

    fn over(stream: TcpStream, open: impl FnOnce(TcpStream) -> Box<dyn Duplex>) -> Self {
        stream.set_nodelay(true).expect("an open socket");
        stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
        stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
        Self { stream: open(stream), unread: Vec::new() }
    }

    /// The client's next line, without its end; `None` once its side has ended.
    #[track_caller]
    pub fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
                let line: Vec<_> = self.unread.drain(..=end).collect();
                let line = String::from_utf8(line).expect("the client sends UTF-8");
                return Some(line.strip_suffix("\r\n").expect("lines end with CR LF").to_owned());
            }
            if !self.read() {
                return None;
            }
        }
    }

    /// Reads more. False once the client's side has ended.
    #[track_caller]
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(count) => {
                    self.unread.extend_from_slice(&bytes[..count]);
                    return count > 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("the client says nothing in time: {error}"),
            }
        }
    }

    #[track_caller]
    pub fn await_failure(&mut self) -> io::Error {
        let mut bytes = [0; 4096];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => panic!("the client has ended in an orderly way"),
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    }

    /// Reads until the connection is gone, and never closes this side.
    pub fn await_failure_or_end(&mut self) {
        let mut bytes = [0; 4096];
        // Ignores the end of the client's side.
        while matches!(self.stream.read(&mut bytes), Ok(1..)) {}
        self.send_bytes(b":irc.example NOTICE alice :still here\r\n");
        let deadline = std::time::Instant::now() + DEADLINE;
        while self.stream.write_all(b":irc.example NOTICE alice :still here\r\n").is_ok() {
            assert!(std::time::Instant::now() < deadline, "the client waits for ever");
            thread::sleep(std::time::Duration::from_millis(100));
        }
    }

    #[track_caller]
    pub fn expect_bytes(&mut self, bytes: &str) {
        while self.unread.len() < bytes.len() && self.read() {}
        let count = bytes.len().min(self.unread.len());
        let came: Vec<_> = self.unread.drain(..count).collect();
        assert_eq!(String::from_utf8_lossy(&came), bytes);
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the client reads");
    }

    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.line().as_deref(), Some(line));
    }

    /// Reads up to a line that begins like this.
    #[track_caller]
    pub fn await_line(&mut self, start: &str) -> String {
        loop {
            let line = self.line().expect("the client is still there");
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// Sends lines and adds their ends.
    pub fn send(&mut self, lines: &[&str]) {
        for line in lines {
            self.stream.write_all(format!("{line}\r\n").as_bytes()).expect("the client reads");
        }
    }

    /// Sends lines byte by byte, one packet each.
    pub fn trickle(&mut self, lines: &[&str]) {
        for byte in lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()) {
            self.stream.write_all(&[byte]).expect("the client reads");
        }
    }

    /// Ends the output in an orderly way.
    pub fn finish(&mut self) {
        self.stream.finish().expect("the connection is open");
    }

    /// Ends the output as if the connection were cut.
    pub fn cut(&mut self) {
        self.stream.cut().expect("the connection is open");
    }
}
