//! What is in `contrib` is true: the options there are the programs', the config is one, and the scripts are scripts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use parlor::config::{Invocation, ServerConfig};

use crate::support::program::help;
use crate::support::{Scratch, text};

/// OpenWrt's init script.
const INIT: &str = "openwrt/parlor/files/parlord.init";

/// Files that start the server.
const STARTERS: [&str; 3] = ["parlord.service", "parlord.openrc", INIT];

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).expect(name)
}

/// The long names of the options that the server has.
fn options() -> BTreeSet<String> {
    let help = help(env!("CARGO_BIN_EXE_parlord"));
    let words = help.split([' ', '\n']).filter_map(|word| word.strip_prefix("--"));
    words.map(str::to_owned).collect()
}

#[test]
fn the_sample_config_is_one_that_changes_nothing_and_names_options_that_there_are() {
    let conf = path("parlord.conf");
    let args = ["--config", text(&conf)].map(str::to_owned);
    let Ok(Invocation::Run(config)) = ServerConfig::from_args(&args) else { panic!("it is right") };
    assert_eq!(ServerConfig { state: None, ..config }, ServerConfig::default());
    let options = options();
    let sample = read("parlord.conf");
    let named: Vec<_> = sample.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" = ")).collect();
    assert!(named.len() > 10);
    for (name, _) in named {
        let is_tls = name.starts_with("tls-") || name == "self-signed";
        let is_left_out = name == "metrics" && !cfg!(feature = "metrics")
            || name.starts_with("web") && !cfg!(feature = "web")
            || name.starts_with("history") && !cfg!(feature = "store")
            || matches!(name, "cluster" | "node") && !cfg!(feature = "cluster")
            || is_tls && !cfg!(feature = "tls");
        assert!(is_left_out || options.contains(name), "{name} is an option");
    }
}

#[test]
fn without_its_marks_the_sample_config_is_right_but_for_files_that_are_not_there() {
    let scratch = Scratch::new();
    let sample = read("parlord.conf");
    // Certificates are made where there are none, so they are left out as well.
    let unwanted = ["-file", "motd", "metrics", "tls-", "self-signed", "web-root", "cluster", "node"];
    let wanted = |line: &&str| !unwanted.iter().any(|part| line.contains(part));
    let lines = sample.lines().filter(wanted).map(|line| match line.strip_prefix('#') {
        Some(entry) if entry.split_once(" = ").is_some_and(|(name, _)| is_setting(name)) => entry,
        _ => line,
    });
    let conf = scratch.file("conf", &lines.collect::<Vec<_>>().join("\n"));
    let args = ["--config", text(&conf)].map(str::to_owned);
    let read = ServerConfig::from_args(&args);
    assert!(matches!(read, Ok(Invocation::Run(_))), "{read:?}");
}

#[test]
fn whatever_starts_the_server_gives_it_options_that_there_are() {
    let options = options();
    for file in STARTERS {
        let text = read(file);
        let starts = |line: &&str| {
            ["ExecStart=", "command_args=", "procd_set_param command"].iter().any(|at| line.starts_with(at))
        };
        let line = text.lines().map(str::trim).find(starts).expect("it starts the server");
        let named: Vec<_> = line.split([' ', '"']).filter_map(|word| word.strip_prefix("--")).collect();
        assert!(named.contains(&"config"), "{file}: {line}");
        for name in named {
            assert!(options.contains(name), "{file}: there is no --{name}");
        }
    }
}

/// True if a config file can have this option.
fn is_setting(name: &str) -> bool {
    let scratch = Scratch::new();
    let conf = scratch.file("conf", &format!("{name} = ?"));
    let read = ServerConfig::from_args(&["--config", text(&conf)].map(str::to_owned));
    read.err().is_none_or(|error| !error.to_string().contains("unknown option"))
}

#[test]
fn on_openwrt_each_option_has_a_type_and_one_form() {
    let script = read(INIT);
    let listed = |name: &str| {
        let (_, rest) = script.split_once(&format!("\n{name}=\"")).expect(name);
        rest.split_once('"').expect("it ends").0.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let forms: Vec<_> =
        ["LISTS", "FLAGS", "TEXTS"].into_iter().flat_map(listed).chain(["web".into()]).collect();
    let formed: BTreeSet<_> = forms.iter().cloned().collect();
    assert_eq!(formed.len(), forms.len(), "none has two forms");
    let typed = script.lines().filter_map(|line| line.trim().strip_prefix('\'')?.split_once(':'));
    let typed: BTreeSet<_> = typed.map(|(name, _)| name.to_owned()).collect();
    assert_eq!(&formed | &BTreeSet::from(["enabled".to_owned()]), typed);
    // The server does not run as root there.
    for name in options().into_iter().filter(|name| name != "allow-root" && is_setting(name)) {
        assert!(formed.contains(&name.replace('-', "_")), "{name}");
    }
}

#[test]
fn the_scripts_are_scripts_and_the_readme_names_every_file() {
    for script in ["parlord.openrc", INIT] {
        assert!(Command::new("sh").arg("-n").arg(path(script)).status().expect("there is sh").success());
    }
    assert!(read("openwrt/parlor/Makefile").contains(concat!(
        "PKG_VERSION:=",
        env!("CARGO_PKG_VERSION"),
        "\n"
    )));
    let readme = read("README.md");
    for file in fs::read_dir(path("")).expect("there are files") {
        let name = file.expect("it can be read").file_name().into_string().expect("it is text");
        assert!(name == "README.md" || readme.contains(&format!("| `{name}` |")), "{name} is explained");
    }
}
