//! Parser for headers of the PROXY protocol, versions 1 and 2
//! (<https://www.haproxy.org/download/1.8/doc/proxy-protocol.txt>): from bytes to the real peer. No sockets, no clock.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::message::Peer;

/// Longest header of version 1 in bytes, including CR LF (§2.1).
const V1_BYTES: usize = 107;

const V1_BEGIN: &[u8] = b"PROXY ";

/// The start of a version 2 header (§2.2).
const V2_BEGIN: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Bytes of version 2 before the addresses: signature, version and command, family, and length of the rest.
const V2_FIXED_BYTES: usize = V2_BEGIN.len() + 4;

/// Most bytes in the rest: addresses and extensions. The protocol allows 16 times as much.
const V2_REST_BYTES: usize = 4096;

pub(super) const HEADER_BYTES: usize = V2_FIXED_BYTES + V2_REST_BYTES;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// An incomplete header, or no byte yet.
    NeedMore,
    Header {
        /// Length in bytes.
        length: usize,
        /// The real peer; `None` if the proxy speaks for itself or does not tell.
        peer: Option<Peer>,
    },
    Malformed(Malformed),
}

/// Why bytes are not a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    /// They start neither version.
    Beginning,
    /// Version 1: a line end is missing.
    LineEnd,
    /// Version 1: wrong words, or too many, or too few.
    Words,
    /// Version 1: an invalid address or port.
    Address,
    /// Version 2: unknown version or command.
    Command,
    /// Version 2: a family of addresses without streams.
    Family,
    /// Version 2: shorter than the addresses of its family.
    TooShort,
    /// Version 2: more follows than is accepted.
    TooLong,
}

/// Parses the header at the beginning of `bytes`.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let begins = |begin: &[u8]| bytes.iter().zip(begin).all(|(a, b)| a == b);
    let result = if begins(V1_BEGIN) {
        v1(bytes)
    } else if begins(V2_BEGIN) {
        v2(bytes)
    } else {
        Err(Malformed::Beginning)
    };
    match result {
        Ok(Some((length, peer))) => Parsed::Header { length, peer },
        Ok(None) => Parsed::NeedMore,
        Err(why) => Parsed::Malformed(why),
    }
}

type Header = Option<(usize, Option<Peer>)>;

/// `PROXY TCP4 SOURCE DESTINATION PORT PORT`, the same with `TCP6`, or `PROXY UNKNOWN` and anything.
fn v1(bytes: &[u8]) -> Result<Header, Malformed> {
    let within = &bytes[..bytes.len().min(V1_BYTES)];
    let Some(end) = within.iter().position(|&byte| byte == b'\r') else {
        return if within.len() < V1_BYTES { Ok(None) } else { Err(Malformed::LineEnd) };
    };
    match within.get(end + 1) {
        Some(b'\n') => {}
        None if end + 1 < V1_BYTES => return Ok(None),
        Some(_) | None => return Err(Malformed::LineEnd),
    }
    let words: Vec<_> = within[V1_BEGIN.len()..end].split(|&byte| byte == b' ').collect();
    let (is_ipv4, [source, destination, from, to]) = match words[..] {
        [b"UNKNOWN", ..] => return Ok(Some((end + 2, None))),
        [b"TCP4", source, destination, from, to] => (true, [source, destination, from, to]),
        [b"TCP6", source, destination, from, to] => (false, [source, destination, from, to]),
        _ => return Err(Malformed::Words),
    };
    let ip = |word: &[u8]| {
        let ip: Option<IpAddr> = std::str::from_utf8(word).ok().and_then(|word| word.parse().ok());
        ip.filter(|ip| ip.is_ipv4() == is_ipv4).ok_or(Malformed::Address)
    };
    // The destination must be valid, but is not used.
    ip(destination)?;
    port(to)?;
    let peer = Peer::Tcp(ip(source)?.to_canonical(), port(from)?);
    Ok(Some((end + 2, Some(peer))))
}

/// Only digits, and no leading zero (§2.1).
fn port(word: &[u8]) -> Result<u16, Malformed> {
    let is_number = word.iter().all(u8::is_ascii_digit) && (word.len() == 1 || !word.starts_with(b"0"));
    let text = std::str::from_utf8(word).ok().filter(|_| is_number);
    text.and_then(|text| text.parse().ok()).ok_or(Malformed::Address)
}

fn v2(bytes: &[u8]) -> Result<Header, Malformed> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<V2_FIXED_BYTES>() else { return Ok(None) };
    let [.., command, family, high, low] = *fixed;
    let rest_bytes = usize::from(u16::from_be_bytes([high, low]));
    if rest_bytes > V2_REST_BYTES {
        return Err(Malformed::TooLong);
    }
    let is_proxied = match command {
        0x20 => false,
        0x21 => true,
        _ => return Err(Malformed::Command),
    };
    // Both addresses and, except for Unix sockets, both ports.
    let address_bytes = match family {
        _ if !is_proxied => 0,
        0x00 => 0,
        0x11 => 12,
        0x21 => 36,
        0x31 => 216,
        _ => return Err(Malformed::Family),
    };
    if rest_bytes < address_bytes {
        return Err(Malformed::TooShort);
    }
    let Some(rest) = rest.get(..rest_bytes) else { return Ok(None) };
    let peer = match (address_bytes, rest) {
        (12, [a, b, c, d, _, _, _, _, high, low, ..]) => {
            let ip = Ipv4Addr::new(*a, *b, *c, *d).into();
            Some(Peer::Tcp(ip, u16::from_be_bytes([*high, *low])))
        }
        (36, rest) => rest.split_first_chunk::<16>().zip(rest.get(32..34)).map(|((ip, _), port)| {
            let ip = IpAddr::from(Ipv6Addr::from(*ip)).to_canonical();
            Peer::Tcp(ip, u16::from_be_bytes([port[0], port[1]]))
        }),
        // A Unix socket, on whichever machine.
        _ => None,
    };
    Ok(Some((V2_FIXED_BYTES + rest_bytes, peer)))
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Beginning => f.write_str("the first bytes are not a PROXY header"),
            Self::LineEnd => write!(f, "a PROXY header must end in CR LF within {V1_BYTES} bytes"),
            Self::Words => f.write_str("a PROXY header has the wrong words"),
            Self::Address => f.write_str("a PROXY header has a wrong address or port"),
            Self::Command => f.write_str("a PROXY header has an unknown version or command"),
            Self::Family => f.write_str("a PROXY header has a family of addresses without streams"),
            Self::TooShort => f.write_str("a PROXY header is shorter than its addresses"),
            Self::TooLong => {
                write!(f, "a PROXY header has more than {V2_REST_BYTES} bytes after its length")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = (rest.len() as u16).to_be_bytes();
        [V2_BEGIN, &[command, family], &length, rest].concat()
    }

    fn ipv4_rest() -> Vec<u8> {
        vec![192, 0, 2, 7, 198, 51, 100, 1, 0xc3, 0x50, 0x75, 0x30]
    }

    fn ipv6_rest(source: &str) -> Vec<u8> {
        let source: Ipv6Addr = source.parse().unwrap();
        [&source.octets()[..], &[0; 16], &[0x12, 0x34, 0, 1]].concat()
    }

    fn peer(text: &str) -> Option<Peer> {
        Some(text.parse::<std::net::SocketAddr>().unwrap().into())
    }

    fn good() -> Vec<(Vec<u8>, Option<Peer>)> {
        let longest = "ffff:f:ffff:ffff:ffff:ffff:ffff:ffff ffff:f:ffff:ffff:ffff:ffff:ffff:fff 65535 65535";
        vec![
            (b"PROXY TCP4 192.0.2.7 198.51.100.1 50000 30000\r\n".to_vec(), peer("192.0.2.7:50000")),
            (b"PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n".to_vec(), peer("255.255.255.255:65535")),
            (b"PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n".to_vec(), peer("[2001:db8::7]:1")),
            (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n".to_vec(), peer("192.0.2.7:1")),
            (b"PROXY UNKNOWN\r\n".to_vec(), None),
            (format!("PROXY UNKNOWN {longest}\r\n").into_bytes(), None),
            (v2(0x21, 0x11, &ipv4_rest()), peer("192.0.2.7:50000")),
            (v2(0x21, 0x21, &ipv6_rest("2001:db8::7")), peer("[2001:db8::7]:4660")),
            (v2(0x21, 0x21, &ipv6_rest("::ffff:192.0.2.7")), peer("192.0.2.7:4660")),
            (v2(0x21, 0x31, &[b'/'; 216]), None),
            (v2(0x21, 0x00, &[]), None),
            (v2(0x21, 0x00, b"anything"), None),
            (v2(0x20, 0x00, &[]), None),
            (v2(0x20, 0x11, &ipv4_rest()), None),
            (v2(0x20, 0xff, b"x"), None),
            (v2(0x21, 0x11, &[ipv4_rest(), vec![3; V2_REST_BYTES - 12]].concat()), peer("192.0.2.7:50000")),
        ]
    }

    #[test]
    fn a_header_parses_the_same_whole_byte_by_byte_and_followed_by_anything() {
        for (bytes, peer) in good() {
            let header = Parsed::Header { length: bytes.len(), peer };
            assert_eq!(parse(&bytes), header, "{:?}", String::from_utf8_lossy(&bytes));
            for end in 0..bytes.len() {
                assert_eq!(parse(&bytes[..end]), Parsed::NeedMore, "{end} of {bytes:?}");
            }
            for behind in ["NICK ana\r\n", "∏∑ana∏∑", "\r\n", "PROXY UNKNOWN\r\n", "\0\x16\x03"] {
                assert_eq!(parse(&[&bytes, behind.as_bytes()].concat()), header);
            }
        }
    }

    #[test]
    fn errors_of_version_1_state_the_reason() {
        use Malformed::{Address, Beginning, LineEnd, Words};
        let endless = format!("PROXY UNKNOWN {}", "x".repeat(V1_BYTES));
        for (line, why) in [
            ("NICK ana\r\n", Beginning),
            ("proxy TCP4 ", Beginning),
            ("PROXYTCP4", Beginning),
            (" PROXY", Beginning),
            ("\r\n\r\n\r", Beginning),
            (endless.as_str(), LineEnd),
            ("PROXY UNKNOWN\rx", LineEnd),
            ("PROXY \r\n", Words),
            ("PROXY UNKNOWNS\r\n", Words),
            ("PROXY TCP5 192.0.2.7 192.0.2.1 1 2\r\n", Words),
            ("PROXY tcp4 192.0.2.7 192.0.2.1 1 2\r\n", Words),
            ("PROXY TCP4\r\n", Words),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n", Words),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 1 2 \r\n", Words),
            ("PROXY TCP4  192.0.2.7 192.0.2.1 1 2\r\n", Words),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 1 2 3\r\n", Words),
            ("PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n", Address),
            ("PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n", Address),
            ("PROXY TCP4 192.0.2.256 192.0.2.1 1 2\r\n", Address),
            ("PROXY TCP4 192.0.2.7 localhost 1 2\r\n", Address),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n", Address),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n", Address),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 01 2\r\n", Address),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 +1 2\r\n", Address),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 -1 2\r\n", Address),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 1 \r\n", Address),
            ("PROXY TCP4 192.0.2.7 192.0.2.1 1 2\n\r\n", Address),
        ] {
            assert_eq!(parse(line.as_bytes()), Parsed::Malformed(why), "{line:?}");
        }
    }

    #[test]
    fn a_version_1_header_has_at_most_107_bytes() {
        let line = |bytes: usize| format!("PROXY UNKNOWN {}\r\n", "x".repeat(bytes - 16)).into_bytes();
        assert_eq!(parse(&line(V1_BYTES)), Parsed::Header { length: V1_BYTES, peer: None });
        assert_eq!(parse(&line(V1_BYTES + 1)), Parsed::Malformed(Malformed::LineEnd));
        assert_eq!(parse(&line(V1_BYTES + 2)), Parsed::Malformed(Malformed::LineEnd));
    }

    #[test]
    fn errors_of_version_2_are_found_before_more_bytes_are_awaited() {
        use Malformed::{Command, Family, TooLong, TooShort};
        let too_long = [V2_BEGIN, &[0x21, 0x11, 0x10, 0x01]].concat();
        for (bytes, why) in [
            (v2(0x11, 0x11, &ipv4_rest()), Command),
            (v2(0x31, 0x11, &ipv4_rest()), Command),
            (v2(0x22, 0x11, &ipv4_rest()), Command),
            (v2(0x21, 0x12, &ipv4_rest()), Family),
            (v2(0x21, 0x22, &ipv6_rest("::1")), Family),
            (v2(0x21, 0x10, &ipv4_rest()), Family),
            (v2(0x21, 0x41, &ipv4_rest()), Family),
            (v2(0x21, 0x11, &ipv4_rest()[..11]), TooShort),
            (v2(0x21, 0x21, &ipv6_rest("::1")[..35]), TooShort),
            (v2(0x21, 0x31, &[0; 215]), TooShort),
            (too_long, TooLong),
        ] {
            assert_eq!(parse(&bytes[..V2_FIXED_BYTES]), Parsed::Malformed(why), "{bytes:?}");
            assert_eq!(parse(&bytes), Parsed::Malformed(why), "{bytes:?}");
        }
        let mut bytes = v2(0x21, 0x11, &ipv4_rest());
        for n in 1..V2_BEGIN.len() {
            bytes[n] ^= 1;
            assert_eq!(parse(&bytes), Parsed::Malformed(Malformed::Beginning), "byte {n}");
            bytes[n] ^= 1;
        }
    }

    proptest! {
        #[test]
        fn more_bytes_never_change_a_final_result(
            which in 0..17usize,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            tail in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut bytes = good().into_iter().nth(which).map(|(bytes, _)| bytes).unwrap_or_default();
            for (index, byte) in changes {
                if !bytes.is_empty() {
                    let at = index.index(bytes.len());
                    bytes[at] = byte;
                }
            }
            bytes.extend(tail);
            let whole = parse(&bytes);
            if let Parsed::Header { length, .. } = whole {
                prop_assert!(length <= bytes.len() && length <= HEADER_BYTES);
            }
            prop_assert!(whole != Parsed::NeedMore || bytes.len() < HEADER_BYTES);
            for end in 0..bytes.len() {
                let part = parse(&bytes[..end]);
                prop_assert!(part == Parsed::NeedMore || part == whole, "{part:?} and {whole:?}");
            }
        }
    }
}
