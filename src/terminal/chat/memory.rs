//! How much of a conversation is remembered. Servers decide how many rooms, people and lines there are.

/// Most rooms that are remembered.
pub(super) const ROOMS: usize = 200;

/// Memory for the names of people in all rooms together, in bytes.
pub(super) const PEOPLE_BYTES: usize = 8 * 1024 * 1024;

/// Longest name of somebody that is remembered, in bytes.
pub(super) const NAME_BYTES: usize = 200;

/// Memory for what was said in one room, in bytes.
pub(super) const PAST_BYTES: usize = 4 * 1024 * 1024 / ROOMS;

/// Most names that are ignored.
pub(super) const IGNORED: usize = 1000;
