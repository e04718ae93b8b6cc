//! Origins of web pages (RFC 6454).

use std::fmt;
use std::str::FromStr;

/// The origin of a web page: its scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageOrigin {
    is_https: bool,
    /// In lower case.
    host: String,
    port: u16,
}

/// Why a text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnOrigin;

impl PageOrigin {
    /// True if this page comes from the host in a `Host` header (RFC 9110 §7.2). Without a port, that is the default
    /// port of the page's scheme: the server may be behind a proxy with TLS.
    pub fn is_on(&self, host: &str) -> bool {
        authority(host, self.is_https).is_some_and(|(host, port)| host == self.host && port == self.port)
    }
}

impl FromStr for PageOrigin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        let (scheme, rest) = text.split_once("://").ok_or(NotAnOrigin)?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return Err(NotAnOrigin);
        }
        let (host, port) = authority(rest, is_https).ok_or(NotAnOrigin)?;
        Ok(Self { is_https, host, port })
    }
}

/// The host in lower case, and the port.
fn authority(text: &str, is_https: bool) -> Option<(String, u16)> {
    let default = if is_https { 443 } else { 80 };
    let (host, port) = match text.rsplit_once(':') {
        // The last colon is inside of an IPv6 address.
        Some((_, rest)) if rest.ends_with(']') => (text, default),
        Some((host, port)) => {
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            (host, port.parse().ok().filter(|_| is_number)?)
        }
        None => (text, default),
    };
    let is_ip = |inner: &str| {
        !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.')
    };
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
    };
    let is_host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']').is_some_and(is_ip),
        None => is_name(host),
    };
    is_host.then(|| (host.to_ascii_lowercase(), port))
}

/// As browsers send it.
impl fmt::Display for PageOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, default) = if self.is_https { ("https", 443) } else { ("http", 80) };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == default { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

impl fmt::Display for NotAnOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("write https://HOST or http://HOST, perhaps with :PORT, and no path")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<PageOrigin> {
        text.parse().ok()
    }

    #[test]
    fn an_origin_has_a_scheme_a_host_and_perhaps_a_port() {
        for (text, shown) in [
            ("https://chat.example", "https://chat.example"),
            ("HTTPS://Chat.Example:443", "https://chat.example"),
            ("http://chat.example:80", "http://chat.example"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://[2001:DB8::7]", "https://[2001:db8::7]"),
            ("https://192.0.2.7:8443", "https://192.0.2.7:8443"),
        ] {
            assert_eq!(origin(text).map(|origin| origin.to_string()).as_deref(), Some(shown));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "chat.example",
            "https://",
            "https://*",
            "https://*.example",
            "https://chat.example/",
            "https://chat.example/chat",
            "https://chat.example:",
            "https://chat.example:0x1",
            "https://chat.example:+1",
            "https://chat.example:65536",
            "https://a:b@chat.example",
            "https://chat example",
            "https://[]",
            "https://[::1",
            "https://::1",
            "https://聊天.example",
            "ftp://chat.example",
            "ws://chat.example",
        ] {
            assert_eq!(origin(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_page_is_on_the_host_that_its_request_names() {
        let is_on = |page: &str, host: &str| origin(page).is_some_and(|page| page.is_on(host));
        for (page, host) in [
            ("http://box:30000", "box:30000"),
            ("http://box:30000", "BOX:30000"),
            ("http://box", "box"),
            ("http://box", "box:80"),
            ("https://box", "box"),
            ("https://box", "box:443"),
            ("https://box:443", "box"),
            ("http://[::1]:30000", "[::1]:30000"),
        ] {
            assert!(is_on(page, host), "{page} {host}");
        }
        for (page, host) in [
            ("http://box:30000", "box:30001"),
            ("http://box:30000", "box"),
            ("http://box", "box:443"),
            ("https://box", "box:80"),
            ("http://evil.example:30000", "box:30000"),
            ("http://box.evil.example", "box"),
            ("http://box", "box.evil.example"),
            ("http://box", ""),
            ("http://box", "box:"),
        ] {
            assert!(!is_on(page, host), "{page} {host}");
        }
    }
}
