//! How ranks are written.

use crate::message::Rank;

/// The signs of all ranks in a channel, highest first.
pub(super) const RANK_SIGNS: &str = "@+";

/// What stands before a member's name: all that applies, or only the first.
pub(super) fn prefixes(rank: Rank, all: bool) -> &'static str {
    match (rank.has_any(Rank::OPERATOR), rank.has_any(Rank::VOICE)) {
        _ if rank == Rank::NONE => "",
        (true, true) if all => RANK_SIGNS,
        (true, _) => "@",
        (false, _) => "+",
    }
}
