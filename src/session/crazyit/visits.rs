//! Clients of services: `★【NickServ※…★【`.

use super::{CrazyIt, Phase};
use crate::hub::Arrival;
use crate::message::{Account, ConnectionId, Refusal, UserId};
use crate::name::UserName;
use crate::session::Context;
use crate::session::accounts::profile_here;
use crate::session::logins::Deadline;
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
        let profile = profile_here(user, self.connection, context)?;
        let arrival = Arrival { connection: self.connection, device, profile };
        let entered = context.hub.identify(user, &arrival, account, now, context.out)?;
        self.user = entered.user;
        self.stay_or_begin_again(context)?;
        // Otherwise it is logged in already.
        if entered.user != user || !entered.was_here {
            self.return_at(now.instant, entered, context);
            self.begin_to_return(context);
        }
        Ok(())
    }

    fn log_out(&mut self, context: &mut Context<'_>) -> Result<(), Refusal> {
        let (profile, now) = (profile_here(self.user, self.connection, context)?, context.now);
        self.user = context.hub.log_out(self.user, self.connection, profile, now, context.out)?;
        self.stay_or_begin_again(context)
    }
}

impl CrazyIt {
    /// Joins the lobby as another user. If that is refused, the client has no user any more and may log in again.
    fn stay_or_begin_again(&mut self, context: &mut Context<'_>) -> Result<(), Refusal> {
        let settled = self.settle_in_lobby(context);
        if settled.is_err() {
            let until = context.now.instant + context.house.config.limits.login_timeout;
            self.phase = Phase::greeting(Deadline::new(until));
        }
        settled
    }
}
