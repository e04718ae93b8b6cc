//! The tables of commands, and who may use them.

use super::visit::Visit;
use crate::message::Refusal;

/// A command of a service.
pub(super) struct Row {
    /// In upper case; clients may use any letter case.
    pub(super) name: &'static str,
    /// Its parameters as `HELP` shows them.
    pub(super) params: &'static str,
    /// Minimum number of parameters.
    pub(super) least: usize,
    pub(super) access: Access,
    #[cfg(feature = "cluster")]
    pub(super) changes: Changes,
    /// What it does, as `HELP` says it.
    pub(super) help: &'static str,
    pub(super) run: fn(&mut Visit<'_, '_>, &[&str]),
}

/// Who may use a command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Anyone,
    /// Users with an account.
    Members,
    /// Operators of the server.
    Operators,
}

/// Whether a command changes what nodes share. Errands change nothing: their results may.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Changes {
    Never,
    Always,
}

impl Visit<'_, '_> {
    /// Runs the command of this name.
    pub(super) fn run(&mut self, name: &str, params: &[&str]) {
        self.context.out.worked(1);
        let rows = self.service.rows();
        let Some(row) = rows.iter().find(|row| row.name.eq_ignore_ascii_case(name)) else {
            // The unknown word may be a password, so it is not repeated.
            let names: Vec<_> = rows.iter().map(|row| row.name).collect();
            return self.tell(format_args!("Unknown command; there are {}", names.join(", ")));
        };
        let has_account = self.account().is_some();
        match row.access {
            Access::Operators if !self.is_operator() => self.tell(Refusal::NotServerOperator),
            Access::Members if !has_account => self.tell(Refusal::NoAccount),
            Access::Anyone | Access::Members | Access::Operators if params.len() < row.least => {
                self.tell_usage(row);
            }
            Access::Anyone | Access::Members | Access::Operators => (row.run)(self, params),
        }
    }

    /// Tells how a command is used.
    pub(super) fn tell_usage(&mut self, row: &Row) {
        let service = self.service.name();
        self.tell(format_args!("Usage: /msg {service} {} {}", row.name, row.params));
    }
}
