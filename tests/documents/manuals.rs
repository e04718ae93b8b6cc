//! The man pages and the completions have every option of the programs and no other, as `--help` tells it: with its
//! value, its default, its unit and its range.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::program::help;

/// The programs, and the sections of the manual that they are in.
const PROGRAMS: [(&str, &str, u8); 2] =
    [("parlord", env!("CARGO_BIN_EXE_parlord"), 8), ("parlor", env!("CARGO_BIN_EXE_parlor"), 1)];

/// Options and their descriptions begin further left than what goes on from the line before.
pub(crate) const INDENTED: &str = "          ";

/// One option, as `--help` shows it.
struct Shown {
    /// With its dash.
    short: Option<String>,
    /// With its dashes.
    long: String,
    value: Option<String>,
    help: String,
}

impl Shown {
    fn new(line: &str) -> Self {
        let (short, rest) = match line.split_once(", ") {
            Some((short, rest)) if short.len() == "-h".len() => (Some(short.to_owned()), rest),
            _ => (None, line),
        };
        let (long, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let (value, help) = rest.split_once(' ').unwrap_or((rest, ""));
        let value = (!value.is_empty()).then(|| value.to_owned());
        Self { short, long: long.to_owned(), value, help: help.trim().to_owned() }
    }

    fn is_file(&self) -> bool {
        matches!(self.value.as_deref(), Some("FILE" | "DIR"))
    }

    fn repeats(&self) -> bool {
        self.help.contains("repeatable")
    }

    /// What stands in parentheses at the end.
    fn default(&self) -> Option<&str> {
        Some(self.help.strip_suffix(')')?.rsplit_once(" (")?.1)
    }

    /// Where there are but a few values, these: `the protocol: irc or crazyit (irc)`.
    fn choices(&self) -> Option<String> {
        let list = self.help.rsplit_once(" (")?.0;
        let list = list.rsplit_once(": ").map_or(list, |(_, list)| list);
        let is_list = matches!(self.value.as_deref(), Some("WIRE" | "WHEN" | "on|off"));
        is_list.then(|| list.replace(", ", " ").replace(" or ", " "))
    }

    /// Its short name, where it has one, and its long name.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.short.as_deref().into_iter().chain([self.long.as_str()])
    }

    /// How its entry in a man page begins (mdoc(7)).
    fn in_mdoc(&self) -> String {
        let names: Vec<_> = self.names().map(|name| format!("Fl {}", &name[1..])).collect();
        let value = self.value.as_ref().map(|value| format!(" Ar {value}")).unwrap_or_default();
        format!(".It {}{value}", names.join(" , "))
    }

    /// What its entry in a man page tells.
    fn promises(&self) -> Vec<String> {
        // `\%` keeps a word in one piece.
        let default = self.default().map(|default| format!("Default: {default}.\n").replace(": ~", ": \\%~"));
        let unit = (self.value.as_deref() == Some("SECS")).then(|| "seconds".to_owned());
        let repeats = self.repeats().then(|| "Repeatable".to_owned());
        [default, unit, repeats].into_iter().flatten().collect()
    }

    /// What its entry in a man page tells of its range: the one that an error message names, if it does.
    fn range(&self, program: &str) -> Option<String> {
        if !matches!(self.value.as_deref(), Some("N" | "BYTES" | "SECS" | "BURST/PER_SECOND")) {
            return None;
        }
        let output = Command::new(program).args([&self.long, "x/x"]).output().expect("the program runs");
        let error = String::from_utf8(output.stderr).expect("errors are UTF-8");
        let (_, range) = error.trim_end().split_once("not a whole number of ")?;
        let (_, range) = range.split_once(" from ")?;
        // How much memory a process can have depends on the machine.
        let (least, _) = range.split_once(" to ")?;
        Some(if self.long == "--memory" { format!("from {least}.") } else { range.to_owned() })
    }

    /// How its line for fish begins.
    fn in_fish(&self, program: &str) -> String {
        let short = self.short.as_ref().map(|short| format!(" -s {}", &short[1..])).unwrap_or_default();
        let value = match self.value {
            Some(_) if self.is_file() => " -r -F",
            Some(_) => " -x",
            None => "",
        };
        let choices = self.choices().map(|choices| format!(" -a \"{choices}\"")).unwrap_or_default();
        let (long, help) = (&self.long[2..], &self.help);
        format!("complete -c {program}{short} -l {long}{value} -d \"{help}\"{choices}")
    }

    /// How its line for zsh begins (zshcompsys(1), `_arguments`).
    fn in_zsh(&self) -> String {
        let (short, long) = (self.short.as_deref().unwrap_or_default(), &self.long);
        let others = match long.as_str() {
            _ if self.repeats() => "*".to_owned(),
            "--help" | "--version" => "(- *)".to_owned(),
            _ if !short.is_empty() => format!("({short} {long})"),
            _ => String::new(),
        };
        let names = match self.value {
            Some(_) if short.is_empty() => format!("\"{others}{long}="),
            Some(_) => format!("\"{others}\"{{{short}+,{long}=}}\""),
            None if short.is_empty() => format!("\"{others}{long}"),
            None => format!("\"{others}\"{{{short},{long}}}\""),
        };
        let value = self.value.as_ref().map(|value| format!(":{}:", value.replace(':', "\\:")));
        let action = match self.choices() {
            Some(choices) => format!("({choices})\""),
            None if self.is_file() => "_files\"".to_owned(),
            None => String::new(),
        };
        let help = self.help.replace('[', "\\[").replace(']', "\\]");
        format!("{names}[{help}]{}{action}", value.unwrap_or_default())
    }
}

/// The options that a program's `--help` shows.
fn options(path: &str) -> Vec<Shown> {
    let mut options: Vec<Shown> = Vec::new();
    for line in help(path).lines() {
        match options.last_mut() {
            Some(last) if line.starts_with(INDENTED) => {
                last.help = format!("{} {}", last.help, line.trim()).trim().to_owned();
            }
            _ if line.trim_start().starts_with('-') => options.push(Shown::new(line.trim_start())),
            _ => {}
        }
    }
    assert!(options.len() > 10, "{path} has options");
    options
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// Each of these lines begins as one of the options must, and none is missing.
#[track_caller]
fn check(path: &str, lines: &[&str], expected: &[String]) {
    for wanted in expected {
        let is_there = lines.iter().any(|line| line.starts_with(wanted));
        assert!(is_there, "{path} should have a line that begins with:\n{wanted}");
    }
    for line in lines {
        let is_known = expected.iter().any(|wanted| line.starts_with(wanted));
        assert!(is_known, "{path} has what --help has not:\n{line}");
    }
    assert_eq!(lines.len(), expected.len(), "{path} has an option twice");
}

#[test]
#[cfg_attr(
    not(all(feature = "cluster", feature = "metrics", feature = "tls", feature = "web")),
    ignore = "the options are those of a build with all features"
)]
fn the_man_pages_have_every_option_with_its_default_unit_and_range() {
    for (program, path, section) in PROGRAMS {
        let (options, file) = (options(path), format!("doc/{program}.{section}"));
        let page = read(&file);
        let entries: Vec<_> = page.lines().filter(|line| line.starts_with(".It Fl ")).collect();
        check(&file, &entries, &options.iter().map(Shown::in_mdoc).collect::<Vec<_>>());
        for option in &options {
            let (_, entry) = page.split_once(&format!("{}\n", option.in_mdoc())).expect("it is there");
            let entry = entry.split(".It ").next().expect("split gives one part");
            for wanted in option.promises().into_iter().chain(option.range(path)) {
                assert!(entry.contains(&wanted), "{file}, {}, should have {wanted:?}", option.long);
            }
        }
        let mut named = page.split("Fl -").skip(1).map(|rest| rest.split([' ', '\n']).next());
        let is_known = |name| options.iter().any(|option| Some(&option.long[2..]) == name);
        assert!(named.all(is_known), "{file} names an option that there is not");
    }
}

#[test]
#[cfg_attr(
    not(all(feature = "cluster", feature = "metrics", feature = "tls", feature = "web")),
    ignore = "the options are those of a build with all features"
)]
fn completion_for_fish_has_every_option() {
    for (program, path, _) in PROGRAMS {
        let file = format!("completions/{program}.fish");
        let text = read(&file);
        let lines: Vec<_> = text.lines().filter(|line| line.contains(" -l ")).collect();
        let expected: Vec<_> = options(path).iter().map(|option| option.in_fish(program)).collect();
        check(&file, &lines, &expected);
    }
}

#[test]
#[cfg_attr(
    not(all(feature = "cluster", feature = "metrics", feature = "tls", feature = "web")),
    ignore = "the options are those of a build with all features"
)]
fn completion_for_zsh_has_every_option() {
    for (program, path, _) in PROGRAMS {
        let file = format!("completions/_{program}");
        let text = read(&file);
        let (_, specs) = text.split_once("local specs=(\n").expect("there are specs");
        let (specs, _) = specs.split_once("\n)").expect("they end");
        // What is no option has a place, which is a number.
        let lines: Vec<_> = specs.lines().map(str::trim).filter(|line| !line.starts_with("\"1:")).collect();
        check(&file, &lines, &options(path).iter().map(Shown::in_zsh).collect::<Vec<_>>());
    }
}

#[test]
#[cfg_attr(
    not(all(feature = "cluster", feature = "metrics", feature = "tls", feature = "web")),
    ignore = "the options are those of a build with all features"
)]
fn completion_for_bash_has_every_option() {
    for (program, path, _) in PROGRAMS {
        let (options, file) = (options(path), format!("completions/{program}.bash"));
        let text = read(&file);
        let (_, listed) = text.split_once("local options=\"").expect("there is a list of options");
        let (listed, _) = listed.split_once('"').expect("it ends");
        let listed: BTreeSet<_> = listed.split_whitespace().collect();
        assert_eq!(listed, options.iter().map(|option| option.long.as_str()).collect(), "{file}");

        // Behind these stands a value.
        let (_, cases) = text.split_once("case $option in\n").expect("values are told apart");
        let (cases, _) = cases.split_once("\n    *)").expect("and from what is none");
        let patterns: Vec<_> = cases
            .lines()
            .filter(|line| line.trim_start().starts_with('-'))
            .map(|line| line.trim_start().split(')').next().expect("split gives one part"))
            .collect();
        let names = |patterns: &[&'_ str]| -> BTreeSet<String> {
            let names = patterns.iter().flat_map(|pattern| pattern.split(" | "));
            names.filter(|name| name.starts_with('-')).map(str::to_owned).collect()
        };
        let names_of = |is_wanted: fn(&Shown) -> bool| -> BTreeSet<String> {
            let wanted = options.iter().filter(|option| is_wanted(option));
            wanted.flat_map(|option| option.names().map(str::to_owned)).collect()
        };
        assert_eq!(names(&patterns), names_of(|option| option.value.is_some()), "{file}");
        let files: Vec<_> = patterns.iter().copied().filter(|pattern| pattern.ends_with("| unix")).collect();
        assert_eq!(names(&files), names_of(Shown::is_file), "{file}");
        for (option, choices) in options.iter().filter_map(|option| Some((option, option.choices()?))) {
            let names: Vec<_> = option.names().collect();
            let line = cases.lines().find(|line| line.trim_start().starts_with(&names.join(" | ")));
            let offers = format!("compgen -W \"{choices}\"");
            assert!(line.is_some_and(|line| line.contains(&offers)), "{file}, {}: {offers}", option.long);
        }
    }
}
