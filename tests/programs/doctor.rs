//! `parlord --doctor`.

use std::fs;
use std::path::Path;

use crate::support::program::Ended;
use crate::support::{Peer, Program, Scratch, text};

/// The findings for a server with these options, by subject; and the exit status.
fn examine(args: &[&str]) -> (Option<i32>, Vec<String>) {
    let Ended { status, stdout, stderr } = Program::parlord(&[&["--doctor"], args].concat()).ended();
    assert_eq!(stderr, "");
    (status, stdout.lines().map(str::to_owned).collect())
}

#[track_caller]
fn finding(findings: &[String], begins: &str) {
    assert!(findings.iter().any(|line| line.starts_with(begins)), "{begins} {findings:#?}");
}

/// Names and contents of the files in a directory, without the index of the journal.
#[cfg(feature = "store")]
fn content(directory: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(directory).expect("it is there").map(|entry| entry.expect("it is there").path());
    let paths = paths.filter(|path| path.extension().is_none_or(|end| end != "db-shm"));
    let mut all: Vec<_> = paths.map(|path| (path.clone(), fs::read(path).expect("it is ours"))).collect();
    all.sort();
    all
}

#[test]
fn a_machine_that_has_what_the_server_needs_is_right() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let small = ["--max-connections=10", "--memory=1000000"];
    #[cfg(feature = "store")]
    let small = [&small[..], &["--history-bytes=1048576"]].concat();
    let (status, findings) = examine(&[&small[..], &["--state", text(&state)]].concat());
    assert_eq!(status, Some(0), "{findings:#?}");
    assert!(findings.iter().all(|line| line.starts_with("ok: ")), "{findings:#?}");
    assert!(!state.exists());
}

// With 32 bits, `--memory` cannot be more than machines have.
#[cfg(target_pointer_width = "64")]
#[test]
fn less_memory_than_the_server_may_take_is_wrong() {
    let (status, findings) = examine(&["--state=off", "--max-connections=1000000", "--memory=1000000000000"]);
    assert_eq!(status, Some(1));
    finding(&findings, "wrong: memory: ");
}

#[cfg(feature = "store")]
#[test]
fn a_database_in_use_is_examined_and_nothing_changes() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let (server, address) = Program::server(&["--state", text(&state)]);
    let mut peer = Peer::connect(&address);
    peer.send("NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #tea\r\nPRIVMSG #tea :hello\r\nPING x\r\n");
    while !peer.line().contains("PONG") {}
    let (status, findings) = examine(&["--state", text(&state), "--max-connections=10", "--memory=1000000"]);
    assert_eq!(status, Some(0), "{findings:#?}");
    finding(&findings, "ok: store: the database is sound, ");
    finding(&findings, &format!("ok: directory: {} is for user ", text(&state)));
    peer.send("PRIVMSG #tea :still here\r\nPING x\r\n");
    while !peer.line().contains("PONG") {}
    drop((server, peer));
    // Killed: the journal is there.
    let before = content(&state);
    let (status, _) = examine(&["--state", text(&state), "--max-connections=10", "--memory=1000000"]);
    assert_eq!(status, Some(0));
    assert_eq!(content(&state), before);
}

#[cfg(feature = "store")]
#[test]
fn what_is_wrong_with_the_database_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let args = ["--state", text(&state), "--max-connections=10", "--memory=1000000"];
    let (mut server, _) = Program::server(&["--state", text(&state)]);
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
    let file = state.join("parlor.db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let (status, findings) = examine(&args);
    assert_eq!(status, Some(1));
    finding(&findings, &format!("wrong: directory: others may read {0}: chmod go-rwx {0}", text(&file)));
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).expect("it is ours");
    finding(
        &examine(&args).1,
        &format!("wrong: directory: others may write to {0}: chmod go-w {0}", text(&state)),
    );
    let bytes = fs::read(&file).expect("it is ours");
    fs::write(&file, [&bytes[..bytes.len() / 2], &vec![7; bytes.len() / 2]].concat()).expect("it is ours");
    finding(&examine(&args).1, "wrong: store: ");
    fs::write(&file, "nonsense, and more of it".repeat(100)).expect("it is ours");
    let why = "this is not a database of parlord, or it is damaged; move it away";
    finding(&examine(&args).1, &format!("wrong: store: {}: {why}", text(&file)));
    fs::remove_file(&file).expect("it is ours");
    finding(&examine(&args).1, "ok: store: there is no database yet");
    fs::remove_dir_all(&state).expect("it is ours");
    fs::write(&state, "").expect("it is ours");
    finding(&examine(&args).1, &format!("wrong: directory: {} is no directory: ", text(&state)));
}

#[cfg(feature = "tls")]
#[test]
fn a_certificate_for_another_name_is_told() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let args = ["--self-signed", "--tls-listen=127.0.0.1:0", "--state", text(&state)];
    finding(&examine(&args).1, "ok: certificate: --self-signed creates it at the start");
    Program::server(&args);
    finding(
        &examine(&args).1,
        "ok: certificate: valid until 4096-01-01T00:00:00Z, for clients that know its fingerprint",
    );
}
