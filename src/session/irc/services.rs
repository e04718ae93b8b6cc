//! Clients of services: `PRIVMSG NickServ :…`, or a command named after the service.

use super::client::Irc;
use crate::message::{Account, ConnectionId, Refusal, UserId};
use crate::session::Context;
use crate::session::services::{self, Client, Service};
use crate::wire::irc::{Line, Message};

impl Client for Irc {
    fn user(&self) -> UserId {
        self.user
    }

    fn connection(&self) -> ConnectionId {
        self.connection
    }

    fn device(&self) -> &'static str {
        "irc"
    }

    fn tell(&mut self, service: Service, text: &str, context: &mut Context<'_>) {
        let user = context.hub.users().get(self.user);
        let name = user.map_or("*", |user| user.name().as_str());
        let service = service.name();
        let source = format!("{service}!{service}@{}", context.house.name);
        context.out.write(self.connection, |bytes| {
            let mut line = Line::begin(bytes);
            line.source(&source);
            line.command("NOTICE");
            line.param(name);
            line.trailing(text);
            line.end();
        });
    }

    fn identify(&mut self, account: Account, device: &str, context: &mut Context<'_>) -> Result<(), Refusal> {
        Self::identify(self, account, device, context)
    }

    fn log_out(&mut self, context: &mut Context<'_>) -> Result<(), Refusal> {
        self.leave_account(context)
    }
}

impl Irc {
    /// `NICKSERV command [parameters]`, and the same for the other names of services.
    pub(super) fn service(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if let Some(service) = Service::called(message.command) {
            services::ask(service, &message.params.join(" "), self, context);
        }
    }
}
