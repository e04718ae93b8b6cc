//! The cases of Autobahn|Testsuite but for compression (12, 13), under their numbers there. Those of section 9 are scaled
//! down, and those that wait to see that nothing comes do not wait.

use crate::case::{Case, case};
use crate::support::frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, fragmented, masked};

const HELLO: &[u8] = b"Hello, world!";
const PROTOCOL_ERROR: u16 = 1002;
const INVALID_DATA: u16 = 1007;

/// A message comes back.
fn echo(name: String, first: u8, payload: &[u8]) -> Case {
    case(name).send(first, payload).reply(first, payload)
}

/// 1: frames of all lengths.
pub(crate) fn framing() -> Vec<Case> {
    let mut cases = Vec::new();
    for (section, first, byte) in [(1, TEXT, b"*"), (2, BINARY, b"\xfe")] {
        for (n, length) in [0, 125, 126, 127, 128, 65_535, 65_536].into_iter().enumerate() {
            let name = format!("1.{section}.{}: a message of {length} bytes", n + 1);
            cases.push(echo(name, first, &byte.repeat(length)));
        }
        let name = format!("1.{section}.8: a message of 65,536 bytes in pieces of 997");
        cases.push(echo(name, first, &byte.repeat(65_536)).in_pieces_of(997));
    }
    cases
}

/// 2: pings and pongs.
pub(crate) fn pings() -> Vec<Case> {
    let ping = |name: &str, payload: &[u8]| case(name).send(PING, payload).reply(PONG, payload);
    let ten = |name: &str| {
        (0..10).map(|n| format!("payload-{n}")).fold(case(name), |case, payload| {
            case.send(PING, payload.as_bytes()).reply(PONG, payload.as_bytes())
        })
    };
    vec![
        ping("2.1: a ping without payload", b""),
        ping("2.2: a ping with text", HELLO),
        ping("2.3: a ping with bytes", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        ping("2.4: a ping of 125 bytes", &[0xfe; 125]),
        case("2.5: a ping of 126 bytes").send(PING, &[0xfe; 126]).fails(PROTOCOL_ERROR),
        ping("2.6: a ping of 125 bytes, byte by byte", &[0xfe; 125]).in_pieces_of(1),
        case("2.7: a pong that nobody asked for, without payload").send(PONG, b""),
        case("2.8: a pong that nobody asked for, with payload").send(PONG, b"unasked"),
        case("2.9: such a pong, then a ping")
            .send(PONG, b"unasked")
            .send(PING, b"asked")
            .reply(PONG, b"asked"),
        ten("2.10: ten pings").in_one_piece(),
        ten("2.11: ten pings, byte by byte").in_pieces_of(1),
    ]
}

/// 3: reserved bits.
pub(crate) fn reserved_bits() -> Vec<Case> {
    let bits = |n: u8| n << 4;
    let second = |name: &str, n| {
        case(name)
            .send(TEXT, HELLO)
            .send(TEXT | bits(n), HELLO)
            .send(PING, b"")
            .reply(TEXT, HELLO)
            .fails(PROTOCOL_ERROR)
    };
    let only = |name: &str, first, payload| case(name).send(first, payload).fails(PROTOCOL_ERROR);
    vec![
        only("3.1: text with RSV 1", TEXT | bits(1), HELLO),
        second("3.2: text, then text with RSV 2, then a ping", 2).in_one_piece(),
        second("3.3: the same with RSV 3, frame by frame", 3),
        second("3.4: the same with RSV 4, byte by byte", 4).in_pieces_of(1),
        only("3.5: bytes with RSV 5", BINARY | bits(5), b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"),
        only("3.6: a ping with RSV 6", PING | bits(6), HELLO),
        only("3.7: a close with RSV 7", CLOSE | bits(7), b""),
    ]
}

/// 4: reserved opcodes.
pub(crate) fn reserved_opcodes() -> Vec<Case> {
    let mut cases = Vec::new();
    for (section, first) in [(1, 3), (2, 11)] {
        for n in 0..5 {
            let opcode = first + n;
            let payload = if matches!(n, 0 | 2) { b"" } else { HELLO };
            let case = case(format!("4.{section}.{}: opcode {opcode} with {} bytes", n + 1, payload.len()));
            let case = if n < 2 { case } else { case.send(TEXT, HELLO).reply(TEXT, HELLO) };
            let case = case.send(FIN | opcode, payload).send(PING, b"").fails(PROTOCOL_ERROR);
            cases.push(if n < 4 { case.in_one_piece() } else { case.in_pieces_of(1) });
        }
    }
    cases
}

/// The same case in one piece, frame by frame, and byte by byte.
fn in_three_ways(first_number: u8, about: &str, build: impl Fn(Case) -> Case) -> [Case; 3] {
    let name = |n: u8, way: &str| case(format!("5.{}: {about}, {way}", first_number + n));
    [
        build(name(0, "in one piece")).in_one_piece(),
        build(name(1, "frame by frame")),
        build(name(2, "byte by byte")).in_pieces_of(1),
    ]
}

/// 5: fragmentation.
pub(crate) fn fragmentation() -> Vec<Case> {
    let two = |case: Case, first| case.send(first - FIN, b"fragment1").send(CONTINUATION, b"fragment2");
    let whole = b"fragment1fragment2";
    let mut cases = vec![
        two(case("5.1: a ping in two fragments"), PING).fails(PROTOCOL_ERROR),
        two(case("5.2: a pong in two fragments"), PONG).fails(PROTOCOL_ERROR),
    ];
    cases.extend(in_three_ways(3, "two fragments", |case| two(case, TEXT).reply(TEXT, whole)));
    cases.extend(in_three_ways(6, "a ping between two fragments", |case| {
        case.send(TEXT - FIN, b"fragment1")
            .send(PING, b"between")
            .send(CONTINUATION, b"fragment2")
            .reply(PONG, b"between")
            .reply(TEXT, whole)
    }));
    for (number, fin, about) in [(9, FIN, "the end of no message"), (12, 0, "the middle of no message")] {
        cases.extend(in_three_ways(number, about, |case| {
            case.send(CONTINUATION - FIN + fin, b"lost").send(TEXT, HELLO).fails(PROTOCOL_ERROR)
        }));
    }
    let twice = |name: &str, lost| {
        let once = |case: Case| two(case.send(lost, b"lost"), TEXT);
        once(once(case(name))).fails(PROTOCOL_ERROR)
    };
    cases.extend([
        two(case("5.15: two fragments, then the middle of no message, then text"), TEXT)
            .send(CONTINUATION - FIN, b"lost")
            .send(TEXT, HELLO)
            .in_one_piece()
            .reply(TEXT, whole)
            .fails(PROTOCOL_ERROR),
        twice("5.16: the middle of no message and two fragments, twice", CONTINUATION - FIN),
        twice("5.17: the end of no message and two fragments, twice", CONTINUATION),
        case("5.18: two fragments that both begin a message")
            .send(TEXT - FIN, b"fragment1")
            .send(TEXT, b"fragment2")
            .in_one_piece()
            .fails(PROTOCOL_ERROR),
        five_with_pings("5.19: five fragments and two pings").in_one_piece(),
        five_with_pings("5.20: five fragments and two pings, frame by frame"),
    ]);
    cases
}

fn five_with_pings(name: &str) -> Case {
    case(name)
        .send(TEXT - FIN, b"a")
        .send(CONTINUATION - FIN, b"b")
        .send(PING, b"1")
        .send(CONTINUATION - FIN, b"c")
        .send(CONTINUATION - FIN, b"d")
        .send(PING, b"2")
        .send(CONTINUATION, b"e")
        .reply(PONG, b"1")
        .reply(PONG, b"2")
        .reply(TEXT, b"abcde")
}

/// Valid text, then what cannot become UTF-8 with its second byte, then valid text.
const KOSME: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
const TOO_HIGH: &[u8] = b"\xf4\x90\x80\x80";

/// 6.1 to 6.4: text in fragments. Section 6.5 to 6.23 is `utf8::sequences`.
pub(crate) fn text_in_fragments() -> Vec<Case> {
    let umlauts = "Hello-µ@ßöäüàá-UTF-8!!".as_bytes();
    let pieces = |name: &str, payload: &[u8]| case(name).send_bytes(fragmented(TEXT, payload, 1));
    let surrogate = [KOSME, b"\xed\xa0\x80edited"].concat();
    vec![
        echo("6.1.1: an empty message".into(), TEXT, b""),
        three(case("6.1.2: three empty fragments"), b""),
        three(case("6.1.3: an empty fragment, one with text, an empty one"), b"middle"),
        echo("6.2.1: text in one fragment".into(), TEXT, umlauts),
        case("6.2.2: text in two fragments, cut between characters")
            .send(TEXT - FIN, &umlauts[..14])
            .send(CONTINUATION, &umlauts[14..])
            .reply(TEXT, umlauts),
        pieces("6.2.3: text in fragments of a byte", umlauts).reply(TEXT, umlauts),
        pieces("6.2.4: Greek in fragments of a byte", KOSME).reply(TEXT, KOSME),
        case("6.3.1: a surrogate in one fragment").send(TEXT, &surrogate).fails(INVALID_DATA),
        pieces("6.3.2: a surrogate in fragments of a byte", &surrogate).fails(INVALID_DATA),
        // The rest of the message never comes, so the server must have failed at once.
        case("6.4.1: a fragment with too high a code point, before the last")
            .send(TEXT - FIN, KOSME)
            .send(CONTINUATION - FIN, TOO_HIGH)
            .fails(INVALID_DATA),
        case("6.4.2: a fragment that ends with the second byte of such a code point")
            .send(TEXT - FIN, &[KOSME, &TOO_HIGH[..1]].concat())
            .send(CONTINUATION - FIN, &TOO_HIGH[1..2])
            .fails(INVALID_DATA),
        beginning("6.4.3: a piece of a frame with too high a code point", 4),
        beginning("6.4.4: a piece of a frame that ends with the second byte of such a code point", 2),
    ]
}

fn three(case: Case, middle: &[u8]) -> Case {
    case.send(TEXT - FIN, b"").send(CONTINUATION - FIN, middle).send(CONTINUATION, b"").reply(TEXT, middle)
}

/// The beginning of a frame, with so many bytes of the code point.
fn beginning(name: &str, bytes: usize) -> Case {
    let whole = masked(TEXT, &[KOSME, TOO_HIGH, b"edited"].concat());
    let header_bytes = 6;
    let (first, rest) = whole.split_at(header_bytes + KOSME.len());
    case(name).send_bytes(first.to_vec()).send_bytes(rest[..bytes].to_vec()).fails(INVALID_DATA)
}

/// 7: closing.
pub(crate) fn closing() -> Vec<Case> {
    let normal: &[u8] = b"\x03\xe8";
    let with_reason = |reason: &[u8]| [normal, reason].concat();
    let mut cases = vec![
        echo("7.1.1: a message, then a close".into(), TEXT, HELLO),
        case("7.1.2: two closes").closes(normal, 1000).send(CLOSE, b"").in_one_piece(),
        case("7.1.3: a ping after a close").closes(normal, 1000).send(PING, b"").in_one_piece(),
        case("7.1.4: text after a close").closes(normal, 1000).send(TEXT, HELLO).in_one_piece(),
        case("7.1.5: a close between two fragments")
            .send(TEXT - FIN, b"fragment1")
            .closes(normal, 1000)
            .send(CONTINUATION, b"fragment2"),
        echo("7.1.6: 256 KiB, text, a close, a ping".into(), TEXT, &b"BAsd7&jh23".repeat(26_215))
            .send(TEXT, HELLO)
            .reply(TEXT, HELLO)
            .closes(normal, 1000)
            .send(PING, b""),
        case("7.3.1: a close without payload").closes(b"", 1000),
        case("7.3.2: a close with a byte").closes(b"a", PROTOCOL_ERROR),
        case("7.3.3: a close with a code").closes(normal, 1000),
        case("7.3.4: a close with a code and a reason").closes(&with_reason(HELLO), 1000),
        case("7.3.5: a close with a reason of 123 bytes").closes(&with_reason(&[b'*'; 123]), 1000),
        case("7.3.6: a close with a reason of 124 bytes").closes(&with_reason(&[b'*'; 124]), PROTOCOL_ERROR),
        case("7.5.1: a close with a reason that is not UTF-8")
            .closes(&with_reason(&[KOSME, b"\xed\xa0\x80edited"].concat()), INVALID_DATA),
        case("7.13.1: a close with code 5000").closes(&5000u16.to_be_bytes(), PROTOCOL_ERROR),
        case("7.13.2: a close with code 65,535").closes(&u16::MAX.to_be_bytes(), PROTOCOL_ERROR),
    ];
    let good = [1000u16, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
    for (n, code) in good.into_iter().enumerate() {
        cases
            .push(case(format!("7.7.{}: a close with code {code}", n + 1)).closes(&code.to_be_bytes(), code));
    }
    let bad = [0u16, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
    for (n, code) in bad.into_iter().enumerate() {
        let case = case(format!("7.9.{}: a close with code {code}", n + 1));
        cases.push(case.closes(&code.to_be_bytes(), PROTOCOL_ERROR));
    }
    cases
}

/// 9: large messages, of a sixteenth of the suite's sizes; and many, a tenth of the suite's.
pub(crate) fn large_messages() -> Vec<Case> {
    const KIB: usize = 1 << 10;
    let mut cases = Vec::new();
    for (n, kib) in [4, 16, 64, 256, 512, 1024].into_iter().enumerate() {
        let text = b"BAsd7&jh23".repeat(kib * KIB / 10);
        cases.push(echo(format!("9.1.{}: text of {kib} KiB", n + 1), TEXT, &text));
        let bytes = b"\x00\xfe\x23\xfa\xf0".repeat(kib * KIB / 5);
        cases.push(echo(format!("9.2.{}: {kib} KiB of bytes", n + 1), BINARY, &bytes));
    }
    for (n, frame_bytes) in
        [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 128 * KIB, 192 * KIB, 256 * KIB].into_iter().enumerate()
    {
        for (section, first, byte) in [(3, TEXT, b"*"), (4, BINARY, b"\xfe")] {
            let payload = byte.repeat(256 * KIB);
            let name = format!("9.{section}.{}: 256 KiB in frames of {frame_bytes} bytes", n + 1);
            cases
                .push(case(name).send_bytes(fragmented(first, &payload, frame_bytes)).reply(first, &payload));
        }
    }
    for (n, piece_bytes) in [64, 128, 256, 512, 1024, 2048].into_iter().enumerate() {
        for (section, first, payload) in [(5, TEXT, &b"BAsd7&jh23"[..]), (6, BINARY, b"\x00\xfe\x23\xfa\xf0")]
        {
            let name = format!("9.{section}.{}: 64 KiB in pieces of {piece_bytes} bytes", n + 1);
            cases
                .push(echo(name, first, &payload.repeat(64 * KIB / payload.len())).in_pieces_of(piece_bytes));
        }
    }
    for (n, length) in [0, 16, 64, 256, 1024, 4096].into_iter().enumerate() {
        for (section, first, byte) in [(7, TEXT, b"*"), (8, BINARY, b"\xfe")] {
            let name = case(format!("9.{section}.{}: 100 messages of {length} bytes", n + 1));
            let payload = byte.repeat(length);
            cases.push((0..100).fold(name, |case, _| case.send(first, &payload).reply(first, &payload)));
        }
    }
    cases
}

/// 10: fragments of a library.
pub(crate) fn fragments_of_a_library() -> Vec<Case> {
    let payload = b"*".repeat(65_536);
    let case = case("10.1.1: 65,536 bytes in frames of 1,300");
    vec![case.send_bytes(fragmented(TEXT, &payload, 1300)).reply(TEXT, &payload)]
}
