//! The splitter against a search from end to end: however the bytes are cut, it finds the same frames.

use parlor::wire::{Split, Splitter};

use crate::choices::Choices;

pub(crate) fn run(choices: &mut Choices<'_>) {
    let delimiter: &[u8] =
        choices.pick(&[b"\n", "∏∑".as_bytes(), "§γ".as_bytes(), "★【".as_bytes(), b"aa", b"aab"]);
    let cap = 1 + choices.below(80);
    // Where the delimiter may begin: behind the opening mark, if there is one.
    let from = choices.pick(&[0, delimiter.len()]);
    let mut stream = Vec::new();
    for _ in 0..choices.below(20) {
        match choices.below(4) {
            0 => stream.extend_from_slice(delimiter),
            1 => stream.extend_from_slice(&delimiter[..choices.below(delimiter.len())]),
            2 => stream.extend_from_slice(&b"x".repeat(choices.below(90))),
            _ => stream.extend_from_slice(choices.bytes(40)),
        }
    }
    let expected = naive(&stream, delimiter, cap, from);
    let mut splitter = Splitter::new(cap);
    let (mut found, mut start, mut end) = (Vec::new(), 0, 0);
    for piece in choices.cut(&stream) {
        end += piece.len();
        while let Some(split) = next(&mut splitter, &stream[start..end], from, delimiter) {
            found.push(split);
            let Split::At(at) = split else {
                assert_eq!(found, expected, "cap {cap}, from {from}, {stream:?}");
                return;
            };
            start += at + delimiter.len();
        }
    }
    assert_eq!(found, expected, "cap {cap}, from {from}, {stream:?}");
}

/// What is found in `buffer`, if anything.
fn next(splitter: &mut Splitter, buffer: &[u8], from: usize, delimiter: &[u8]) -> Option<Split> {
    let split = splitter.find(buffer, from, delimiter);
    if split == Split::NeedMore {
        assert!(splitter.searched() + delimiter.len() > buffer.len(), "nothing is searched twice");
        return None;
    }
    Some(split)
}

/// What is found in the whole stream, the first that is too long at the end.
fn naive(stream: &[u8], delimiter: &[u8], cap: usize, from: usize) -> Vec<Split> {
    let (mut found, mut start) = (Vec::new(), 0);
    loop {
        let frame = &stream[start..];
        let within = &frame[..frame.len().min(cap)];
        let at = (from..within.len()).find(|&at| within[at..].starts_with(delimiter));
        match at {
            Some(at) => {
                found.push(Split::At(at));
                start += at + delimiter.len();
            }
            None => {
                found.extend((frame.len() >= cap).then_some(Split::TooLong));
                return found;
            }
        }
    }
}
