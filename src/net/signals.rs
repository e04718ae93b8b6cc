//! Signals as bytes on sockets that the event loop polls.

use std::ffi::c_int;
use std::io::{self, Read};
use std::os::unix::net::UnixStream as StdUnixStream;

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
#[cfg(feature = "upgrade")]
use signal_hook::consts::SIGUSR2;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::low_level::pipe;

/// The handled signals. A pipe does not tell which signal wrote to it, so each meaning has its own.
#[derive(Debug)]
pub struct Signals {
    stop: UnixStream,
    reload: UnixStream,
    report: UnixStream,
    #[cfg(feature = "upgrade")]
    upgrade: UnixStream,
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
    /// SIGUSR2: let a new program take over.
    #[cfg(feature = "upgrade")]
    pub(super) upgrade: bool,
}

impl Signals {
    /// Catches signals from now on, for the whole process, until somebody reads them.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {
            stop: pipe_of(&[SIGTERM, SIGINT])?,
            reload: pipe_of(&[SIGHUP])?,
            report: pipe_of(&[SIGUSR1])?,
            #[cfg(feature = "upgrade")]
            upgrade: pipe_of(&[SIGUSR2])?,
        })
    }

    /// Lets `token` report them.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let pipes = [&mut self.stop, &mut self.reload, &mut self.report];
        #[cfg(feature = "upgrade")]
        let pipes = pipes.into_iter().chain([&mut self.upgrade]);
        pipes.into_iter().try_for_each(|pipe| registry.register(pipe, token, Interest::READABLE))
    }

    /// Takes what signals asked for; repeated signals count once.
    pub(super) fn take(&mut self) -> Signalled {
        Signalled {
            stop: drain(&mut self.stop),
            reload: drain(&mut self.reload),
            report: drain(&mut self.report),
            #[cfg(feature = "upgrade")]
            upgrade: drain(&mut self.upgrade),
        }
    }
}

fn pipe_of(signals: &[c_int]) -> io::Result<UnixStream> {
    let (reader, writer) = StdUnixStream::pair()?;
    reader.set_nonblocking(true)?;
    for &signal in signals {
        pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(UnixStream::from_std(reader))
}

/// Reads everything. True when there was a byte.
fn drain(pipe: &mut UnixStream) -> bool {
    let (mut bytes, mut any) = ([0; 64], false);
    while let Ok(1..) = pipe.read(&mut bytes) {
        any = true;
    }
    any
}
