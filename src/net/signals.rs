//! Signals as bytes on sockets that the event loop polls.

use std::ffi::c_int;
use std::io::{self, Read};
use std::os::unix::net::UnixStream as StdUnixStream;

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::low_level::pipe;

/// The handled signals. A pipe does not tell which signal wrote to it, so each meaning has its own.
#[derive(Debug)]
pub(super) struct Signals {
    stop: UnixStream,
    reload: UnixStream,
    report: UnixStream,
}

/// What signals have asked for since the last `take`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signalled {
    /// SIGTERM or SIGINT: shut down.
    pub(super) stop: bool,
    /// SIGHUP: reload files.
    pub(super) reload: bool,
    /// SIGUSR1: log a report.
    pub(super) report: bool,
}

impl Signals {
    /// Handles signals from now on, for the whole process. `token` reports them.
    pub(super) fn heed(registry: &Registry, token: Token) -> io::Result<Self> {
        Ok(Self {
            stop: pipe_of(&[SIGTERM, SIGINT], registry, token)?,
            reload: pipe_of(&[SIGHUP], registry, token)?,
            report: pipe_of(&[SIGUSR1], registry, token)?,
        })
    }

    /// Takes what signals asked for; repeated signals count once.
    pub(super) fn take(&mut self) -> Signalled {
        Signalled {
            stop: drain(&mut self.stop),
            reload: drain(&mut self.reload),
            report: drain(&mut self.report),
        }
    }
}

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

/// Reads everything. True when there was a byte.
fn drain(pipe: &mut UnixStream) -> bool {
    let (mut bytes, mut any) = ([0; 64], false);
    while let Ok(1..) = pipe.read(&mut bytes) {
        any = true;
    }
    any
}
