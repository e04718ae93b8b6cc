//! Batches of the past (IRCv3 `batch`, `chathistory`, soju's `search`): their lines are one event, at their end. Lines
//! of other batches count as if they came alone.

use crate::client::event::{ClientEvent, ClientEventKind};
use crate::wire::irc::Message;

/// Most batches that are open at once. The oldest makes room for another: the server forgot to end it.
const OPEN: usize = 4;

/// Most batches inside one.
const INSIDE: usize = 16;

/// Longest reference of a batch, in bytes.
const REFERENCE_BYTES: usize = 100;

/// Memory for the events of a batch, in bytes. A server may send lines without end; those that do not fit are dropped.
const EVENTS_BYTES: usize = 512 * 1024;

/// Memory of an event besides the bytes of its line: twice its own size, because lists grow in powers of two, and the
/// allocations of its texts.
const EVENT_BYTES: usize = 2 * size_of::<ClientEvent>() + 5 * 16;

/// The batches of the past that are open.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: Vec<Batch>,
}

#[derive(Debug)]
struct Batch {
    reference: String,
    /// The references of batches inside it, such as one for the lines of one message.
    inside: Vec<String>,
    what: What,
    events: Vec<ClientEvent>,
    /// Memory of the events.
    bytes: usize,
}

#[derive(Debug)]
enum What {
    History { room: String, is_all: bool },
    Found,
}

impl Batches {
    /// True if lines with this reference belong to an open batch of the past.
    pub(super) fn has(&self, reference: &str) -> bool {
        self.open.iter().any(|batch| batch.contains(reference))
    }

    /// Adds an event of the batch with this reference. The event is a line of `line_bytes` bytes.
    pub(super) fn add(&mut self, reference: &str, event: ClientEvent, line_bytes: usize) {
        let bytes = EVENT_BYTES + line_bytes;
        let batch = self.open.iter_mut().find(|batch| batch.contains(reference));
        if let Some(batch) = batch.filter(|batch| batch.bytes + bytes <= EVENTS_BYTES) {
            batch.bytes += bytes;
            batch.events.push(event);
        }
    }

    /// Handles a `BATCH`. Returns what is complete with it.
    pub(super) fn turn(&mut self, message: &Message<'_>) -> Option<ClientEventKind> {
        let reference = message.params.first()?;
        if let Some(reference) = reference.strip_prefix('+').filter(|it| it.len() <= REFERENCE_BYTES) {
            self.begin(reference, message);
            return None;
        }
        let reference = reference.strip_prefix('-')?;
        self.open.iter_mut().for_each(|batch| batch.inside.retain(|inside| inside != reference));
        let ended = self.open.iter().position(|batch| batch.reference == reference)?;
        Some(self.open.remove(ended).into_event())
    }

    fn begin(&mut self, reference: &str, message: &Message<'_>) {
        let around = message.tags.get("batch");
        let around = around.and_then(|around| self.open.iter_mut().find(|batch| batch.contains(&around)));
        if let Some(around) = around {
            if around.inside.len() < INSIDE {
                around.inside.push(reference.to_owned());
            }
            return;
        }
        let what = match message.params[1..] {
            ["chathistory", room, ..] => {
                let is_all = message.tags.get("draft/chathistory-end").is_some();
                What::History { room: room.to_owned(), is_all }
            }
            ["soju.im/search", ..] => What::Found,
            _ => return,
        };
        self.open.retain(|batch| batch.reference != reference);
        if self.open.len() == OPEN {
            self.open.remove(0);
        }
        let reference = reference.to_owned();
        self.open.push(Batch { reference, inside: Vec::new(), what, events: Vec::new(), bytes: 0 });
    }
}

impl Batch {
    fn contains(&self, reference: &str) -> bool {
        self.reference == reference || self.inside.iter().any(|inside| inside == reference)
    }

    fn into_event(self) -> ClientEventKind {
        match self.what {
            What::History { room, is_all } => ClientEventKind::History { room, events: self.events, is_all },
            What::Found => ClientEventKind::Found(self.events),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::irc::hear::tests::heard;

    fn texts(events: &[ClientEvent]) -> Vec<&str> {
        let text = |event| match event {
            &ClientEvent { kind: ClientEventKind::Said { ref text, .. }, .. } => text.as_str(),
            other => panic!("{other:?}"),
        };
        events.iter().map(text).collect()
    }

    #[test]
    fn a_batch_of_history_is_one_event_with_the_ids_and_times_of_its_lines() {
        let heard = heard(&[
            "@label=7 :s BATCH +1 chathistory #tea",
            "@batch=1;msgid=a;time=2026-01-02T03:04:05.678Z :bob!b@h PRIVMSG #tea :one",
            "@batch=1;msgid=b :alice!a@h PRIVMSG #tea :two",
            ":eve!e@h PRIVMSG #tea :live",
            "@batch=1 :bob!b@h PRIVMSG #tea :\x01VERSION\x01",
            "@batch=1 PING x",
            ":s BATCH -1",
        ]);
        let [taken, live, history] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((taken.answers, &taken.kind), (Some(7), &ClientEventKind::Taken));
        assert!(matches!(&live.kind, ClientEventKind::Said { text, .. } if text == "live"));
        let ClientEventKind::History { room, events, is_all: false } = &history.kind else { panic!() };
        assert_eq!((room.as_str(), texts(events)), ("#tea", vec!["one", "two"]));
        assert_eq!(events[0].id.as_deref(), Some("a"));
        assert!(events[0].time.is_some() && !events[0].is_own && events[1].is_own);
    }

    #[test]
    fn an_empty_batch_and_the_end_of_history_are_told() {
        let heard = heard(&["@draft/chathistory-end :s BATCH +1 chathistory #tea", ":s BATCH -1"]);
        let room = "#tea".to_owned();
        assert_eq!(heard[0].kind, ClientEventKind::History { room, events: Vec::new(), is_all: true });
    }

    #[test]
    fn results_of_a_search_are_one_event() {
        let heard = heard(&[
            "BATCH +s soju.im/search",
            "@batch=s;msgid=a :bob!b@h NOTICE #tea :tea time",
            "BATCH -s",
        ]);
        assert!(matches!(&heard[..], [ClientEvent { kind: ClientEventKind::Found(events), .. }]
            if texts(events) == ["tea time"]));
    }

    #[test]
    fn batches_inside_and_around_a_batch_of_history_change_nothing() {
        let heard = heard(&[
            "@label=7 :s BATCH +outer labeled-response",
            "@batch=outer :s BATCH +1 chathistory #tea",
            "@batch=1 :s BATCH +2 draft/multiline #tea",
            "@batch=2 :bob!b@h PRIVMSG #tea :one",
            "@batch=2 :bob!b@h PRIVMSG #tea :two",
            ":s BATCH -2",
            "@batch=1 :bob!b@h PRIVMSG #tea :three",
            "@batch=outer :s BATCH -1",
            ":s BATCH -outer",
        ]);
        let [taken, history] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!(taken.answers, Some(7));
        assert!(matches!(&history.kind, ClientEventKind::History { events, .. }
            if texts(events) == ["one", "two", "three"]));
    }

    #[test]
    fn lines_of_other_batches_count_as_alone() {
        let heard = heard(&[
            ":s BATCH +1 example/unknown #tea",
            "@batch=1 :bob!b@h PRIVMSG #tea :one",
            ":s BATCH -1",
            ":s BATCH",
            ":s BATCH +",
            ":s BATCH +3",
            ":s BATCH -4",
            ":s BATCH x",
        ]);
        assert_eq!(texts(&heard), ["one"]);
    }

    #[test]
    fn a_batch_without_end_takes_limited_memory_and_holds_nothing_else_up() {
        let long = format!("@batch=1 :bob!b@h PRIVMSG #tea :{}", "x".repeat(1000));
        let mut lines = vec!["BATCH +1 chathistory #tea"];
        lines.extend(std::iter::repeat_n(long.as_str(), 10_000));
        lines.push(":bob!b@h PRIVMSG #tea :live");
        lines.push("BATCH -1");
        let heard = heard(&lines);
        assert_eq!(texts(&heard[..1]), ["live"]);
        let ClientEventKind::History { events, .. } = &heard[1].kind else { panic!() };
        assert!(events.len() > 300 && events.len() * (EVENT_BYTES + long.len()) <= EVENTS_BYTES);
    }

    #[test]
    fn endless_batches_take_limited_memory() {
        let begin = |n: usize| format!("BATCH +{n} chathistory #tea");
        let mut batches = Batches::default();
        for n in 0..1000 {
            batches.turn(&Message::decode(&begin(n)).unwrap());
            let inside = format!("@batch=999 BATCH +x{n} y");
            batches.turn(&Message::decode(&inside).unwrap());
        }
        for n in 0..1000 {
            batches.turn(&Message::decode(&format!("@batch=999 BATCH +y{n} y")).unwrap());
        }
        assert_eq!((batches.open.len(), batches.open[3].inside.len()), (OPEN, INSIDE));
        let long = begin(0).replace('0', &"x".repeat(REFERENCE_BYTES + 1));
        batches.turn(&Message::decode(&long).unwrap());
        assert_eq!(batches.open[3].reference, "999");
    }
}
