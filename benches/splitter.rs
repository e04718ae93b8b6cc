//! Speed of splitting frames: whole ones, trickled ones, and bytes without a frame end.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};

use parlor::config::Limits;
use parlor::wire::crazyit::{Decoded, Decoder, ParseError, Request, SAY_MARK};
use parlor::wire::{Split, Splitter};

/// Texts of whole frames in bytes: a word, a line, and the longest that the client sends.
const TEXT_BYTES: [usize; 3] = [16, 256, 8000];

/// Bytes per buffer of whole frames, about as much as one read can bring.
const READ_BYTES: usize = 64 * 1024;

/// Bytes per step.
const TRICKLES: [usize; 3] = [1, 16, 1024];

/// A harmless text, and one with the first half of a closing mark at every second byte.
const FILLERS: [(&str, &str); 2] = [("plain", "xx"), ("half marks", "§")];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    whole_frames(&mut criterion);
    trickled_frame(&mut criterion);
    no_delimiter(&mut criterion);
    bare_search(&mut criterion);
    criterion.final_summary();
}

fn whole_frames(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("splitter/whole frames");
    for text_bytes in TEXT_BYTES {
        let frame = frame("xx", text_bytes);
        let count = READ_BYTES / frame.len();
        let bytes = frame.repeat(count);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(BenchmarkId::new("text bytes", text_bytes), |bencher| {
            bencher.iter(|| assert_eq!(said(black_box(&bytes)), (count, count * text_bytes)));
        });
    }
    group.finish();
}

fn trickled_frame(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("splitter/trickled frame");
    let frame = frame("xx", 8000);
    group.throughput(Throughput::Bytes(frame.len() as u64));
    for step in TRICKLES {
        group.bench_function(BenchmarkId::new("bytes at a time", step), |bencher| {
            bencher.iter(|| match trickle(black_box(&frame), step) {
                Decoded::Frame(Ok(Request::Say(_)), used) => assert_eq!(used, frame.len()),
                other => panic!("{other:?}"),
            });
        });
    }
    group.finish();
}

fn no_delimiter(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("splitter/no delimiter");
    let cap = Limits::default().frame_bytes;
    for (name, filler) in FILLERS {
        let endless = [SAY_MARK, &filler.repeat(cap / filler.len())].concat().into_bytes();
        let full = &endless[..cap];
        group.throughput(Throughput::Bytes(cap as u64));
        for step in [1, cap] {
            group.bench_function(BenchmarkId::new(name, format!("{step} at a time")), |bencher| {
                bencher.iter(|| {
                    let outcome = trickle(black_box(full), step);
                    assert_eq!(outcome, Decoded::Broken(ParseError::TooLong(cap)));
                });
            });
        }
    }
    group.finish();
}

/// The search only, without decoding.
fn bare_search(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("splitter/bare search");
    let mark = SAY_MARK.as_bytes();
    for (name, filler) in FILLERS {
        let text = filler.repeat(4000);
        let bytes = [text.as_bytes(), mark].concat();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let found = Splitter::new(READ_BYTES).find(black_box(&bytes), 0, mark);
                assert_eq!(found, Split::At(text.len()));
            });
        });
    }
    group.finish();
}

/// A public message of `text_bytes`, a multiple of the length of `filler`.
fn frame(filler: &str, text_bytes: usize) -> Vec<u8> {
    let text = filler.repeat(text_bytes / filler.len());
    Request::Say(&text).encode().expect("the text contains no mark")
}

/// The number of messages in `bytes`, and the length of their texts together.
fn said(bytes: &[u8]) -> (usize, usize) {
    let mut decoder = Decoder::new(Limits::default().frame_bytes);
    let (mut count, mut text_bytes, mut rest) = (0, 0, bytes);
    while let Decoded::Frame(Ok(Request::Say(text)), used) = decoder.next(rest) {
        count += 1;
        text_bytes += text.len();
        rest = &rest[used..];
    }
    (count, text_bytes)
}

/// Feeds `bytes` to a decoder in steps.
fn trickle(bytes: &[u8], step: usize) -> Decoded<'_> {
    let mut decoder = Decoder::new(Limits::default().frame_bytes);
    let mut end = 0;
    while end < bytes.len() {
        end = bytes.len().min(end + step);
        match decoder.next(&bytes[..end]) {
            Decoded::NeedMore => {}
            outcome => return outcome,
        }
    }
    Decoded::NeedMore
}
