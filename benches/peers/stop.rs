//! Ctrl-C and SIGTERM end the bench like a failure, so that no server and no directory is left behind.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::failure::Failure;

static IS_TOLD: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

pub(crate) fn on_signals() -> io::Result<()> {
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&IS_TOLD))?;
    }
    Ok(())
}

/// Fails once a signal has come. All waiting loops call it.
pub(crate) fn check() -> Result<(), Failure> {
    if IS_TOLD.load(Ordering::Relaxed) { Err(Failure::Wrong("interrupted".into())) } else { Ok(()) }
}
