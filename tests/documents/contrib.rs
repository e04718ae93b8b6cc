//! What is in `contrib` is true: the options there are the programs', the config is one, and the scripts are scripts.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use parlor::config::{Invocation, ServerConfig};

use crate::support::program::help;
use crate::support::{Scratch, text};

/// Files that start the server.
const STARTERS: [&str; 3] = ["parlord.service", "parlord.openrc", "parlord.procd"];

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
        Some(entry) if entry.contains(" = ") && !entry.starts_with(' ') => entry,
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

#[test]
fn the_scripts_are_scripts_and_the_readme_names_every_file() {
    for script in ["parlord.openrc", "parlord.procd"] {
        assert!(Command::new("sh").arg("-n").arg(path(script)).status().expect("there is sh").success());
    }
    let readme = read("README.md");
    for file in fs::read_dir(path("")).expect("there are files") {
        let name = file.expect("it can be read").file_name().into_string().expect("it is text");
        assert!(name == "README.md" || readme.contains(&format!("| `{name}` |")), "{name} is explained");
    }
}
