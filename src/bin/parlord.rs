//! The server. See `parlord --help`.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::{env, io};

use parlor::address::Address;
use parlor::client_command::{client_command, shell_word};
#[cfg(feature = "tools")]
use parlor::config::advice_for;
use parlor::config::{Invocation, ServerConfig};
use parlor::logging;
use parlor::net::{self, Inherited, Reactor, Signals};
#[cfg(feature = "upgrade")]
use parlor::net::{Program, Role};
#[cfg(feature = "web")]
use parlor::page_url::page_url;
use parlor::tasks;

fn main() -> ExitCode {
    let args: Vec<_> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    #[cfg(feature = "upgrade")]
    match Role::from_env() {
        Role::Serve => {}
        Role::Rehearse => return rehearse(&args),
        Role::TakeOver => return with_log(|| go_on(args, None)),
        Role::TakeBack(failure) => return with_log(|| go_on(args, Some(failure))),
    }
    let config = match ServerConfig::from_args(&args) {
        Ok(Invocation::Run(config)) => config,
        Ok(Invocation::Print(text)) => return print(&text),
        Ok(Invocation::Do(task)) => return tasks::carry_out(task),
        Err(error) => return fail(&error, 2),
    };
    with_log(|| run(config, args))
}

/// Does this with a log. An error comes with the exit status that it means.
fn with_log(work: impl FnOnce() -> Result<(), (Box<dyn Error>, u8)>) -> ExitCode {
    if let Err(error) = logging::start() {
        let error = io::Error::new(error.kind(), format!("cannot start a thread for the log: {error}"));
        return fail(&error, 1);
    }
    let status = match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err((error, status)) => {
            logging::complain(&format!("parlord: {error}"));
            ExitCode::from(status)
        }
    };
    logging::flush();
    status
}

/// Tells the program before whether this one could take over.
#[cfg(feature = "upgrade")]
fn rehearse(args: &[String]) -> ExitCode {
    match net::answer_rehearsal(args) {
        Ok(answer) => print(&answer),
        Err(answer) => {
            print(&answer);
            ExitCode::FAILURE
        }
    }
}

/// Goes on where another program was.
#[cfg(feature = "upgrade")]
fn go_on(args: Vec<String>, failure: Option<String>) -> Result<(), (Box<dyn Error>, u8)> {
    net::succeed(args, failure).map_err(|error| (error.into(), 1))
}

/// Runs the server. An error comes with the exit status that it means.
fn run(config: ServerConfig, args: Vec<String>) -> Result<(), (Box<dyn Error>, u8)> {
    let inherited = Inherited::from_env().map_err(|error| (error.into(), 1))?;
    net::check_privileges(&config, &inherited).map_err(|error| (error.into(), 2))?;
    #[cfg(feature = "store")]
    let config = net::restore_waiting(config, &args).map_err(|error| (error.into(), 1))?;
    let mut config = config;
    config.make_credentials().map_err(|error| (error.into(), 2))?;
    net::raise_descriptor_limit();
    serve(config, inherited, args).map_err(|error| (error, 1))
}

fn serve(config: ServerConfig, inherited: Inherited, args: Vec<String>) -> Result<(), Box<dyn Error>> {
    let (parlor, room, over_tls) = (client_command(), room_option(&config), over_tls(&config));
    #[cfg(feature = "web")]
    let (has_page, fragment) = (config.web.is_on, other_lobby(&config).unwrap_or_default().to_owned());
    #[cfg(feature = "tools")]
    let asks_for_password = config.asks_for_password();
    let mut reactor = Reactor::bind_or_inherit(config, inherited)?;
    reactor.reload_with(move || ServerConfig::reread(&args));
    reactor.heed_signals(Signals::catch()?)?;
    #[cfg(feature = "upgrade")]
    match Program::of_this_process() {
        Ok(program) => reactor.upgrade_to(program),
        Err(error) => log::warn!("SIGUSR2 will upgrade to nothing: {error}"),
    }
    reactor.tell_service_manager();
    for address in reactor.addresses() {
        let at = to_join(address);
        logging::print(&format!("listening on {address}, join with: {parlor} {room}NAME@{at}"));
    }
    for address in reactor.tls_addresses() {
        let (trust, at) = over_tls(to_join(address));
        logging::print(&format!(
            "listening on {address} with TLS, join with: {parlor} {trust}{room}NAME@{at}"
        ));
    }
    for address in reactor.metrics_addresses() {
        logging::print(&format!("metrics at {address}"));
    }
    #[cfg(feature = "web")]
    if has_page {
        let over_tls = reactor.tls_addresses().map(|address| (over_tls(address.clone()).1, true));
        let plain = reactor.addresses().iter().map(|address| (address.clone(), false));
        for url in plain.chain(over_tls).filter_map(|(at, is_tls)| page_url(&at, is_tls, &fragment)) {
            logging::print(&format!("chat page at {url}"));
        }
    }
    #[cfg(feature = "tools")]
    if !asks_for_password
        && reactor.tls_addresses().next().is_none()
        && let Some(advice) = advice_for(reactor.addresses())
    {
        logging::complain(&format!("parlord: {advice}"));
    }
    Ok(reactor.run()?)
}

/// The name of the lobby, where it is not the default.
fn other_lobby(config: &ServerConfig) -> Option<&str> {
    (config.lobby != ServerConfig::default().lobby).then(|| config.lobby.as_str())
}

/// The option, and a space, with which a client comes into the lobby, where that is not its default, for a shell.
fn room_option(config: &ServerConfig) -> String {
    other_lobby(config).map(|lobby| format!("-r {} ", shell_word(lobby))).unwrap_or_default()
}

/// With which options, and a space, a client comes over TLS that would connect there, and where to: to a host that the
/// certificate is for, where somebody else issued it, and else to whoever has this certificate.
#[cfg(feature = "tls")]
fn over_tls(config: &ServerConfig) -> impl Fn(Address) -> (String, Address) + use<> {
    let credentials = config.tls.credentials.as_ref();
    let name = credentials.and_then(|credentials| credentials.trusted_host(&config.server_name));
    let fingerprint = credentials.map(|credentials| credentials.fingerprint().to_string());
    move |at| match (at, &name) {
        (Address::Tcp { port, .. }, Some(name)) => {
            ("--tls ".into(), Address::Tcp { host: name.clone(), port })
        }
        (at, _) => (format!("--fingerprint {} ", fingerprint.as_deref().unwrap_or_default()), at),
    }
}

/// Where no TLS is spoken, nobody is told of it.
#[cfg(not(feature = "tls"))]
fn over_tls(_: &ServerConfig) -> impl Fn(Address) -> (&'static str, Address) + use<> {
    |at| ("", at)
}

/// Where a client on this machine connects to.
fn to_join(address: &Address) -> Address {
    match address {
        Address::Tcp { port, .. } if address.is_wildcard() => {
            Address::Tcp { host: "localhost".into(), port: *port }
        }
        Address::Tcp { .. } | Address::Unix(_) => address.clone(),
    }
}

fn print(text: &str) -> ExitCode {
    io::stdout().write_all(text.as_bytes()).ok();
    ExitCode::SUCCESS
}

fn fail(error: &dyn Error, status: u8) -> ExitCode {
    writeln!(io::stderr(), "parlord: {error}").ok();
    ExitCode::from(status)
}
