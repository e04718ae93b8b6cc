//! Commands to the broker, and scripts, as bytes.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::OnceLock;

use ring::digest;

use super::slot::slot_of;

/// A command with its arguments, as it is sent.
#[derive(Clone, Debug)]
pub struct Command {
    /// The number of arguments, with the command's name.
    arguments: usize,
    body: Vec<u8>,
    /// The slot of its keys in a Redis Cluster; `None` for a command without keys.
    pub(super) slot: Option<u16>,
    script: Option<&'static Script>,
}

/// A script in Lua. The broker keeps it after its first use.
#[derive(Debug)]
pub struct Script {
    text: &'static str,
    /// By which the broker knows it.
    digest: OnceLock<Box<str>>,
}

impl Command {
    /// A command of one or two words, without arguments.
    pub fn new(name: &str) -> Self {
        let command = Self { arguments: 0, body: Vec::new(), slot: None, script: None };
        name.split(' ').fold(command, Self::arg)
    }

    /// Appends a key. All keys of a command must have the same slot.
    pub fn key(mut self, key: &str) -> Self {
        self.slot = self.slot.or_else(|| Some(slot_of(key.as_bytes())));
        self.arg(key)
    }

    /// Appends an argument.
    pub fn arg(mut self, argument: impl Argument) -> Self {
        self.push(argument);
        self
    }

    /// Appends an argument.
    pub fn push(&mut self, argument: impl Argument) {
        let bytes = argument.bytes();
        self.arguments += 1;
        self.body.extend_from_slice(format!("${}\r\n", bytes.len()).as_bytes());
        self.body.extend_from_slice(&bytes);
        self.body.extend_from_slice(b"\r\n");
    }

    /// Its length, in bytes.
    pub fn bytes(&self) -> usize {
        self.body.len()
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("*{}\r\n", self.arguments).as_bytes());
        out.extend_from_slice(&self.body);
    }

    /// The command with the script's text, for a broker that does not know the script.
    pub(super) fn with_text(&self) -> Option<Self> {
        let script = self.script?;
        let head = Self::new("EVALSHA").arg(script.digest());
        let mut whole = Self::new("EVAL").arg(script.text);
        whole.body.extend_from_slice(self.body.get(head.body.len()..)?);
        Some(Self { arguments: self.arguments, slot: self.slot, ..whole })
    }
}

impl Script {
    /// A script with this text.
    pub const fn new(text: &'static str) -> Self {
        Self { text, digest: OnceLock::new() }
    }

    /// The command that runs it with these keys.
    pub fn command(&'static self, keys: &[&str]) -> Command {
        let command = Command::new("EVALSHA").arg(self.digest()).arg(keys.len());
        let command = keys.iter().fold(command, |command, key| command.key(key));
        Command { script: Some(self), ..command }
    }

    fn digest(&self) -> &str {
        self.digest.get_or_init(|| sha1_hex(self.text.as_bytes()))
    }
}

/// The SHA-1 of some bytes in hexadecimal digits, as `redis.sha1hex` gives it.
pub fn sha1_hex(bytes: &[u8]) -> Box<str> {
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
    let mut text = String::with_capacity(40);
    for byte in digest.as_ref() {
        // Writing to a text cannot fail.
        _ = write!(text, "{byte:02x}");
    }
    text.into()
}

/// An argument of a command: bytes, a text or a number.
pub trait Argument {
    /// Its bytes.
    fn bytes(&self) -> Cow<'_, [u8]>;
}

macro_rules! bytes {
    ($($kind:ty),*) => {
        $(impl Argument for $kind {
            fn bytes(&self) -> Cow<'_, [u8]> {
                Cow::Borrowed(self.as_ref())
            }
        })*
    };
}

macro_rules! numbers {
    ($($kind:ty),*) => {
        $(impl Argument for $kind {
            fn bytes(&self) -> Cow<'_, [u8]> {
                Cow::Owned(self.to_string().into_bytes())
            }
        })*
    };
}

bytes!(str, String, [u8], Vec<u8>);
numbers!(u8, u16, u32, u64, usize, i64);

impl Argument for Box<str> {
    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.as_bytes())
    }
}

impl<A: Argument + ?Sized> Argument for &A {
    fn bytes(&self) -> Cow<'_, [u8]> {
        (**self).bytes()
    }
}

impl<const N: usize> Argument for [u8; N] {
    fn bytes(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(command: &Command) -> String {
        let mut out = Vec::new();
        command.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_command_is_a_list_of_its_words() {
        let command = Command::new("CLIENT UNBLOCK").arg(7_u64);
        assert_eq!(written(&command), "*3\r\n$6\r\nCLIENT\r\n$7\r\nUNBLOCK\r\n$1\r\n7\r\n");
        assert_eq!(command.slot, None);
        assert_eq!(Command::new("GET").key("{x}a").slot, Command::new("GET").key("{x}b").slot);
    }

    #[test]
    fn a_script_is_sent_by_its_digest_and_then_as_a_text() {
        static SCRIPT: Script = Script::new("return 1");
        let command = SCRIPT.command(&["k"]).arg("a");
        // sha1sum of the text.
        let digest = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db";
        let arguments = "$1\r\n1\r\n$1\r\nk\r\n$1\r\na\r\n";
        assert_eq!(written(&command), format!("*5\r\n$7\r\nEVALSHA\r\n$40\r\n{digest}\r\n{arguments}"));
        let whole = command.with_text().unwrap();
        assert_eq!(written(&whole), format!("*5\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n{arguments}"));
        assert_eq!(whole.slot, Some(slot_of(b"k")));
        assert!(whole.with_text().is_none());
    }
}
