//! The time that writing and reading take. Shows figures, and checks none:
//!
//!     cargo test --release --all-features --test store cost -- --ignored --nocapture --test-threads 1

use std::time::{Duration, Instant};

use parlor::store::Reply;

use crate::helpers::*;
use crate::sites::{Keeps, Site};

const MESSAGES: u32 = 100_000;
const ROOMS: u32 = 50;
const QUESTIONS: u32 = 1_000;

/// Messages in an answer.
const ANSWER: usize = 100;

#[test]
#[ignore = "shows figures"]
fn cost_of_a_file() {
    measure("file", <Scratch as Site>::new().unwrap());
}

#[cfg(feature = "cluster")]
#[test]
#[ignore = "shows figures"]
fn cost_of_a_broker() {
    let server = <crate::support::redis_server::RedisServer as Site>::new();
    server.into_iter().for_each(|server| measure("broker", server));
}

#[allow(clippy::print_stdout)] // The figures.
fn measure(name: &str, site: impl Site) {
    let keeps = Keeps { lines: MESSAGES, ..Keeps::default() };
    let (mut kept, mut events) = (site.open_with(keeps, start()).0, Events::default());
    let begun = Instant::now();
    for n in 0..MESSAGES {
        let text = format!("{n:064}");
        kept.store.record(events.say(&format!("#room{}", n % ROOMS), &user("bob"), &text, start()));
        if n % 100 == 0 {
            kept.store.flush(start());
            while kept.store.is_full() {
                kept.store.flush(start());
                while !matches!(kept.next(), Reply::HasRoom) {}
            }
        }
    }
    kept.store.save_bans(Vec::new());
    kept.store.flush(start());
    while !matches!(kept.next(), Reply::BansSaved(Ok(()))) {}
    let written = begun.elapsed() / MESSAGES;
    let begun = Instant::now();
    for n in 0..QUESTIONS {
        let found = kept.select(latest(&format!("#room{}", n % ROOMS), ANSWER), start());
        assert_eq!(found.events.len(), ANSWER);
    }
    let read = begun.elapsed() / QUESTIONS;
    let later = start() + Duration::from_secs(100);
    wait_for(&mut kept, later, |figures| {
        figures.messages == u64::from(MESSAGES) && figures.file_bytes > 64 * u64::from(MESSAGES)
    });
    let bytes = kept.store.status().figures.file_bytes / u64::from(MESSAGES);
    println!(
        "{name}: {written:?} to write a message of 64 bytes, {read:?} to read {ANSWER}, {bytes} bytes each"
    );
}
