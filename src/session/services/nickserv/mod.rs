//! NickServ: accounts.

mod certificates;
mod deletion;
mod ghost;
mod info;
mod login;
mod operators;
mod sessions;
mod settings;

use super::Visit;
use super::help::HELP;
use super::table::{Access, Changes, Row};
use crate::message::{AccountAnswer, AccountFound, ServiceStep};

const fn row(
    name: &'static str,
    params: &'static str,
    least: usize,
    access: Access,
    #[cfg_attr(not(feature = "cluster"), expect(unused, reason = "one node changes everything at once"))]
    changes: Changes,
    help: &'static str,
    run: fn(&mut Visit<'_, '_>, &[&str]),
) -> Row {
    Row {
        name,
        params,
        least,
        access,
        #[cfg(feature = "cluster")]
        changes,
        help,
        run,
    }
}

/// All commands, sorted by name.
pub(super) const ROWS: &[Row] = {
    use Access::{Anyone, Members, Operators};
    use Changes::{Always, Never};
    &[
        row(
            "CERT",
            "ADD|DEL [fingerprint], or LIST",
            1,
            Members,
            Never,
            "lets you log in with a TLS certificate (SASL EXTERNAL); without a fingerprint, that of this connection",
            |visit, params| visit.cert(params),
        ),
        row(
            "DROP",
            "password account",
            2,
            Members,
            Never,
            "deletes your account for good, with its rooms, certificates and messages; name the account to confirm. \
             The password is * if it has none",
            |visit, params| visit.drop_account(params),
        ),
        row(
            "GHOST",
            "[name] [password]",
            0,
            Anyone,
            Always,
            "ends connections under your account's name that hang, or that are not yours; the password is needed \
             unless you are logged in",
            |visit, params| visit.ghost(params),
        ),
        HELP,
        row(
            "IDENTIFY",
            "[account] password",
            1,
            Anyone,
            Never,
            "logs you in to the account, whose name you get; without a name, to that of your nick. \
             account/device names this device",
            |visit, params| visit.identify(params),
        ),
        row(
            "INFO",
            "[account]",
            0,
            Anyone,
            Never,
            "tells about an account, more about your own",
            |visit, params| visit.info(params),
        ),
        row(
            "LOGOUT",
            "[session]",
            0,
            Members,
            Always,
            "logs you out, or ends another of your sessions: by its number in SESSIONS, or by the name of its device",
            |visit, params| visit.log_out(params),
        ),
        row(
            "REGAIN",
            "account password",
            2,
            Anyone,
            Never,
            "logs you in and gives you the account's name, whoever else uses it",
            |visit, params| visit.identify(params),
        ),
        row(
            "REGISTER",
            "password",
            1,
            Anyone,
            Never,
            "registers your present nick, so that only you can use it. The password is * if you only want to log in \
             with the certificate of this connection",
            |visit, params| visit.register(params),
        ),
        row(
            "RESETPASS",
            "account password",
            2,
            Operators,
            Never,
            "gives an account a new password",
            |visit, params| visit.reset_password(params),
        ),
        row(
            "SAREGISTER",
            "name password",
            2,
            Operators,
            Never,
            "creates an account, also where only operators may (parlord --accounts closed)",
            |visit, params| visit.create_account(params),
        ),
        row("SESSIONS", "", 0, Members, Never, "lists your connections", |visit, params| {
            visit.sessions(params)
        }),
        row(
            "SET",
            "PASSWORD old new, or ALWAYS-ON on|off|default",
            2,
            Members,
            Never,
            "changes your password, whose old one is * if there is none; or whether you stay in your rooms when your \
             last connection ends",
            |visit, params| visit.set(params),
        ),
    ]
};

/// The answer when the store or the thread for passwords has failed.
const NOT_CHECKED: &str = "The server could not do that now, try again later";

impl Visit<'_, '_> {
    /// Continues a command with the result of its errand.
    pub(super) fn go_on(&mut self, step: ServiceStep, found: AccountFound) {
        match (step, found) {
            (ServiceStep::Register, AccountFound::LoggedIn(account)) => self.registered(*account),
            (ServiceStep::Identify { device }, AccountFound::LoggedIn(account)) => {
                self.identified(*account, device.as_deref());
            }
            (ServiceStep::Ghost, AccountFound::LoggedIn(account)) => {
                self.end_ghosts(account.id, &account.name)
            }
            (ServiceStep::Prove(proven), AccountFound::LoggedIn(account)) => self.proved(account.id, proven),
            (ServiceStep::Prove(proven), AccountFound::Answer(AccountAnswer::Info(info))) => {
                self.has_no_password(&info, proven);
            }
            (ServiceStep::Created, AccountFound::LoggedIn(account)) => self.created(&account),
            (step, AccountFound::Answer(answer)) => self.answered(step, answer),
            (step, found) => self.failed(&step, found),
        }
    }

    /// Continues with what the store has answered.
    fn answered(&mut self, step: ServiceStep, answer: AccountAnswer) {
        match (step, answer) {
            (ServiceStep::Info, AccountAnswer::Info(info)) => self.tell_info(&info),
            (ServiceStep::Certificates, AccountAnswer::Info(info)) => self.tell_certificates(&info),
            (ServiceStep::PasswordSet(name), AccountAnswer::Changed) => {
                self.tell(format_args!("The password of {name} is changed"));
            }
            (ServiceStep::AlwaysOnSet(always_on), AccountAnswer::Changed) => self.always_on_set(always_on),
            (ServiceStep::CertificateAdded, AccountAnswer::Changed) => {
                self.tell("You can log in with this certificate now (SASL EXTERNAL)");
            }
            (ServiceStep::CertificateAdded, AccountAnswer::Conflict) => {
                self.tell("The certificate belongs to another account, or yours has as many as are allowed");
            }
            (ServiceStep::CertificateRemoved, AccountAnswer::Changed) => {
                self.tell("Nobody can log in with this certificate any more");
            }
            (ServiceStep::CertificateRemoved, AccountAnswer::Unknown) => {
                self.tell("Your account does not have this certificate, see CERT LIST");
            }
            (ServiceStep::Dropped(name), AccountAnswer::Changed) => self.dropped(&name),
            (_, AccountAnswer::Unknown) => self.tell("There is no such account"),
            (_, _) => self.tell(NOT_CHECKED),
        }
    }

    /// Tells why an errand has failed.
    fn failed(&mut self, step: &ServiceStep, found: AccountFound) {
        match found {
            AccountFound::Wrong => self.wrong_password(step),
            AccountFound::NameTaken => {
                self.tell("This name is registered, or looks like one that is");
            }
            AccountFound::TooMany => {
                self.tell("Too many accounts were registered from your address, try again later");
            }
            AccountFound::BadPassword(why) => self.tell(format_args!("This password cannot be used: {why}")),
            _ => self.tell(NOT_CHECKED),
        }
    }
}
