//! The numbers of questions to the store and of work on passwords, which a program hands to the one that takes its place.

use std::borrow::Cow;

use super::{FromCbor, Invalid, Reader, ToCbor, Writer, cases, map, numbered};
use crate::message::{
    AccountChange, AccountId, AccountPurpose, AccountQuery, Check, First, Interval, Now, Proven, Purpose,
    Query, Readable, Recall, RecallFor, Scope, Selection, ServiceStep,
};
use crate::secret::{ScramKeys, StoredPassword};

map!(Now { 0: instant, 1: time });

map!(Recall { 0: query, 1: purpose });

cases!(Query, "question" {
    1 => Events(0: selections),
    2 => Targets { 0: scopes, 1: interval, 2: most },
    3 => Search { 0: scopes, 1: words, 2: from, 3: interval, 4: most },
    4 => Message { 0: of, 1: id },
});

map!(Selection { 0: of, 1: interval, 2: with_events, 3: most });

map!(Interval { 0: after, 1: before, 2: first });

numbered!(First, "end of an interval" { 0 => Oldest, 1 => Newest });

cases!(Scope, "scope" {
    1 => Room(0: readable),
    2 => Talk(0: accounts),
    3 => Talks(0: account),
});

map!(Readable { 0: room, 1: closed_since });

cases!(RecallFor, "purpose of a question" {
    1 => Chathistory { 0: subcommand, 1: target, 2: of },
    2 => Targets,
    3 => Play,
    4 => ListPlayable,
    5 => Search(0: first),
    6 => Replay,
    7 => Missed,
    8 => Redaction { 0: room, 1: id, 2: reason },
});

map!(Check { 0: secret, 1: decoy, 2: guess, 3: purpose });

cases!(Purpose, "purpose of a password" {
    1 => LogIn(0: name),
    2 => Register,
    3 => Operate(0: name),
});

#[cfg(not(feature = "cluster"))]
cases!(AccountQuery, "question about accounts" {
    1 => Credentials(0: account),
    2 => OfCertificate(0: certificate),
    3 => Info(0: account),
    4 => Change(0: change),
});

#[cfg(feature = "cluster")]
cases!(AccountQuery, "question about accounts" {
    1 => Credentials(0: account),
    2 => OfCertificate(0: certificate),
    3 => Info(0: account),
    4 => Change(0: change),
    5 => All,
});

cases!(AccountChange, "change of accounts" {
    1 => Create { 0: name, 1: password, 2: certificate, 3: at },
    2 => SetPassword(0: account, 1: password),
    3 => AddCertificate(0: account, 1: certificate),
    4 => RemoveCertificate(0: account, 1: certificate),
    5 => SetAlwaysOn(0: account, 1: is_on),
    6 => Drop(0: account),
});

cases!(AccountPurpose, "purpose of an errand" {
    1 => Sasl,
    2 => LogIn { 0: device },
    3 => Enter { 0: device },
    4 => Register,
    5 => Service(0: step),
});

cases!(ServiceStep, "command to a service" {
    1 => Register,
    2 => Identify { 0: device },
    3 => Ghost,
    4 => Prove(0: proven),
    5 => Info,
    6 => Certificates,
    7 => CertificateAdded,
    8 => CertificateRemoved,
    9 => AlwaysOnSet(0: is_on),
    10 => PasswordSet(0: name),
    11 => Created,
    12 => Dropped(0: name),
});

cases!(Proven, "act of an owner" { 1 => SetPassword(0: guess), 2 => Drop });

map!(StoredPassword { 0: hash, 1: scram });

map!(ScramKeys { 0: salt, 1: iterations, 2: stored_key, 3: server_key });

/// Two accounts.
impl ToCbor for [AccountId; 2] {
    fn write(&self, out: &mut Writer) {
        let [one, other] = *self;
        (one, other).write(out);
    }
}

impl FromCbor for [AccountId; 2] {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        <(AccountId, AccountId)>::read(input).map(|(one, other)| [one, other])
    }
}

impl ToCbor for Cow<'static, str> {
    fn write(&self, out: &mut Writer) {
        str::write(self, out);
    }
}

impl FromCbor for Cow<'static, str> {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        String::read(input).map(Self::Owned)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cbor::tests::{choices, keeps_promises};

    proptest! {
        #[test]
        fn questions_keep_promises(input in choices()) {
            keeps_promises::<Now>(&input);
            keeps_promises::<Recall>(&input);
            keeps_promises::<Check>(&input);
            keeps_promises::<AccountQuery>(&input);
            keeps_promises::<AccountPurpose>(&input);
        }
    }
}
