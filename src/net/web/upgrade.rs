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
