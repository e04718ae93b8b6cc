//! `HELP`: lists and explains the commands, using their table.

#[cfg(feature = "cluster")]
use super::table::Changes;
use super::table::{Access, Row};
use super::{Service, Visit};

/// Names of commands per line.
const PER_LINE: usize = 8;

/// The row of `HELP`.
pub(super) const HELP: Row = Row {
    name: "HELP",
    params: "[command]",
    least: 0,
    access: Access::Anyone,
    #[cfg(feature = "cluster")]
    changes: Changes::Never,
    help: "lists the commands, or explains one",
    run: |visit, params| visit.help(params),
};

impl Visit<'_, '_> {
    pub(super) fn help(&mut self, params: &[&str]) {
        let rows = self.service.rows();
        if let Some(name) = params.first() {
            return match rows.iter().find(|row| row.name.eq_ignore_ascii_case(name)) {
                Some(row) => self.explain(row),
                None => self.tell("There is no such command, HELP lists all"),
            };
        }
        let service = self.service.name();
        self.tell(match self.service {
            Service::NickServ => "NickServ keeps names for their owners: an account belongs to one name",
            Service::ChanServ => "ChanServ keeps rooms for their founders, also when nobody is there",
        });
        let names: Vec<_> = rows.iter().map(|row| row.name).collect();
        for names in names.chunks(PER_LINE) {
            self.tell(names.join(" "));
        }
        self.tell(format_args!("/msg {service} HELP command explains one of these"));
    }

    fn explain(&mut self, row: &Row) {
        let space = if row.params.is_empty() { "" } else { " " };
        self.tell(format_args!("{}{space}{}: {}", row.name, row.params, row.help));
        match row.access {
            Access::Anyone => {}
            Access::Members => self.tell("For users with an account"),
            Access::Operators => self.tell("For operators of the server"),
        }
    }
}
