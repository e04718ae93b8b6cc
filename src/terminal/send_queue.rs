//! The queue of messages to send, and those in flight: how many may be in flight, how fast to send to servers other
//! than parlord, and what happens after a lost connection. It knows no sockets and no clock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::client::Request;
use crate::wire::Wire;

/// Most text in flight, in bytes: little enough that sending it does not block.
const WINDOW_BYTES: usize = 32 * 1024;

/// Most messages in flight to parlord, which only stops reading when it has enough.
const WINDOW: usize = 128;

/// Most messages in flight from a keyboard. With its flood limit, parlord takes them within seconds, so a paste can
/// be stopped and quitting is fast.
const KEYBOARD_WINDOW: usize = 8;

/// Most messages in flight to other servers: some drop queued messages or disconnect the sender.
const OTHERS_WINDOW: usize = 6;

/// Messages that other servers get at once, before one in each [`INTERVAL`].
const BURST: u32 = 5;

/// See [`BURST`]. RFC 2813 §5.8 says 2 s; today's servers use 1 s or less.
const INTERVAL: Duration = Duration::from_secs(1);

/// Most queued messages that go before everything else: more than there are rooms to join.
const URGENT: usize = 1000;

/// Pause after the last message before the server is asked for a confirmation.
const REST: Duration = Duration::from_secs(1);

/// On the CrazyIt wire, a message that has not come back after this time counts as taken: the textbook's server loses
/// lines that arrive together, without an error.
const STALL: Duration = Duration::from_secs(5);

/// A message, and its place in its line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    request: Request,
    /// The number of the line; `None` if it is no line.
    line: Option<u64>,
    ends_line: bool,
}

/// A message in flight, and its mark, once it has one.
#[derive(Debug)]
struct Sent {
    piece: Piece,
    mark: Option<u64>,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Send this, then call [`SendQueue::sent`].
    Send(Request),
    /// Ask the server for a confirmation, then call [`SendQueue::asked`].
    Confirm,
    /// Wait until then.
    WaitUntil(Instant),
    /// Wait until something is pushed or taken.
    Rest,
}

/// Messages to send, and messages in flight.
#[derive(Debug)]
pub(super) struct SendQueue {
    wire: Wire,
    /// Goes before everything else: it joins our rooms again.
    urgent: VecDeque<Request>,
    waiting: VecDeque<Piece>,
    on_the_way: VecDeque<Sent>,
    /// Only urgent messages are sent.
    is_held: bool,
    /// Nothing more will be pushed.
    is_ending: bool,
    /// The server loses nothing because of its flood limit.
    is_patient: bool,
    /// Somebody at a keyboard may stop it.
    is_stoppable: bool,
    /// When the flood limit of another server has fully recovered.
    forgiven: Option<Instant>,
    /// When something was last sent or confirmed.
    moved: Option<Instant>,
    /// Number of confirmed lines.
    taken_lines: u64,
    /// Number of pushed lines.
    lines: u64,
}

impl SendQueue {
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            wire,
            urgent: VecDeque::new(),
            waiting: VecDeque::new(),
            on_the_way: VecDeque::new(),
            is_held: false,
            is_ending: false,
            is_patient: wire == Wire::CrazyIt,
            is_stoppable: false,
            forgiven: None,
            moved: None,
            taken_lines: 0,
            lines: 0,
        }
    }

    /// Queues a line, in pieces of one message each.
    pub(super) fn push(&mut self, pieces: Vec<Request>) {
        let last = pieces.len().saturating_sub(1);
        self.lines += 1;
        let line = Some(self.lines);
        let pieces = pieces.into_iter().enumerate();
        self.waiting.extend(pieces.map(|(n, request)| Piece { request, line, ends_line: n == last }));
    }

    /// Queues urgent messages, except those that are too many: a server that takes none could cause more of them.
    pub(super) fn push_urgent(&mut self, requests: Vec<Request>) {
        let most = URGENT.saturating_sub(self.urgent.len());
        self.urgent.extend(requests.into_iter().take(most));
    }

    /// Nothing more will be pushed.
    pub(super) fn end(&mut self) {
        self.is_ending = true;
    }

    /// Whether to hold everything that is not urgent.
    pub(super) fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Whether the server loses nothing because of its flood limit, as parlord.
    pub(super) fn trust(&mut self, is_patient: bool) {
        self.is_patient = is_patient || self.wire == Wire::CrazyIt;
    }

    /// Keeps few messages in flight, so that the rest can be stopped.
    pub(super) fn be_stoppable(&mut self) {
        self.is_stoppable = true;
    }

    /// Number of lines in flight.
    pub(super) fn lines_on_the_way(&self) -> usize {
        self.on_the_way.iter().filter(|sent| sent.piece.ends_line).count()
    }

    /// Number of queued lines.
    pub(super) fn waiting_lines(&self) -> usize {
        self.waiting.iter().filter(|piece| piece.ends_line).count()
    }

    /// Number of queued messages.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Number of lines that the server has confirmed.
    pub(super) fn taken_lines(&self) -> u64 {
        self.taken_lines
    }

    /// The line in flight with this mark.
    pub(super) fn line(&self, mark: u64) -> Option<u64> {
        self.on_the_way.iter().find(|sent| sent.mark == Some(mark))?.piece.line
    }

    /// True if everything is sent and confirmed.
    pub(super) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.waiting.is_empty() && self.on_the_way.is_empty()
    }

    /// Drops the queued lines.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// What to do next.
    pub(super) fn next(&mut self, now: Instant) -> Next {
        let stalled = self.moved.map(|moved| moved + STALL).filter(|_| self.wire == Wire::CrazyIt);
        if stalled.is_some_and(|at| now >= at) {
            self.taken(u64::MAX, now);
        }
        let has_unmarked = self.on_the_way.iter().any(|sent| sent.mark.is_none());
        let front =
            self.urgent.front().or(self.waiting.front().map(|p| &p.request).filter(|_| !self.is_held));
        let Some(front) = front else {
            let rested = self.moved.map_or(now, |moved| moved + REST);
            return match has_unmarked {
                true if self.is_ending || now >= rested => Next::Confirm,
                true => Next::WaitUntil(rested),
                false if self.on_the_way.is_empty() => Next::Rest,
                false => stalled.map_or(Next::Rest, Next::WaitUntil),
            };
        };
        let window = match (self.is_patient, self.is_stoppable) {
            (false, _) => OTHERS_WINDOW,
            (true, true) => KEYBOARD_WINDOW,
            (true, false) => WINDOW,
        };
        let bytes = |request: &Request| request.text().map_or(0, str::len);
        let under_way: usize = self.on_the_way.iter().map(|sent| bytes(&sent.piece.request)).sum();
        let is_full = self.on_the_way.len() >= window || under_way + bytes(front) > WINDOW_BYTES;
        if is_full && !self.on_the_way.is_empty() {
            return if has_unmarked { Next::Confirm } else { stalled.map_or(Next::Rest, Next::WaitUntil) };
        }
        match self.pause(now) {
            Some(until) => Next::WaitUntil(until),
            None => Next::Send(front.clone()),
        }
    }

    /// Until when to send nothing to another server.
    fn pause(&self, now: Instant) -> Option<Instant> {
        let open = self.forgiven? - INTERVAL * (BURST - 1);
        (!self.is_patient && now < open).then_some(open)
    }

    fn spend(&mut self, now: Instant) {
        self.moved = Some(now);
        self.forgiven = Some(self.forgiven.map_or(now, |at| at.max(now)) + INTERVAL);
    }

    /// Notes that the message of [`SendQueue::next`] was sent, with this mark.
    pub(super) fn sent(&mut self, mark: Option<u64>, now: Instant) {
        let piece = match self.urgent.pop_front() {
            Some(request) => Some(Piece { request, line: None, ends_line: false }),
            None => self.waiting.pop_front(),
        };
        self.on_the_way.extend(piece.map(|piece| Sent { piece, mark }));
        self.spend(now);
    }

    /// Drops the message of [`SendQueue::next`], which cannot be sent.
    pub(super) fn refuse(&mut self) {
        if self.urgent.pop_front().is_none() {
            self.waiting.pop_front();
        }
    }

    /// Notes that the server was asked for a confirmation with this mark. `None` if it cannot confirm; then messages
    /// without a mark count as taken with the marked one before them.
    pub(super) fn asked(&mut self, mark: Option<u64>, now: Instant) {
        let mut before = 0;
        for sent in &mut self.on_the_way {
            before = *sent.mark.get_or_insert(mark.unwrap_or(before));
        }
        self.spend(now);
        self.taken(0, now);
    }

    /// Notes that the server has handled everything up to this mark.
    pub(super) fn taken(&mut self, mark: u64, now: Instant) {
        // Messages without a mark were sent earlier, and are handled too.
        let count = self.on_the_way.iter().rposition(|sent| sent.mark.is_some_and(|its| its <= mark));
        let taken = self.on_the_way.drain(..count.map_or(0, |last| last + 1));
        self.taken_lines += taken.filter(|sent| sent.piece.ends_line).count() as u64;
        if mark == u64::MAX {
            self.taken_lines += self.on_the_way.drain(..).filter(|sent| sent.piece.ends_line).count() as u64;
        }
        self.moved = Some(now);
    }

    /// Notes the loss of the connection. Queues the messages in flight again, and returns how many lines of them are
    /// in doubt. parlord has confirmed everything that it took before its goodbye; other servers may not.
    pub(super) fn lost(&mut self, said_goodbye: bool) -> usize {
        let is_certain = said_goodbye && self.is_patient;
        self.urgent.clear();
        self.forgiven = None;
        self.moved = None;
        let mut doubtful = 0;
        while let Some(Sent { piece, mark }) = self.on_the_way.pop_back() {
            let is_line = matches!(piece.request, Request::Say { .. } | Request::Whisper { .. });
            doubtful += usize::from(is_line && !(is_certain && mark.is_some()));
            if is_line {
                self.waiting.push_front(piece);
            }
        }
        doubtful
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Manner;

    fn say(text: &str) -> Request {
        Request::Say { room: Some("#tea".into()), text: text.into(), manner: Manner::Message }
    }

    /// Sends as much as possible. Returns the number of messages, and what comes next.
    fn send_all(queue: &mut SendQueue, mark: &mut u64, labels: bool, now: Instant) -> (usize, Next) {
        let mut count = 0;
        loop {
            match queue.next(now) {
                Next::Send(_) => {
                    *mark += u64::from(labels);
                    queue.sent(labels.then_some(*mark), now);
                    count += 1;
                }
                next => return (count, next),
            }
        }
    }

    fn with_lines(wire: Wire, count: usize) -> SendQueue {
        let mut queue = SendQueue::new(wire);
        (0..count).for_each(|n| queue.push(vec![say(&n.to_string())]));
        queue
    }

    #[test]
    fn parlord_gets_a_full_window_and_more_as_it_confirms() {
        let (now, mut mark) = (Instant::now(), 0);
        let mut queue = with_lines(Wire::Irc, 1000);
        queue.trust(true);
        assert_eq!(send_all(&mut queue, &mut mark, true, now), (WINDOW, Next::Rest));
        queue.taken(100, now);
        assert_eq!(send_all(&mut queue, &mut mark, true, now), (100, Next::Rest));
        assert_eq!(queue.taken_lines(), 100);
        while queue.waiting() > 0 {
            queue.taken(mark, now);
            send_all(&mut queue, &mut mark, true, now);
        }
        queue.taken(1000, now);
        assert!(queue.is_empty() && queue.taken_lines() == 1000);
    }

    #[test]
    fn other_servers_get_a_burst_then_one_at_a_time_and_are_asked_to_confirm() {
        let (begin, mut mark) = (Instant::now(), 0);
        let mut queue = with_lines(Wire::Irc, 20);
        let (count, next) = send_all(&mut queue, &mut mark, false, begin);
        assert_eq!((count, next), (BURST as usize, Next::WaitUntil(begin + INTERVAL)));
        let (count, next) = send_all(&mut queue, &mut mark, false, begin + INTERVAL);
        assert_eq!((count, next), (1, Next::Confirm), "the window is full");
        queue.asked(Some(1), begin + INTERVAL);
        assert_eq!(queue.next(begin + INTERVAL), Next::Rest, "until it answers");
        queue.taken(1, begin + 2 * INTERVAL);
        assert_eq!(queue.taken_lines(), 6);
        let (count, _) = send_all(&mut queue, &mut mark, false, begin + 2 * INTERVAL);
        assert_eq!(count, 0, "the question counts as well");
        let (count, _) = send_all(&mut queue, &mut mark, false, begin + 3 * INTERVAL);
        assert_eq!(count, 1);
    }

    #[test]
    fn a_confirmation_is_asked_for_at_the_end_or_after_a_rest() {
        let (now, mut mark) = (Instant::now(), 0);
        let mut queue = with_lines(Wire::Irc, 1);
        assert_eq!(send_all(&mut queue, &mut mark, false, now), (1, Next::WaitUntil(now + REST)));
        assert_eq!(queue.next(now + REST), Next::Confirm);
        queue.end();
        assert_eq!(queue.next(now), Next::Confirm);
        queue.asked(Some(7), now);
        queue.taken(7, now);
        assert_eq!((queue.next(now), queue.is_empty()), (Next::Rest, true));
    }

    #[test]
    fn after_a_goodbye_exactly_the_unconfirmed_lines_are_sent_again() {
        let (now, mut mark) = (Instant::now(), 0);
        let mut queue = with_lines(Wire::Irc, 10);
        queue.trust(true);
        send_all(&mut queue, &mut mark, true, now);
        queue.taken(4, now);
        assert_eq!(queue.lost(true), 0);
        assert_eq!((queue.taken_lines(), queue.waiting_lines()), (4, 6));
        assert_eq!(queue.next(now), Next::Send(say("4")));
        send_all(&mut queue, &mut mark, true, now);
        assert_eq!(queue.lost(false), 6, "nobody said goodbye");
        send_all(&mut queue, &mut mark, true, now);
        queue.trust(false);
        assert_eq!(queue.lost(true), 6, "it is a server of others");
        let mut unmarked = with_lines(Wire::Irc, 3);
        send_all(&mut unmarked, &mut mark, false, now);
        assert_eq!(unmarked.lost(true), 3, "nobody answers each message");
    }

    #[test]
    fn from_a_keyboard_few_messages_are_in_flight() {
        let (now, mut mark) = (Instant::now(), 0);
        let mut queue = with_lines(Wire::Irc, 300);
        queue.trust(true);
        queue.be_stoppable();
        assert_eq!(send_all(&mut queue, &mut mark, true, now), (KEYBOARD_WINDOW, Next::Rest));
        queue.taken(3, now);
        assert_eq!(queue.lines_on_the_way(), KEYBOARD_WINDOW - 3);
        assert_eq!(send_all(&mut queue, &mut mark, true, now).0, 3);
        assert_eq!(queue.waiting_lines(), 300 - KEYBOARD_WINDOW - 3);
    }

    #[test]
    fn urgent_messages_go_first_even_while_the_rest_is_held() {
        let now = Instant::now();
        let mut queue = with_lines(Wire::Irc, 1);
        queue.hold(true);
        let join = Request::Join { room: "#tea".into(), key: None };
        queue.push_urgent(vec![join.clone()]);
        assert_eq!(queue.next(now), Next::Send(join));
        queue.sent(None, now);
        assert_eq!(queue.next(now), Next::WaitUntil(now + REST));
        queue.hold(false);
        assert_eq!(queue.next(now), Next::Send(say("0")));
        queue.refuse();
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn endless_urgent_messages_take_limited_memory() {
        let mut queue = SendQueue::new(Wire::Irc);
        (0..2 * URGENT).for_each(|n| queue.push_urgent(vec![say(&n.to_string())]));
        assert_eq!(queue.urgent.len(), URGENT);
    }

    #[test]
    fn on_the_crazyit_wire_our_echo_or_a_long_silence_confirms() {
        let (now, mut mark) = (Instant::now(), 0);
        let mut queue = with_lines(Wire::CrazyIt, 2);
        assert_eq!(send_all(&mut queue, &mut mark, true, now), (2, Next::WaitUntil(now + STALL)));
        let whisper = Request::Whisper { to: "bob".into(), text: "x".into(), manner: Manner::Message };
        queue.push(vec![whisper]);
        queue.end();
        queue.next(now);
        queue.sent(None, now);
        assert_eq!(queue.next(now), Next::Confirm);
        queue.asked(None, now);
        queue.taken(1, now);
        assert_eq!((queue.taken_lines(), queue.is_empty()), (1, false));
        assert_eq!(queue.next(now + STALL), Next::Rest);
        assert_eq!((queue.taken_lines(), queue.is_empty()), (3, true));
    }

    #[test]
    fn long_messages_fill_the_window_by_size_and_one_is_always_sent() {
        let (now, mut mark) = (Instant::now(), 0);
        let mut queue = SendQueue::new(Wire::CrazyIt);
        (0..10).for_each(|_| queue.push(vec![say(&"x".repeat(8000))]));
        assert_eq!(send_all(&mut queue, &mut mark, true, now).0, WINDOW_BYTES / 8000);
        let mut queue = SendQueue::new(Wire::CrazyIt);
        queue.push(vec![say(&"x".repeat(2 * WINDOW_BYTES))]);
        assert_eq!(send_all(&mut queue, &mut mark, true, now).0, 1);
    }
}
