//! Signals that wait in the system while one program takes the place of another: before the new one has handlers, they
//! would end the process.

use std::io;

use nix::sys::signal::{SigSet, Signal};

/// While this lives, and in a program that takes the place of this one until it releases them, the signals that a server
/// handles wait, if all other threads have called `leave_to_main`.
#[derive(Debug)]
pub(crate) struct HeldSignals(());

impl HeldSignals {
    pub(crate) fn hold() -> io::Result<Self> {
        handled().thread_block()?;
        Ok(Self(()))
    }
}

impl Drop for HeldSignals {
    fn drop(&mut self) {
        // It only fails for signals that do not exist.
        release().ok();
    }
}

/// Lets signals come again that the program before held.
pub(crate) fn release() -> io::Result<()> {
    Ok(handled().thread_unblock()?)
}

/// Lets this thread get none of them from now on.
pub(crate) fn leave_to_main() {
    // It only fails for signals that do not exist.
    handled().thread_block().ok();
}

fn handled() -> SigSet {
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2].into_iter().collect()
}
