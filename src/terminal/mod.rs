//! The program `parlor`: a conversation at a terminal, a tool in a pipe.

mod backoff;
mod chat;
mod clock;
mod display;
#[cfg(feature = "editor")]
mod editor;
mod enter;
mod failure;
mod guard;
#[cfg(feature = "editor")]
mod helper;
mod input;
mod json;
mod keyboard;
mod link;
mod note;
mod output;
mod paint;
mod paste;
mod pipe;
// Only the line editor uses it.
#[cfg_attr(not(feature = "editor"), allow(dead_code))]
mod printer;
mod progress;
mod prompts;
mod recall;
#[cfg(feature = "editor")]
mod rows;
mod screen;
mod send_queue;
mod talk;
mod typed;
mod wrap;

pub use failure::Failure;
pub use output::complain;

use std::io::{self, IsTerminal};

use crate::config::ClientConfig;

/// True if standard input is a terminal.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// Runs until the input or the connection ends.
pub fn run(config: &ClientConfig) -> Result<(), Failure> {
    let talks = is_interactive() && !config.json && !config.watch && config.once.is_none();
    if config.name.is_none() && !talks {
        let message = "standard input is no terminal to ask for a name: give NAME@HOST";
        return Err(Failure::new(2, message));
    }
    if !talks && enter::must_ask_for_account(config) {
        let message = "standard input is no terminal to ask for the password of the account: give \
                       --account-password-file";
        return Err(Failure::new(2, message));
    }
    let mut config = config.clone();
    let entered = enter::enter(&mut config, talks, enter::ask_name, guard::ask_password)?;
    let Some((client, name)) = entered else { return Ok(()) };
    if talks { talk::run(&config, client, name) } else { pipe::run(&config, client, name) }
}
