//! Sections 6.5 to 6.23 of Autobahn|Testsuite: the sequences of Markus Kuhn's UTF-8 decoder stress test, each as a message.

use crate::case::{Case, case};
use crate::support::frames::TEXT;

const INVALID_DATA: u16 = 1007;

const KOSME: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

type Sequences = Vec<Vec<u8>>;

pub(crate) fn sequences() -> Vec<Case> {
    groups().into_iter().flat_map(|(section, about, sequences)| group(section, about, sequences)).collect()
}

/// A section, what it is about, and its sequences, each with whether it is UTF-8.
type Group = (u8, &'static str, Vec<(bool, Vec<u8>)>);

fn group(section: u8, about: &str, sequences: Vec<(bool, Vec<u8>)>) -> Vec<Case> {
    let cases = sequences.into_iter().enumerate().map(|(n, (valid, sequence))| {
        let case = case(format!("6.{section}.{}: {about}: {}", n + 1, sequence.escape_ascii()))
            .send(TEXT, &sequence);
        if valid { case.reply(TEXT, &sequence) } else { case.fails(INVALID_DATA) }
    });
    cases.collect()
}

fn all(valid: bool, sequences: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<(bool, Vec<u8>)> {
    sequences.into_iter().map(|sequence| (valid, sequence.as_ref().to_vec())).collect()
}

fn groups() -> Vec<Group> {
    // Where the characters of KOSME end.
    let ends = [2, 5, 7, 9, 11];
    let prefixes = (1..=KOSME.len()).map(|end| (ends.contains(&end), KOSME[..end].to_vec())).collect();
    let mut boundaries = all(true, ["\u{d7ff}", "\u{e000}", "\u{fffd}", "\u{10ffff}"]);
    boundaries.push((false, b"\xf4\x90\x80\x80".to_vec()));
    vec![
        (
            5,
            "valid text",
            all(
                true,
                [
                    b"hello\x24world",
                    &b"hello\xc2\xa2world"[..],
                    b"hello\xe2\x82\xacworld",
                    b"hello\xf0\xa4\xad\xa2world",
                    KOSME,
                ],
            ),
        ),
        (6, "prefixes of valid text", prefixes),
        (7, "the first of each length", all(true, ["\0", "\u{80}", "\u{800}", "\u{10000}"])),
        (
            8,
            "the first of five and six bytes",
            all(false, [&b"\xf8\x88\x80\x80\x80"[..], b"\xfc\x84\x80\x80\x80\x80"]),
        ),
        (9, "the last of each length", all(true, ["\u{7f}", "\u{7ff}", "\u{ffff}", "\u{10ffff}"])),
        (
            10,
            "the last of four to six bytes",
            all(false, [&b"\xf7\xbf\xbf\xbf"[..], b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"]),
        ),
        (11, "other boundaries", boundaries),
        (12, "continuations of nothing", all(false, continuations())),
        (13, "starts without continuation", all(false, lonely_starts())),
        (14, "the last byte is missing", all(false, incomplete())),
        (15, "all of these in a row", all(false, [incomplete().concat()])),
        (16, "impossible bytes", all(false, [&b"\xfe"[..], b"\xff", b"\xfe\xfe\xff\xff"])),
        (17, "overlong ASCII", all(false, overlong(0x2f))),
        (
            18,
            "the last overlong of each length",
            all(
                false,
                [
                    &b"\xc1\xbf"[..],
                    b"\xe0\x9f\xbf",
                    b"\xf0\x8f\xbf\xbf",
                    b"\xf8\x87\xbf\xbf\xbf",
                    b"\xfc\x83\xbf\xbf\xbf\xbf",
                ],
            ),
        ),
        (19, "overlong NUL", all(false, overlong(0))),
        (
            20,
            "surrogates",
            all(false, [0xd800, 0xdb7f, 0xdb80, 0xdbff, 0xdc00, 0xdf80, 0xdfff].map(surrogate)),
        ),
        (21, "pairs of surrogates", all(false, pairs())),
        (22, "code points that are no characters", all(true, no_characters())),
        (
            23,
            "specials",
            all(true, ["\u{fff9}", "\u{fffa}", "\u{fffb}", "\u{fffc}", "\u{fffd}", "\u{fffe}", "\u{ffff}"]),
        ),
    ]
}

fn continuations() -> Sequences {
    let mut sequences = vec![vec![0x80], vec![0xbf]];
    sequences.extend((2..=6).map(|length| [0x80, 0xbf].into_iter().cycle().take(length).collect()));
    sequences.push((0x80..0xbf).collect());
    sequences
}

fn lonely_starts() -> Sequences {
    let ranges = [0xc0..0xdf, 0xe0..0xef, 0xf0..0xf7, 0xf8..0xfb, 0xfc..0xfdu8];
    ranges.into_iter().map(|starts| starts.flat_map(|start| [start, b' ']).collect()).collect()
}

/// The first and the last sequence of each length, without their last byte.
fn incomplete() -> Sequences {
    let of = |starts: [u8; 5], rest: u8| {
        starts.into_iter().enumerate().map(move |(length, start)| [vec![start], vec![rest; length]].concat())
    };
    of([0xc0, 0xe0, 0xf0, 0xf8, 0xfc], 0x80).chain(of([0xdf, 0xef, 0xf7, 0xfb, 0xfd], 0xbf)).collect()
}

/// This ASCII character in two to six bytes.
fn overlong(character: u8) -> Sequences {
    let starts: [&[u8]; 5] =
        [b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfc\x80\x80\x80\x80"];
    starts.map(|start| [start, &[0x80 | character]].concat()).into()
}

fn surrogate(code: u16) -> Vec<u8> {
    vec![0xe0 | (code >> 12) as u8, 0x80 | (code >> 6 & 0x3f) as u8, 0x80 | (code & 0x3f) as u8]
}

fn pairs() -> Sequences {
    let pair = |high| [0xdc00, 0xdfff].map(|low| [surrogate(high), surrogate(low)].concat());
    [0xd800, 0xdb7f, 0xdb80, 0xdbff].into_iter().flat_map(pair).collect()
}

/// The last two code points of each plane.
fn no_characters() -> impl Iterator<Item = String> {
    (0..=16)
        .flat_map(|plane| [0xfffe, 0xffff].map(|last| plane << 16 | last))
        .filter_map(char::from_u32)
        .map(String::from)
}
