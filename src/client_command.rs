//! The shell command that starts the client of this server's build.

use std::env;
use std::path::{Path, PathBuf};

/// The client's file name.
const NAME: &str = "parlor";

/// The shortest command that starts the client from the current directory.
pub fn client_command() -> String {
    let own = env::current_exe().ok();
    let beside = own.as_deref().map(|own| own.with_file_name(NAME)).filter(|path| path.is_file());
    let directories = env::var_os("PATH").unwrap_or_default();
    let found =
        env::split_paths(&directories).map(|directory| directory.join(NAME)).find(|path| path.is_file());
    match (beside, found) {
        (Some(beside), Some(found)) if is_same(&beside, &found) => NAME.to_owned(),
        (Some(beside), _) => shown(&beside, env::current_dir().ok()),
        (None, Some(_)) => NAME.to_owned(),
        // `cargo run` builds only the server, and sets this variable when it starts it.
        (None, None) if env::var_os("CARGO").is_some() => from_cargo(own),
        (None, None) => NAME.to_owned(),
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(|path| path.canonicalize().ok());
    one.is_some() && one == other
}

/// The path as one shell word, relative to the current directory if it lies inside.
fn shown(path: &Path, current: Option<PathBuf>) -> String {
    let inside = current.filter(|current| current.parent().is_some());
    let path = match inside.and_then(|current| path.strip_prefix(current).ok()) {
        // The shell looks up a word without a slash in PATH.
        Some(inside) if inside.components().count() == 1 => format!("./{}", inside.display()),
        Some(inside) => inside.display().to_string(),
        None => path.display().to_string(),
    };
    shell_word(&path)
}

/// Quotes the text as one shell word.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn from_cargo(own: Option<PathBuf>) -> String {
    let is_release =
        own.is_some_and(|own| own.parent().is_some_and(|directory| directory.ends_with("release")));
    let release = if is_release { "--release " } else { "" };
    format!("cargo run {release}--bin {NAME} --")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_relative_to_the_current_directory() {
        for (path, current, expected) in [
            ("/home/ana/parlor/target/release/parlor", "/home/ana/parlor", "target/release/parlor"),
            ("/home/ana/parlor", "/home/ana", "./parlor"),
            ("/opt/parlor/parlor", "/home/ana", "/opt/parlor/parlor"),
            ("/opt/parlor", "/", "/opt/parlor"),
            ("/opt/my chat/parlor", "/", "'/opt/my chat/parlor'"),
            ("/opt/it's/parlor", "/", r"'/opt/it'\''s/parlor'"),
        ] {
            assert_eq!(shown(Path::new(path), Some(PathBuf::from(current))), expected);
        }
        assert_eq!(shown(Path::new("/opt/parlor"), None), "/opt/parlor");
    }

    #[test]
    fn cargo_runs_the_client_in_the_same_profile() {
        let command = |path: &str| from_cargo(Some(PathBuf::from(path)));
        assert_eq!(command("/x/target/release/parlord"), "cargo run --release --bin parlor --");
        assert_eq!(command("/x/target/debug/parlord"), "cargo run --bin parlor --");
    }
}
