//! How large the file is, and how long answers take with a large one. A million messages, with figures:
//!
//!     PARLOR_STORE_MESSAGES=1000000 cargo test --release --test store size -- --nocapture

use std::env;
use std::fs;
use std::time::{Duration, Instant};

use parlor::store::StoreConfig;

use crate::helpers::*;

/// 64 bytes.
const TEXT: &str = "sixty-four bytes of text, which is what people say in one breath";

fn messages() -> usize {
    env::var("PARLOR_STORE_MESSAGES").map_or(40_000, |count| count.parse().unwrap())
}

/// The CPU time of this process in all threads.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// The resident memory of this process, in KiB.
fn memory_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

fn measure(rooms: usize) {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let config = StoreConfig { lines: 10_000_000, ..config(&scratch) };
    let before_kb = memory_kb();
    let (mut kept, _) = Kept::open(&config, start()).unwrap();
    let users: Vec<_> = (0..300).map(|n| user(&format!("user{n}"))).collect();
    let names: Vec<_> = (0..rooms).map(|n| format!("#room{n}")).collect();
    let (count, mut now) = (messages(), start());
    let (started, cpu_before) = (Instant::now(), cpu_time());
    for n in 0..count {
        now += Duration::from_millis(1);
        // A sequence that visits rooms and users in no simple order.
        let (name, from) = (&names[n * 7919 % rooms], &users[n * 31 % users.len()]);
        kept.store.record(events.say(name, from, TEXT, now));
        if n % 20 == 0 {
            kept.store.flush(now);
            while kept.store.is_full() {
                kept.store.flush(now);
                kept.next();
            }
        }
    }
    let all = kept.select(latest("#room0", 1), now);
    assert_eq!(all.events.len(), 1);
    let (took, cpu) = (started.elapsed(), cpu_time() - cpu_before);
    let asked = Instant::now();
    let latest_100 = kept.select(latest("#room0", 100), now);
    let answered = asked.elapsed();
    assert_eq!(latest_100.events.len(), 100.min(count / rooms));
    let more_kb = memory_kb().saturating_sub(before_kb);
    kept.stop();
    let bytes = fs::metadata(database(&scratch)).unwrap().len() as usize;
    let opened = Instant::now();
    let (kept, _) = Kept::open(&config, now).unwrap();
    let opened = opened.elapsed();
    assert_eq!(kept.store.status().figures.messages, count as u64);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / count as f64;
    #[allow(clippy::print_stdout)] // For those who ask for it.
    {
        println!(
            "{rooms} rooms, {count} messages: {:.1} bytes each; {:.2} µs each, {:.2} of CPU; \
             LATEST 100 {answered:?}; start {opened:?}; RSS {more_kb} KiB more",
            bytes as f64 / count as f64,
            each(took),
            each(cpu),
        );
    }
    assert!(bytes <= 150 * count, "{bytes} bytes for {count} messages");
}

#[test]
fn a_message_of_64_bytes_in_one_room_takes_at_most_150_bytes_of_file() {
    measure(1);
}

#[test]
fn a_message_of_64_bytes_in_many_rooms_takes_at_most_150_bytes_of_file() {
    measure(1_000);
}
