//! `GHOST`: ends connections under the name of an account that hang or are somebody else's.

use crate::message::{AccountErrand, AccountId, ServiceStep, UserId};
use crate::name::UserName;
use crate::secret::Guess;
use crate::session::services::Visit;

impl Visit<'_, '_> {
    /// `GHOST [name] [password]`
    pub(super) fn ghost(&mut self, params: &[&str]) {
        let own = self.account().map(|account| (account.id, account.name.clone()));
        let name = match params.first() {
            Some(name) => UserName::new(name).ok(),
            None => own.as_ref().map(|(_, name)| name.clone()),
        };
        let found = name.and_then(|name| Some((self.context.hub.accounts().find(&name)?, name)));
        let Some((account, name)) = found else {
            return self.tell("Name a registered name: anybody may use others");
        };
        match (own, params.get(1)) {
            (Some((id, _)), _) if id == account => self.end_ghosts(id, &name),
            (_, Some(password)) => {
                let errand = AccountErrand::LogIn { name, guess: Guess::new(password) };
                self.send_on(errand, ServiceStep::Ghost);
            }
            (_, None) => self.tell(format_args!("Log in as {name}, or give its password")),
        }
    }

    /// Ends all connections under the account's name but the client's own.
    pub(super) fn end_ghosts(&mut self, account: AccountId, name: &UserName) {
        let hub = &*self.context.hub;
        let user = hub.users().find(name).filter(|_| hub.accounts().find(name) == Some(account));
        let own = self.client.connection();
        let user = user.unwrap_or(UserId::NOBODY);
        let mut ghosts = hub.all_connections(user);
        ghosts.retain(|&connection| connection != own);
        if ghosts.is_empty() {
            return self.tell(format_args!("There is no other connection under the name {name}"));
        }
        let (count, s) = (ghosts.len(), if ghosts.len() == 1 { "" } else { "s" });
        self.end(user, &ghosts, "NickServ GHOST");
        self.tell(format_args!("{count} connection{s} under the name {name} ended"));
    }
}
