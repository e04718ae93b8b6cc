//! Asks a server whether it answers, as a client that never logs in: for containers without other programs.

#[cfg(feature = "tls")]
mod tls;

use std::io::{self, Read, Write};
#[cfg(feature = "tls")]
use std::net::Shutdown;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::address::Address;
use crate::blocking_socket::BlockingSocket;

/// How long connecting and the answer may take together.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// Most bytes read of an answer.
const ANSWER_BYTES: usize = 4096;

/// Most bytes read after the answer.
#[cfg(feature = "tls")]
const FAREWELL_BYTES: u64 = 64 * 1024;

/// Most characters of a wrong answer that are shown.
const SHOWN: usize = 160;

const PING: &[u8] = b"PING :parlord --check\r\nQUIT\r\n";
const PONG: &[u8] = b" PONG ";

/// How a server that speaks TLS answers others (RFC 8446 §5.1).
const TLS_ALERT: &[u8] = &[21, 3];

/// A server that is to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The address of the server.
    pub address: Address,
    /// It speaks TLS there. Only the beginning of a handshake is asked for.
    pub is_tls: bool,
}

/// Fails with one line if the server does not answer as parlord within the deadline.
pub fn check(checked: Checked) -> Result<(), String> {
    let name = checked.address.to_string();
    let (tell, told) = channel();
    // A thread, because looking up a name has no timeout. If it is late, the process ends without it.
    let asked = thread::Builder::new().spawn(move || tell.send(ask(&checked)).unwrap_or_default());
    asked.map_err(|error| format!("cannot start a thread: {error}"))?;
    match told.recv_timeout(DEADLINE) {
        Ok(answered) => answered.map_err(|why| format!("{name}: {why}")),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            Err(format!("{name}: no answer within {} s", DEADLINE.as_secs()))
        }
    }
}

fn ask(checked: &Checked) -> Result<(), String> {
    let socket = BlockingSocket::connect(&checked.address, DEADLINE);
    let socket = socket.map_err(|error| format!("cannot connect: {}", error.system_error()))?;
    #[cfg(feature = "tls")]
    if checked.is_tls {
        let mut socket = socket;
        converse(&mut socket, tls::HELLO, tls::is_hello)?;
        // The server is there, whatever comes now. What is not read would reset the connection.
        let left = socket.write_all(tls::GOODBYE).and_then(|()| socket.shutdown(Shutdown::Write));
        left.and_then(|()| io::copy(&mut socket.take(FAREWELL_BYTES), &mut io::sink())).ok();
        return Ok(());
    }
    converse(socket, PING, |answer| answer.windows(PONG.len()).any(|window| window == PONG))
}

fn converse(
    mut stream: impl Read + Write,
    question: &[u8],
    is_answer: impl Fn(&[u8]) -> bool,
) -> Result<(), String> {
    // If the server has closed already, its last words are of interest.
    let written = stream.write_all(question);
    let mut answer = Vec::new();
    loop {
        let mut bytes = [0; 512];
        match stream.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(count @ 1..) if answer.len() < ANSWER_BYTES => {
                answer.extend_from_slice(&bytes[..count]);
                if is_answer(&answer) {
                    return Ok(());
                }
            }
            Err(error) if answer.is_empty() => return Err(written.err().unwrap_or(error).to_string()),
            Ok(_) | Err(_) => return Err(wrong(&answer)),
        }
    }
}

fn wrong(answer: &[u8]) -> String {
    if answer.is_empty() {
        return "it closes the connection without an answer; for TLS, write --check-tls".into();
    }
    if answer.starts_with(TLS_ALERT) {
        return "it speaks TLS, and declines this: write --check-tls for a port with TLS".into();
    }
    let shown: String = String::from_utf8_lossy(answer).chars().take(SHOWN).collect();
    format!("it does not answer as parlord: {shown:?}")
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::iter;

    use super::*;

    /// Says these parts, and ends.
    struct Speaker(VecDeque<&'static [u8]>);

    impl Read for &mut Speaker {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            let part = self.0.pop_front().unwrap_or_default();
            bytes[..part.len()].copy_from_slice(part);
            Ok(part.len())
        }
    }

    impl Write for &mut Speaker {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn answered(parts: &[&'static [u8]]) -> Result<(), String> {
        converse(&mut Speaker(parts.iter().copied().collect()), PING, |answer| {
            answer.ends_with(b" PONG a :x\r\n")
        })
    }

    #[test]
    fn only_a_pong_is_a_right_answer_even_if_it_comes_in_parts() {
        assert_eq!(answered(&[b":a PONG a :x\r\n"]), Ok(()));
        assert_eq!(answered(&[b":a NOTICE * :hello\r\n:a PO", b"NG a :x\r\n"]), Ok(()));
        let nothing = "it closes the connection without an answer; for TLS, write --check-tls";
        assert_eq!(answered(&[]), Err(nothing.into()));
        assert_eq!(
            answered(&[b"\x15\x03\x03"]),
            Err("it speaks TLS, and declines this: write --check-tls for a port with TLS".into())
        );
        let other = "it does not answer as parlord: \"HTTP/1.1 400\\r\\n\\u{1b}\"";
        assert_eq!(answered(&[b"HTTP/1.1 400\r\n\x1b"]), Err(other.into()));
    }

    #[test]
    fn an_answer_without_end_is_read_up_to_the_limit() {
        let endless = iter::repeat_n(&[b'x'; 512][..], 1_000);
        let mut speaker = Speaker(endless.collect());
        let why = converse(&mut speaker, PING, |_| false).unwrap_err();
        assert_eq!(why, format!("it does not answer as parlord: {:?}", "x".repeat(SHOWN)));
        assert!(1_000 - speaker.0.len() <= ANSWER_BYTES / 512 + 1);
    }
}
