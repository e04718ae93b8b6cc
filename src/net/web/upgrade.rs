//! The handshake of WebSocket (RFC 6455 §4.2) with the subprotocols of IRCv3 `websocket`.

use base64ct::{Base64, Encoding};
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};

use super::request::Request;
use super::response::{Head, Response};
use super::status::Status;
use crate::config::PageOrigin;
use crate::message::Framing;

const VERSION: &str = "13";

/// What the answer to a key is made with (RFC 6455 §1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const KEY_BYTES: usize = 16;

const TEXT: &str = "text.ircv3.net";
const BINARY: &str = "binary.ircv3.net";

/// An accepted handshake.
#[derive(Debug)]
pub(super) struct Upgrade {
    pub(super) response: Vec<u8>,
    pub(super) framing: Framing,
}

/// True if a GET asks for WebSocket. HTTP/1.0 knows no upgrade (RFC 9110 §7.8).
pub(super) fn is_wanted(request: &Request<'_>) -> bool {
    request.is_1_1 && request.lists("Upgrade", "websocket") && request.lists("Connection", "upgrade")
}

/// Asks a client to use WebSocket.
pub(super) fn require(text: &str, is_last: bool) -> Response {
    Head::new(Status::UpgradeRequired)
        .for_upgrade()
        .with("Sec-WebSocket-Version", VERSION)
        .explain(text, is_last)
}

/// Accepts a handshake if it is valid and comes from no page, from a page on the same host, or from one of `origins`.
pub(super) fn accept(request: &Request<'_>, origins: &[PageOrigin]) -> Result<Upgrade, Response> {
    check_origin(request, origins)?;
    let mut versions = request.values("Sec-WebSocket-Version");
    if (versions.next(), versions.next()) != (Some(VERSION), None) {
        return Err(require("this server speaks version 13 of WebSocket", true));
    }
    let mut keys = request.values("Sec-WebSocket-Key");
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) if is_key(key) => key,
        _ => {
            let text = "Sec-WebSocket-Key is not 16 bytes in base64";
            return Err(Response::refusal(Status::BadRequest, text));
        }
    };
    let mut wanted = request.elements("Sec-WebSocket-Protocol");
    let protocol = wanted.find(|&protocol| protocol == TEXT || protocol == BINARY);
    let framing = if protocol == Some(BINARY) { Framing::Binary } else { Framing::Text };
    let mut response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n",
        answer(key)
    );
    if let Some(protocol) = protocol {
        response += &format!("Sec-WebSocket-Protocol: {protocol}\r\n");
    }
    response += "\r\n";
    Ok(Upgrade { response: response.into_bytes(), framing })
}

/// Refuses pages of others: their readers would connect without knowing it, from inside of their network.
fn check_origin(request: &Request<'_>, origins: &[PageOrigin]) -> Result<(), Response> {
    let mut pages = request.values("Origin").peekable();
    if pages.peek().is_none() {
        return Ok(());
    }
    let is_allowed = |page: &str| {
        let page = page.parse::<PageOrigin>().ok();
        page.is_some_and(|page| {
            request.host().is_some_and(|host| page.is_on(host)) || origins.contains(&page)
        })
    };
    if pages.all(is_allowed) {
        return Ok(());
    }
    let text = "pages on other hosts may not connect here: the operator of this server can allow one with \
                --web-origin https://HOST";
    Err(Response::refusal(Status::Forbidden, text))
}

fn is_key(key: &str) -> bool {
    let mut bytes = [0; KEY_BYTES];
    Base64::decode(key, &mut bytes).is_ok_and(|bytes| bytes.len() == KEY_BYTES)
}

fn answer(key: &str) -> String {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(key.as_bytes());
    context.update(GUID.as_bytes());
    Base64::encode_string(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::web::request::{Parsed, parse};

    const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const VERSION_13: &str = "Sec-WebSocket-Version: 13";

    /// The result of a handshake with these headers: the framing, the response, or the first line of the refusal.
    fn shake(headers: &[&str], origins: &[&str]) -> Result<(Framing, String), String> {
        let lines =
            [&["GET /ws HTTP/1.1", "Host: box:30000", "Connection: keep-alive, Upgrade"], headers].concat();
        let head: String = lines.iter().chain(&[""]).flat_map(|line| [line, "\r\n"]).collect();
        let Parsed::Request { request, .. } = parse(head.as_bytes()) else { panic!("{lines:?}") };
        let origins: Vec<_> = origins.iter().map(|origin| origin.parse().unwrap()).collect();
        assert!(is_wanted(&request));
        match accept(&request, &origins) {
            Ok(Upgrade { response, framing }) => Ok((framing, String::from_utf8(response).unwrap())),
            Err(refusal) => {
                assert!(refusal.is_last);
                let head = String::from_utf8(refusal.head).unwrap();
                Err(head.lines().next().unwrap().to_owned())
            }
        }
    }

    #[test]
    fn the_first_known_subprotocol_is_chosen() {
        for (wanted, framing, chosen) in [
            (&["text.ircv3.net"][..], Framing::Text, Some("text.ircv3.net")),
            (&["binary.ircv3.net, text.ircv3.net"], Framing::Binary, Some("binary.ircv3.net")),
            (&["x, text.ircv3.net", "binary.ircv3.net"], Framing::Text, Some("text.ircv3.net")),
            (&["x", "binary.ircv3.net"], Framing::Binary, Some("binary.ircv3.net")),
            (&["x, chat"], Framing::Text, None),
            (&["TEXT.ircv3.net"], Framing::Text, None),
            (&[], Framing::Text, None),
        ] {
            let offers: Vec<_> =
                wanted.iter().map(|list| format!("Sec-WebSocket-Protocol: {list}")).collect();
            let mut headers = vec!["Upgrade: h2c, WebSocket", KEY, VERSION_13];
            headers.extend(offers.iter().map(String::as_str));
            let (given, response) = shake(&headers, &[]).unwrap();
            let line = chosen.map(|chosen| format!("Sec-WebSocket-Protocol: {chosen}\r\n"));
            assert_eq!(given, framing, "{wanted:?}");
            assert_eq!(response.contains("Sec-WebSocket-Protocol"), line.is_some(), "{wanted:?}");
            assert!(response.contains(&line.unwrap_or_default()), "{response}");
        }
    }

    #[test]
    fn only_version_13_with_one_valid_key_is_accepted() {
        let refused =
            |headers: &[&str]| shake(&[&["Upgrade: websocket"], headers].concat(), &[]).unwrap_err();
        for version in ["12", "013", "13, 8", "", "x"] {
            let version = format!("Sec-WebSocket-Version: {version}");
            assert_eq!(refused(&[KEY, &version]), "HTTP/1.1 426 Upgrade Required", "{version}");
        }
        assert_eq!(refused(&[KEY]), "HTTP/1.1 426 Upgrade Required");
        assert_eq!(refused(&[KEY, VERSION_13, VERSION_13]), "HTTP/1.1 426 Upgrade Required");
        for key in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25j",
            "dGhlIHNhbXBsZSBub25jZTE=",
            "dGhlIHNhbXBsZSBub25jZQ== x",
            "dGhlIHNhbXBsZSBub25jZ*==",
        ] {
            let key = format!("Sec-WebSocket-Key: {key}");
            assert_eq!(refused(&[&key, VERSION_13]), "HTTP/1.1 400 Bad Request", "{key}");
        }
        assert_eq!(refused(&[VERSION_13]), "HTTP/1.1 400 Bad Request");
        assert_eq!(refused(&[KEY, KEY, VERSION_13]), "HTTP/1.1 400 Bad Request");
    }

    #[test]
    fn pages_of_other_hosts_are_refused_unless_an_option_names_them() {
        let with = |origin: &str, allowed: &[&str]| {
            let origin = format!("Origin: {origin}");
            shake(&["Upgrade: websocket", KEY, VERSION_13, &origin], allowed).map(|_| ())
        };
        for (origin, allowed) in [
            ("http://box:30000", &[][..]),
            ("HTTP://BOX:30000", &[]),
            ("https://box:30000", &[]),
            ("https://chat.example", &["https://chat.example"]),
            ("https://chat.example:443", &["http://x", "https://Chat.Example"]),
        ] {
            assert_eq!(with(origin, allowed), Ok(()), "{origin} {allowed:?}");
        }
        for (origin, allowed) in [
            ("null", &["https://chat.example"][..]),
            ("", &[]),
            ("*", &[]),
            ("http://box", &[]),
            ("http://box:30001", &[]),
            ("http://box:30000.evil.example", &[]),
            ("http://box:30000/", &[]),
            ("https://evil.example", &["https://chat.example"]),
            ("http://chat.example", &["https://chat.example"]),
            ("https://chat.example:8443", &["https://chat.example"]),
            ("https://chat.example https://evil.example", &["https://chat.example"]),
        ] {
            assert_eq!(with(origin, allowed), Err("HTTP/1.1 403 Forbidden".into()), "{origin}");
        }
        let two = ["Origin: http://box:30000", "Origin: http://evil.example"];
        let two = shake(&[&["Upgrade: websocket", KEY, VERSION_13], &two[..]].concat(), &[]);
        assert_eq!(two, Err("HTTP/1.1 403 Forbidden".into()));
    }
}
