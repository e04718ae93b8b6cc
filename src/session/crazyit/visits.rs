//! Clients of services: `★【NickServ※…★【`.

use super::CrazyIt;
use crate::message::{Account, ConnectionId, Refusal, UserId};
use crate::name::UserName;
use crate::session::Context;
use crate::session::services::{Client, Service};
use crate::wire::crazyit::whispered_line;

impl Client for CrazyIt {
    fn user(&self) -> UserId {
        self.user
    }

    fn connection(&self) -> ConnectionId {
        self.connection
    }

    fn device(&self) -> &'static str {
        "crazyit"
    }

    fn tell(&mut self, service: Service, text: &str, context: &mut Context<'_>) {
        if let Ok(name) = UserName::new(service.name()) {
            context.out.bytes(self.connection, whispered_line(&name, text).as_bytes());
        }
    }

    fn identify(&mut self, account: Account, device: &str, context: &mut Context<'_>) -> Result<(), Refusal> {
        let (user, now) = (self.user, context.now);
        let entered = context.hub.identify(user, self.connection, account, device, now, context.out)?;
        self.user = entered.user;
        self.settle_in_lobby(context)?;
        // Otherwise it is logged in already.
        if entered.user != user || !entered.was_here {
            self.return_at(now.instant, entered, context);
            self.begin_to_return(context);
        }
        Ok(())
    }

    fn log_out(&mut self, context: &mut Context<'_>) -> Result<(), Refusal> {
        let now = context.now;
        self.user = context.hub.log_out(self.user, self.connection, now, context.out)?;
        self.settle_in_lobby(context)
    }
}
