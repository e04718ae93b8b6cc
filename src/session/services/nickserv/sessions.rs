//! `SESSIONS`, and `LOGOUT` of this or another session.

use crate::config::AccountPolicy;
use crate::date;
use crate::hub::Device;
use crate::message::{ConnectionId, UserId};
use crate::session::services::Visit;

impl Visit<'_, '_> {
    pub(super) fn sessions(&mut self, _: &[&str]) {
        let own = self.client.connection();
        let line = |(index, device): (usize, &Device)| {
            let (number, since) = (index + 1, date::seconds(device.since));
            let secure = if device.is_secure { ", encrypted" } else { "" };
            let this = if device.connection == own { " (this one)" } else { "" };
            format!("{number}: {}, since {since}, from {}{secure}{this}", device.name, device.peer)
        };
        let devices = self.context.hub.devices(self.user());
        let lines: Vec<_> = devices.iter().enumerate().map(line).collect();
        lines.iter().for_each(|line| self.tell(line));
    }

    /// `LOGOUT [session]`: by its number in `SESSIONS`, or by the name of its device.
    pub(super) fn log_out(&mut self, params: &[&str]) {
        let Some(which) = params.first() else { return self.log_out_here() };
        let (own, devices) = (self.client.connection(), self.context.hub.devices(self.user()));
        let number = which.parse::<usize>().ok();
        let is_meant =
            |(index, device): &(usize, &Device)| Some(index + 1) == number || *device.name == **which;
        let ended: Vec<_> =
            devices.iter().enumerate().filter(is_meant).map(|(_, device)| device.connection).collect();
        if ended.contains(&own) {
            return self.log_out_here();
        }
        if ended.is_empty() {
            return self.tell("You have no such session, see SESSIONS");
        }
        self.end(self.user(), &ended, "NickServ LOGOUT");
        self.tell("The session is ended");
    }

    /// Ends connections of a user, as this command.
    pub(super) fn end(&mut self, user: UserId, connections: &[ConnectionId], command: &str) {
        let by = self.name().map_or_else(String::new, |name| name.to_string());
        let now = self.context.now;
        self.context.hub.end_connections(user, connections, (&by, command), now, self.context.out);
    }

    fn log_out_here(&mut self) {
        if self.context.house.config.accounts.policy == AccountPolicy::Required {
            return self.tell("Nobody is here without an account: disconnect instead");
        }
        match self.client.log_out(self.context) {
            Ok(()) => self.tell("You are logged out"),
            Err(why) => self.tell(why),
        }
    }
}
