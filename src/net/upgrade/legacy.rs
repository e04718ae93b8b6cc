//! What the program before has left: the state, and the descriptors of all sockets.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::stdio::dup2_stdin;

use super::descriptors::{receive, send};
use super::memory_file::MemoryFile;
use super::program::Program;
use crate::held_signals::HeldSignals;

/// What the program before has left.
#[derive(Debug)]
pub(in crate::net) struct Legacy {
    /// The program before, to which this goes back if it cannot be taken over.
    earlier: OwnedFd,
    /// The arguments of that program.
    args: MemoryFile,
    memory: MemoryFile,
    /// Those of the sockets, in the order of the state.
    sockets: Vec<OwnedFd>,
    /// It has come back from a newer program, so this is the program before.
    has_come_back: bool,
}

impl Legacy {
    /// Receives it from the standard input, which is empty afterwards. `has_come_back`: from a newer program that could not
    /// take over.
    pub(in crate::net) fn receive(has_come_back: bool) -> io::Result<Self> {
        let received = receive(io::stdin().as_fd())?;
        dup2_stdin(std::fs::File::open("/dev/null")?)?;
        let mut received = received.into_iter();
        let first = (received.next(), received.next(), received.next());
        let (Some(earlier), Some(args), Some(memory)) = first else {
            return Err(io::Error::other("the state is missing"));
        };
        let (args, memory) = (args.into(), memory.into());
        Ok(Self { earlier, args, memory, sockets: received.collect(), has_come_back })
    }

    /// Packs everything for another program.
    pub(in crate::net) fn pack(
        program: &Program,
        memory: &MemoryFile,
        sockets: &[BorrowedFd<'_>],
    ) -> io::Result<OwnedFd> {
        let (earlier, args) = (Program::running()?, MemoryFile::with(&program.encoded_args())?);
        let first = [earlier.as_fd(), args.as_fd(), memory.as_fd()];
        send(&[&first, sockets].concat())
    }

    /// The state, encoded.
    pub(in crate::net) fn state(&mut self) -> io::Result<Vec<u8>> {
        self.memory.read()
    }

    /// The descriptors of the sockets.
    pub(in crate::net) fn sockets(&self) -> &[OwnedFd] {
        &self.sockets
    }

    /// Takes the descriptors of the sockets. After this, nothing can be given back.
    pub(in crate::net) fn into_sockets(self) -> Vec<OwnedFd> {
        self.sockets
    }

    /// True if a newer program could not take over, and this is the program before.
    pub(in crate::net) fn has_come_back(&self) -> bool {
        self.has_come_back
    }

    /// Lets the program before go on, for this reason. Returns only if that fails.
    pub(in crate::net) fn give_back(mut self, program: &Program, reason: &str) -> io::Error {
        if self.has_come_back {
            return io::Error::other(format!("this program cannot go on either: {reason}"));
        }
        let first = [self.earlier.as_fd(), self.args.as_fd(), self.memory.as_fd()];
        let sockets: Vec<_> = self.sockets.iter().map(AsFd::as_fd).collect();
        let packed = send(&[&first, &sockets[..]].concat());
        match packed.and_then(|packed| Ok((packed, self.args.read()?, HeldSignals::hold()?))) {
            Ok((packed, args, held)) => {
                program.with_args(&args).take_back(self.earlier.as_fd(), packed, reason, held)
            }
            Err(error) => error,
        }
    }
}
