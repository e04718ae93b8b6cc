//! A rehearsal: the new program shows that it could take over, while the old one serves.

use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::process::Child;
use std::time::{Duration, Instant};

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};

use super::memory_file::MemoryFile;
use super::program::Program;

/// Reports that a rehearsal may have an outcome. Tokens of listeners count down from the next one.
pub(in crate::net) const REHEARSAL: Token = Token(usize::MAX - 2);

/// How long the new program may take, which reads its config and the state.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the new program prints when it could take over.
pub(in crate::net) const READY: &str = "ready to take over\n";

/// Longest answer, in bytes.
const ANSWER_BYTES: usize = 1024;

/// A new program that shows whether it could take over. Dropping this ends it.
#[derive(Debug)]
pub(in crate::net) struct Rehearsal {
    child: Child,
    answers: UnixStream,
    answer: Vec<u8>,
    pub(in crate::net) until: Instant,
}

/// How far a rehearsal is.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Outcome {
    /// The answer is not complete.
    Pending,
    /// The program can take over.
    Ready,
    /// It cannot, for this reason.
    Failed(String),
}

impl Rehearsal {
    /// Starts the program. [`REHEARSAL`] reports that `outcome` may have changed.
    pub(in crate::net) fn start(
        program: &Program,
        state: &[u8],
        registry: &Registry,
        now: Instant,
    ) -> io::Result<Self> {
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut answers = UnixStream::from_std(ours);
        registry.register(&mut answers, REHEARSAL, Interest::READABLE)?;
        let child = program.rehearse(MemoryFile::with(state)?.into(), OwnedFd::from(theirs))?;
        Ok(Self { child, answers, answer: Vec::new(), until: now + PATIENCE })
    }

    /// How far it is at this time.
    pub(in crate::net) fn outcome(&mut self, now: Instant) -> Outcome {
        let mut bytes = [0; 256];
        loop {
            match self.answers.read(&mut bytes) {
                Ok(0) => return self.judge(),
                Ok(count) if self.answer.len() + count <= ANSWER_BYTES => {
                    self.answer.extend_from_slice(&bytes[..count]);
                }
                Ok(_) => return Outcome::Failed("it says something else than parlord".into()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() != ErrorKind::WouldBlock => {
                    return Outcome::Failed(error.to_string());
                }
                Err(_) if now < self.until => return Outcome::Pending,
                Err(_) => {
                    return Outcome::Failed(format!("it did not answer within {} s", PATIENCE.as_secs()));
                }
            }
        }
    }

    /// The outcome after the last byte of the answer.
    fn judge(&self) -> Outcome {
        match str::from_utf8(&self.answer).map(str::trim) {
            Ok(answer) if answer == READY.trim() => Outcome::Ready,
            Ok("") => Outcome::Failed("it ended without an answer, see what it printed".into()),
            Ok(why) => Outcome::Failed(why.lines().next().unwrap_or_default().to_owned()),
            Err(_) => Outcome::Failed("it says something else than parlord".into()),
        }
    }
}

impl Drop for Rehearsal {
    fn drop(&mut self) {
        // It may have ended already. Waiting takes no longer than the system needs to end it.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
