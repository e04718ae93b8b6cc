//! `parlord --backup` and `--restore`.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::program::{Ended, NOWHERE};
use crate::support::{Peer, Program, Scratch, text};

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");

fn run(state: &Path, option: &str, value: &str) -> Ended {
    Program::start(PARLORD, &["--state", text(state), option, value], Stdio::null()).ended()
}

fn back_up(state: &Path, to: &Path) {
    let told = format!("the backup is complete: {}\n", text(to));
    assert_eq!(
        run(state, "--backup", text(to)),
        Ended { status: Some(0), stdout: told, stderr: String::new() }
    );
}

fn refusal(state: &Path, option: &str, value: &str) -> String {
    let ended = run(state, option, value);
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    let line = ended.stderr.strip_prefix("parlord: ").and_then(|line| line.strip_suffix('\n'));
    line.expect("one line").to_owned()
}

fn export(state: &Path) -> String {
    run(state, "--export-history", "#tea").stdout
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is there");
    let names = entries.map(|entry| entry.expect("it is there").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn talk(peer: &mut Peer, words: &str) {
    peer.send(format!("JOIN #tea\r\nPRIVMSG #tea :{words}\r\nPING {words}\r\n"));
    while !peer.line().contains("PONG") {}
}

/// A server with this directory, and somebody there.
fn server(state: &Path) -> (Program, Peer) {
    let (server, address) = Program::server(&["--state", text(state)]);
    let mut peer = Peer::connect(&address);
    peer.send("NICK bob\r\nUSER bob 0 * :Bob\r\n");
    (server, peer)
}

/// Waits until the server has written these words.
fn written(state: &Path, words: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !export(state).contains(words) {
        assert!(Instant::now() < deadline, "it is not written");
    }
}

fn stop(server: &mut Program) {
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
}

#[test]
fn a_backup_of_a_running_server_is_a_directory_for_another_and_can_be_restored() {
    let scratch = Scratch::new();
    let (state, copy) = (scratch.path("state"), scratch.path("copies"));
    fs::create_dir(&copy).expect("it is new");
    let copy = copy.join("first");
    let (mut first, mut peer) = server(&state);
    fs::write(state.join("key.pem"), "a key").expect("it is ours");
    talk(&mut peer, "before");
    written(&state, "before");
    back_up(&state, &copy);
    assert_eq!(names(&copy), ["key.pem", "parlor.db", "parlor.lock"]);
    let mode = |name: &str| fs::metadata(copy.join(name)).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(""), mode("parlor.db")), (0o700, 0o600));
    talk(&mut peer, "after");
    written(&state, "after");
    // The copy serves while the first server runs.
    let (mut second, _peer) = server(&copy);
    stop(&mut second);
    talk(&mut peer, "last");
    stop(&mut first);
    fs::write(state.join("key.pem"), "another key").expect("it is ours");
    let restored = run(&state, "--restore", text(&copy));
    assert_eq!((restored.status, restored.stderr.as_str()), (Some(0), ""));
    let (told, old) = restored.stdout.split_once("; what was there is in ").expect("there was something");
    assert_eq!(told, format!("the backup is restored, for the next start of a server with {}", text(&state)));
    assert!(!export(&state).contains("after") && export(&state).contains("before"));
    assert!(export(Path::new(old.trim())).contains("last"), "what was there is kept");
    assert_eq!(names(Path::new(old.trim())), ["key.pem", "parlor.db"]);
    assert_eq!(fs::read_to_string(state.join("key.pem")).expect("it is there"), "a key");
    let (mut third, mut peer) = server(&state);
    talk(&mut peer, "again");
    stop(&mut third);
    assert!(export(&state).contains("again"));
}

/// A server that runs, and a backup of it in which somebody says `before`.
struct BackedUp {
    state: PathBuf,
    copy: PathBuf,
    server: Program,
    peer: Peer,
    scratch: Scratch,
}

impl BackedUp {
    fn new() -> Self {
        let scratch = Scratch::new();
        let (state, copy) = (scratch.path("state"), scratch.path("copy"));
        let (server, mut peer) = server(&state);
        talk(&mut peer, "before");
        written(&state, "before");
        back_up(&state, &copy);
        Self { state, copy, server, peer, scratch }
    }
}

/// Lets a backup wait for a server that uses the directory.
fn let_wait(state: &Path, backup: &Path) {
    let told = run(state, "--restore", text(backup));
    assert_eq!((told.status, told.stderr.as_str()), (Some(0), ""));
    let [uses, copy] =
        [format!("a parlord uses {}: ", text(state)), text(&state.join("to-restore")).to_owned()];
    assert!(
        told.stdout.starts_with(&uses) && told.stdout.ends_with(&format!("remove {copy}\n")),
        "{}",
        told.stdout
    );
}

#[test]
fn a_backup_waits_while_a_server_runs_and_the_next_one_restores_it() {
    let BackedUp { state, copy, server: mut first, mut peer, scratch: _scratch } = BackedUp::new();
    talk(&mut peer, "after");
    let_wait(&state, &copy);
    let another = format!(
        "cannot restore {}: another backup waits in {}: remove that to give it up",
        text(&state),
        text(&state.join("to-restore"))
    );
    assert_eq!(refusal(&state, "--restore", text(&copy)), another);
    fs::remove_dir_all(state.join("to-restore")).expect("it is ours");
    talk(&mut peer, "given up");
    stop(&mut first);
    assert!(export(&state).contains("given up"));
    let (mut second, mut peer) = server(&state);
    talk(&mut peer, "more");
    let_wait(&state, &copy);
    #[cfg(feature = "tools")]
    {
        let examined = Program::start(PARLORD, &["--state", text(&state), "--doctor"], Stdio::null()).ended();
        assert_eq!(examined.status, Some(1));
        assert!(examined.stdout.contains("backup: one waits in "), "{}", examined.stdout);
    }
    // The backup is not needed any more.
    fs::remove_dir_all(&copy).expect("it is ours");
    talk(&mut peer, "last");
    stop(&mut second);
    assert!(export(&state).contains("last"), "it hinders nobody while it waits");
    let (mut third, mut peer) = server(&state);
    talk(&mut peer, "again");
    stop(&mut third);
    let exported = export(&state);
    assert!(!exported.contains("after") && !exported.contains("last"), "{exported}");
    assert!(exported.contains("before") && exported.contains("again"), "{exported}");
    let old = names(&state).into_iter().find(|name| name.starts_with("replaced-")).expect("it is kept");
    assert!(export(&state.join(&old)).contains("last"));
    assert_eq!(names(&state), ["parlor.db", "parlor.lock", &old]);
}

#[test]
fn a_restore_by_a_server_that_was_killed_on_the_way_is_completed_by_the_next() {
    let scratch = Scratch::new();
    let (state, copy) = (scratch.path("state"), scratch.path("copy"));
    let (mut first, mut peer) = server(&state);
    talk(&mut peer, "before");
    fs::write(state.join("key.pem"), "a key").expect("it is ours");
    written(&state, "before");
    back_up(&state, &copy);
    talk(&mut peer, "after");
    stop(&mut first);
    let wait = || {
        let (_running, _peer) = server(&state);
        let_wait(&state, &copy);
    };
    wait();
    let waiting = state.join("to-restore");
    // The server was killed after it had moved the old files and the new key, and before it moved the new database.
    fs::remove_file(state.join("parlor.db")).expect("it is ours");
    fs::rename(waiting.join("key.pem"), state.join("key.pem")).expect("it is ours");
    let (mut second, _peer) = server(&state);
    stop(&mut second);
    assert!(export(&state).contains("before") && !export(&state).contains("after"));
    wait();
    // The server was killed after it had moved all files, and before it removed the directory.
    for file in ["key.pem", "parlor.db"] {
        fs::rename(waiting.join(file), state.join(file)).expect("it is ours");
    }
    let (mut third, mut peer) = server(&state);
    talk(&mut peer, "again");
    stop(&mut third);
    assert!(export(&state).contains("before") && export(&state).contains("again"));
    assert!(!waiting.exists());
    // The next backup may wait.
    wait();
}

#[test]
fn a_server_does_not_start_without_the_backup_while_somebody_reads_the_database() {
    let scratch = Scratch::new();
    let (state, copy) = (scratch.path("state"), scratch.path("copy"));
    let (mut first, _peer) = server(&state);
    back_up(&state, &copy);
    let_wait(&state, &copy);
    stop(&mut first);
    let reader = rusqlite::Connection::open(state.join("parlor.db")).expect("it is a database");
    reader.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema").expect("it can be read");
    let ended = Program::start(PARLORD, &["--state", text(&state)], Stdio::null()).ended();
    assert_eq!(ended.status, Some(1));
    let line = format!(
        "parlord: cannot restore {}: another process uses the database; let that end first\n",
        text(&state)
    );
    assert_eq!(ended.stderr, line);
}

#[test]
fn each_restore_keeps_what_it_replaces() {
    let scratch = Scratch::new();
    let (state, copy) = (scratch.path("state"), scratch.path("copy"));
    let (mut first, _peer) = server(&state);
    back_up(&state, &copy);
    stop(&mut first);
    // Several in a second.
    for count in 1..=4 {
        assert_eq!(run(&state, "--restore", text(&copy)).status, Some(0));
        let kept = names(&state).into_iter().filter(|name| name.starts_with("replaced-")).count();
        assert_eq!(kept, count);
    }
}

#[test]
fn a_start_does_not_restore_a_backup_that_was_damaged_while_it_waited() {
    let BackedUp { state, copy, server: mut first, peer: _peer, scratch: _scratch } = BackedUp::new();
    let_wait(&state, &copy);
    stop(&mut first);
    let waiting = state.join("to-restore");
    fs::write(waiting.join("parlor.db"), "noise").expect("it is ours");
    let line = refusal(&state, "--listen", "127.0.0.1:0");
    assert!(
        line.contains("to-restore/parlor.db: this is not a database of parlord, or it is damaged"),
        "{line}"
    );
    assert!(line.ends_with(&format!("to go on without the backup, remove {}", text(&waiting))), "{line}");
    fs::remove_dir_all(waiting).expect("it is ours");
    let (mut second, _peer) = server(&state);
    stop(&mut second);
    assert!(export(&state).contains("before"));
}

#[test]
fn a_backup_replaces_nothing_and_leaves_nothing_behind_if_it_fails() {
    let scratch = Scratch::new();
    let (state, copy) = (scratch.path("state"), scratch.path("copy"));
    let (mut server, _peer) = server(&state);
    let taken = format!("cannot back up to {}: ", text(&copy));
    fs::create_dir(&copy).expect("it is new");
    fs::write(copy.join("mine"), "").expect("it is ours");
    let why = "it is not empty; give the name of a new directory";
    assert_eq!(refusal(&state, "--backup", text(&copy)), format!("{taken}{why}"));
    fs::remove_file(copy.join("mine")).expect("it is ours");
    let partial = scratch.path("copy.partial");
    fs::create_dir(&partial).expect("it is new");
    // Left by one that was killed.
    fs::write(partial.join("parlor.db"), "half").expect("it is ours");
    fs::write(partial.join("mine"), "").expect("it is ours");
    let why = format!("{} is in the way; remove it", text(&partial.join("mine")));
    assert_eq!(refusal(&state, "--backup", text(&copy)), format!("{taken}{why}"));
    fs::remove_file(partial.join("mine")).expect("it is ours");
    back_up(&state, &copy);
    assert!(!partial.exists());
    for (to, why) in [
        ("/", "give the name of a new directory"),
        (text(&copy.join("parlor.db")), "Not a directory (os error 20)"),
        (NOWHERE, "Not a directory (os error 20)"),
    ] {
        assert_eq!(refusal(&state, "--backup", to), format!("cannot back up to {to}: {why}"));
    }
    let nowhere = Path::new(NOWHERE);
    let missing = format!("{NOWHERE}/parlor.db: there is no such file, or it cannot be opened");
    assert_eq!(refusal(nowhere, "--backup", text(&scratch.path("other"))), missing);
    assert!(!scratch.path("other").exists() && !scratch.path("other.partial").exists());
    stop(&mut server);
}

#[test]
fn a_restore_that_fails_changes_nothing() {
    let scratch = Scratch::new();
    let (state, backup) = (scratch.path("state"), scratch.path("backup"));
    let (mut first, mut peer) = server(&state);
    talk(&mut peer, "kept");
    stop(&mut first);
    let before = names(&state);
    fs::create_dir(&backup).expect("it is new");
    let file = backup.join("parlor.db");
    let refused = |why: &str| {
        assert_eq!(refusal(&state, "--restore", text(&backup)), format!("{}: {why}", text(&file)));
        assert_eq!(names(&state), before);
        assert!(export(&state).contains("kept"));
    };
    refused("there is no such file, or it cannot be opened");
    fs::write(&file, "").expect("it is ours");
    refused("this is not a database of parlord; move it away");
    fs::write(&file, "nonsense, and more of it".repeat(100)).expect("it is ours");
    refused("this is not a database of parlord, or it is damaged; move it away");
    let mut bytes = fs::read(state.join("parlor.db")).expect("it is there");
    let half = bytes.len() / 2;
    bytes[half..].fill(7);
    fs::write(&file, bytes).expect("it is ours");
    let why = refusal(&state, "--restore", text(&backup));
    assert!(why.ends_with("the database is damaged; restore a backup, or move it away"), "{why}");
    assert_eq!(names(&state), before);
    let own = format!("cannot restore {}: this is the backup itself", text(&state));
    assert_eq!(refusal(&state, "--restore", text(&state)), own);
    assert!(export(&state).contains("kept"));
}

#[test]
fn a_damaged_database_can_be_replaced_by_a_backup() {
    let scratch = Scratch::new();
    let (state, copy) = (scratch.path("state"), scratch.path("copy"));
    let (mut first, mut peer) = server(&state);
    talk(&mut peer, "kept");
    stop(&mut first);
    back_up(&state, &copy);
    fs::write(state.join("parlor.db"), "nonsense, and more of it".repeat(100)).expect("it is ours");
    fs::write(state.join("parlor.db-wal"), "nonsense").expect("it is ours");
    assert_eq!(run(&state, "--restore", text(&copy)).status, Some(0));
    assert!(export(&state).contains("kept"));
    assert_eq!(run(&scratch.path("new"), "--restore", text(&copy)).status, Some(0));
    assert_eq!(names(&scratch.path("new")), ["parlor.db", "parlor.lock"]);
}

#[test]
fn what_root_creates_for_a_server_of_another_user_belongs_to_that_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let scratch = Scratch::new();
    let (state, copy, restored) = (scratch.path("state"), scratch.path("copy"), scratch.path("restored"));
    for directory in [&state, &restored] {
        fs::create_dir(directory).expect("it is new");
        chown(directory, Some(65_534), Some(65_534)).expect("this is root");
    }
    let input = fs::File::open(scratch.file("input", "open sesame\n")).expect("it is ours");
    let args = ["--state", text(&state), "--add-account", "alice"];
    assert_eq!(Program::start(PARLORD, &args, Stdio::from(input)).ended().status, Some(0));
    back_up(&state, &copy);
    assert_eq!(run(&restored, "--restore", text(&copy)).status, Some(0));
    let (_server, _peer) = server(&state);
    let_wait(&state, &copy);
    for file in [
        "state/to-restore",
        "state/to-restore/parlor.db",
        "state/parlor.db",
        "state/parlor.lock",
        "restored/parlor.db",
        "restored/parlor.lock",
    ] {
        assert_eq!(fs::metadata(scratch.path(file)).expect("it is there").uid(), 65_534, "{file}");
    }
}
