//! The file `bans`: one ban per line, for people to read and, while the server does not run, to edit. Builds without
//! the store keep bans there across restarts; the store imports it once.

#[cfg(any(not(feature = "store"), test))]
mod saving;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::date;
use crate::files::read_text;
use crate::message::{Ban, MOST_BANS};
use crate::state_files;
#[cfg(any(not(feature = "store"), test))]
pub(crate) use saving::{save, text};

/// Most bytes read from the file: more than the most bans need.
const FILE_BYTES: usize = 1024 * MOST_BANS;

pub(crate) fn path(directory: &Path) -> PathBuf {
    directory.join(state_files::BANS)
}

/// Reads the bans from a file, none if it does not exist. An error names the file and fits in one line.
pub(crate) fn read(path: &Path) -> io::Result<Vec<Ban>> {
    let wrong = |what: String| io::Error::new(ErrorKind::InvalidData, format!("{}{what}", path.display()));
    let text = match read_text(path, FILE_BYTES) {
        // A service's home may be /dev/null.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        text => text.map_err(|error| wrong(format!(": {error}")))?,
    };
    parse(&text).map_err(|(number, why)| wrong(format!(", line {number}: {why}")))
}

/// Parses the content of a file; an error has the line number and a reason.
fn parse(text: &str) -> Result<Vec<Ban>, (usize, String)> {
    // A text without a final newline is a truncated file.
    if !text.is_empty() && !text.ends_with('\n') {
        return Err((text.lines().count(), "this line has no newline, and more may be missing".to_owned()));
    }
    let is_ban = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let lines = (1..).zip(text.lines()).filter(|(_, line)| is_ban(line));
    let bans = lines.map(|(number, line)| parse_line(line).map_err(|why| (number, why)));
    let bans: Vec<_> = bans.collect::<Result<_, _>>()?;
    if bans.len() > MOST_BANS {
        return Err((text.lines().count(), format!("there are more than {MOST_BANS} bans")));
    }
    Ok(bans)
}

fn parse_line(line: &str) -> Result<Ban, String> {
    let (network, rest) = word(line);
    let (until, rest) = word(rest);
    let (by, rest) = word(rest);
    let (since, reason) = word(rest);
    let time = |text: &str| {
        date::parse(text).ok_or_else(|| format!("{text:?} is not a time such as 2026-11-24T08:00:00Z"))
    };
    let network = network.parse().map_err(|why| format!("{network:?}: {why}"))?;
    Ban::check(network).map_err(|why| format!("{network}: {why}"))?;
    Ok(Ban {
        network,
        until: if until == "-" { None } else { Some(time(until)?) },
        by: by.to_owned(),
        since: time(since)?,
        reason: reason.replace(char::is_control, " "),
    })
}

fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.trim_start().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    (word, rest.trim())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, SystemTime};
    use std::{env, process};

    use proptest::prelude::*;

    use super::*;

    fn scratch(name: &str) -> PathBuf {
        env::temp_dir().join(format!("parlor-bans-{}-{name}", process::id()))
    }

    const TEXT: &str = "# Banned: network, expiry or -, operator, time, and reason.\n\
        192.0.2.7 2026-11-24T08:00:00Z root 2026-11-23T08:00:00Z too loud\n\
        198.51.100.0/24 - root 2026-11-23T08:00:01Z\n\
        2001:db8::/32 - 张三 2026-11-23T08:00:02Z spam\n";

    #[test]
    fn bans_read_back_as_they_were_written() {
        let bans = parse(TEXT).unwrap();
        assert_eq!(bans.len(), 3);
        assert_eq!((&*bans[0].reason, &*bans[1].reason, &*bans[2].by), ("too loud", "", "张三"));
        assert_eq!(text(bans.iter()), TEXT);
    }

    #[test]
    fn comments_and_blanks_are_ignored() {
        let edited = "\n# mine\r\n  10.0.0.0/8\t-  me   2026-11-23T08:00:00Z   a  reason \r\n\n";
        let bans = parse(edited).unwrap();
        assert_eq!(bans.len(), 1);
        assert_eq!((&*bans[0].by, &*bans[0].reason), ("me", "a  reason"));
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn an_error_has_the_line_number_and_the_reason() {
        let good = "10.0.0.1 - me 2026-11-23T08:00:00Z\n";
        let no_time = |word: &str| format!("{word:?} is not a time such as 2026-11-24T08:00:00Z");
        for (line, why) in [
            ("bob - me 2026-11-23T08:00:00Z", "\"bob\": this is no IP address".to_owned()),
            (
                "10.0.0.0/7 - me 2026-11-23T08:00:00Z",
                "10.0.0.0/7: this network is too large: the largest allowed is a /8".to_owned(),
            ),
            (
                "127.0.0.1 - me 2026-11-23T08:00:00Z",
                "127.0.0.1: nobody on this machine can be banned".to_owned(),
            ),
            ("10.0.0.1 soon me 2026-11-23T08:00:00Z", no_time("soon")),
            ("10.0.0.1 - me", no_time("")),
            ("10.0.0.1", no_time("")),
        ] {
            assert_eq!(parse(&format!("{good}{line}\n{good}")), Err((2, why)));
        }
    }

    #[test]
    fn a_truncated_file_contains_the_first_bans_or_is_refused() {
        let whole = parse(TEXT).unwrap();
        for end in (0..TEXT.len()).filter(|&end| TEXT.is_char_boundary(end)) {
            match parse(&TEXT[..end]) {
                Ok(bans) => assert_eq!(bans, whole[..bans.len()], "{end}"),
                Err((number, _)) => assert_eq!(number, TEXT[..end].lines().count(), "{end}"),
            }
        }
    }

    proptest! {
        #[test]
        fn no_reason_breaks_the_file(reason in "\\PC{0,40}", seconds in 0..4_000_000_000u64) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let network = "10.0.0.1".parse().unwrap();
            let reason = reason.trim().to_owned();
            let ban = Ban { network, until: Some(time), by: "root".into(), since: time, reason };
            prop_assert_eq!(parse(&text([&ban, &ban].into_iter())), Ok(vec![ban.clone(), ban]));
        }

        #[test]
        fn no_file_content_causes_a_panic(
            any in any::<String>(),
            words in "(10.0.0.1|x|-|2026-11-23T08:00:00Z|[ \t\r\n#/:]){0,20}",
        ) {
            parse(&any).ok();
            parse(&words).ok();
        }
    }

    #[test]
    fn a_file_is_replaced_atomically_and_readable_only_by_its_owner() {
        let directory = scratch("whole");
        let path = path(&directory.join("deep"));
        save(&path, TEXT).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        fs::write(path.with_extension("new"), "left over").unwrap();
        save(&path, "").unwrap();
        assert_eq!(read(&path).unwrap(), []);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left over");
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_failed_write_keeps_the_old_file_and_the_error_names_it() {
        let directory = scratch("fails");
        let path = path(&directory);
        save(&path, TEXT).unwrap();
        // A directory in place of the new file hinders root, too.
        fs::create_dir(path.with_extension("new")).unwrap();
        let error = save(&path, "").unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}: ", path.display())), "{error}");
        assert_eq!(read(&path).unwrap().len(), 3);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_read_error_names_the_file() {
        let directory = scratch("read");
        let path = path(&directory);
        assert_eq!(read(&path).unwrap(), [], "no file, no bans");
        fs::create_dir_all(&path).unwrap();
        assert_eq!(read(&path).unwrap_err().to_string(), format!("{}: not a regular file", path.display()));
        fs::remove_dir(&path).unwrap();
        fs::write(&path, "nonsense\n").unwrap();
        assert_eq!(read(&super::path(&path)).unwrap(), [], "no directory, no bans");
        let error = read(&path).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{}, line 1: \"nonsense\": ", path.display())), "{error}");
        fs::remove_dir_all(directory).unwrap();
    }
}
