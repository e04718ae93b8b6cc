//! The prefixes that show a member's rank.

use crate::message::Rank;

/// All prefixes, highest rank first.
pub(super) const RANK_SIGNS: &str = "@+";

/// The prefixes before a member's name: all that apply, or only the highest.
pub(super) fn prefixes(rank: Rank, all: bool) -> &'static str {
    match (rank.has_any(Rank::OPERATOR), rank.has_any(Rank::VOICE)) {
        _ if rank == Rank::NONE => "",
        (true, true) if all => RANK_SIGNS,
        (true, _) => "@",
        (false, _) => "+",
    }
}
