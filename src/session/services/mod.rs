//! Services: NickServ, by which users manage their accounts, and ChanServ, by which they manage registered rooms.
//!
//! A client sends a line to one of them and is answered in lines. What a line looks like on the wire, and what a login
//! changes for the client, only the client's conversation knows: see [`Client`].

mod chanserv;
mod help;
mod nickserv;
#[cfg(feature = "cluster")]
mod sharing;
mod table;
mod visit;

#[cfg(feature = "cluster")]
pub(super) use sharing::{found_too_late, needs_lock_for};
pub(super) use visit::{Client, Service};

use super::accounts::CannotRegister;
use super::context::Context;
use crate::message::{AccountFound, ServiceStep};
use table::Row;
use visit::Visit;

impl Service {
    fn rows(self) -> &'static [Row] {
        match self {
            Self::NickServ => nickserv::ROWS,
            Self::ChanServ => chanserv::ROWS,
        }
    }
}

/// Carries out a command to a service.
pub(in crate::session) fn ask(
    service: Service,
    text: &str,
    client: &mut dyn Client,
    context: &mut Context<'_>,
) {
    let mut visit = Visit { service, client, context };
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.split_first() {
        _ if !visit.context.house.has_accounts => {
            visit.tell(CannotRegister::NoAccounts);
        }
        // Nobody answers requests of programs.
        Some((first, _)) if first.starts_with('\x01') => {}
        Some((name, params)) => visit.run(name, params),
        None => visit.help(&[]),
    }
}

/// Continues a command with the result of its errand.
pub(in crate::session) fn found(
    step: ServiceStep,
    found: AccountFound,
    client: &mut dyn Client,
    context: &mut Context<'_>,
) {
    Visit { service: Service::NickServ, client, context }.go_on(step, found);
}
