//! Accounts: registered names with credentials, which outlive connections and restarts. What sessions ask about them,
//! and the answers.

use std::time::SystemTime;

use super::{EventId, HistoryLimit, Rank, RoomFlag};
use crate::footprint::{heap_bytes, pairs_bytes, vec_bytes};
use crate::name::{RoomName, UserName};
use crate::secret::{Guess, ScramKeys, StoredPassword};

/// The number of an account. It is never used again, so that a later account of the same name inherits nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub u32);

impl AccountId {
    /// Stands for all who have no account.
    pub const NONE: Self = Self(0);

    /// Two accounts, the smaller number first.
    pub fn sorted(one: Self, other: Self) -> [Self; 2] {
        [one.min(other), one.max(other)]
    }
}

/// The SHA-256 of a client's certificate.
pub type CertificateHash = [u8; 32];

/// Most certificates of an account.
pub const MOST_CERTIFICATES: u32 = 10;

/// Most devices of an account whose last event is remembered; the one that was away for longest goes.
pub const MOST_DEVICES: u32 = 32;

/// Most markers of an account; the oldest goes.
pub const MOST_MARKERS: u32 = 500;

/// An account as the hub needs it while its user is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    /// Its name as it was registered, which is also the name of its user.
    pub name: UserName,
    /// When it was registered.
    pub registered: SystemTime,
    /// Its user stays when its last connection ends; `None` leaves that to the server's config.
    pub always_on: Option<bool>,
    /// How far its owner has read: rooms and users by their folded names.
    pub markers: Vec<(Box<str>, SystemTime)>,
    /// The last event that each of its devices has heard.
    pub devices: Vec<(Box<str>, EventId)>,
    /// Its metadata, by key.
    pub metadata: Vec<(Box<str>, Box<str>)>,
}

impl Account {
    /// A new account.
    pub fn new(id: AccountId, name: UserName, registered: SystemTime) -> Self {
        Self {
            id,
            name,
            registered,
            always_on: None,
            markers: Vec::new(),
            devices: Vec::new(),
            metadata: Vec::new(),
        }
    }

    /// Its memory besides itself, in bytes.
    pub(crate) fn kept_bytes(&self) -> usize {
        let Self { markers, devices, metadata, .. } = self;
        let marked = markers.iter().map(|(of, _)| heap_bytes(of.len()));
        let known = devices.iter().map(|(name, _)| heap_bytes(name.len()));
        let lists = vec_bytes(markers) + vec_bytes(devices) + pairs_bytes(metadata);
        lists + marked.chain(known).sum::<usize>()
    }
}

/// A question to the store about accounts.
#[derive(Clone, Debug)]
pub enum AccountQuery {
    /// An account and its password.
    Credentials(AccountId),
    /// The account that has this certificate.
    OfCertificate(CertificateHash),
    /// The details of an account, for its owner and operators.
    Info(AccountId),
    /// All accounts.
    #[cfg(feature = "cluster")]
    All,
    /// Change accounts. The answer follows when the change is on the disk.
    Change(AccountChange),
}

/// A change of accounts.
#[derive(Clone, Debug)]
pub enum AccountChange {
    /// Creates an account, with a password, or a certificate, or both.
    Create {
        name: UserName,
        password: Option<StoredPassword>,
        certificate: Option<CertificateHash>,
        at: SystemTime,
    },
    SetPassword(AccountId, StoredPassword),
    /// Lets whoever has this certificate log in.
    AddCertificate(AccountId, CertificateHash),
    RemoveCertificate(AccountId, CertificateHash),
    SetAlwaysOn(AccountId, Option<bool>),
    /// Deletes the account and what belongs to it: its certificates, markers, devices, metadata, private messages, seats
    /// and ranks. Rooms that it founded are not registered any longer.
    Drop(AccountId),
}

/// The answer to an [`AccountQuery`].
#[derive(Clone, Debug)]
pub enum AccountAnswer {
    /// The account, and its password if it has one.
    Account(Box<Account>, Option<Box<StoredPassword>>),
    /// The details of the account.
    Info(Box<AccountInfo>),
    /// All accounts, by number.
    #[cfg(feature = "cluster")]
    All(Vec<(AccountId, UserName)>),
    /// The account is on the disk, and has this number.
    Created(AccountId),
    /// The change is on the disk.
    Changed,
    /// There is no such account.
    Unknown,
    /// Another account has the name or the certificate, or the list of certificates is full.
    Conflict,
    /// The store has failed, for this reason.
    Failed(String),
}

/// The details of an account, for its owner and operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    pub account: Account,
    pub last_seen: SystemTime,
    pub has_password: bool,
    pub certificates: Vec<CertificateHash>,
}

/// Work for a session that takes hashing, the store, or both.
#[derive(Clone, Debug)]
pub enum AccountErrand {
    /// Log in with a password.
    LogIn { name: UserName, guess: Guess },
    /// Log in with the certificate of this connection, which may belong to an account of this name only.
    LogInByCertificate { certificate: CertificateHash, name: Option<UserName> },
    /// The keys to check a proof with. For an unknown name they are made up.
    Keys { name: UserName },
    /// Log in with a proof that was made with these keys and is checked already. Counts as a guess.
    Prove { name: UserName, keys: Box<ScramKeys>, is_right: bool },
    /// Enter an account that the connection has logged in to earlier. Its state may have changed since.
    Enter { account: AccountId },
    /// Register a name with a password; with its certificate instead if there is no password.
    Register { name: UserName, password: Option<Guess>, certificate: Option<CertificateHash> },
    /// Give an account this password.
    SetPassword { account: AccountId, password: Guess },
    /// Delete an account. Its user leaves.
    Drop { account: AccountId, name: UserName },
    /// Ask the store something that needs no hashing.
    Ask(AccountQuery),
}

/// The result of an [`AccountErrand`].
#[derive(Clone, Debug)]
pub enum AccountFound {
    /// The password or certificate is right, or the account was just registered.
    LoggedIn(Box<Account>),
    /// The password is wrong or there is no such account, which nobody can tell apart.
    Wrong,
    /// The server could not find out.
    NotChecked,
    /// The keys. Nobody can tell whether they are made up.
    Keys(Box<ScramKeys>),
    /// The name cannot be registered: it is taken, or looks like one that is.
    NameTaken,
    /// Too many accounts were registered from this address, or there are too many in all.
    TooMany,
    /// The password cannot be used, for this reason.
    BadPassword(String),
    /// What the store has answered.
    Answer(AccountAnswer),
}

/// Why a session is on an [`AccountErrand`]: it decides how the result is told.
#[derive(Clone, Debug)]
pub enum AccountPurpose {
    /// `AUTHENTICATE` (IRCv3 `sasl`).
    Sasl,
    /// `PASS account:password`, or a password in a login on CrazyIt. With the name of the device.
    LogIn { device: Option<Box<str>> },
    /// To complete a registration on IRC after a login, as a device of this name.
    Enter { device: Box<str> },
    /// `REGISTER` (IRCv3 `draft/account-registration`).
    Register,
    /// A command to a service; the rest is what the service needs to continue.
    Service(ServiceStep),
}

/// A command to NickServ that waits for an errand.
#[derive(Clone, Debug)]
pub enum ServiceStep {
    /// `REGISTER`.
    Register,
    /// `IDENTIFY` or `REGAIN`, with the name of the device.
    Identify {
        device: Option<Box<str>>,
    },
    /// `GHOST`, once the password is checked.
    Ghost,
    /// What the owner of an account may do, once its password is checked.
    Prove(Proven),
    /// `INFO`.
    Info,
    /// `CERT LIST`.
    Certificates,
    CertificateAdded,
    CertificateRemoved,
    /// `SET ALWAYS-ON`.
    AlwaysOnSet(Option<bool>),
    /// `SET PASSWORD` or `RESETPASS` of the account of this name.
    PasswordSet(UserName),
    /// `SAREGISTER`.
    Created,
    /// `DROP` of the account of this name.
    Dropped(UserName),
}

/// An act of somebody who has proven to own an account.
#[derive(Clone, Debug)]
pub enum Proven {
    SetPassword(Guess),
    Drop,
}

/// A user that stays without connections, as it outlives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedUser {
    pub account: Account,
    pub username: Box<str>,
    pub host: Box<str>,
    pub realname: Box<str>,
    /// When it first logged in.
    pub since: SystemTime,
    /// When its last connection ended, as far as is known.
    pub last_seen: SystemTime,
    /// The rooms that it is in, and its ranks there.
    pub seats: Vec<(RoomName, Rank)>,
}

/// A registered room, as it outlives its members and a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedRoom {
    pub name: RoomName,
    pub registered: SystemTime,
    pub founder: AccountId,
    /// Ranks that accounts get when they join.
    pub ranks: Vec<(AccountId, Rank)>,
    /// When the room was opened. What was recorded while it was closed is readable from this event on.
    pub opened: EventId,
    pub created: SystemTime,
    /// The topic, who set it and when.
    pub topic: Option<(Box<str>, Box<str>, SystemTime)>,
    pub flags: Vec<RoomFlag>,
    pub key: Option<Box<str>>,
    pub limit: Option<u32>,
    /// The most that is kept of its past.
    pub history: Option<HistoryLimit>,
    /// Masks: the list, the mask, who added it and when.
    pub masks: Vec<(super::MaskList, Box<str>, UserName, SystemTime)>,
    /// Its metadata, by key.
    pub metadata: Vec<(Box<str>, Box<str>)>,
}
