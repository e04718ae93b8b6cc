//! Whether a server lets clients log in to accounts and register them.

/// Whether a server lets clients log in to accounts and register them, with the values of the two capabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AccountOffer {
    /// It offers logins (IRCv3 `sasl`), with these mechanisms; empty if it does not name them.
    pub(super) sasl: Option<String>,
    /// It registers accounts (IRCv3 `draft/account-registration`), under these conditions.
    pub(super) registration: Option<String>,
}

/// Longest value that is kept, in bytes.
const VALUE_BYTES: usize = 500;

/// The registration of accounts.
pub(super) const REGISTRATION: &str = "draft/account-registration";

impl AccountOffer {
    /// Notes an entry of `CAP LS`, a name and perhaps a value.
    pub(super) fn note(&mut self, entry: &str) {
        let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
        let offer = match name {
            "sasl" => &mut self.sasl,
            REGISTRATION => &mut self.registration,
            _ => return,
        };
        *offer = Some(value.get(..VALUE_BYTES).unwrap_or(value).to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_entries_about_accounts_are_kept_and_long_values_are_cut() {
        let mut offer = AccountOffer::default();
        for entry in ["batch", "sasl=PLAIN,EXTERNAL", "draft/account-registration", "sasl2=x", ""] {
            offer.note(entry);
        }
        let expected =
            AccountOffer { sasl: Some("PLAIN,EXTERNAL".into()), registration: Some(String::new()) };
        assert_eq!(offer, expected);
        offer.note(&format!("sasl={}", "x".repeat(9999)));
        assert_eq!(offer.sasl.map(|value| value.len()), Some(VALUE_BYTES));
    }
}
