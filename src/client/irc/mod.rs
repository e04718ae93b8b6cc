//! The client's side of IRC (modern.ircdocs.horse, IRCv3), for any server: login, receiving, sending.

mod accounts;
mod batches;
mod hear;
mod lines;
mod login;
mod numerics;
mod replies;
mod sasl;
mod speak;
mod turned_away;

pub(super) use accounts::{log_in as log_in_to_account, register};
pub(super) use hear::Ear;
pub(super) use login::{Greeting, log_in};
pub(super) use sasl::SaslLogin;
pub(super) use speak::{QUIT, confirm, encode, end_of_speech, pieces, sign_of_life};
pub(super) use turned_away::TurnedAway;
