//! A process that another program started to take its place.

use std::io;

use log::{info, warn};

use super::backup::config;
use super::descriptors::raise_descriptor_limit;
use super::reactor::{Reactor, rehearse};
use super::signals::Signals;
use super::upgrade::{Legacy, MemoryFile, Program, READY, ROLE};
use crate::config::ServerConfig;
use crate::held_signals;

/// Shows whether this program could take over what its standard input has. The answer is for the program before: `Ok` if it
/// could.
pub fn answer_rehearsal(args: &[String]) -> Result<String, String> {
    let state = MemoryFile::from_stdin().and_then(|mut memory| memory.read());
    let state = state.map_err(|error| format!("cannot read the state: {error}"));
    let shown = state.and_then(|state| rehearse(&config(args)?, &state));
    shown.map(|()| READY.to_owned()).map_err(|why| why + "\n")
}

/// Serves in the place of the program that left its connections at the standard input, until it is stopped. `failure`: why
/// a newer one could not, if this is the earlier program again.
///
/// Returns an error if neither program can go on.
pub fn succeed(args: Vec<String>, failure: Option<String>) -> io::Result<()> {
    let signals = Signals::catch()?;
    held_signals::release()?;
    let program = Program::of_successor()?;
    let legacy = Legacy::receive(failure.is_some()).map_err(|error| {
        io::Error::new(
            error.kind(),
            format!("nothing was handed over ({error}): unset {ROLE} to start a server"),
        )
    })?;
    match failure {
        Some(why) => warn!("no upgrade: {} could not take over: {why}", program.path().display()),
        None => info!("upgrade: this is parlord {}", env!("CARGO_PKG_VERSION")),
    }
    let config = match config(&args) {
        Ok(config) => config,
        Err(why) => return Err(legacy.give_back(&program, &why)),
    };
    raise_descriptor_limit();
    let mut reactor = Reactor::take_over(config, &args, legacy, program)?;
    reactor.reload_with(move || ServerConfig::reread(&args));
    reactor.heed_signals(signals)?;
    reactor.tell_service_manager();
    reactor.run()
}
