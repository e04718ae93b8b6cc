//! Signals of the system, as bytes on sockets that the event loop polls.

use std::ffi::c_int;
use std::io::{self, Read};
use std::os::unix::net::UnixStream as StdUnixStream;

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::low_level::pipe;

/// The signals that the server heeds. A pipe does not tell which signal wrote to it, so each meaning has its own.
#[derive(Debug)]
pub(super) struct Signals {
    stop: UnixStream,
    reload: UnixStream,
    report: UnixStream,
}

/// What signals asked for since the last look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signalled {
    /// SIGTERM or SIGINT: the server is to end.
    pub(super) stop: bool,
    /// SIGHUP: what stands in files is to be read again.
    pub(super) reload: bool,
    /// SIGUSR1: the log is to have a report.
    pub(super) report: bool,
}

impl Signals {
    /// Heeds signals, for the whole process, from now on. `token` says that there may be some.
    pub(super) fn heed(registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(Self {
            stop: pipe_of(&[SIGTERM, SIGINT], registry, token)?,
            reload: pipe_of(&[SIGHUP], registry, token)?,
            report: pipe_of(&[SIGUSR1], registry, token)?,
        })
    }

    /// What they asked for since the last look; twice is the same as once.
    pub(super) fn take(&mut self) -> Signalled {
        Signalled {
            stop: drain(&mut self.stop),
            reload: drain(&mut self.reload),
            report: drain(&mut self.report),
        }
    }
}

/// A pipe that gets a byte for each of these signals.
fn pipe_of(signals: &[c_int], registry: &Registry, token: Token) -> io::Result<UnixStream> {
    let (reader, writer) = StdUnixStream::pair()?;
    reader.set_nonblocking(true)?;
    for &signal in signals {
        pipe::register(signal, writer.try_clone()?)?;
    }
    let mut reader = UnixStream::from_std(reader);
    registry.register(&mut reader, token, Interest::READABLE)?;
    Ok(reader)
}

/// Reads all there is. True when there was something.
fn drain(pipe: &mut UnixStream) -> bool {
    let (mut bytes, mut any) = ([0; 64], false);
    while let Ok(1..) = pipe.read(&mut bytes) {
        any = true;
    }
    any
}
