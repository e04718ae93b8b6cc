//! The steps of an errand about accounts: questions to the store and work on passwords, one after the other. An unknown
//! name takes the same steps as a known one, so that nobody can tell them apart by the time they take.

use super::hashing::{Hashing, Made};
#[cfg(feature = "upgrade")]
use crate::cbor::cases;
use crate::message::{
    Account, AccountAnswer, AccountChange, AccountErrand, AccountFound, AccountId, AccountQuery,
    CertificateHash, Now, Outcome,
};
use crate::name::UserName;
use crate::secret::{Decoys, Guess, ScramKeys, SecretError, StoredPassword};

/// A step that an errand waits for, with what is needed to continue.
#[derive(Debug)]
#[cfg_attr(feature = "upgrade", derive(Clone))]
pub(super) enum Step {
    /// The store looks for the password to compare the guess with.
    FindPassword { name: UserName, guess: Guess },
    /// The thread compares them.
    Compare { id: AccountId },
    /// The guess or proof was right. The store looks for the account again: it may be gone or have another password.
    Enter { proven: Proven },
    /// The store looks for the account of an earlier login.
    Return,
    /// The store looks for the keys to check a proof with.
    FindKeys { name: UserName },
    /// The thread checks a proof in its turn.
    Prove { id: AccountId, keys: Box<ScramKeys> },
    /// The store looks for the owner of a certificate.
    FindOwner { name: Option<UserName> },
    /// The thread hashes the password of a new account.
    MakeFirst { name: UserName, certificate: Option<CertificateHash> },
    /// The store creates an account.
    Create { name: UserName, at: Now },
    /// The thread hashes a new password of an account.
    MakeNext { id: AccountId },
    /// The store deletes an account.
    Drop { name: UserName },
    /// The store does what the session asked for.
    Ask,
}

/// A secret that a client has proven to know.
#[derive(Debug)]
#[cfg_attr(feature = "upgrade", derive(Clone))]
pub(super) enum Proven {
    Password(Box<StoredPassword>),
    Keys(Box<ScramKeys>),
}

#[cfg(feature = "upgrade")]
cases!(Step, "step of an errand" {
    1 => FindPassword { 0: name, 1: guess },
    2 => Compare { 0: id },
    3 => Enter { 0: proven },
    4 => Return,
    5 => FindKeys { 0: name },
    6 => Prove { 0: id, 1: keys },
    7 => FindOwner { 0: name },
    8 => MakeFirst { 0: name, 1: certificate },
    9 => Create { 0: name, 1: at },
    10 => MakeNext { 0: id },
    11 => Drop { 0: name },
    12 => Ask,
});

#[cfg(feature = "upgrade")]
cases!(Proven, "proven secret" { 1 => Password(0: password), 2 => Keys(0: keys) });

/// How an errand continues.
#[derive(Debug)]
pub(super) enum Next {
    /// The store is asked.
    Ask(AccountQuery, Step),
    /// The thread works.
    Hash(Hashing, Step),
    /// The session continues.
    Found(AccountFound),
}

impl Next {
    fn ask_for(id: Option<AccountId>, step: Step) -> Self {
        Self::Ask(AccountQuery::Credentials(id.unwrap_or(AccountId::NONE)), step)
    }

    /// Creates an account.
    fn create(
        name: UserName,
        password: Option<StoredPassword>,
        certificate: Option<CertificateHash>,
        now: Now,
    ) -> Self {
        let change = AccountChange::Create { name: name.clone(), password, certificate, at: now.time };
        Self::Ask(AccountQuery::Change(change), Step::Create { name, at: now })
    }
}

/// The first step. `id` is the account with the name in the errand, or with a name that looks like it.
pub(super) fn first(errand: AccountErrand, id: Option<AccountId>, now: Now) -> Next {
    match errand {
        AccountErrand::LogIn { name, guess } => Next::ask_for(id, Step::FindPassword { name, guess }),
        AccountErrand::Keys { name } => Next::ask_for(id, Step::FindKeys { name }),
        AccountErrand::Prove { keys, is_right, .. } => {
            let step = Step::Prove { id: id.unwrap_or(AccountId::NONE), keys };
            Next::Hash(Hashing::Proof { is_right }, step)
        }
        AccountErrand::LogInByCertificate { certificate, name } => {
            Next::Ask(AccountQuery::OfCertificate(certificate), Step::FindOwner { name })
        }
        AccountErrand::Enter { account } => Next::ask_for(Some(account), Step::Return),
        AccountErrand::Register { name, password: Some(password), certificate } => {
            Next::Hash(Hashing::make(password), Step::MakeFirst { name, certificate })
        }
        AccountErrand::Register { name, password: None, certificate } => {
            Next::create(name, None, certificate, now)
        }
        AccountErrand::SetPassword { account, password } => {
            Next::Hash(Hashing::make(password), Step::MakeNext { id: account })
        }
        AccountErrand::Drop { account, name } => {
            Next::Ask(AccountQuery::Change(AccountChange::Drop(account)), Step::Drop { name })
        }
        AccountErrand::Ask(query) => Next::Ask(query, Step::Ask),
    }
}

/// The step after an answer of the store.
pub(super) fn after_answer(step: Step, answer: AccountAnswer, decoys: &Decoys) -> Next {
    if let AccountAnswer::Failed(_) = answer {
        return Next::Found(AccountFound::NotChecked);
    }
    match step {
        Step::FindPassword { name, guess } => {
            let (id, known) = match called(&name, answer) {
                Some((account, password)) => (account.id, password),
                None => (AccountId::NONE, None),
            };
            let is_known = known.is_some();
            let password = known.unwrap_or_else(|| Box::new(decoys.password(&name.folded())));
            Next::Hash(Hashing::Compare { guess, password, is_known }, Step::Compare { id })
        }
        Step::FindKeys { name } => {
            let known = called(&name, answer).and_then(|(_, password)| password);
            let keys = known.map_or_else(|| decoys.keys(&name.folded()), |password| password.scram);
            Next::Found(AccountFound::Keys(Box::new(keys)))
        }
        Step::Enter { proven } => Next::Found(match answer {
            AccountAnswer::Account(account, Some(password)) if proven.is_of(&password) => {
                AccountFound::LoggedIn(account)
            }
            _ => AccountFound::Wrong,
        }),
        Step::Return => Next::Found(match answer {
            AccountAnswer::Account(account, _) => AccountFound::LoggedIn(account),
            _ => AccountFound::Wrong,
        }),
        Step::FindOwner { name } => Next::Found(match answer {
            AccountAnswer::Account(account, _) if name.is_none_or(|name| name == account.name) => {
                AccountFound::LoggedIn(account)
            }
            _ => AccountFound::Wrong,
        }),
        Step::Create { name, at } => Next::Found(match answer {
            AccountAnswer::Created(id) => AccountFound::LoggedIn(Box::new(Account::new(id, name, at.time))),
            _ => AccountFound::NameTaken,
        }),
        Step::Drop { .. } | Step::Ask => Next::Found(AccountFound::Answer(answer)),
        Step::Compare { .. } | Step::Prove { .. } | Step::MakeFirst { .. } | Step::MakeNext { .. } => {
            Next::Found(AccountFound::NotChecked)
        }
    }
}

/// The step after the work on a password.
pub(super) fn after_hashing(step: Step, hashing: Hashing, outcome: Outcome, now: Now) -> Next {
    match outcome {
        Outcome::Right => {}
        Outcome::Wrong => return Next::Found(AccountFound::Wrong),
        Outcome::NotChecked => return Next::Found(AccountFound::NotChecked),
    }
    match (step, hashing) {
        (Step::Compare { id }, Hashing::Compare { password, .. }) => {
            Next::ask_for(Some(id), Step::Enter { proven: Proven::Password(password) })
        }
        (Step::Prove { id, keys }, Hashing::Proof { .. }) => {
            Next::ask_for(Some(id), Step::Enter { proven: Proven::Keys(keys) })
        }
        (Step::MakeFirst { name, certificate }, Hashing::Make { made: Made(Some(Ok(password))), .. }) => {
            Next::create(name, Some(*password), certificate, now)
        }
        (Step::MakeNext { id }, Hashing::Make { made: Made(Some(Ok(password))), .. }) => {
            Next::Ask(AccountQuery::Change(AccountChange::SetPassword(id, *password)), Step::Ask)
        }
        (_, Hashing::Make { made: Made(Some(Err(SecretError::Unusable))), .. }) => {
            Next::Found(AccountFound::BadPassword(SecretError::Unusable.to_string()))
        }
        _ => Next::Found(AccountFound::NotChecked),
    }
}

/// The account in the answer, if it has exactly this name: it may only look like it.
fn called(name: &UserName, answer: AccountAnswer) -> Option<(Box<Account>, Option<Box<StoredPassword>>)> {
    match answer {
        AccountAnswer::Account(account, password) if account.name == *name => Some((account, password)),
        _ => None,
    }
}

impl Proven {
    fn is_of(&self, password: &StoredPassword) -> bool {
        match self {
            Self::Password(proven) => **proven == *password,
            Self::Keys(proven) => **proven == password.scram,
        }
    }
}
