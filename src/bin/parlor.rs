//! The terminal client. See `parlor --help`.

use std::io::Write;
use std::process::ExitCode;
use std::{env, io};

use parlor::config::{ClientConfig, Invocation};
use parlor::terminal;

fn main() -> ExitCode {
    let args: Vec<_> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let file = ClientConfig::default_file();
    match ClientConfig::from_args(&args, file.as_deref(), terminal::is_interactive()) {
        Ok(Invocation::Run(config)) => match terminal::run(&config) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => fail(&failure, failure.status),
        },
        Ok(Invocation::Print(text)) => {
            io::stdout().write_all(text.as_bytes()).ok();
            ExitCode::SUCCESS
        }
        Err(error) => fail(&error, 2),
    }
}

fn fail(error: &dyn std::fmt::Display, status: u8) -> ExitCode {
    terminal::complain(error);
    ExitCode::from(status)
}
