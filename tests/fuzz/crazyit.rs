//! The textbook's protocol: however bytes are cut they come to the same frames, which are those that a search from
//! end to end finds; and what is encoded decodes to the same.

use parlor::name::UserName;
use parlor::wire::crazyit::{
    Answer, Decoded, Decoder, Line, MarkInside, ParseError, Request, SAY_MARK, SPLIT_SIGN, USER_MARK,
    WHISPER_MARK, notice_line, said_line, whispered_line,
};

use crate::choices::Choices;
use crate::tokens;

const MARKS: [&str; 4] = [USER_MARK, SAY_MARK, WHISPER_MARK, SPLIT_SIGN];

pub(crate) fn run(choices: &mut Choices<'_>) {
    let cap = choices.pick(&[32, 64, 512, 8192]);
    lines(choices);
    let mut bytes = Vec::new();
    while !choices.is_empty() && bytes.len() < 30_000 {
        bytes.extend(tokens::any_bytes(choices));
    }
    let expected = naive(&bytes, cap);
    for cuts in [vec![&bytes[..]], choices.cut(&bytes), bytes.chunks(7).collect()] {
        assert_eq!(decode(&cuts, cap), expected, "cap {cap}, {:?}", String::from_utf8_lossy(&bytes));
    }
}

/// Everything in a stream that comes in these pieces, up to what breaks it.
fn decode(pieces: &[&[u8]], cap: usize) -> Vec<String> {
    let (mut decoder, mut buffer, mut found) = (Decoder::new(cap), Vec::new(), Vec::new());
    for piece in pieces {
        buffer.extend_from_slice(piece);
        let mut start = 0;
        while start < buffer.len() {
            match decoder.next(&buffer[start..]) {
                Decoded::NeedMore => break,
                Decoded::LineEnd => start += 1,
                Decoded::Frame(frame, used) => {
                    assert!(used > 0 && used <= buffer.len() - start);
                    assert!(used <= cap + WHISPER_MARK.len(), "{used} bytes are more than {cap}");
                    frame.iter().for_each(comes_back);
                    found.push(format!("{frame:?}"));
                    start += used;
                }
                Decoded::Broken(why) => {
                    found.push(format!("{why:?}"));
                    return found;
                }
            }
        }
        buffer.drain(..start);
    }
    found
}

/// A request that can be sent is received as it is.
fn comes_back(request: &Request<'_>) {
    let texts = match *request {
        Request::LogIn(name) => [name, ""],
        Request::Say(text) => [text, ""],
        Request::Whisper { to, text } => [to, text],
    };
    match request.encode() {
        Ok(bytes) => {
            let decoded = Decoder::new(usize::MAX).next(&bytes);
            assert_eq!(decoded, Decoded::Frame(Ok(*request), bytes.len()));
        }
        Err(MarkInside(mark)) => {
            assert!(MARKS.contains(&mark) && texts.iter().any(|text| text.contains(mark)), "{request:?}");
        }
    }
}

/// The same as `decode`, of the whole at once and as simple as can be.
fn naive(bytes: &[u8], cap: usize) -> Vec<String> {
    let (mut rest, mut found) = (bytes, Vec::new());
    while let Some(&first) = rest.first() {
        if matches!(first, b'\r' | b'\n') {
            rest = &rest[1..];
            continue;
        }
        let marks = [USER_MARK, SAY_MARK, WHISPER_MARK].map(str::as_bytes);
        let Some(mark) = marks.into_iter().find(|mark| rest.starts_with(mark)) else {
            let could_become_one = marks.iter().any(|mark| mark.starts_with(rest));
            found.extend((!could_become_one).then(|| format!("{:?}", ParseError::OutsideFrame)));
            return found;
        };
        let within = &rest[..rest.len().min(cap)];
        let Some(end) = (mark.len()..within.len()).find(|&at| within[at..].starts_with(mark)) else {
            found.extend((rest.len() >= cap).then(|| format!("{:?}", ParseError::TooLong(cap))));
            return found;
        };
        let content = std::str::from_utf8(&rest[mark.len()..end]);
        let frame = match (content, mark == marks[0], mark == marks[1]) {
            (Ok(name), true, _) => Ok(Request::LogIn(name)),
            (Err(_), true, _) => Err(ParseError::NameNotUtf8),
            (Err(_), false, _) => Err(ParseError::NotUtf8),
            (Ok(text), false, true) => Ok(Request::Say(text)),
            (Ok(both), false, false) => match both.split_once(SPLIT_SIGN) {
                Some((to, text)) => Ok(Request::Whisper { to, text }),
                None => Err(ParseError::NoSplitSign),
            },
        };
        found.push(format!("{frame:?}"));
        rest = &rest[end + mark.len()..];
    }
    found
}

/// What the server says is one line, and the client reads it as what it was.
fn lines(choices: &mut Choices<'_>) {
    let text = tokens::word(choices);
    let shown: String = text.chars().map(|c| if is_shown(c) { c } else { ' ' }).collect();
    if let Ok(name) = UserName::new(&tokens::word(choices)) {
        let from = name.as_str();
        assert_eq!(Line::decode(one_line(&said_line(&name, &text))), Line::Said { from, text: &shown });
        assert_eq!(
            Line::decode(one_line(&whispered_line(&name, &text))),
            Line::Whispered { from, text: &shown }
        );
        assert_eq!(Answer::decode(said_line(&name, &text).as_bytes()), None, "{from} is no answer");
    }
    assert_eq!(Line::decode(one_line(&notice_line(&text))), Line::Notice(&shown));
    let bytes = tokens::any_bytes(choices);
    if let Some((answer, length)) = Answer::decode(&bytes) {
        assert_eq!(answer.as_str().as_bytes(), &bytes[..length]);
    }
}

fn is_shown(c: char) -> bool {
    c == '\t' || !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
}

/// `line` without its newline, which is its only one.
#[track_caller]
fn one_line(line: &str) -> &str {
    let inner = line.strip_suffix('\n').expect("a line has an end");
    assert!(inner.chars().all(is_shown), "{line:?}");
    inner
}
