//! A server that sends every message back, made of the decoder alone: what a test of WebSocket servers expects.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use base64ct::{Base64, Encoding};
use parlor::wire::websocket::{CloseCode, Decoder, Event, close, message};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::support::DEADLINE;

/// Longest message, in bytes: that of Autobahn's cases 9.1.6 and 9.2.6.
const MOST_BYTES: usize = 16 << 20;

/// Longest head of a request, in bytes.
const HEAD_BYTES: usize = 4096;

/// Serves everybody who connects, until the process ends.
pub(crate) fn serve(listener: TcpListener) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A peer that breaks off is none of the server's business.
            thread::spawn(move || talk(stream).ok());
        }
    });
}

fn talk(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.set_nodelay(true)?;
    shake_hands(&mut stream)?;
    echo(&mut stream)?;
    stream.shutdown(Shutdown::Write)?;
    // Closing with unread input would reset the connection, which loses the last words.
    io::copy(&mut stream, &mut io::sink())?;
    Ok(())
}

fn shake_hands(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(&head).map_err(|error| io::Error::other(error.to_string()))?;
    let key = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("sec-websocket-key"));
    let key = key.ok_or_else(|| io::Error::other("no key"))?.value;
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"].concat());
    let accept = Base64::encode_string(hash.as_ref());
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    stream.write_all(format!("{answer}{accept}\r\n\r\n").as_bytes())
}

/// Sends messages back until one side closes the conversation.
fn echo(stream: &mut TcpStream) -> io::Result<()> {
    let mut decoder = Decoder::new(MOST_BYTES);
    let mut buffer = vec![0; 1 << 16];
    let (mut received, mut out) = (Vec::new(), Vec::new());
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let mut rest = &mut buffer[..count];
        let over = loop {
            let step = match decoder.step(rest, &mut out) {
                Ok(step) => step,
                Err(fault) => {
                    close(fault.code as u16, fault.reason, &mut out);
                    break true;
                }
            };
            match step.event {
                None => break false,
                Some(Event::Part(part)) => received.extend_from_slice(&rest[part]),
                Some(Event::End(message_type)) => {
                    message(message_type, &received, &mut out);
                    received.clear();
                }
                Some(Event::Close(code)) => {
                    close(code.unwrap_or(CloseCode::Normal as u16), "", &mut out);
                    break true;
                }
            }
            rest = &mut rest[step.taken..];
        };
        stream.write_all(&out)?;
        out.clear();
        if over {
            return Ok(());
        }
    }
}
