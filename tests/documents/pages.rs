//! README.md and the pages in doc/ are true: options, defaults, limits, the commands of IRC, the config file, packages.

use parlor::address::Address;
use parlor::config::{ClientConfig, Invocation, Limits, ServerConfig};
#[cfg(feature = "store")]
use parlor::hub::{MEMBERS_PER_PAUSE, MOST_REGISTERED, PAUSE, RANKS_PER_ROOM, REDACTABLE, ROOMS_PER_ACCOUNT};
use parlor::hub::{MOST_ROOMS, REMEMBERED};
use parlor::message::{BanError, CloseReason, MOST_BANS};
#[cfg(feature = "store")]
use parlor::message::{MOST_CERTIFICATES, MOST_DEVICES, MOST_MARKERS};
use parlor::name::{ROOM_NAME_CHARS, USER_NAME_CHARS};
use parlor::secret::PASSWORD_BYTES;
use parlor::wire::crazyit::{
    ParseError, SAY_MARK, SPLIT_SIGN, USER_MARK, WHISPER_MARK, said_line, whispered_line,
};
use parlor::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES};
#[cfg(feature = "tls")]
use rustix::process::Signal;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(feature = "tls")]
use std::process::Stdio;
use std::time::Duration;

use crate::manuals::INDENTED;
use crate::support::Program;
use crate::support::program::help;
use crate::support::{Peer, Scratch, TestServer, address, text};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const README: &str = include_str!("../../README.md");
const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");
const BENCHMARKS: &str = include_str!("../../doc/BENCHMARKS.md");
const CLIENT: &str = include_str!("../../doc/CLIENT.md");
const CONTRIBUTING: &str = include_str!("../../CONTRIBUTING.md");
const CRAZYIT: &str = include_str!("../../doc/CRAZYIT.md");
const IRC: &str = include_str!("../../doc/IRC.md");
const LIMITS: &str = include_str!("../../doc/LIMITS.md");
const OPERATING: &str = include_str!("../../doc/OPERATING.md");

/// The page's section with this title.
fn section(page: &'static str, title: &str) -> &'static str {
    let (_, rest) = page.split_once(&format!("\n## {title}\n\n")).expect(title);
    rest.split("\n## ").next().unwrap_or(rest)
}

/// The page's first block of this kind.
fn block(page: &'static str, kind: &str) -> &'static str {
    let (_, rest) = page.split_once(&format!("```{kind}\n")).expect("there is such a block");
    rest.split_once("```").expect("the block ends").0
}

/// The cells of the first row in LIMITS.md that begins with `first`.
fn limit(first: &str) -> Vec<&'static str> {
    let row = LIMITS.lines().find(|line| line.starts_with(&format!("| {first}"))).expect(first);
    row.trim_matches('|').split('|').map(str::trim).collect()
}

#[test]
#[cfg_attr(
    not(all(feature = "cluster", feature = "metrics", feature = "tls", feature = "web")),
    ignore = "the pages show the options of a build with all features"
)]
fn the_options_are_those_of_help() {
    for (program, page) in
        [(env!("CARGO_BIN_EXE_parlord"), OPERATING), (env!("CARGO_BIN_EXE_parlor"), CLIENT)]
    {
        assert_eq!(block(page, "text"), help(program));
    }
}

#[test]
fn the_table_of_limits_has_the_defaults_and_what_the_peer_sees() {
    let limits = Limits::default();
    let seconds = limits.login_timeout.as_secs();
    let rows = [
        (
            "CrazyIt frame",
            format!("{} bytes", limits.frame_bytes),
            "`--frame`",
            ParseError::TooLong(limits.frame_bytes).to_string(),
        ),
        (
            "unsent bytes for one",
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
            "connections from one address",
            limits.connections_per_ip.to_string(),
            "`--max-per-ip`",
            CloseReason::AddressFull(limits.connections_per_ip).to_string(),
        ),
        (
            "time to log in",
            format!("{seconds} s"),
            "`--login-timeout`",
            CloseReason::LoginTimeout(limits.login_timeout).to_string(),
        ),
    ];
    for (name, default, option, seen) in rows {
        assert_eq!(limit(name)[1..], [default, option.to_owned(), format!("`{seen}`; closed")]);
    }
    let memory = limit("unsent and unparsed bytes");
    assert!(memory[1].starts_with(&format!("{} bytes, ", limits.memory_bytes)), "{}", memory[1]);
    assert_eq!(memory[2], "`--memory`");
    let newcomers = CloseReason::NoMemory(limits.memory_bytes / 8 * 5);
    assert_eq!(limit("all connections and their users")[3], format!("`{newcomers}`; closed"));
    assert!(memory[3].contains(&CloseReason::MemoryFull(limits.memory_bytes).to_string()), "{}", memory[3]);
    let flood = limits.flood.expect("people are limited");
    let flood = format!("{} at once, then {} a second", flood.burst, flood.per_second);
    assert_eq!(limit("messages from one peer")[1..3], [flood, "`--flood`".to_owned()]);
    let bans = limit("server bans");
    assert_eq!(bans[1], MOST_BANS.to_string());
    assert_eq!(bans[3], format!("the operator: `{}`", BanError::TooMany(MOST_BANS)));
    let silence = limit("silence of an IRC client");
    assert!(silence[1].starts_with(&format!("{} s", limits.ping_after.as_secs())), "{}", silence[1]);
    assert_eq!(silence[2], "`--ping`");
    let burst = 2 * limits.connections_per_ip as u32;
    let too_often = CloseReason::ConnectsTooOften { burst, wait: Duration::from_secs(2) };
    assert_eq!(limit("connection attempts")[3], format!("`{too_often}`; closed"));
    assert_eq!(limit("user name")[1], format!("{USER_NAME_CHARS} characters"));
    assert_eq!(limit("password")[1], format!("{PASSWORD_BYTES} bytes"));
    assert_eq!(limit("room name")[1], format!("{ROOM_NAME_CHARS} characters"));
}

#[test]
#[cfg(feature = "store")]
fn the_table_of_limits_has_the_defaults_of_the_history() {
    let history = parlor::config::HistoryConfig::default();
    let days = history.age.expect("history is on").as_secs() / (24 * 60 * 60);
    for (name, default, option) in [
        ("age of", format!("{days} d; up to 100 years"), "`--history`"),
        ("messages kept of each room", history.lines.to_string(), "`--history-lines`"),
        ("file with the history", format!("{} bytes", history.bytes), "`--history-bytes`"),
        ("messages shown after", history.replay.to_string(), "`--replay`"),
    ] {
        assert_eq!(limit(name)[1..3], [default, option.to_owned()]);
    }
    for (name, most) in [
        ("certificates of", MOST_CERTIFICATES as usize),
        ("devices of", MOST_DEVICES as usize),
        ("read markers of", MOST_MARKERS as usize),
        ("registered rooms of an", ROOMS_PER_ACCOUNT),
        ("registered rooms of all", MOST_REGISTERED),
        ("accounts with a rank", RANKS_PER_ROOM),
    ] {
        assert_eq!(limit(name)[1], most.to_string());
    }
    let pause = format!("{} s for each {MEMBERS_PER_PAUSE} members, at least", PAUSE.as_secs());
    assert_eq!(limit("a channel keeps its name")[1], pause);
    assert_eq!(limit("time in which authors")[1], format!("{} h", REDACTABLE.as_secs() / (60 * 60)));
}

/// Somebody on IRC, and what the server has told by then.
fn irc_client(server: &TestServer) -> (Peer, Vec<String>) {
    let mut peer = server.connect();
    peer.send("NICK alice\r\nUSER alice 0 * :Alice\r\n");
    let told = lines_up_to(&mut peer, " 422 ");
    (peer, told)
}

/// The lines that come before one that contains `end`.
fn lines_up_to(peer: &mut Peer, end: &str) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let line = peer.line();
        if line.contains(end) {
            return lines;
        }
        lines.push(line.trim_end().to_owned());
    }
}

#[test]
fn the_limits_of_irc_are_those_that_the_server_announces() {
    let server = TestServer::start();
    let (_alice, told) = irc_client(&server);
    let words: Vec<_> =
        told.iter().filter(|line| line.contains(" 005 ")).flat_map(|l| l.split(' ')).collect();
    let announced = |token: &str| {
        let values = words.iter().find_map(|word| word.strip_prefix(&format!("{token}=")));
        values.unwrap_or_else(|| panic!("{token} is announced")).to_owned()
    };
    // The value of a token, or of what stands in it before a colon.
    let rows = [
        ("channels of one", "CHANLIMIT", Some("#")),
        ("channels in one", "TARGMAX", Some("JOIN")),
        ("masks on", "MAXLIST", Some("b")),
        ("names on", "MONITOR", None),
        ("targets of", "MAXTARGETS", None),
        ("users in one", "TARGMAX", Some("KICK")),
        ("modes with", "MODES", None),
        ("topic", "TOPICLEN", None),
        ("reason of a `KICK`", "KICKLEN", None),
        ("away message", "AWAYLEN", None),
        ("channel key", "KEYLEN", None),
        ("real name", "NAMELEN", None),
        ("user name before", "USERLEN", None),
    ];
    for (row, token, part) in rows {
        let cells = limit(row);
        let value = announced(token);
        let most = match part {
            None => value.as_str(),
            Some(part) => value
                .split(',')
                .find_map(|entry| entry.strip_prefix(&format!("{part}:")))
                .unwrap_or_else(|| panic!("{token} has {part}")),
        };
        assert_eq!(cells[1].split(' ').next(), Some(most), "{row}");
        assert_eq!(cells[2], format!("`{token}`"));
    }
    assert_eq!(announced("NICKLEN"), USER_NAME_CHARS.to_string());
    assert_eq!(announced("CHANNELLEN"), ROOM_NAME_CHARS.to_string());
    assert_eq!(limit("line")[1], format!("{LINE_BYTES} bytes, CR LF included"));
    assert_eq!(limit("tags of a client")[1], format!("{CLIENT_TAGS_BYTES} bytes"));
    assert_eq!(limit("channels on the server")[1], MOST_ROOMS.to_string());
    assert_eq!(limit("users that")[1], REMEMBERED.to_string());
}

#[test]
#[cfg_attr(not(feature = "store"), ignore = "the page has the commands of a build with history")]
fn the_commands_and_capabilities_of_irc_are_those_there_are() {
    let table = |title| section(IRC, title).split_once("\n\n").expect("text follows").0;
    let in_code = |text: &'static str| {
        let mut words: Vec<_> = text.split('`').skip(1).step_by(2).collect();
        words.sort_unstable();
        words
    };
    let scratch = Scratch::new();
    let (listen, state) = (vec![address("127.0.0.1:0")], Some(scratch.path("state")));
    let config = ServerConfig { listen, state, ..ServerConfig::default() };
    let server = TestServer::run(config).expect("the loopback interface has a free port");
    let (mut alice, _) = irc_client(&server);
    alice.send("HELP\r\n");
    let help = lines_up_to(&mut alice, " 706 ");
    let help = help.iter().filter(|line| line.contains(" 705 ")).filter_map(|line| line.split(" :").nth(1));
    let mut there_are: Vec<_> = help.flat_map(|line| line.split(' ')).collect();
    there_are.sort_unstable();
    let mut commands = in_code(table("Commands"));
    commands.retain(|name| *name != "MAP" || cfg!(feature = "cluster"));
    assert_eq!(commands, there_are);
    alice.send("CAP LS 302\r\n");
    let mut list = String::from(" ");
    loop {
        let line = alice.line();
        let (head, part) = line.trim_end().split_once(" :").expect("the list is the last parameter");
        list = list + part + " ";
        if !head.ends_with('*') {
            break;
        }
    }
    let mut there_are: Vec<_> = list.split_whitespace().filter_map(|word| word.split('=').next()).collect();
    there_are.sort_unstable();
    assert_eq!(in_code(table("Capabilities")), there_are);
    if cfg!(feature = "store") {
        let [bytes, lines] = ["message of several", "lines of one"].map(|row| limit(row)[1]);
        let bytes = bytes.strip_suffix(" bytes, newlines included").expect("the row has a unit");
        let announced = format!(" draft/multiline=max-bytes={bytes},max-lines={lines} ");
        assert!(list.contains(&announced), "{list} should have {announced}");
        let rows =
            ["subscriptions of a connection", "keys of a user", "key of metadata", "value of metadata"];
        let [subs, keys, key_bytes, bytes] = rows.map(|row| limit(row)[1].trim_end_matches(" bytes"));
        let announced =
            format!("=max-subs={subs},max-keys={keys},max-key-bytes={key_bytes},max-value-bytes={bytes} ");
        for version in ["draft/metadata-2", "draft/metadata-3"] {
            assert!(list.contains(&format!(" {version}{announced}")), "{list} should have {announced}");
        }
    }
}

#[test]
fn the_oldest_rust_is_the_one_that_cargo_checks() {
    let wanted = format!("It needs Rust {} or newer", env!("CARGO_PKG_RUST_VERSION"));
    assert!(README.contains(&wanted), "README.md should have: {wanted}");
}

#[test]
fn the_figures_in_the_readme_are_among_those_that_were_measured() {
    let rows = section(README, "Figures").lines().filter(|line| line.starts_with("| ")).skip(1);
    let figures: Vec<_> = rows.filter_map(|row| row.split(" | ").nth(1)).collect();
    assert_eq!(figures.len(), 7, "{figures:?}");
    for figure in figures {
        assert!(BENCHMARKS.contains(&format!(" {figure} ")), "BENCHMARKS.md should have: {figure}");
    }
}

/// Every page, as its path from the root and its text.
fn pages() -> Vec<(PathBuf, String)> {
    let files =
        ["", "doc", "contrib", "contrib/openwrt"].map(|directory| Path::new(ROOT).join(directory).read_dir());
    let files = files.into_iter().flat_map(|files| files.expect("there is this directory"));
    let paths = files.map(|file| file.expect("it can be read").path());
    let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    paths.map(|path| (path.clone(), fs::read_to_string(path).expect("it is text"))).collect()
}

/// What a link to this heading has after `#`, on the usual sites.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches(['#', ' ']).to_lowercase();
    let kept = kept.chars().filter(|&c| c.is_alphanumeric() || "-_ ".contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_from_page_to_page_leads_to_a_file_and_a_heading() {
    let mut links = 0;
    for (page, text) in pages() {
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { page.clone() } else { page.with_file_name(path) };
            assert!(file.exists(), "{}: there is no {target}", page.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&file).expect("it is text");
                let mut headings = text.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(headings.any(|known| known == heading), "{}: there is no {target}", page.display());
            }
            links += 1;
        }
    }
    assert!(links > 20, "there are only {links} links");
}

#[test]
fn the_readme_leads_to_every_page() {
    let list = section(README, "More");
    for (page, _) in pages().iter().filter(|(page, _)| !page.ends_with("README.md")) {
        let path = page.strip_prefix(ROOT).expect("it is in the repository");
        assert!(
            list.contains(&format!("]({})", path.display())),
            "README.md does not name {}",
            path.display()
        );
    }
}

#[test]
fn the_files_and_directories_that_pages_name_are_there() {
    let (mut named, directories) = (0, [Path::new(ROOT).to_owned(), Path::new(ROOT).join("src")]);
    for page in [ARCHITECTURE, CONTRIBUTING] {
        let code = page.split('`').skip(1).step_by(2);
        for path in code.filter(|code| code.contains('/') && (code.ends_with(".rs") || code.ends_with('/'))) {
            assert!(directories.iter().any(|at| at.join(path).exists()), "there is no {path}");
            named += 1;
        }
    }
    assert!(named > 30, "only {named} are named");
}

#[test]
fn the_map_of_the_library_has_each_module_with_its_features() {
    let source = include_str!("../../src/lib.rs");
    let words = |text: &'static str, mark: char| text.split(mark).skip(1).step_by(2).collect::<BTreeSet<_>>();
    let rows = source.lines().filter_map(|line| line.strip_prefix("//! | ")?.split_once(" | "));
    let rows = rows.filter_map(|(name, what)| Some((words(name, '`').pop_first()?, what)));
    let rows: BTreeMap<_, _> = rows.collect();
    let (mut features, mut modules) = (BTreeSet::new(), 0);
    for line in source.lines() {
        if let Some(condition) = line.strip_prefix("#[cfg(") {
            features = words(condition, '"');
        } else if let Some(name) = line.trim_start_matches("pub ").strip_prefix("mod ") {
            let name = name.trim_end_matches(';');
            let what = rows.get(name).unwrap_or_else(|| panic!("{name} is not on the map"));
            let told = what.split_once("with the feature ").map_or("", |(_, told)| told);
            assert_eq!(words(told, '`'), features, "{name}");
            (features, modules) = (BTreeSet::new(), modules + 1);
        }
    }
    assert!(modules > 30, "there are only {modules} modules");
}

#[test]
fn every_package_is_defended() {
    let packages = section(CONTRIBUTING, "Packages");
    let rows = packages.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |")).skip(1);
    let mut defended: Vec<_> = rows.flat_map(|(names, _)| names.split(", ")).collect();
    defended.sort_unstable();
    let mut used = Vec::new();
    let mut is_list = false;
    for line in include_str!("../../Cargo.toml").lines() {
        if line.starts_with('[') {
            is_list = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (is_list, line.split_once(" = ")) {
            used.push(name);
        }
    }
    used.sort_unstable();
    used.dedup();
    assert_eq!(defended, used);
}

/// What stands in code between two texts of OPERATING.md.
fn options_between(from: &str, to: &str) -> Vec<&'static str> {
    let (_, rest) = OPERATING.split_once(from).expect(from);
    rest.split_once(to).expect(to).0.split('`').skip(1).step_by(2).collect()
}

/// What stands in a font of its own (`.Cm`) between two texts of parlord(8).
fn words_in_manual(from: &str, to: &str) -> Vec<&'static str> {
    let (_, rest) = include_str!("../../doc/parlord.8").split_once(from).expect(from);
    let lines = rest.split_once(to).expect(to).0.lines().filter_map(|line| line.strip_prefix(".Cm "));
    lines.flat_map(|line| line.split(' ')).filter(|word| word.len() > 1).collect()
}

#[test]
fn the_options_that_a_reload_changes_are_those_that_it_does_and_no_other() {
    let mut config = ServerConfig::default();
    let scratch = Scratch::new();
    let state = format!("--state={}", text(&scratch.path("state")));
    let mut new = vec![
        &*state,
        "--listen=127.0.0.1:1",
        "--server-name=a.example",
        "--lobby=#a",
        "--motd=LICENSE-MIT",
        "--password=a",
        "--oper=a:b",
        "--max-connections=7",
        "--max-per-ip=7",
        "--flood=off",
        "--frame=512",
        "--outbox=4096",
        "--memory=65536",
        "--login-timeout=7",
        "--ping=7",
        "--allow-root",
        "--proxy-from=unix",
    ];
    if cfg!(feature = "metrics") {
        new.push("--metrics=7");
    }
    if cfg!(feature = "web") {
        new.extend(["--web=off", "--web-root=web", "--web-origin=https://a.example"]);
    }
    if cfg!(feature = "store") {
        new.extend(["--history=1h", "--history-lines=7", "--history-bytes=2000000", "--replay=7"]);
        new.extend(["--accounts=closed", "--always-on", "--always-on-days=7", "--devices=7"]);
    }
    if cfg!(feature = "tls") {
        new.extend(["--tls-listen=127.0.0.1:1", "--self-signed"]);
    }
    if cfg!(feature = "cluster") {
        new.extend(["--cluster=redis://127.0.0.1", "--node=a", "--shards=7"]);
    }
    #[cfg(all(feature = "cluster", feature = "tls"))]
    let authorities = self_signed(&scratch.path("ca"));
    #[cfg(all(feature = "cluster", feature = "tls"))]
    new.push(&authorities);
    let args: Vec<_> = new.iter().map(|&arg| arg.to_owned()).collect();
    let Ok(Invocation::Run(mut new)) = ServerConfig::from_args(&args) else { panic!("all are right") };
    new.make_credentials().expect("the directory is ours");
    let changes = config.change_to(&new);
    let at_once: BTreeSet<_> = changes.at_once.into_iter().collect();
    let at_restart: BTreeSet<_> = changes.at_restart.into_iter().collect();
    let compared = |named: Vec<&'static str>| {
        let there_is = |name: &str| match name {
            "metrics" => cfg!(feature = "metrics"),
            "replay" | "accounts" | "always-on" | "always-on-days" | "devices" => cfg!(feature = "store"),
            _ if name.starts_with("web") => cfg!(feature = "web"),
            _ if name.starts_with("history") => cfg!(feature = "store"),
            _ if name.starts_with("tls-") => cfg!(feature = "tls"),
            "cluster-ca" => cfg!(all(feature = "cluster", feature = "tls")),
            "cluster" | "node" | "shards" => cfg!(feature = "cluster"),
            _ => true,
        };
        named.into_iter().filter(|name| there_is(name)).collect::<BTreeSet<_>>()
    };
    let page = |from, to| compared(options_between(from, to));
    assert_eq!(page("\n| options | take effect |\n", "for new connections"), at_once);
    assert_eq!(page("for new connections", "at a restart"), at_restart);
    let manual = |from, to| compared(words_in_manual(from, to));
    assert_eq!(manual("\nImmediately", "\nOnly a restart"), at_once);
    assert_eq!(manual("\nOnly a restart", "\nServer operators"), at_restart);
}

/// `--cluster-ca` with a certificate that is made in this directory.
#[cfg(all(feature = "cluster", feature = "tls"))]
fn self_signed(directory: &Path) -> String {
    let args = ["--self-signed".to_owned(), format!("--state={}", text(directory))];
    let Ok(Invocation::Run(mut config)) = ServerConfig::from_args(&args) else { panic!("both are right") };
    config.make_credentials().expect("the directory is ours");
    format!("--cluster-ca={}", text(&directory.join("cert.pem")))
}

/// Options that have no row of their own in the table of what a reload changes.
const NOT_RELOADED: [&str; 17] = [
    "add-account",
    "backup",
    "check",
    "check-config",
    "check-tls",
    "config",
    "doctor",
    "export-history",
    "hash-password",
    "help",
    "password-file",
    "print-config",
    "reset-password",
    "restore",
    "self-signed",
    "tls-key",
    "version",
];

#[test]
fn every_option_is_in_the_table_of_reloading_and_every_number_in_the_table_of_limits() {
    let reloaded = options_between("\n| options | take effect |\n", "\n\n");
    let help = help(env!("CARGO_BIN_EXE_parlord"));
    let is_option = |line: &&str| line.trim_start().starts_with('-') && !line.starts_with(INDENTED);
    let options = help.lines().filter(is_option);
    for option in options.filter_map(|line| Some(line.split_once("--")?.1)) {
        let mut words = option.split(' ');
        let name = words.next().expect("split gives one part");
        assert!(reloaded.contains(&name) || NOT_RELOADED.contains(&name), "OPERATING.md should have {name}");
        if let Some("N" | "BYTES" | "SECS" | "BURST/PER_SECOND") = words.next() {
            assert!(LIMITS.contains(&format!("| `--{name}` |")), "LIMITS.md should have --{name}");
        }
    }
}

#[test]
#[cfg(feature = "tls")]
fn the_config_file_is_one() {
    let scratch = Scratch::new();
    let file = scratch.file("parlord.conf", block(OPERATING, "ini"));
    let state = scratch.path("state");
    let args = ["--config", text(&file), "--state", text(&state)].map(str::to_owned);
    let parsed = ServerConfig::from_args(&args);
    let Ok(Invocation::Run(config)) = parsed else { panic!("{parsed:?}") };
    let listen = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(listen(&config.listen), ["127.0.0.1:30000"]);
    assert_eq!(listen(&config.tls.listen), ["0.0.0.0:6697"]);
    assert_eq!(config.server_name, "chat.example");
    assert_eq!(config.lobby.as_str(), "#team");
    assert_eq!(config.limits.connections, 200);
}

#[test]
fn the_config_file_of_the_client_is_one() {
    let scratch = Scratch::new();
    let file = scratch.file("config", block(CLIENT, "conf"));
    let Ok(Invocation::Run(config)) = ClientConfig::from_args(&[], Some(&file), true) else {
        panic!("the file is right");
    };
    assert_eq!(config.server.to_string(), "chat.example:30000");
    assert_eq!(config.name.expect("it is given").as_str(), "alice");
    let rooms: Vec<_> = config.rooms.iter().map(|room| room.as_str()).collect();
    assert_eq!(rooms, ["#team", "#tea"]);
    assert_eq!(config.highlights, ["deploy"]);
}

/// In a network of its own, where no port is taken, and then as a user who has no name.
#[cfg(feature = "tls")]
const AS_NOBODY: &str = "ip link set lo up && exec unshare --user \"$@\"";

#[test]
#[cfg(feature = "tls")]
fn the_config_file_as_it_is_starts_the_server_for_a_user_who_is_not_root() {
    let unshare = |command: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--map-root-user", "--net", "sh", "-c", AS_NOBODY, "sh"]).args(command);
        unshare
    };
    if !unshare(&["true"]).output().is_ok_and(|done| done.status.success()) {
        // This system does not let us have a network of our own.
        return;
    }
    let scratch = Scratch::new();
    let file = scratch.file("parlord.conf", block(OPERATING, "ini"));
    let state = format!("XDG_STATE_HOME={}", text(&scratch.path("state")));
    let parlord = env!("CARGO_BIN_EXE_parlord");
    let mut command = unshare(&["env", &state, parlord, "--config", text(&file)]);
    command.stderr(Stdio::piped());
    let mut server = Program::spawn(command);
    let plain = server.try_line().unwrap_or_else(|| panic!("it starts: {}", server.ended().stderr));
    assert_eq!(plain, "listening on 127.0.0.1:30000, join with: parlor -r '#team' NAME@127.0.0.1:30000");
    let over_tls = server.line();
    assert!(over_tls.starts_with("listening on 0.0.0.0:6697 with TLS, "), "{over_tls}");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
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
        format!("`* {}`", ParseError::TooLong(Limits::default().frame_bytes)),
    ];
    for text in shown {
        assert!(CRAZYIT.contains(&text), "CRAZYIT.md should have: {text}");
    }
}

#[test]
fn the_client_in_python_prints_what_its_page_shows() {
    if Command::new("python3").arg("--version").output().is_err() {
        // Another machine checks this.
        return;
    }
    let (_server, at) = Program::server(&[]);
    let Address::Tcp { port, .. } = at else { panic!("{at} is a TCP address") };
    let client = block(CRAZYIT, "python").replace("30000", &port.to_string());
    let run = Command::new("python3").args(["-c", &client]).env("PYTHONUTF8", "1").output();
    let printed = String::from_utf8(run.expect("there is Python").stdout).expect("it prints UTF-8");
    assert_eq!(printed, block(CRAZYIT, "console"));
}
