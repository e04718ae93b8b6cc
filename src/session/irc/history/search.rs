//! `SEARCH` (`soju.im/search`): messages in the client's channels, and its private messages.

use super::chathistory::why_unreadable;
use super::past::Batch;
use super::reference::Reference;
use crate::message::{Answer, First, Interval, Query, RecallFor};
use crate::name::{RoomName, UserName};
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::wire::irc::{Message, Tags};

const COMMAND: &str = "SEARCH";

/// Most messages in an answer.
const MOST_LINES: usize = 100;

/// Most words to look for; further ones are refused.
const MOST_WORDS: usize = 10;

/// What a client looks for.
struct Wanted {
    /// A channel, or a user.
    target: Option<String>,
    from: Option<UserName>,
    words: Vec<String>,
    interval: Interval,
    most: usize,
}

impl Irc {
    /// `SEARCH attributes`, in the form of tags: `in=#tea;from=ana;text=two\swords;after=…;before=…;limit=20`.
    pub(in crate::session::irc) fn search(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let wanted = match parse(message.params[0]) {
            Ok(wanted) => wanted,
            Err(attribute) => {
                let text = "This is no attribute, or its value is wrong; see HELP SEARCH";
                return self.fail_about(COMMAND, "INVALID_PARAMS", &[&attribute], text, context);
            }
        };
        let scopes = match &wanted.target {
            Some(target) => match self.scope(target, context) {
                Some(scope) => vec![scope],
                None => {
                    let text = why_unreadable(target);
                    return self.fail_about(COMMAND, "INVALID_PARAMS", &["in"], text, context);
                }
            },
            None => self.all_scopes(context),
        };
        let Wanted { from, words, interval, most, .. } = wanted;
        let purpose = RecallFor::Search(interval.first);
        self.recall(Query::Search { scopes, words, from, interval, most }, purpose, context);
    }

    pub(super) fn search_recalled(&self, first: First, answer: Answer, context: &mut Context<'_>) {
        let mut events = match answer {
            Answer::Found(events) => events,
            #[cfg(feature = "cluster")]
            Answer::Unsearchable => {
                let text =
                    "This server cannot search, because it shares its history with others; use CHATHISTORY";
                return self.fail_about(COMMAND, "UNSUPPORTED", &[], text, context);
            }
            _ => {
                let text = "The search could not be run";
                return self.fail_about(COMMAND, "INTERNAL_ERROR", &[], text, context);
            }
        };
        // The client may have left since it asked.
        events.retain(|event| self.target(event, context).is_some());
        let most = context.house.answer_bytes();
        let (lines, _) = self.encoded(&events, first, most, context);
        self.tell_batch(Batch::Search, lines, true, context);
    }
}

/// Parses the attributes. An error is the key of the wrong one.
fn parse(attributes: &str) -> Result<Wanted, String> {
    let mut wanted =
        Wanted { target: None, from: None, words: Vec::new(), interval: Interval::LATEST, most: MOST_LINES };
    for (key, value) in Tags(attributes).iter() {
        let wrong = || key.to_owned();
        match key {
            "in" => {
                let is_name = RoomName::new(&value).is_ok() || UserName::new(&value).is_ok();
                wanted.target = Some(value.into_owned()).filter(|_| is_name);
                wanted.target.as_ref().ok_or_else(wrong)?;
            }
            "from" => wanted.from = Some(UserName::new(&value).map_err(|_| wrong())?),
            "text" => {
                wanted.words = value.split_whitespace().map(str::to_lowercase).collect();
                if wanted.words.len() > MOST_WORDS {
                    return Err(wrong());
                }
            }
            "after" => {
                wanted.interval.after = at(&value).ok_or_else(wrong)?.before;
                wanted.interval.first = First::Oldest;
            }
            "before" => wanted.interval.before = at(&value).ok_or_else(wrong)?.after,
            "limit" => {
                let limit = value.parse().ok().filter(|&limit: &usize| limit > 0).ok_or_else(wrong)?;
                wanted.most = limit.min(MOST_LINES);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(wanted)
}

fn at(time: &str) -> Option<Reference> {
    Reference::parse(&format!("timestamp={time}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_parsed_like_tags() {
        let wanted = parse("in=#tea;from=ana;text=Two\\sWords;limit=1000").unwrap();
        assert_eq!(wanted.target.as_deref(), Some("#tea"));
        assert_eq!(wanted.from, UserName::new("ana").ok());
        assert_eq!(wanted.words, ["two", "words"]);
        assert_eq!((wanted.most, wanted.interval), (MOST_LINES, Interval::LATEST));
    }

    #[test]
    fn a_wrong_attribute_is_named() {
        for (attributes, key) in [
            ("colour=red", "colour"),
            ("in=1tea", "in"),
            ("from=#tea", "from"),
            ("limit=0", "limit"),
            ("after=soon", "after"),
            ("text=a\\sb\\sc\\sd\\se\\sf\\sg\\sh\\si\\sj\\sk", "text"),
        ] {
            assert_eq!(parse(attributes).err().as_deref(), Some(key), "{attributes}");
        }
    }
}
