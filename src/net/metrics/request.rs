//! Parses HTTP requests: `GET` or `HEAD` of `/metrics` (RFC 9112).

const PATH: &str = "/metrics";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// The counters.
    Get,
    /// Only the head of that answer.
    Head,
    /// Another method for this path.
    OtherMethod,
    OtherPath,
    Malformed,
}

impl Request {
    /// Parses the request line; header fields are ignored.
    pub(super) fn parse(head: &[u8]) -> Self {
        let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let Ok(line) = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)) else {
            return Self::Malformed;
        };
        let words: Vec<_> = line.splitn(4, ' ').collect();
        let [method, target, version] = words.as_slice() else { return Self::Malformed };
        if method.is_empty() || !target.starts_with('/') || !version.starts_with("HTTP/1.") {
            return Self::Malformed;
        }
        let path = target.split_once('?').map_or(*target, |(path, _)| path);
        match *method {
            _ if path != PATH => Self::OtherPath,
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            _ => Self::OtherMethod,
        }
    }

    /// The status code and phrase, and the body if it is not the counters.
    pub(super) fn status(self) -> (&'static str, &'static str) {
        match self {
            Self::Get | Self::Head => ("200 OK", ""),
            Self::OtherMethod => ("405 Method Not Allowed", "only GET and HEAD are supported\n"),
            Self::OtherPath => ("404 Not Found", "the only path is /metrics\n"),
            Self::Malformed => ("400 Bad Request", "this is not a request of at most 4096 bytes\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart() {
        let cases = [
            ("GET /metrics HTTP/1.1\r\nHost: x\r\n", Request::Get),
            ("GET /metrics?x=y HTTP/1.0", Request::Get),
            ("HEAD /metrics HTTP/1.1\r\n", Request::Head),
            ("POST /metrics HTTP/1.1\r\n", Request::OtherMethod),
            ("get /metrics HTTP/1.1\r\n", Request::OtherMethod),
            ("GET / HTTP/1.1\r\n", Request::OtherPath),
            ("POST /metrics/ HTTP/1.1\r\n", Request::OtherPath),
            ("GET /metrics", Request::Malformed),
            ("GET metrics HTTP/1.1", Request::Malformed),
            ("GET /metrics HTTP/2", Request::Malformed),
            ("GET /metrics HTTP/1.1 x", Request::Malformed),
            (" /metrics HTTP/1.1", Request::Malformed),
            ("", Request::Malformed),
        ];
        for (head, request) in cases {
            assert_eq!(Request::parse(head.as_bytes()), request, "{head:?}");
        }
        assert_eq!(Request::parse(b"GET /metrics\xff HTTP/1.1"), Request::Malformed);
    }
}
