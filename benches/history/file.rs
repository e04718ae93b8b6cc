//! A file with many messages: its size, the start of a server with it, and answers while others talk.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use parlor::message::{Event, EventId, EventKind, Identity, Rank, Record, Source, Speech};
use parlor::name::{RoomName, UserName};
use parlor::store::{Reply, Store, StoreConfig};

use crate::support::{DEADLINE, Peer, Program, Scratch, text};

/// The length of each message, in bytes.
const TEXT_BYTES: usize = 64;

const ROOMS: u64 = 10;
const SPEAKERS: u64 = 50;

/// Messages per second that are said while answers are measured.
const CHAT: u32 = 1_000;

/// Measured answers.
const QUESTIONS: usize = 300;

const ARGS: [&str; 6] = ["--listen", "127.0.0.1:0", "--flood", "off", "--history-lines", "10000000"];

pub(crate) fn measure(messages: u64) {
    let scratch = Scratch::new();
    let directory = scratch.path("state");
    let took = fill(&directory, messages);
    let bytes = size(&directory);
    println!("history/file     {messages} messages of {TEXT_BYTES} bytes: {} bytes each", bytes / messages);
    println!(
        "history/write    {:.2} µs each, with the wait for the disk",
        took.as_secs_f64() * 1e6 / messages as f64
    );
    let (with, without) = (start(Some(&directory)), start(None));
    println!("history/start    {:?} with the file, {:?} without a history", with.0, without.0);
    println!(
        "history/memory   {} kB with the file, {} kB without a history",
        with.1 / 1024,
        without.1 / 1024
    );
    latest(&directory);
}

fn fill(directory: &Path, messages: u64) -> Duration {
    let config = StoreConfig {
        directory: directory.to_owned(),
        age: Some(Duration::from_secs(7 * 24 * 60 * 60)),
        lines: 10_000_000,
        bytes: 1 << 30,
    };
    let (woken, wake) = mpsc::channel();
    let begin = SystemTime::now();
    let opened = Store::open(&config, move || woken.send(()).unwrap_or_default(), begin);
    let (mut store, _) = opened.expect("the directory is ours");
    let began = Instant::now();
    let mut id = EventId::MIN;
    for n in 0..messages {
        let time = begin - Duration::from_secs(60 * 60) + Duration::from_millis(n * 3_600_000 / messages);
        id = id.next(time);
        store.record(message(n, id, time));
        if n % 100 == 0 {
            store.flush(begin);
        }
        while store.is_full() {
            store.flush(begin);
            wake.recv_timeout(DEADLINE).expect("the store writes");
            while store.fetch().is_some() {}
        }
    }
    store.stop();
    while !matches!(store.fetch(), Some(Reply::Stopped)) {
        wake.recv_timeout(DEADLINE).ok();
    }
    began.elapsed()
}

fn message(n: u64, id: EventId, time: SystemTime) -> Record {
    let name = UserName::new(&format!("user{}", n % SPEAKERS)).expect("a name");
    let author = Identity::new(name, "~user", "8f3ab2c1.77dd01ae.ip", "A User");
    let room = RoomName::new(&format!("#room{}", n % ROOMS)).expect("a name");
    let text = format!("{n:0TEXT_BYTES$}");
    let kind = EventKind::Said { room: room.clone(), to_rank: Rank::NONE, speech: Speech::message(text) };
    let event = Event { id, time, from: Source::User(Arc::new(author)), watched: false, kind };
    Record::Event { room, is_closed: false, event }
}

pub(crate) fn size(directory: &Path) -> u64 {
    let files = fs::read_dir(directory).expect("the directory is there");
    files.map(|file| file.expect("it is read").metadata().expect("it is there").len()).sum()
}

fn arguments(directory: Option<&Path>) -> Vec<&str> {
    let state = directory.map_or(["--state", "off"], |directory| ["--state", text(directory)]);
    [&ARGS[..], &state].concat()
}

/// The time until a server listens, and its resident bytes after that.
pub(crate) fn start(directory: Option<&Path>) -> (Duration, u64) {
    let began = Instant::now();
    let server = Program::parlord(&arguments(directory));
    server.listening();
    let took = began.elapsed();
    (took, server.memory().now)
}

/// Answers to `CHATHISTORY LATEST` for 100 lines while a room talks.
fn latest(directory: &Path) {
    let server = Program::parlord(&arguments(Some(directory)));
    let address = server.listening();
    let mut speaker = Peer::irc_user(&address, "speaker");
    let mut reader = Peer::irc_user(&address, "reader");
    speaker.send("JOIN #room1\r\n");
    speaker.settle_on_irc("joined");
    reader.send("CAP REQ :batch draft/chathistory\r\nJOIN #room0\r\n");
    reader.settle_on_irc("joined");
    let (stop, stopped) = mpsc::channel::<()>();
    let chat = thread::spawn(move || {
        let line = format!("PRIVMSG #room1 :{}\r\n", "x".repeat(TEXT_BYTES));
        let mut said = 0;
        while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_millis(10)) {
            speaker.send(line.repeat(CHAT as usize / 100));
            said += CHAT / 100;
        }
        said
    });
    let began = Instant::now();
    let mut times: Vec<_> = (0..QUESTIONS).map(|_| ask(&mut reader)).collect();
    let took = began.elapsed();
    drop(stop);
    let said = chat.join().expect("the speaker does not panic");
    times.sort_unstable();
    let [half, most, all] = [QUESTIONS / 2, QUESTIONS * 99 / 100, QUESTIONS - 1].map(|n| times[n]);
    let rate = f64::from(said) / took.as_secs_f64();
    println!(
        "history/latest   100 lines while {rate:.0} messages/s are said: half in {half:.1?}, 99 % in {most:.1?}, all in {all:.1?}"
    );
}

fn ask(reader: &mut Peer) -> Duration {
    let began = Instant::now();
    reader.send("CHATHISTORY LATEST #room0 * 100\r\n");
    let mut lines = 0;
    loop {
        let line = reader.line();
        lines += usize::from(line.contains(" PRIVMSG "));
        if line.contains(" BATCH -") {
            break;
        }
    }
    assert_eq!(lines, 100, "the answer is whole");
    // The server reads a client's next line after that.
    let took = began.elapsed();
    thread::sleep(Duration::from_millis(5));
    took
}
