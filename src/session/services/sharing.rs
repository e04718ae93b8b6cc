//! Services on one node of several: which commands wait for the lock.

use super::table::Changes;
use super::visit::{Client, Service, Visit};
use crate::message::{AccountAnswer, AccountFound, ServiceStep};
use crate::session::Context;
use crate::session::sharing::OTHERS_UNREACHABLE;

impl Service {
    /// True if this command may change what nodes share.
    pub(in crate::session) fn needs_lock(self, text: &str) -> bool {
        let name = text.split_whitespace().next().unwrap_or_default();
        let row = self.rows().iter().find(|row| row.name.eq_ignore_ascii_case(name));
        row.is_some_and(|row| row.changes == Changes::Always)
    }
}

/// True if the rest of a command may change what nodes share.
pub(in crate::session) fn needs_lock_for(step: &ServiceStep, found: &AccountFound) -> bool {
    match step {
        ServiceStep::Register | ServiceStep::Identify { .. } | ServiceStep::Ghost => {
            matches!(found, AccountFound::LoggedIn(_))
        }
        ServiceStep::AlwaysOnSet(_) => matches!(found, AccountFound::Answer(AccountAnswer::Changed)),
        ServiceStep::Prove(_)
        | ServiceStep::Info
        | ServiceStep::Certificates
        | ServiceStep::CertificateAdded
        | ServiceStep::CertificateRemoved
        | ServiceStep::PasswordSet(_)
        | ServiceStep::Created
        | ServiceStep::Dropped(_) => false,
    }
}

/// Declines the rest of a command.
pub(in crate::session) fn found_too_late(
    step: &ServiceStep,
    client: &mut dyn Client,
    context: &mut Context<'_>,
) {
    let mut visit = Visit { service: Service::NickServ, client, context };
    match step {
        ServiceStep::Register => {
            visit.tell(format_args!(
                "Your nick is registered, but you are not logged in: {OTHERS_UNREACHABLE}"
            ));
        }
        _ => visit.tell(OTHERS_UNREACHABLE),
    }
}
