//! Parses the heads of HTTP requests (RFC 9112), strictly: an odd one may hide a second request from a proxy before
//! this server, or the other way round.

use httparse::{EMPTY_HEADER, Error, Header};

use super::status::Status;
use crate::wire::http;

/// Longest head in bytes, with the empty line at its end.
pub(in crate::net) const HEAD_BYTES: usize = 8 * 1024;

const MOST_HEADERS: usize = 64;

/// The end of a head.
const END: &[u8] = b"\r\n\r\n";

pub(super) type Refusal = (Status, &'static str);

/// What bytes from a peer are.
#[derive(Debug)]
pub(in crate::net) enum Parsed<'a> {
    /// An incomplete head.
    NeedMore,
    Request {
        /// Length of the head in bytes.
        length: usize,
        request: Request<'a>,
    },
    /// Not a request that is served. Where the next one would begin is unknown.
    Malformed(Status, &'static str),
}

/// The head of a request without a body.
#[derive(Debug)]
pub(in crate::net) struct Request<'a> {
    pub(super) method: Method,
    /// Begins with a slash; percent-encoded and without the query. Empty if the method is not served.
    pub(super) path: &'a str,
    /// HTTP/1.1, not 1.0.
    pub(super) is_1_1: bool,
    headers: Vec<Header<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    /// A well-known method that is not served.
    Other,
    Unknown,
}

/// Parses the head at the beginning of `bytes`.
pub(in crate::net) fn parse(bytes: &[u8]) -> Parsed<'_> {
    let within = &bytes[..bytes.len().min(HEAD_BYTES)];
    let fault = line_end_fault(within);
    // httparse takes a lone LF for the end of a line, and refuses a lone CR.
    let sound = fault.map_or(within.len(), |at| at + usize::from(within[at] == b'\r'));
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut parser = httparse::Request::new(&mut headers);
    let result = match parser.parse(&within[..sound]) {
        Ok(httparse::Status::Complete(length)) => {
            Request::new(&parser).map(|request| Parsed::Request { length, request })
        }
        Ok(httparse::Status::Partial) if fault.is_some() => {
            Err((Status::BadRequest, "lines of a request end in CR LF"))
        }
        Ok(httparse::Status::Partial) if within.len() < HEAD_BYTES => Ok(Parsed::NeedMore),
        Ok(httparse::Status::Partial) if !within.contains(&b'\n') => {
            Err((Status::UriTooLong, "the address is too long"))
        }
        Ok(httparse::Status::Partial) => {
            Err((Status::HeadTooLarge, "the head of a request has at most 8192 bytes"))
        }
        Err(error) => Err(refusal(error, within)),
    };
    result.unwrap_or_else(|(status, why)| Parsed::Malformed(status, why))
}

/// Where the first CR without LF or LF without CR is in the head.
fn line_end_fault(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(END.len()).position(|four| four == END).map(|at| at + END.len());
    let head = &bytes[..end.unwrap_or(bytes.len())];
    let is_fault = |at: usize| match head[at] {
        b'\r' => head.get(at + 1).is_some_and(|&next| next != b'\n'),
        b'\n' => at == 0 || head[at - 1] != b'\r',
        _ => false,
    };
    // An empty line first: httparse would skip it.
    (0..head.len()).find(|&at| is_fault(at)).or_else(|| (bytes.first() == Some(&b'\r')).then_some(0))
}

fn refusal(error: Error, bytes: &[u8]) -> Refusal {
    match error {
        Error::TooManyHeaders => (Status::HeadTooLarge, "a request has at most 64 headers"),
        Error::Version => {
            let line = bytes.split(|&byte| byte == b'\r').next().unwrap_or_default();
            let version = line.split(|&byte| byte == b' ').nth(2).unwrap_or_default();
            if version.starts_with(b"HTTP/") {
                (Status::VersionNotSupported, "this server speaks HTTP/1.1")
            } else {
                (Status::BadRequest, "the first line of a request ends in HTTP/1.1")
            }
        }
        Error::Token => (Status::BadRequest, "the first line of a request is GET /path HTTP/1.1"),
        Error::HeaderName => (Status::BadRequest, "a header has a wrong name, or a space before its colon"),
        Error::HeaderValue | Error::NewLine | Error::Status => {
            (Status::BadRequest, "a header has a wrong value")
        }
    }
}

impl<'a> Request<'a> {
    /// The parsed head, if it has what each request must have, and no body.
    fn new(parsed: &httparse::Request<'_, 'a>) -> Result<Self, Refusal> {
        let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
        let method = match method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            other if http::is_method(other.as_bytes()) => Method::Other,
            _ => Method::Unknown,
        };
        let is_1_1 = parsed.version == Some(1);
        let mut request = Self { method, path: "", is_1_1, headers: parsed.headers.to_vec() };
        request.check_host()?;
        request.check_body()?;
        if matches!(method, Method::Get | Method::Head) {
            request.path = request.path_of(target)?;
        }
        Ok(request)
    }

    fn check_host(&self) -> Result<(), Refusal> {
        let mut hosts = self.values("Host");
        match (hosts.next(), hosts.next()) {
            (Some(host), None) if is_host(host) => Ok(()),
            (None, None) if !self.is_1_1 => Ok(()),
            _ => Err((Status::BadRequest, "a request has exactly one valid Host header")),
        }
    }

    fn check_body(&self) -> Result<(), Refusal> {
        let mut lengths = self.values("Content-Length");
        match (self.values("Transfer-Encoding").next(), lengths.next(), lengths.next()) {
            (None, None | Some("0"), None) => Ok(()),
            (None, Some(length), None) if is_number(length) => {
                Err((Status::ContentTooLarge, "requests to this server have no body"))
            }
            _ => Err((Status::BadRequest, "requests to this server have no body")),
        }
    }

    /// The path in a target: `/path`, or `http://host/path` with the same host as in `Host` (RFC 9112 §3.2.2).
    fn path_of(&self, target: &'a str) -> Result<&'a str, Refusal> {
        let target = target.split_once('?').map_or(target, |(path, _)| path);
        if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err((Status::BadRequest, "the address has characters that need percent-encoding"));
        }
        if target.starts_with('/') {
            return Ok(target);
        }
        let wrong = (Status::BadRequest, "the address is neither a path nor on the host of the Host header");
        let (scheme, rest) = target.split_once("://").ok_or(wrong)?;
        let slash = rest.find('/').unwrap_or(rest.len());
        let (host, path) = rest.split_at(slash);
        let is_web = ["http", "https"].iter().any(|web| web.eq_ignore_ascii_case(scheme));
        let is_mine = self.host().is_some_and(|mine| mine.eq_ignore_ascii_case(host));
        match (is_web && is_mine, path) {
            (true, "") => Ok("/"),
            (true, path) => Ok(path),
            (false, _) => Err(wrong),
        }
    }

    /// The values of all headers with this name, in order. A value that is not UTF-8 counts as empty.
    pub(in crate::net) fn values<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'a str> + 'n {
        let named = self.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| std::str::from_utf8(header.value).unwrap_or_default())
    }

    /// The elements of all lists with this name, in order.
    pub(in crate::net) fn elements<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'a str> + 'n {
        let elements = self.values(name).flat_map(|value| value.split(','));
        elements.map(str::trim_ascii).filter(|element| !element.is_empty())
    }

    /// True if a list with this name has this element, in either case.
    pub(super) fn lists(&self, name: &str, wanted: &str) -> bool {
        self.elements(name).any(|element| element.eq_ignore_ascii_case(wanted))
    }

    pub(super) fn host(&self) -> Option<&'a str> {
        self.values("Host").next()
    }

    /// True if the peer expects that the connection ends with the answer.
    pub(super) fn is_last(&self) -> bool {
        !self.is_1_1 || self.lists("Connection", "close")
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// True for a host name or address, perhaps with a port. A stricter check is needless: it is only compared.
fn is_host(host: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte);
    !host.is_empty() && host.bytes().all(is_part)
}

#[cfg(test)]
mod tests;
