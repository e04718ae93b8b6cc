//! IRC sessions (modern.ircdocs.horse, IRCv3; RFC 1459 and 2812 where those are silent): lines pass through one table
//! of commands to handlers grouped by topic.

#[cfg(feature = "store")]
mod absence;
#[cfg(feature = "store")]
mod account_registration;
#[cfg(feature = "store")]
mod accounts;
mod bans;
#[cfg(feature = "store")]
mod batches;
mod client;
mod commands;
mod conversation;
#[cfg(feature = "store")]
mod devices;
#[cfg(feature = "store")]
mod draft;
mod encode;
#[cfg(feature = "store")]
mod exchange;
mod farewell;
#[cfg(feature = "upgrade")]
mod handover;
mod help;
#[cfg(feature = "store")]
mod history;
mod isupport;
mod labels;
mod lines;
mod link;
mod list;
#[cfg(feature = "store")]
mod markers;
mod messages;
#[cfg(feature = "store")]
mod metadata;
mod mode_letters;
mod modes;
#[cfg(feature = "store")]
mod multiline;
mod names;
#[cfg(feature = "cluster")]
mod nodes;
mod operators;
mod people;
mod ranks;
mod registering;
mod registration;
#[cfg(feature = "store")]
mod renaming;
mod reply;
#[cfg(feature = "store")]
mod returning;
mod rooms;
#[cfg(feature = "store")]
mod sasl;
mod server;
#[cfg(feature = "store")]
mod services;
#[cfg(feature = "cluster")]
mod sharing;
#[cfg(feature = "store")]
mod showing;
mod speech;
mod stats;
mod who;
mod work;
mod writer;

pub(super) use client::Irc;
pub(super) use commands::is_command;
pub(super) use encode::{encode, relevant};
pub(super) use farewell::{error_line, farewell};
