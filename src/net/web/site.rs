//! What this server answers to HTTP requests.

use std::cell::Cell;
use std::rc::Rc;
use std::time::SystemTime;

use super::page::{File, Page};
use super::request::{Method, Request};
use super::response::{Body, Head, Response};
use super::status::Status;
use super::upgrade::{self, Upgrade};
use crate::config::{PageOrigin, ServerConfig};
use crate::message::Framing;

/// Where browsers connect with WebSocket, besides the page's own address.
const SOCKET_PATH: &str = "/ws";

/// What a page of `--web-root` may do, wider than ours: gamja has fonts of its own, and its config may name a server
/// elsewhere.
const ROOT_POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'self'; \
                           form-action 'self'; frame-ancestors 'none'";

/// The files that are served, and the pages that may connect.
#[derive(Debug)]
pub(in crate::net) struct Site {
    page: Page,
    /// Besides the pages on the host that the request names.
    origins: Vec<PageOrigin>,
    clock: Clock,
}

/// The time of the current turn.
pub(super) type Clock = Rc<Cell<SystemTime>>;

/// What to do with a request.
#[derive(Debug)]
pub(in crate::net) enum Answer {
    Respond(Response),
    /// Send these bytes; from then on, both sides send WebSocket frames.
    Upgrade {
        response: Vec<u8>,
        framing: Framing,
    },
}

impl Site {
    /// The site of this config; `None` if there is none.
    pub(in crate::net) fn new(config: &ServerConfig, clock: Clock) -> Option<Self> {
        let page = config.web.root.clone().map_or(Page::BuiltIn, Page::Root);
        config.web.is_on.then(|| Self { page, origins: config.web.origins.clone(), clock })
    }

    /// The page that every server has.
    #[cfg(feature = "upgrade")]
    pub(super) fn built_in(clock: Clock) -> Self {
        Self { page: Page::BuiltIn, origins: Vec::new(), clock }
    }

    #[cfg(feature = "upgrade")]
    pub(super) fn page(&self) -> &Page {
        &self.page
    }

    /// The time for the header `Date`.
    pub(super) fn now(&self) -> SystemTime {
        self.clock.get()
    }

    /// Answers a request. `is_last` says that the connection ends after it in any case.
    pub(in crate::net) fn answer(&self, request: &Request<'_>, is_last: bool) -> Answer {
        let is_last = is_last || request.is_last();
        let response = match request.method {
            Method::Unknown => Response::refusal(Status::NotImplemented, "this method is unknown: use GET"),
            Method::Other => Head::new(Status::MethodNotAllowed)
                .with("Allow", "GET, HEAD")
                .explain("this server only answers GET and HEAD", true),
            Method::Get if upgrade::is_wanted(request) => match self.upgrade(request) {
                Ok(Upgrade { response, framing }) => return Answer::Upgrade { response, framing },
                Err(refusal) => refusal,
            },
            Method::Get => self.get(request, is_last),
            Method::Head => self.get(request, is_last).without_body(),
        };
        Answer::Respond(response)
    }

    fn upgrade(&self, request: &Request<'_>) -> Result<Upgrade, Response> {
        match request.path {
            "/" | SOCKET_PATH => upgrade::accept(request, &self.origins),
            _ => Err(Response::refusal(Status::NotFound, "WebSocket is at /ws")),
        }
    }

    fn get(&self, request: &Request<'_>, is_last: bool) -> Response {
        if request.path == SOCKET_PATH {
            return upgrade::require("this is for WebSocket: the chat page is at /", is_last);
        }
        let path = decoded(request.path);
        let path = path.map(|path| if path.ends_with('/') { path + "index.html" } else { path });
        match path.and_then(|path| self.page.file(&path)) {
            Some(file) => self.give(&file, request, is_last),
            None => Head::new(Status::NotFound).explain("there is only the chat page: it is at /", is_last),
        }
    }

    fn give(&self, file: &File<'_>, request: &Request<'_>, is_last: bool) -> Response {
        if file.is_gzip && !accepts_gzip(request) {
            let text = "the page is only sent compressed: accept gzip, as curl --compressed does";
            return Head::new(Status::NotAcceptable).with("Vary", "Accept-Encoding").explain(text, is_last);
        }
        let is_known = is_known(request, file.etag);
        let mut head = Head::new(if is_known { Status::NotModified } else { Status::Ok })
            .with("ETag", file.etag)
            .with("Cache-Control", "no-cache")
            .with("Vary", "Accept-Encoding");
        if let Page::Root(_) = self.page {
            head = head.with_policy(ROOT_POLICY);
        }
        if is_known {
            return head.respond(Body::Static(&[]), is_last);
        }
        if file.is_gzip {
            head = head.with("Content-Encoding", "gzip");
        }
        head.with("Content-Type", file.content_type)
            .with("Content-Length", &file.body.len().to_string())
            .respond(file.body.clone(), is_last)
    }
}

/// The path without percent-encoding; `None` if it is malformed or encodes a slash, which separates nothing then (RFC
/// 3986 §2.2).
fn decoded(path: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.contains('+'))?;
        let byte = u8::from_str_radix(digits, 16).ok().filter(|&byte| byte != b'/')?;
        decoded.push(byte);
        rest = after;
    }
    String::from_utf8(decoded).ok()
}

/// True if the client accepts gzip (RFC 9110 §12.5.3). Without the header it might, but tools that do not send it do
/// not decompress.
fn accepts_gzip(request: &Request<'_>) -> bool {
    let mut any = false;
    for element in request.elements("Accept-Encoding") {
        let (coding, weight) = element.split_once(';').unwrap_or((element, ""));
        let accepts = !is_zero(weight);
        match coding.trim_ascii() {
            coding if ["gzip", "x-gzip"].iter().any(|gzip| gzip.eq_ignore_ascii_case(coding)) => {
                return accepts;
            }
            "*" => any = accepts,
            _ => {}
        }
    }
    any
}

/// True for the weight `q=0`, with any number of decimals.
fn is_zero(weight: &str) -> bool {
    let value = weight.split_once('=').map_or("", |(_, value)| value.trim_ascii());
    value.starts_with('0') && value.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// True if the client already has the file (RFC 9110 §13.1.2).
fn is_known(request: &Request<'_>, etag: &str) -> bool {
    request.elements("If-None-Match").any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests;
