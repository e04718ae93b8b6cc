//! The peer of whom a proxy tells in an HTTP request: in `Forwarded` (RFC 7239) or `X-Forwarded-For`.
//!
//! Each proxy on the way appends the address that it sees, so only the last ones can be trusted.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::message::Peer;
use crate::net::web::Request;

/// Why the peer is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Untold {
    /// There is neither header.
    NoHeader,
    /// The header is malformed, or the address in it is a name.
    NoAddress,
    /// The headers have different addresses. The proxy has passed on one of them.
    Contradiction,
}

impl Untold {
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::NoHeader => {
                "this server expects the address of the client in X-Forwarded-For or Forwarded from this proxy"
            }
            Self::NoAddress => "X-Forwarded-For or Forwarded from this proxy has no address of the client",
            Self::Contradiction => {
                "X-Forwarded-For and Forwarded contradict each other: this proxy must set one and remove the other"
            }
        }
    }
}

/// The last address in the headers that is not a proxy's, or the first if all are.
pub(super) fn peer(request: &Request<'_>, is_proxy: impl Fn(Peer) -> bool) -> Result<Peer, Untold> {
    let mut forwarded = Vec::new();
    for value in request.values("Forwarded") {
        append_elements(value, &mut forwarded).ok_or(Untold::NoAddress)?;
    }
    let listed: Vec<_> = request.elements("X-Forwarded-For").map(|node| Some(node.to_owned())).collect();
    let told = match (forwarded.is_empty(), listed.is_empty()) {
        (true, true) => return Err(Untold::NoHeader),
        (false, true) => last(&forwarded, is_proxy),
        (true, false) => last(&listed, is_proxy),
        (false, false) => match (last(&forwarded, &is_proxy), last(&listed, &is_proxy)) {
            (Some(Peer::Tcp(one, _)), Some(Peer::Tcp(other, _))) if one != other => {
                return Err(Untold::Contradiction);
            }
            (one, other) => one.and(other),
        },
    };
    told.ok_or(Untold::NoAddress)
}

fn last(nodes: &[Option<String>], is_proxy: impl Fn(Peer) -> bool) -> Option<Peer> {
    let mut told = None;
    for node in nodes.iter().rev() {
        let peer = address(node.as_deref()?)?;
        told = Some(peer);
        if !is_proxy(peer) {
            break;
        }
    }
    told
}

/// The address of a node: `192.0.2.7`, `192.0.2.7:80`, `[2001:db8::7]`, `[2001:db8::7]:80`, or without brackets. The
/// port may be hidden (RFC 7239 §6); `unknown` and hidden names are no address.
fn address(node: &str) -> Option<Peer> {
    let bare = || node.parse::<IpAddr>().ok().map(|ip| (ip, 0));
    let with_port = || node.parse().ok().map(|address: SocketAddr| (address.ip(), address.port()));
    let in_brackets = || {
        let (ip, port) = node.strip_prefix('[')?.split_once(']')?;
        Some((ip.parse::<IpAddr>().ok().filter(IpAddr::is_ipv6)?, port))
    };
    let hidden_port = || match node.rsplit_once(":_") {
        Some((ip, _)) if !ip.contains(':') => Some((ip.parse::<Ipv4Addr>().ok()?.into(), 0)),
        _ => {
            in_brackets().filter(|(_, port)| port.is_empty() || port.starts_with(":_")).map(|(ip, _)| (ip, 0))
        }
    };
    let (ip, port) = bare().or_else(with_port).or_else(hidden_port)?;
    Some(Peer::Tcp(ip.to_canonical(), port))
}

/// Appends the `for` of each element of a `Forwarded` header, which is `None` if it has none. Returns `None` if the
/// header is malformed: what follows an unclosed quotation mark is what the proxy has appended.
fn append_elements(value: &str, nodes: &mut Vec<Option<String>>) -> Option<()> {
    let mut rest = value.trim_ascii_start();
    let mut node = None;
    loop {
        let end = rest.find(['=', ';', ',']).unwrap_or(rest.len());
        let name = rest[..end].trim_ascii_end();
        rest = &rest[end..];
        if let Some(after) = rest.strip_prefix('=') {
            let (value, after) = parameter(after)?;
            rest = after.trim_ascii_start();
            if name.eq_ignore_ascii_case("for") && node.replace(value).is_some() {
                return None;
            }
        } else if !name.is_empty() {
            return None;
        }
        match rest.as_bytes().first() {
            Some(b';') => {}
            Some(b',') => nodes.push(node.take()),
            None => {
                nodes.push(node.take());
                return Some(());
            }
            Some(_) => return None,
        }
        rest = rest[1..].trim_ascii_start();
    }
}

/// A value, in quotation marks or not, and what follows.
fn parameter(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([' ', '\t', '"', ';', ',']).unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        return (!value.is_empty()).then(|| (value.to_owned(), rest));
    };
    let (mut value, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::web::{Parsed, parse};

    /// The peer of a request with these headers. 10.0.0.0/8 and 127.0.0.1 are proxies.
    fn told(headers: &[&str]) -> Result<String, Untold> {
        let lines = [&["GET / HTTP/1.1", "Host: a"], headers].concat();
        let head: String = lines.iter().chain(&[""]).flat_map(|line| [line, "\r\n"]).collect();
        let Parsed::Request { request, .. } = parse(head.as_bytes()) else { panic!("{headers:?}") };
        let is_proxy = |peer| match peer {
            Peer::Tcp(IpAddr::V4(ip), _) => ip.octets()[0] == 10 || ip.is_loopback(),
            Peer::Tcp(..) | Peer::Unix => false,
        };
        peer(&request, is_proxy).map(|peer| peer.to_string())
    }

    #[track_caller]
    fn check(headers: &[&str], peer: &str) {
        assert_eq!(told(headers).as_deref(), Ok(peer), "{headers:?}");
    }

    #[test]
    fn x_forwarded_for_is_walked_from_the_right_over_proxies() {
        check(&["X-Forwarded-For: 192.0.2.7"], "192.0.2.7:0");
        check(&["x-forwarded-for: 192.0.2.7:4711"], "192.0.2.7:4711");
        check(&["X-Forwarded-For: 2001:db8::7"], "[2001:db8::7]:0");
        check(&["X-Forwarded-For: [2001:db8::7]:80"], "[2001:db8::7]:80");
        check(&["X-Forwarded-For: ::ffff:192.0.2.7"], "192.0.2.7:0");
        check(&["X-Forwarded-For: 127.0.0.1, 192.0.2.66, 192.0.2.7"], "192.0.2.7:0");
        check(&["X-Forwarded-For: 127.0.0.1, 192.0.2.7, 10.0.0.1,10.0.0.2"], "192.0.2.7:0");
        check(&["X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 192.0.2.7"], "192.0.2.7:0");
        check(&["X-Forwarded-For: unknown, x y, 192.0.2.7, 10.0.0.1"], "192.0.2.7:0");
        // A client on the machine of a proxy.
        check(&["X-Forwarded-For: 10.0.0.2, 10.0.0.1"], "10.0.0.2:0");
        check(&["X-Forwarded-For: , 192.0.2.7 ,"], "192.0.2.7:0");
    }

    #[test]
    fn forwarded_is_walked_like_it() {
        check(&["Forwarded: for=192.0.2.7"], "192.0.2.7:0");
        check(&["forwarded: For=192.0.2.7;proto=http;by=203.0.113.43"], "192.0.2.7:0");
        check(&["Forwarded: proto=https; for=\"192.0.2.7:4711\" ; host=box"], "192.0.2.7:4711");
        check(&["Forwarded: for=\"[2001:db8::7]:4711\""], "[2001:db8::7]:4711");
        check(&["Forwarded: for=\"[2001:db8::7]\""], "[2001:db8::7]:0");
        check(&["Forwarded: for=\"[2001:db8::7]:_x\""], "[2001:db8::7]:0");
        check(&["Forwarded: for=\"192.0.2.7:_x\""], "192.0.2.7:0");
        check(&["Forwarded: for=\"192\\.0.2.7\""], "192.0.2.7:0");
        check(&["Forwarded: for=127.0.0.1, for=192.0.2.7, for=10.0.0.1"], "192.0.2.7:0");
        check(&["Forwarded: for=127.0.0.1", "Forwarded: for=192.0.2.7"], "192.0.2.7:0");
        check(&["Forwarded: for=_hidden, for=unknown,for=192.0.2.7"], "192.0.2.7:0");
        check(&["Forwarded: by=\"a,b;for=127.0.0.1\";for=192.0.2.7"], "192.0.2.7:0");
    }

    #[test]
    fn what_names_no_address_names_no_peer() {
        for headers in [
            &["X-Forwarded-For: unknown"][..],
            &["X-Forwarded-For: 192.0.2.7, unknown"],
            &["X-Forwarded-For: 192.0.2.7, _hidden, 10.0.0.1"],
            &["X-Forwarded-For: 192.0.2.256"],
            &["X-Forwarded-For: chat.example"],
            &["X-Forwarded-For: 192.0.2.7 192.0.2.8"],
            &["X-Forwarded-For: [192.0.2.7]"],
            &["X-Forwarded-For: \"192.0.2.7\""],
            &["X-Forwarded-For: 192.0.2.7:65536"],
            &["X-Forwarded-For: 2001:db8::7:_x:"],
            &["X-Forwarded-For: 192.0.2.7", "X-Forwarded-For: \u{e9}x"],
            &["Forwarded: for=unknown"],
            &["Forwarded: for=\"_gazonk\""],
            &["Forwarded: for=192.0.2.7, for=unknown"],
            &["Forwarded: for=192.0.2.7, proto=https"],
            &["Forwarded: for=192.0.2.7, "],
            &["Forwarded: for=\"\""],
            &["Forwarded: for="],
            &["Forwarded: for"],
            &["Forwarded: 192.0.2.7"],
            &["Forwarded:"],
            &["Forwarded: for=192.0.2.7", "X-Forwarded-For: unknown"],
        ] {
            assert_eq!(told(headers), Err(Untold::NoAddress), "{headers:?}");
        }
        assert_eq!(told(&[]), Err(Untold::NoHeader));
        assert_eq!(told(&["X-Forwarded-For: ,", "X-Real-IP: 192.0.2.7"]), Err(Untold::NoHeader));
    }

    #[test]
    fn a_client_cannot_swallow_what_the_proxy_appends() {
        for begin in
            ["for=127.0.0.1;x=\"", "for=127.0.0.1;x=\"a\\", "for=127.0.0.1;x=\"\\\"", "x=a\"", "for=1.1.1.1 "]
        {
            for appended in ["for=192.0.2.7", "for=\"[2001:db8::7]\"", "by=\"_a\";for=\"192.0.2.7\""] {
                let header = format!("Forwarded: {begin}, {appended}");
                let told = told(&[&header]);
                assert!(
                    matches!(told.as_deref(), Err(_) | Ok("192.0.2.7:0" | "[2001:db8::7]:0")),
                    "{header}: {told:?}"
                );
            }
        }
        for malformed in [
            "for=127.0.0.1;for=192.0.2.7",
            "for=\"127.0.0.1\"192.0.2.7",
            "for=127.0.0.1 for=192.0.2.7",
            "for=127.0.0.1;x=\", for=192.0.2.7",
        ] {
            assert_eq!(told(&[&format!("Forwarded: {malformed}")]), Err(Untold::NoAddress), "{malformed}");
        }
    }

    #[test]
    fn both_headers_must_agree() {
        let forwarded = "Forwarded: for=\"192.0.2.7:1\"";
        check(&[forwarded, "X-Forwarded-For: 127.0.0.1, 192.0.2.7"], "192.0.2.7:0");
        for other in ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-For: 192.0.2.8"] {
            assert_eq!(told(&[forwarded, other]), Err(Untold::Contradiction), "{other}");
        }
    }
}
