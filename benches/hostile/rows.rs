//! The most expensive input for every command, within the limits.

#[cfg(feature = "store")]
use crate::seed;
use crate::{ATTACKERS, ROOMS};
#[cfg(feature = "store")]
use parlor::hub::{MASKS_PER_LIST, RANKS_PER_ROOM};

/// Most bytes in a line, including its end.
const LINE_BYTES: usize = 512;

pub(crate) struct Row {
    /// The command, and why it is expensive.
    pub(crate) name: &'static str,
    /// Lines to log in and prepare, given the numbers of attacker and row.
    pub(crate) first: fn(usize, usize) -> String,
    /// Lines to repeat, given the number of the attacker and of the repetition.
    pub(crate) attack: fn(usize, usize) -> String,
    pub(crate) is_for_operators: bool,
    /// The first attacker becomes an operator of `#room0`, which all bystanders are in.
    pub(crate) has_rank: bool,
}

const fn row(
    name: &'static str,
    first: fn(usize, usize) -> String,
    attack: fn(usize, usize) -> String,
) -> Row {
    Row { name, first, attack, is_for_operators: false, has_rank: false }
}

/// A row for a command of server operators.
const fn by_operator(name: &'static str, attack: fn(usize, usize) -> String) -> Row {
    Row { is_for_operators: true, ..row(name, user, attack) }
}

/// A row for a command of channel operators.
const fn by_rank(name: &'static str, attack: fn(usize, usize) -> String) -> Row {
    Row { has_rank: true, ..row(name, in_some_rooms, attack) }
}

pub(crate) const ROWS: &[Row] = &[
    row("(nothing)", user, |_, _| String::new()),
    row("ADMIN", user, |_, _| lines("ADMIN")),
    #[cfg(feature = "store")]
    row("AUTHENTICATE with a wrong password", user, |n, _| {
        let plain = "AUTHENTICATE PLAIN\r\nAUTHENTICATE AGE1YgB3cm9uZw==";
        let scram = "AUTHENTICATE SCRAM-SHA-256\r\nAUTHENTICATE biwsbj1hLHI9Yg==\r\nAUTHENTICATE Yz0=";
        format!("CAP REQ sasl\r\n{}\r\n", if n % 2 == 0 { plain } else { scram }).repeat(4)
    }),
    row("AWAY of 50 rooms", in_all_rooms, |n, round| lines(&format!("AWAY :{n}{round}{}", "é".repeat(90)))),
    #[cfg(feature = "store")]
    row("BATCH of lines to a large room", with_lines, |_, round| {
        let end = if round % 2 == 0 { "BATCH -m\r\n" } else { "" };
        let lines = format!("@batch=m PRIVMSG #room0 :{}\r\n", "x".repeat(400)).repeat(5);
        format!("BATCH +m draft/multiline #room0\r\n{lines}{end}")
    }),
    row("CAP", user, |_, round| {
        lines(&format!(
            "CAP REQ :{}",
            if round % 2 == 0 { CAPABILITIES } else { "-message-tags -server-time" }
        ))
    }),
    #[cfg(feature = "store")]
    row("CHANSERV of long lists", with_account, |_, _| lines("CHANSERV AMODE #held")),
    #[cfg(feature = "store")]
    row("CHATHISTORY of 200 events", asking, |_, round| {
        let (of, events) = (round % ROOMS, "CHATHISTORY LATEST #room");
        lines(&format!("{events}{of} * 200"))
    }),
    #[cfg(feature = "store")]
    row("CHATHISTORY of 50 targets", asking, |_, _| {
        lines("CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00Z timestamp=2100-01-01T00:00:00Z 50")
    }),
    by_operator("CHGHOST", |_, round| lines(&format!("CHGHOST by1 u h{round}"))),
    #[cfg(feature = "store")]
    row("CS changes a room with long lists", with_account, |n, round| match n {
        0 => {
            let sign = if round % 2 == 0 { '+' } else { '-' };
            lines(&format!("CS AMODE #held {sign}v {}", seed::name(0)))
        }
        _ => lines("CS AMODE #held"),
    }),
    row("ERROR", user, |_, _| lines("ERROR :x")),
    row("HELP", user, |_, _| lines("HELP")),
    row("HELPOP", user, |_, _| lines("HELPOP")),
    row("INFO", user, |_, _| lines("INFO")),
    row("INVITE into a large room", in_some_rooms, |n, _| lines(&format!("INVITE keep{n} #room{}", n % 4))),
    row("ISON of 150", user, |_, _| lines(&long("ISON ", " ", |n| format!("by{n}")))),
    #[cfg(feature = "store")]
    row("ISUPPORT", user, |_, _| lines("ISUPPORT")),
    row("JOIN of guarded rooms", guarded, |n, _| {
        if n == 0 { lines("PING x") } else { lines(&long("JOIN ", ",", |_| "#guarded".into())) }
    }),
    row("JOIN of guarded rooms by turns", guarded, |n, _| {
        if n == 0 { lines("PING x") } else { lines("JOIN #guarded") }
    }),
    row("JOIN of 50 large rooms", user, |_, _| join_all() + "JOIN 0\r\n"),
    row("JOIN of 100 new rooms", user, |n, round| {
        lines(&long("JOIN ", ",", |k| format!("#{n}.{round}.{k}")))
    }),
    by_rank("KICK of 4 from a large room", |n, round| match n {
        0 => {
            let names: Vec<_> = (1..5).map(|k| name((4 * round + k) % ATTACKERS, KICK_ROW)).collect();
            format!("KICK #room0 {} :{}\r\n", names.join(","), "x".repeat(150))
        }
        _ => "JOIN #room0\r\n".into(),
    }),
    by_operator("KILL", |_, round| lines(&format!("KILL nobody{round} :x"))),
    by_operator("KLINE of addresses", |_, round| {
        (0..8).map(|n| format!("KLINE 60 192.{}.{}.{n} :x\r\n", round / 250 % 250, round % 250)).collect()
    }),
    by_operator("KLINE of cloaks", |_, _| lines("KLINE 60 *.nobody-has-this-cloak.ip :x")),
    row("LINKS", user, |_, _| lines("LINKS")),
    row("LIST with masks", user, |_, _| lines(&long("LIST ", ",", |n| format!("*é*é*{n}*é")))),
    row("LIST", user, |_, _| lines("LIST")),
    row("LUSERS", user, |_, _| lines("LUSERS")),
    #[cfg(feature = "cluster")]
    by_operator("MAP", |_, _| lines("MAP")),
    #[cfg(feature = "store")]
    row("MARKREAD of 500 channels", with_account, |n, round| {
        let time = format!("2020-01-01T00:{:02}:{:02}.{n:03}Z", round / 60 % 60, round % 60);
        let mark = |t: usize| format!("MARKREAD #m{} timestamp={time}\r\n", (50 * round + t) % 500);
        (0..50).map(mark).collect()
    }),
    #[cfg(feature = "store")]
    row("AWAY of a device", with_account, |n, round| lines(&format!("AWAY :{n}{round}{}", "é".repeat(90)))),
    #[cfg(feature = "store")]
    row("METADATA SET in 50 rooms", describing, |n, round| lines(&format!("METADATA * SET k0 {n}{round}"))),
    #[cfg(feature = "store")]
    row("METADATA SYNC of everybody", describing, |_, _| lines("METADATA *ALL SYNC")),
    #[cfg(feature = "store")]
    row("METADATA LIST", describing, |_, _| lines("METADATA * LIST")),
    #[cfg(feature = "store")]
    row("METADATA SUB in 50 rooms", describing, |_, _| {
        "METADATA * UNSUB k0 k1 k2 k3\r\nMETADATA * SUB k0 k1 k2 k3\r\n".repeat(4)
    }),
    row("MODE of unknown letters", in_own_room, |n, _| {
        lines(&format!("MODE #own{n} {}", "QWERTY".repeat(75)))
    }),
    row("MODE of masks", in_own_room, |n, round| {
        let masks: Vec<_> = (0..10).map(|mask| format!("*{}{round}{mask}", "É".repeat(12))).collect();
        format!("MODE #own{n} +bbbbbbbbbb {0}\r\nMODE #own{n} -bbbbbbbbbb {0}\r\n", masks.join(" "))
    }),
    by_rank("MODE of 20 ranks in a large room", |n, round| {
        if n > 0 {
            return String::new();
        }
        let names: Vec<_> = (1..21).map(|k| format!("by{k}")).collect();
        let sign = if round % 2 == 0 { '+' } else { '-' };
        format!("MODE #room0 {sign}{} {}\r\n", "v".repeat(20), names.join(" "))
    }),
    row("MODE lists masks", guarded, |_, _| lines("MODE #guarded beI")),
    row("MONITOR", user, |n, round| {
        let names = |sign: char| {
            long(&format!("MONITOR {sign} "), ",", |k| format!("{}{n}x{round}x{k}", "é".repeat(20)))
        };
        names('+') + "\r\n" + &names('-') + "\r\n"
    }),
    row("MOTD", user, |_, _| lines("MOTD")),
    row("NAMES of 50 large rooms", user, |_, _| {
        lines(&long("NAMES ", ",", |n| format!("#room{}", n % ROOMS)))
    }),
    row("NICK of 50 rooms", in_all_rooms, |n, round| lines(&format!("NICK {}{n}x{round}", "é".repeat(20)))),
    row("NICK of 16 watched by all", user, |n, round| {
        format!("NICK seen{n}\r\nNICK {}{n}z{round}\r\n", "é".repeat(20)).repeat(4)
    }),
    #[cfg(feature = "store")]
    row("NICKSERV of accounts", with_account, |_, round| {
        lines(&format!("NICKSERV INFO {}", seed::name(round % RANKS_PER_ROOM)))
    }),
    row("NOTICE to 4 large rooms", in_some_rooms, |_, _| lines(&speech("NOTICE"))),
    #[cfg(feature = "store")]
    row("NS with a wrong password", user, |_, _| lines(&format!("NS IDENTIFY {} wrong-one", seed::name(0)))),
    row("OPER", user, |_, _| lines("OPER root wrong")),
    row("PART of 50 large rooms", in_all_rooms, |_, _| {
        let rooms: Vec<_> = (0..ROOMS).map(|room| format!("#room{room}")).collect();
        format!("PART {} :{}\r\n", rooms.join(","), "x".repeat(100))
    }),
    row("PASS", |_, _| String::new(), |_, _| lines("PASS x")),
    row("PING", user, |_, _| lines(&format!("PING :{}", "x".repeat(480)))),
    row("PONG", user, |_, _| lines("PONG x")),
    row("PRIVMSG to 4 large rooms", in_some_rooms, |_, _| lines(&speech("PRIVMSG"))),
    row("PRIVMSG with long tags", with_tags, |_, _| lines(&tagged(&speech("PRIVMSG")))),
    row("PRIVMSG to 4 people", user, |n, _| {
        lines(&format!("PRIVMSG by{n},by{},keep1,keep2 :{}", n + 1, "x".repeat(400)))
    }),
    row("PRIVMSG where masks are compared", guarded, |_, _| {
        lines(&format!("PRIVMSG #guarded :{}", "x".repeat(300)))
    }),
    row("QUIT of 50 rooms", in_all_rooms, |_, _| "QUIT :bye\r\n".into()),
    #[cfg(feature = "store")]
    row("REDACT of nothing", asking, |_, round| lines(&format!("REDACT #room0 {round:016x}"))),
    #[cfg(feature = "store")]
    row("REGISTER", user, |_, round| lines(&format!("REGISTER * * password{round}"))),
    by_operator("REHASH", |_, _| "REHASH\r\n".into()),
    #[cfg(feature = "store")]
    row("RENAME of new rooms", user, |n, round| {
        lines(&format!("JOIN #new{n}\r\nRENAME #new{n} #old{n}x{round}\r\nPART #old{n}x{round}"))
    }),
    #[cfg(feature = "store")]
    row("SEARCH for nothing in 50 rooms", asking, |_, _| {
        lines("SEARCH text=a\\sb\\sc\\sd\\se\\sf\\sg\\sh\\si\\sqqqq")
    }),
    row("SETNAME of 50 rooms", in_all_rooms, |n, round| {
        lines(&format!("SETNAME :{n}{round}{}", "é".repeat(100)))
    }),
    row("STATS", user, |_, _| lines("STATS u")),
    by_operator("STATS of bans and the report", |_, _| lines("STATS k") + "STATS p\r\n"),
    row("TAGMSG to 4 large rooms", with_tags, |_, _| lines(&tagged("TAGMSG #room0,#room1,#room2,#room3"))),
    row("TIME", user, |_, _| lines("TIME")),
    by_rank("TOPIC of a large room", |n, round| {
        if n == 0 {
            lines(&format!("TOPIC #room0 :{round}{}", "é".repeat(200)))
        } else {
            lines("TOPIC #room0")
        }
    }),
    by_operator("UNKLINE", |_, round| lines(&format!("UNKLINE 192.0.2.{}", round % 250))),
    row("USER", |_, _| String::new(), |_, _| lines("USER x 0 * :x")),
    row("USERHOST", user, |_, _| lines("USERHOST by1 by2 by3 by4 by5")),
    #[cfg(feature = "store")]
    row("VERIFY", user, |_, _| lines("VERIFY * x")),
    row("VERSION", user, |_, _| lines("VERSION")),
    by_operator("WALLOPS", |_, round| lines(&format!("WALLOPS :{round}{}", "x".repeat(400)))),
    row("WHO with stars", user, |_, _| lines(&format!("WHO {}", "*e".repeat(200)))),
    row("WHO of everybody, in 50 rooms", in_all_rooms, |_, _| lines("WHO *")),
    row("WHO of everybody", user, |_, _| lines("WHO *")),
    row("WHO of a large room", user, |n, _| lines(&format!("WHO #room{n} %tcuihsnfdlaor,1"))),
    row("WHOIS", user, |n, _| lines(&format!("WHOIS by{n}"))),
    row("WHOWAS", user, |_, _| lines(&format!("WHOWAS {}", "é".repeat(32)))),
    #[cfg(feature = "store")]
    row("ZNC plays 50 rooms", asking, |_, _| lines("ZNC *playback PLAY * 0")),
    row("(CrazyIt speech)", crazyit, |n, round| format!("§γ{n} {round}{}§γ", "é".repeat(1000)).repeat(8)),
    row("(CrazyIt whispers)", crazyit, |n, _| format!("★【cz{n}※{}★【", "é".repeat(1000)).repeat(8)),
    row("(CrazyIt login storm)", crazyit, |_, _| "bytes outside a frame".into()),
    row("(connects and leaves)", |_, _| String::new(), |_, _| "QUIT\r\n".into()),
    row("(frames without an end)", crazyit, |_, _| format!("§γ{}", "é".repeat(500))),
    row("(lines without an end)", user, |_, _| "é\0\u{1}".repeat(500)),
    row("(unknown commands)", user, |n, round| lines(&format!("{} {n} {round}", "X".repeat(400)))),
];

/// The index of the row for `KICK`, whose attackers must know each other's names.
const KICK_ROW: usize = {
    let mut row = 0;
    while !ROWS[row].has_rank {
        row += 1;
    }
    row
};

/// Capabilities with which clients receive more.
#[cfg(not(feature = "store"))]
pub(crate) const CAPABILITIES: &str = "away-notify chghost echo-message extended-join extended-monitor \
    invite-notify message-tags multi-prefix server-time setname userhost-in-names";

/// Capabilities with which clients receive more.
#[cfg(feature = "store")]
pub(crate) const CAPABILITIES: &str = "away-notify batch chghost draft/multiline echo-message extended-join \
    extended-monitor invite-notify message-tags multi-prefix server-time setname userhost-in-names";

/// Bytes of tags in a message: a little less than a client may send.
const TAGS_BYTES: usize = 4000;

/// As many lines at once as the burst allows.
fn lines(line: &str) -> String {
    format!("{line}\r\n").repeat(8)
}

/// `first`, followed by as many words as fit in a line.
fn long(first: &str, separator: &str, word: impl Fn(usize) -> String) -> String {
    let mut line = first.to_owned();
    for n in 0.. {
        let word = word(n);
        if line.len() + word.len() + separator.len() > LINE_BYTES - 2 {
            break;
        }
        if n > 0 {
            line.push_str(separator);
        }
        line.push_str(&word);
    }
    line
}

fn speech(command: &str) -> String {
    format!("{command} #room0,#room1,#room2,#room3 :{}", "x".repeat(400))
}

/// A long name that is not ASCII.
pub(crate) fn name(n: usize, row: usize) -> String {
    format!("{}{row}y{n}", "é".repeat(26))
}

fn user(n: usize, row: usize) -> String {
    format!("NICK {}\r\nUSER éééééééé 0 * :{}\r\n", name(n, row), "é".repeat(60))
}

/// A user that sends `lines` as an operator, to avoid the rate limit, and then is none any more.
fn prepared(n: usize, row: usize, lines: &str) -> String {
    format!("{}OPER root secret\r\n{lines}MODE {} -o\r\n", user(n, row), name(n, row))
}

fn join_all() -> String {
    let rooms: Vec<_> = (0..ROOMS).map(|room| format!("#room{room}")).collect();
    format!("JOIN {}\r\n", rooms.join(","))
}

fn in_all_rooms(n: usize, row: usize) -> String {
    prepared(n, row, &join_all())
}

/// A user in all rooms that can read everything of their past.
#[cfg(feature = "store")]
fn asking(n: usize, row: usize) -> String {
    let capabilities = "batch draft/chathistory draft/event-playback message-tags server-time";
    format!("CAP REQ :{capabilities}\r\n{}CAP END\r\n", in_all_rooms(n, row))
}

/// A user in all rooms with as much metadata as it may have, who hears of that of the others.
#[cfg(feature = "store")]
fn describing(n: usize, row: usize) -> String {
    let set = (0..16).map(|key| format!("METADATA * SET k{key} {}\r\n", "x".repeat(250)));
    let set = set.collect::<String>() + "METADATA * SUB k0 k1 k2 k3\r\n";
    prepared(n, row, &format!("CAP REQ :batch draft/metadata-3\r\n{}{set}", join_all()))
}

fn in_some_rooms(n: usize, row: usize) -> String {
    prepared(n, row, "JOIN #room0,#room1,#room2,#room3\r\n")
}

fn in_own_room(n: usize, row: usize) -> String {
    prepared(n, row, &format!("JOIN #own{n}\r\n"))
}

/// A user with an account. The first is the founder of a room whose lists are full.
#[cfg(feature = "store")]
fn with_account(n: usize, row: usize) -> String {
    let mut lines = String::from("NS REGISTER correct-horse\r\n");
    if n == 0 {
        // The founder of the row before is gone.
        let name = name(n, row);
        lines += &format!("JOIN #held\r\nCS REGISTER #held\r\nCS TRANSFER #held {name}\r\nCS OP #held\r\n");
        for rank in 0..RANKS_PER_ROOM {
            lines += &format!("CS AMODE #held {} +o\r\n", seed::name(rank));
        }
        for from in (0..MASKS_PER_LIST).step_by(6) {
            for letter in ["b", "e", "I"] {
                let masks = (from..MASKS_PER_LIST.min(from + 6)).map(|k| format!("{}{k}", "x".repeat(60)));
                let masks: Vec<_> = masks.collect();
                lines += &format!("MODE #held +{} {}\r\n", letter.repeat(masks.len()), masks.join(" "));
            }
        }
    }
    prepared(n, row, &lines)
}

/// The first has a room whose masks are the most expensive to match against the others' names.
fn guarded(n: usize, row: usize) -> String {
    let mut lines = String::new();
    if n == 0 {
        lines += "JOIN #guarded\r\nMODE #guarded -n+b *!*@*\r\n";
        for (letter, most) in [("b", 99), ("e", 100)] {
            for from in (0..most).step_by(6) {
                let masks: Vec<_> =
                    (from..most.min(from + 6)).map(|k| format!("*{}aa{k}", "É".repeat(30))).collect();
                lines += &format!("MODE #guarded +{} {}\r\n", letter.repeat(masks.len()), masks.join(" "));
            }
        }
    }
    prepared(n, row, &lines)
}

/// A user in four large rooms that sends tags.
fn with_tags(n: usize, row: usize) -> String {
    in_some_rooms(n, row) + "CAP REQ message-tags\r\n"
}

/// A user in four large rooms that sends several lines in one message.
#[cfg(feature = "store")]
fn with_lines(n: usize, row: usize) -> String {
    in_some_rooms(n, row) + "CAP REQ :batch draft/multiline\r\n"
}

fn tagged(message: &str) -> String {
    format!("@+x={} {message}", "y".repeat(TAGS_BYTES))
}

fn crazyit(n: usize, row: usize) -> String {
    format!("∏∑{}∏∑", name(n, row))
}
