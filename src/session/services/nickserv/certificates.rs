//! `CERT`: the certificates with which an account's owner can log in.

use crate::fingerprint::Fingerprint;
use crate::message::{AccountChange, AccountErrand, AccountInfo, AccountQuery, ServiceStep};
use crate::session::services::Visit;

impl Visit<'_, '_> {
    /// `CERT ADD|DEL [fingerprint]`, `CERT LIST`
    pub(super) fn cert(&mut self, params: &[&str]) {
        let Some(id) = self.account().map(|account| account.id) else { return };
        if params[0].eq_ignore_ascii_case("LIST") {
            let errand = AccountErrand::Ask(AccountQuery::Info(id));
            return self.send_on(errand, ServiceStep::Certificates);
        }
        let is_added = params[0].eq_ignore_ascii_case("ADD");
        if !is_added && !params[0].eq_ignore_ascii_case("DEL") {
            return self.tell("Use CERT ADD, CERT DEL or CERT LIST");
        }
        let certificate = match params.get(1) {
            Some(text) => match text.parse::<Fingerprint>() {
                Ok(fingerprint) => fingerprint.bytes(),
                Err(why) => return self.tell(why),
            },
            None => match self.context.certificate {
                Some(certificate) => certificate,
                None => return self.tell("This connection shows no certificate, so name a fingerprint"),
            },
        };
        let (change, step) = match is_added {
            true => (AccountChange::AddCertificate(id, certificate), ServiceStep::CertificateAdded),
            false => (AccountChange::RemoveCertificate(id, certificate), ServiceStep::CertificateRemoved),
        };
        self.send_on(AccountErrand::Ask(AccountQuery::Change(change)), step);
    }

    pub(super) fn tell_certificates(&mut self, info: &AccountInfo) {
        if info.certificates.is_empty() {
            self.tell("Your account has no certificates");
        }
        for certificate in &info.certificates {
            let is_own =
                if self.context.certificate == Some(*certificate) { " (this connection)" } else { "" };
            self.tell(format_args!("{}{is_own}", Fingerprint::from(*certificate)));
        }
    }
}
