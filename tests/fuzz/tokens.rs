//! What peers send, drawn from the words of both protocols, so that random bytes come further than the first line.

use crate::choices::Choices;

/// Names that are in use in a play, names that are not, and what is none.
pub(crate) const NAMES: [&str; 10] =
    ["ana", "bob", "eve", "li", "w0", "W1", "张三", "x1", "1x", "悄悄地对你"];

pub(crate) const ROOMS: [&str; 7] = ["#lobby", "#tea", "#TEA", "#大厅", "#x", "#", "tea"];

const COMMANDS: [&str; 71] = [
    "ADMIN",
    "AUTHENTICATE",
    "AUTHENTICATE",
    "REGISTER",
    "VERIFY",
    "AWAY",
    "BATCH",
    "CAP",
    "CHATHISTORY",
    "CHANSERV",
    "CS",
    "NICKSERV",
    "NS",
    "CHATHISTORY",
    "REDACT",
    "RENAME",
    "SEARCH",
    "ZNC",
    "CHGHOST",
    "ERROR",
    "HELP",
    "INFO",
    "INVITE",
    "ISON",
    "JOIN",
    "JOIN",
    "JOIN",
    "KICK",
    "KILL",
    "KLINE",
    "LINKS",
    "MAP",
    "LIST",
    "LUSERS",
    "MARKREAD",
    "METADATA",
    "METADATA",
    "ISUPPORT",
    "MODE",
    "MODE",
    "MODE",
    "MONITOR",
    "MOTD",
    "NAMES",
    "NICK",
    "NOTICE",
    "OPER",
    "PART",
    "PASS",
    "PING",
    "PONG",
    "PRIVMSG",
    "PRIVMSG",
    "PRIVMSG",
    "QUIT",
    "REHASH",
    "SETNAME",
    "STATS",
    "TAGMSG",
    "TIME",
    "TOPIC",
    "UNKLINE",
    "USER",
    "USERHOST",
    "VERSION",
    "WALLOPS",
    "WHO",
    "WHOIS",
    "WHOWAS",
    "STARTTLS",
    "GET",
];

const WORDS: [&str; 98] = [
    "NickServ",
    "ChanServ",
    "REGISTER secret12",
    "REGISTER #tea",
    "IDENTIFY ana secret12",
    "GHOST ana",
    "SESSIONS",
    "AMODE #tea ana +o-v",
    "CLEAR #tea USERS",
    "UNREGISTER #tea #tea",
    "sasl cap-notify",
    "PLAIN",
    "EXTERNAL",
    "SCRAM-SHA-256",
    "zoe",
    "zoe/phone",
    "password",
    "zoe:password",
    "zoe/phone:password",
    "* * secret12",
    "account-tag draft/account-registration",
    "LATEST",
    "BEFORE",
    "AFTER",
    "AROUND",
    "BETWEEN",
    "TARGETS",
    "timestamp=2001-09-09T01:46:41.000Z",
    "msgid=000e8d4a51000000",
    "timestamp=",
    "msgid=x",
    "*playback",
    "PLAY",
    "+H",
    "-H",
    "2:1h",
    "in=#tea;text=a",
    "text=b;limit=3",
    "replay",
    "draft/chathistory batch message-tags",
    "draft/event-playback znc.in/playback",
    "draft/message-redaction",
    "draft/metadata-3 batch",
    "draft/metadata-2",
    "draft/extended-isupport",
    "GET",
    "SET",
    "CLEAR",
    "SUB",
    "UNSUB",
    "SUBS",
    "SYNC",
    "*ALL",
    "* SUB url avatar",
    "* SET url",
    "url",
    "draft/channel-rename",
    "@#tea",
    "+#tea",
    "@+#tea",
    "#tea,#lobby",
    "HTTP/1.1",
    "*",
    "0",
    "+",
    "-",
    "ana,bob,eve,li",
    "#tea,#lobby,#大厅",
    "+o",
    "-o+v",
    "+bbeI",
    "+kl",
    "+imnstCMR",
    "+i",
    "b",
    "root",
    "secret",
    "REQ",
    "LS",
    "302",
    "LIST",
    "END",
    "%tcuihsnfdlaor,1",
    "*!*@*",
    "C<5",
    ">0",
    "!#t*",
    "L",
    "S",
    "C",
    "u",
    "x.ip",
    "30m",
    "198.51.100.0/24",
    "198.51.100.3",
    "k",
    "1",
    "\x01VERSION\x01",
];

/// Responses of SASL.
const RESPONSES: [&str; 6] = [
    // PLAIN of zoe, with a right and a wrong password, and of nobody.
    "AHpvZQBwYXNzd29yZA==",
    "AHpvZQBzZWNyZXQ=",
    "AAA=",
    // SCRAM of zoe: the first message, and a last one.
    "biwsbj16b2Uscj1hYmM=",
    "Yz1iaXdzLHI9YWJjLHA9QUFBQQ==",
    "em9l",
];

pub(crate) const CAPABILITIES: &str = "account-notify account-tag away-notify batch chghost draft/multiline echo-message \
    extended-join extended-monitor invite-notify labeled-response message-tags multi-prefix server-time setname standard-replies \
    userhost-in-names";

const PIECES: [&str; 16] = [
    "∏∑", "§γ", "★【", "※", "∏", "★", "\u{3010}", "\n", "\r", "\0", "\x01", "x", "好", "\u{2028}",
    "\u{feff}", "ẞ",
];

/// A word that means something somewhere, or nothing anywhere.
pub(crate) fn word(choices: &mut Choices<'_>) -> String {
    match choices.below(16) {
        0..4 => choices.pick(&NAMES).into(),
        4..8 => choices.pick(&ROOMS).into(),
        8..13 => choices.pick(&WORDS).into(),
        13 => choices.pick(&PIECES).into(),
        14 => String::from_utf8_lossy(choices.bytes(12)).into_owned(),
        _ => choices.pick(&["x", "é", "好", "🦀", "#", ",", "b"]).repeat(choices.below(200)),
    }
}

/// One line of IRC with its end, or what could be taken for one.
pub(crate) fn irc_line(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut line = String::new();
    match choices.below(16) {
        0 => line = format!("@label={} ", word(choices)),
        1 => line = format!("@+a/{}={};label=l ", word(choices), word(choices)),
        2 => line = format!("@+a={} ", "x".repeat(choices.below(5_000))),
        3 => line = format!(":{} ", word(choices)),
        _ => {}
    }
    let command = choices.pick(&COMMANDS);
    line += command;
    if command == "METADATA" && choices.once_in(2) {
        line += &metadata(choices);
    }
    for _ in 0..choices.below(4) {
        line = line + " " + &word(choices);
    }
    match choices.below(4) {
        0 => {}
        1 => line = line + " :" + &CAPABILITIES[choices.below(CAPABILITIES.len())..],
        2 => line = line + " :" + &word(choices) + " " + &word(choices),
        _ => line = line + " :" + &word(choices),
    }
    let mut bytes = line.into_bytes();
    if choices.once_in(16) {
        bytes.extend_from_slice(choices.bytes(8));
    }
    bytes.extend_from_slice(
        choices.pick(&["\r\n", "\r\n", "\r\n", "\n", "\r", "\n\n", "\r\r\n", "\0\r\n", ""]).as_bytes(),
    );
    bytes
}

/// A login with SASL, whole or with mistakes.
pub(crate) fn irc_login(choices: &mut Choices<'_>) -> Vec<u8> {
    let mechanism = choices.pick(&["PLAIN", "PLAIN", "SCRAM-SHA-256", "EXTERNAL", "plain", "x"]);
    let mut text = format!("CAP REQ :sasl\r\nAUTHENTICATE {mechanism}\r\n");
    for _ in 0..choices.below(4) {
        let word = match choices.below(8) {
            0 => word(choices),
            1 => "A".repeat(choices.pick(&[399, 400, 401])),
            2 => choices.pick(&["+", "*", "="]).into(),
            3 => String::from_utf8_lossy(choices.bytes(8)).into_owned(),
            _ => choices.pick(&RESPONSES).into(),
        };
        text += &format!("AUTHENTICATE {word}\r\n");
    }
    text += choices.pick(&["CAP END\r\n", "", "NICK zoe\r\nUSER u 0 * :u\r\nCAP END\r\n"]);
    text.into_bytes()
}

/// The parameters of a `METADATA` that the server takes, but for what may follow them.
fn metadata(choices: &mut Choices<'_>) -> String {
    let target = match choices.below(4) {
        0 => choices.pick(&NAMES),
        1 => choices.pick(&ROOMS),
        _ => "*",
    };
    let key = choices.pick(&["url", "avatar", "a/b", "status", "k1", "k2", "k3"]);
    match choices.below(8) {
        0 => format!(" {target} GET {key}"),
        1 => format!(" {target} LIST"),
        2 | 3 => format!(" {target} SET {key}"),
        4 => format!(" {target} CLEAR"),
        5 => format!(" * SUB {key}"),
        6 => format!(" * UNSUB {key}"),
        _ => " *ALL SYNC".into(),
    }
}

/// A message of several lines, with or without mistakes.
fn irc_batch(choices: &mut Choices<'_>) -> Vec<u8> {
    let target = choices.pick(&ROOMS);
    let mut bytes = format!("BATCH +m draft/multiline {target}\r\n").into_bytes();
    for _ in 0..choices.below(6) {
        match choices.below(8) {
            0 => bytes.extend(irc_line(choices)),
            1 => bytes.extend(format!("@batch=m {}\r\n", choices.pick(&COMMANDS)).bytes()),
            2 | 3 => {
                let line = format!("@batch=m;draft/multiline-concat PRIVMSG {target} :{}\r\n", word(choices));
                bytes.extend(line.bytes());
            }
            _ => bytes.extend(format!("@batch=m PRIVMSG {target} :{}\r\n", word(choices)).bytes()),
        }
    }
    if !choices.once_in(4) {
        bytes.extend(b"BATCH -m\r\n");
    }
    bytes
}

/// One frame of the textbook's protocol, or what could be taken for one.
pub(crate) fn crazyit_frame(choices: &mut Choices<'_>) -> Vec<u8> {
    let frame = match choices.below(8) {
        0 => format!("∏∑{}∏∑", choices.pick(&NAMES)),
        1 => format!("∏∑{}※{}∏∑", word(choices), word(choices)),
        2 | 3 => format!("§γ{}§γ", word(choices)),
        4 => format!("★【{}※{}★【", choices.pick(&NAMES), word(choices)),
        5 => format!("★【{}★【", word(choices)),
        6 => format!("§γ{}§γ", choices.pick(&["x", "好", "∏"]).repeat(choices.below(9_000))),
        _ => choices.pick(&PIECES).into(),
    };
    let mut bytes = frame.into_bytes();
    if choices.once_in(16) {
        let at = choices.below(bytes.len());
        bytes.splice(at..at, choices.bytes(4).iter().copied());
    }
    bytes.extend_from_slice(choices.pick(&["", "", "\n", "\r\n"]).as_bytes());
    bytes
}

/// Bytes of both protocols, and of none.
pub(crate) fn any_bytes(choices: &mut Choices<'_>) -> Vec<u8> {
    match choices.below(7) {
        0 | 1 => irc_line(choices),
        2 | 3 => crazyit_frame(choices),
        4 => irc_batch(choices),
        5 => irc_login(choices),
        _ => choices.bytes(60).to_vec(),
    }
}
