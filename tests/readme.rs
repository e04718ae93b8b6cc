//! What README.md shows is true: the options of both programs, the defaults, and the config file.

use std::process::Command;

use parlor::config::{Invocation, Limits, ServerConfig};
use parlor::message::CloseReason;
use parlor::name::{ROOM_NAME_CHARS, USER_NAME_CHARS};
use parlor::wire::crazyit::{
    ParseError, SAY_MARK, SPLIT_SIGN, USER_MARK, WHISPER_MARK, said_line, whispered_line,
};

const README: &str = include_str!("../README.md");

/// What the program prints for `--help`.
fn help(program: &str) -> String {
    let output = Command::new(program).arg("--help").output().expect("the program runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("help is UTF-8")
}

/// What stands in the README's first block of this kind.
fn block(kind: &str) -> &'static str {
    let (_, rest) = README.split_once(&format!("```{kind}\n")).expect("there is such a block");
    rest.split_once("```").expect("the block ends").0
}

/// The cells of the row of the table of limits that begins with `first`.
fn limit(first: &str) -> Vec<&'static str> {
    let (_, limits) = README.split_once("\n## Limits\n").expect("there is a table of limits");
    let row = limits.lines().find(|line| line.starts_with(&format!("| {first}"))).expect(first);
    row.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
fn the_options_are_those_of_help() {
    for program in [env!("CARGO_BIN_EXE_parlord"), env!("CARGO_BIN_EXE_parlor")] {
        let block = format!("```text\n{}```\n", help(program));
        assert!(README.contains(&block), "README.md should have:\n{block}");
    }
}

#[test]
fn the_table_of_limits_has_the_defaults_and_what_the_peer_sees() {
    let limits = Limits::default();
    let seconds = limits.login_timeout.as_secs();
    let rows = [
        (
            "a frame",
            format!("{} bytes", limits.frame_bytes),
            "`--frame`",
            ParseError::TooLong(limits.frame_bytes).to_string(),
        ),
        (
            "what waits",
            format!("{} bytes", limits.outbox_bytes),
            "`--outbox`",
            CloseReason::OutboxFull(limits.outbox_bytes).to_string(),
        ),
        (
            "connections",
            limits.connections.to_string(),
            "`--max-connections`",
            CloseReason::ServerFull(limits.connections).to_string(),
        ),
        (
            "time to log in",
            format!("{seconds} s"),
            "`--login-timeout`",
            CloseReason::LoginTimeout(limits.login_timeout).to_string(),
        ),
    ];
    for (name, default, option, seen) in rows {
        assert_eq!(limit(name)[1..], [default, option.to_owned(), format!("`* {seen}`, then the end")]);
    }
    assert_eq!(limit("a user name")[1], format!("{USER_NAME_CHARS} characters"));
    assert_eq!(limit("a room name")[1], format!("{ROOM_NAME_CHARS} characters"));
}

#[test]
fn the_config_file_is_one() {
    let path = std::env::temp_dir().join(format!("parlord-readme-{}.conf", std::process::id()));
    std::fs::write(&path, block("ini")).unwrap();
    let parsed = ServerConfig::from_args(&["--config".to_owned(), path.to_string_lossy().into_owned()]);
    std::fs::remove_file(&path).unwrap();
    let Ok(Invocation::Run(config)) = parsed else { panic!("{parsed:?}") };
    let listen: Vec<_> = config.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listen, ["0.0.0.0:30000", "unix:/run/parlord.sock"]);
    assert_eq!(config.lobby.as_str(), "#team");
    assert_eq!(config.limits.connections, 200);
}

#[test]
fn the_protocol_is_the_one_that_is_spoken() {
    let bytes = |mark: &str| mark.bytes().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(" ");
    let alice = "alice".parse().unwrap();
    let shown = [
        format!("| `{USER_MARK}alice{USER_MARK}` | {} |", bytes(USER_MARK)),
        format!("| `{SAY_MARK}hello{SAY_MARK}` | {} |", bytes(SAY_MARK)),
        format!(
            "| `{WHISPER_MARK}bob{SPLIT_SIGN}hello{WHISPER_MARK}` | {}, and {} between |",
            bytes(WHISPER_MARK),
            bytes(SPLIT_SIGN)
        ),
        format!("| `{}` |", said_line(&alice, "hello").trim_end()),
        format!("| `{}` |", whispered_line(&alice, "hello").trim_end()),
        format!("`* {}`", ParseError::NoSplitSign),
        format!("`* {}`", ParseError::NotUtf8),
        format!("`* {}`", ParseError::Unfinished),
    ];
    for text in shown {
        assert!(README.contains(&text), "README.md should have: {text}");
    }
}
