//! The init script, in the shell that OpenWrt has: what it makes of a UCI config, and what it asks procd for. Left out where
//! there is no busybox, except in CI.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use parlor::config::{Invocation, ServerConfig};

use super::{CONFIG, ROOT};
use crate::support::program::help;
use crate::support::{Peer, Program, Scratch, text};

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");

/// An option of UCI, its value, and the option of `parlord` with its value.
type Row = (&'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    ("list listen", "127.0.0.1:0", "--listen=127.0.0.1:0"),
    ("list listen", "[::]:30000", "--listen=[::]:30000"),
    ("option server_name", "chat.example", "--server-name=chat.example"),
    ("option lobby", "#大厅", "--lobby=#大厅"),
    ("option password", "two words", "--password=two words"),
    ("list oper", "alice:a*$a", "--oper=alice:a*$a"),
    ("list oper", "bob:b", "--oper=bob:b"),
    ("option max_connections", "7", "--max-connections=7"),
    ("option max_per_ip", "3", "--max-per-ip=3"),
    ("option flood", "5/1", "--flood=5/1"),
    ("option frame", "1024", "--frame=1024"),
    ("option outbox", "65536", "--outbox=65536"),
    ("option memory", "1000000", "--memory=1000000"),
    ("option login_timeout", "5", "--login-timeout=5"),
    ("option ping", "30", "--ping=30"),
    ("list proxy_from", "unix", "--proxy-from=unix"),
    ("list proxy_from", "192.0.2.0/24", "--proxy-from=192.0.2.0/24"),
    #[cfg(feature = "store")]
    ("option history", "2d", "--history=2d"),
    #[cfg(feature = "store")]
    ("option history_bytes", "2097152", "--history-bytes=2097152"),
    #[cfg(feature = "store")]
    ("option history_lines", "9", "--history-lines=9"),
    #[cfg(feature = "store")]
    ("option replay", "0", "--replay=0"),
    #[cfg(feature = "store")]
    ("option accounts", "closed", "--accounts=closed"),
    #[cfg(feature = "store")]
    ("option always_on", "1", "--always-on"),
    #[cfg(feature = "store")]
    ("option always_on_days", "8", "--always-on-days=8"),
    #[cfg(feature = "store")]
    ("option devices", "4", "--devices=4"),
    #[cfg(feature = "tls")]
    ("list tls_listen", "127.0.0.1:6697", "--tls-listen=127.0.0.1:6697"),
    #[cfg(feature = "tls")]
    ("option self_signed", "1", "--self-signed"),
    #[cfg(feature = "metrics")]
    ("option metrics", "9100", "--metrics=9100"),
    #[cfg(feature = "web")]
    ("option web", "0", "--web=off"),
    #[cfg(feature = "web")]
    ("list web_origin", "https://a.example", "--web-origin=https://a.example"),
];

struct Router {
    scratch: Scratch,
    generated: PathBuf,
}

struct Done {
    is_success: bool,
    stderr: String,
    /// What procd was asked for, a line each.
    asked: Vec<String>,
}

impl Done {
    /// The command that procd is to run.
    fn command(&self) -> Vec<&str> {
        let command = self.asked.iter().find_map(|line| line.strip_prefix("command "));
        command.expect("procd starts it").split(' ').collect()
    }

    fn has(&self, line: &str) -> bool {
        self.asked.iter().any(|asked| asked == line)
    }
}

impl Router {
    /// `None` where there is no busybox.
    fn new(config: &str) -> Option<Self> {
        if Command::new("busybox").args(["ash", "-c", ":"]).status().is_err() {
            assert!(env::var_os("CI").is_none(), "busybox is missing");
            return None;
        }
        let scratch = Scratch::new();
        let generated = scratch.path("etc/parlord.conf");
        let router = Self { scratch, generated };
        router.configure(config);
        Some(router)
    }

    /// A router with these options besides.
    fn with(lines: &[String]) -> Option<Self> {
        let router = Self::new("")?;
        let state = router.scratch.path("state");
        let lines = lines.join("\n");
        router.configure(&format!("config parlord 'main'\noption state '{}'\n{lines}\n", text(&state)));
        Some(router)
    }

    fn configure(&self, config: &str) {
        self.scratch.file("uci", config);
    }

    fn run(&self, command: &str, is_running: bool) -> Done {
        let asked = self.scratch.file("procd", "");
        let script = Path::new(ROOT).join("contrib/openwrt/parlor/files/parlord.init");
        let mut ash = Command::new("busybox");
        ash.args(["ash", "-u", "tests/programs/openwrt/rc_common.sh", text(&script), command])
            .current_dir(ROOT);
        ash.env("UCI", self.scratch.path("uci")).env("PROCD", &asked).env("GENERATED", &self.generated);
        ash.env("PARLORD", PARLORD).env("RUNNING", if is_running { "1" } else { "0" }).stdin(Stdio::null());
        let output = ash.output().expect("there is busybox");
        let asked = fs::read_to_string(asked).expect("it can be read");
        Done {
            is_success: output.status.success(),
            stderr: String::from_utf8(output.stderr).expect("it is text"),
            asked: asked.lines().map(str::to_owned).collect(),
        }
    }
}

fn config_of(args: &[String]) -> ServerConfig {
    match ServerConfig::from_args(args) {
        Ok(Invocation::Run(config)) => config,
        other => panic!("{other:?}"),
    }
}

fn enabled() -> String {
    "option enabled '1'".to_owned()
}

#[test]
fn the_config_of_the_package_is_off_and_starts_a_server_once_it_is_on() {
    let Some(router) = Router::new(CONFIG) else { return };
    let done = router.run("start", false);
    assert!(done.is_success && done.asked.is_empty() && done.stderr.is_empty(), "{}", done.stderr);

    let state = router.scratch.path("state");
    let config = CONFIG.replace("enabled '0'", "enabled '1'").replace(":30000'", ":0'");
    let config = config.replace("'/etc/parlord'", &format!("'{}'", text(&state)));
    // As in the package without a store.
    let is_known = |line: &&str| cfg!(feature = "store") || !line.contains("history");
    router.configure(&config.lines().filter(is_known).collect::<Vec<_>>().join("\n"));
    let done = router.run("start", false);
    assert!(done.is_success && done.stderr.is_empty(), "{}", done.stderr);
    assert!(done.has("instance") && done.has("user parlord") && done.has("respawn 3600 1 0"));
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&state), mode(&router.generated)), (0o700, 0o640));

    let command = done.command();
    let server = Program::start(command[0], &command[1..], Stdio::null());
    let mut alice = Peer::user(&server.listening(), "alice");
    alice.send("§γhello§γ");
    alice.expect("alice说：hello\n");
}

#[test]
fn each_option_of_uci_is_one_of_the_server() {
    let rows = ROWS.iter().map(|(option, value, _)| format!("{option} '{value}'"));
    let Some(router) = Router::with(&rows.chain([enabled()]).collect::<Vec<_>>()) else { return };
    let done = router.run("start", false);
    assert!(done.is_success && done.stderr.is_empty(), "{}", done.stderr);
    let ours: Vec<_> = done.command()[1..].iter().map(|&word| word.to_owned()).collect();
    let args = ROWS.iter().map(|&(_, _, arg)| arg.to_owned());
    let state = format!("--state={}", text(&router.scratch.path("state")));
    assert_eq!(config_of(&ours), config_of(&args.chain([state]).collect::<Vec<_>>()));
}

#[test]
fn a_wrong_value_starts_nothing_and_leaves_a_running_server_its_config() {
    let Some(router) = Router::with(&[enabled(), "option ping '30'".into()]) else { return };
    assert!(router.run("start", false).has("instance"));
    let old = fs::read_to_string(&router.generated).expect("it is made");
    assert!(old.contains("ping = 30\n"));

    let wrong = "config parlord 'main'\noption enabled '1'\noption ping 'often'\n";
    router.configure(wrong);
    let done = router.run("start", false);
    assert!(!done.is_success && done.asked.is_empty());
    assert!(done.stderr.contains("parlord.main.ping=often validates as range(1, 86400) with false"));
    assert!(done.stderr.contains("/etc/config/parlord has an invalid value"), "{}", done.stderr);
    let done = router.run("reload", true);
    assert!(done.has("instance"), "without it, procd would stop the server");
    assert_eq!(fs::read_to_string(&router.generated).expect("it is there"), old);
}

/// A value whose type is right and that only the server can judge.
#[test]
fn a_value_that_the_server_refuses_leaves_the_old_config_where_the_program_can_check_it() {
    let Some(router) = Router::with(&[enabled()]) else { return };
    assert!(router.run("start", false).has("instance"));
    let old = fs::read_to_string(&router.generated).expect("it is made");
    router.configure("config parlord 'main'\noption enabled '1'\noption flood 'much'\n");
    let (done, can_check) = (router.run("start", false), help(PARLORD).contains("--check-config "));
    assert_eq!(done.asked.is_empty(), can_check, "{}", done.stderr);
    assert_eq!(done.stderr.contains("flood"), can_check, "{}", done.stderr);
    assert_eq!(fs::read_to_string(&router.generated).expect("it is there") == old, can_check);
}

#[test]
fn a_reload_tells_a_running_server_and_starts_or_stops_one() {
    let Some(router) = Router::with(&[enabled()]) else { return };
    let done = router.run("reload", true);
    assert!(done.has("instance") && done.has("signal parlord * HUP"));
    let done = router.run("reload", false);
    assert!(done.has("instance") && !done.has("signal parlord * HUP"), "it could arrive before its handler");
    router.configure("config parlord 'main'\noption enabled '0'\n");
    assert!(!router.run("reload", true).has("instance"), "procd stops what has no instance");
    assert!(router.run("service_triggers", true).has("trigger parlord"));
}

#[test]
fn an_upgrade_lets_a_program_with_a_store_take_over_and_restarts_others() {
    let Some(router) = Router::with(&[enabled()]) else { return };
    let done = router.run("upgrade", true);
    let hands_over = cfg!(feature = "store");
    assert!(done.is_success && done.has("signal parlord * USR2") == hands_over, "{}", done.stderr);
    assert_eq!(done.has("stop"), !hands_over);
    let done = router.run("upgrade", false);
    assert!(!done.is_success && done.asked.is_empty() && done.stderr == "parlord does not run\n");
}
