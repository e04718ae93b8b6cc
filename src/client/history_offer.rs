//! Which requests for history a server answers.

/// Which requests for history a server answers (IRCv3 `draft/chathistory` and `draft/read-marker`, soju's `search`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryOffer {
    /// It answers [`Request::History`](super::Request::History).
    pub has_history: bool,
    /// It answers [`Request::Search`](super::Request::Search).
    pub has_search: bool,
    /// It answers [`Request::ReadMarker`](super::Request::ReadMarker). Only asked for with an account, which remembers
    /// it.
    pub has_markers: bool,
    /// Most messages in an answer; `None` if it names no limit.
    pub most: Option<usize>,
    /// It knows messages by their ids, and not only by their times.
    pub knows_ids: bool,
}

impl Default for HistoryOffer {
    fn default() -> Self {
        Self { has_history: false, has_search: false, has_markers: false, most: None, knows_ids: true }
    }
}

impl HistoryOffer {
    /// The offer with what a token of `RPL_ISUPPORT` says about it.
    pub(super) fn with(self, token: &str) -> Self {
        match token.split_once('=') {
            // 0 means no limit.
            Some(("CHATHISTORY", most)) => Self { most: most.parse().ok().filter(|&most| most > 0), ..self },
            Some(("MSGREFTYPES", kinds)) => {
                Self { knows_ids: kinds.split(',').any(|kind| kind == "msgid"), ..self }
            }
            Some(_) | None => self,
        }
    }

    /// The number of messages to ask for, if `most` are wanted. Not 0, which servers refuse.
    pub(super) fn limited(self, most: usize) -> usize {
        most.min(self.most.unwrap_or(usize::MAX)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_limit_answers_and_name_how_messages_are_known() {
        let offer = HistoryOffer::default().with("CHATHISTORY=100").with("MSGREFTYPES=timestamp");
        assert_eq!((offer.most, offer.knows_ids), (Some(100), false));
        assert_eq!([0, 20, 200].map(|most| offer.limited(most)), [1, 20, 100]);
        let offer = offer.with("MSGREFTYPES=timestamp,msgid").with("CHATHISTORY=0").with("CHANTYPES=#");
        assert_eq!((offer.most, offer.knows_ids, offer.limited(9999)), (None, true, 9999));
    }
}
