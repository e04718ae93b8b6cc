//! Asks for a password and hashes it. A terminal does not show what is typed.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

use super::error::SecretError;
use super::hash;
use super::hash::SALT_BYTES;
#[cfg(feature = "store")]
use super::{Guess, StoredPassword};

/// Most bytes read from a line: more than a password may have.
const MOST_BYTES: usize = 4096;

/// Why there is no hash.
#[derive(Debug)]
pub enum AskError {
    /// The input is not a usable password.
    Secret(SecretError),
    /// Reading failed, or the system gave no salt.
    Io(io::Error),
}

/// Reads one line of standard input and hashes it, with a salt from the system.
pub fn ask_for_hash() -> Result<String, AskError> {
    let password = ask().map_err(AskError::Io)?;
    let mut salt = [0; SALT_BYTES];
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut salt)).map_err(AskError::Io)?;
    hash(&password, salt).map_err(AskError::Secret)
}

/// Reads one line of standard input, as the password of an account.
#[cfg(feature = "store")]
pub fn ask_for_password() -> Result<StoredPassword, AskError> {
    let password = ask().map_err(AskError::Io)?;
    StoredPassword::new(&Guess::new(&password)).map_err(AskError::Secret)
}

fn ask() -> io::Result<String> {
    let input = io::stdin();
    if input.is_terminal() { at_terminal(input.lock()) } else { first_line(input.lock()) }
}

fn first_line(input: impl BufRead) -> io::Result<String> {
    let mut text = String::new();
    input.take(MOST_BYTES as u64).read_line(&mut text)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

struct SavedSettings(Termios);

impl Drop for SavedSettings {
    fn drop(&mut self) {
        // If this fails, nothing else can help.
        tcsetattr(io::stdin(), OptionalActions::Flush, &self.0).ok();
    }
}

fn at_terminal(input: impl BufRead) -> io::Result<String> {
    let found = SavedSettings(tcgetattr(io::stdin())?);
    let mut quiet = found.0.clone();
    // Ctrl-C must arrive as a key, so that the terminal is restored then, too.
    quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
    quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
    tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
    write!(io::stderr(), "password: ")?;
    let typed = typed_line(input);
    writeln!(io::stderr())?;
    typed
}

/// Reads a typed line, and handles the keys that delete.
fn typed_line(input: impl BufRead) -> io::Result<String> {
    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const CTRL_H: u8 = 0x08;
    const CTRL_U: u8 = 0x15;
    const BACKSPACE: u8 = 0x7f;
    let mut typed = Vec::new();
    for byte in input.bytes() {
        match byte? {
            b'\r' | b'\n' | CTRL_D => break,
            CTRL_C => return Err(io::Error::new(ErrorKind::Interrupted, "interrupted")),
            CTRL_U => typed.clear(),
            // Delete a whole UTF-8 character: continuation bytes, then its first byte.
            BACKSPACE | CTRL_H => while typed.pop().is_some_and(|byte: u8| byte & 0xc0 == 0x80) {},
            byte if typed.len() < MOST_BYTES => typed.push(byte),
            _ => {}
        }
    }
    String::from_utf8(typed).map_err(|_| io::Error::new(ErrorKind::InvalidData, "the password is not UTF-8"))
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(why) => write!(f, "{why}"),
            Self::Io(error) => write!(f, "no password: {error}"),
        }
    }
}

impl std::error::Error for AskError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backspace_deletes_whole_characters() {
        let typed = |keys: &str| typed_line(keys.as_bytes()).unwrap();
        assert_eq!(typed("open\rsesame"), "open");
        assert_eq!(typed("芝麻\x7f\x08\x7fx\n"), "x");
        assert_eq!(typed("wrong\x15right\x04"), "right");
        assert_eq!(typed("no end"), "no end");
        assert_eq!(typed_line(&b"secret\x03"[..]).unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(typed_line(&b"\xff\n"[..]).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn only_the_first_line_of_a_pipe_counts() {
        let first = |text: &str| first_line(text.as_bytes()).unwrap();
        assert_eq!(first("open sesame\nand a note\n"), "open sesame");
        assert_eq!(first("芝麻\r\n"), "芝麻");
        assert_eq!(first(""), "");
        assert_eq!(first(&"x".repeat(9999)).len(), MOST_BYTES);
    }
}
