//! A server that says what a test tells it to say, to one client.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use parlor::address::Address;

use super::DEADLINE;

/// The server's end of a connection.
pub struct StandIn {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl StandIn {
    /// A server that plays `script` to the first client. Its thread ends with what the script returns.
    pub fn play<T: Send + 'static>(
        script: impl FnOnce(&mut StandIn) -> T + Send + 'static,
    ) -> (Address, JoinHandle<T>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let at = listener.local_addr().expect("it is bound");
        let thread = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a client comes");
            stream.set_nodelay(true).expect("an open socket");
            stream.set_read_timeout(Some(DEADLINE)).expect("not zero");
            stream.set_write_timeout(Some(DEADLINE)).expect("not zero");
            script(&mut StandIn { stream, unread: Vec::new() })
        });
        (Address::Tcp { host: at.ip().to_string(), port: at.port() }, thread)
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
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.unread.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("the client says nothing in time: {error}"),
            }
        }
    }

    /// Expects this line of the client's next.
    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.line().as_deref(), Some(line));
    }

    /// Reads up to the line that begins like this.
    #[track_caller]
    pub fn await_line(&mut self, start: &str) -> String {
        loop {
            let line = self.line().expect("the client is still there");
            if line.starts_with(start) {
                return line;
            }
        }
    }

    /// Sends lines, each without its end.
    pub fn send(&mut self, lines: &[&str]) {
        for line in lines {
            self.stream.write_all(format!("{line}\r\n").as_bytes()).expect("the client reads");
        }
    }

    /// Sends lines byte by byte, a packet each.
    pub fn trickle(&mut self, lines: &[&str]) {
        for byte in lines.iter().flat_map(|line| format!("{line}\r\n").into_bytes()) {
            self.stream.write_all(&[byte]).expect("the client reads");
        }
    }

    /// Sends no more.
    pub fn finish(&mut self) {
        self.stream.shutdown(Shutdown::Write).expect("the connection is open");
    }
}
