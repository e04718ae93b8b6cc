//! Information about the server, checked against its behaviour.

use std::collections::HashMap;
use std::time::Duration;

use parlor::config::ConfigError;

use crate::irc::house::{Guest, IrcScene};

#[test]
fn the_message_of_the_day_is_told_at_the_welcome_and_when_asked_for() {
    let lines = ["Tea at five.", "", "Bring 杯子."];
    let mut house = IrcScene::with(|config| config.motd = lines.map(str::to_owned).to_vec());
    let ana = house.connect();
    house.send(ana, "NICK ana");
    let welcome = house.ask(ana, "USER a 0 * :x");
    let motd = [
        ":parlor.local 375 ana :- parlor.local Message of the day -",
        ":parlor.local 372 ana :- Tea at five.",
        ":parlor.local 372 ana :- ",
        ":parlor.local 372 ana :- Bring 杯子.",
        ":parlor.local 376 ana :End of message of the day",
    ];
    assert_eq!(welcome[welcome.len() - 5..], motd);
    assert_eq!(house.ask(ana, "MOTD"), motd);
    assert_eq!(house.ask(ana, "MOTD parlor.*"), motd);
    assert_eq!(house.told(ana, "MOTD other.server"), "402 ana other.server");
}

#[test]
fn without_a_message_of_the_day_it_is_422() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(house.told(ana, "MOTD"), "422 ana");
}

#[test]
fn rehash_reloads_the_config_and_tells_the_operator_the_outcome() {
    let mut house = IrcScene::with(|config| config.motd = vec!["old".into()]);
    // A server that takes over reads the config, too.
    house.scene().handover_every = None;
    let (root, ana) = (house.operator("root"), house.irc("ana"));
    assert_eq!(house.told(ana, "REHASH"), "481 ana");
    let rehash = |house: &mut IrcScene, told: &str| {
        let answer = [
            ":parlor.local 382 root config :Rehashing".to_owned(),
            format!(":parlor.local NOTICE root :reload: {told}"),
        ];
        assert_eq!(house.ask(root, "REHASH"), answer);
    };
    rehash(&mut house, "nothing has changed");
    let config = house.files().as_mut().expect("there is a config");
    (config.motd, config.password) = (vec!["new".into()], "tea".parse().ok());
    assert_eq!(house.ask(ana, "MOTD")[1], ":parlor.local 372 ana :- old");
    rehash(&mut house, "motd, password");
    assert_eq!(house.ask(ana, "MOTD")[1], ":parlor.local 372 ana :- new");
    *house.files() = Err(ConfigError::new("motd: it is gone"));
    rehash(&mut house, "motd: it is gone; everything stays as it was");
    assert_eq!(house.ask(ana, "MOTD")[1], ":parlor.local 372 ana :- new");
}

#[test]
fn an_operator_who_asks_twice_in_a_turn_is_answered_twice_in_order() {
    let mut house = IrcScene::new();
    let (root, eve) = (house.operator("root"), house.operator("eve"));
    let ends = |told: Vec<String>| -> Vec<String> {
        told.iter().map(|line| line.rsplit(':').next().unwrap_or_default().to_owned()).collect()
    };
    let once = ["Rehashing", " nothing has changed"];
    assert_eq!(ends(house.ask(root, "REHASH\r\nREHASH")), [once, once].concat());
    let told = ends(house.ask(eve, "REHASH\r\nQUIT"));
    assert_eq!(told[..2], once, "later input waits for the answer");
}

#[test]
fn the_answer_to_rehash_has_its_label() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    house.send(root, "CAP REQ :labeled-response batch");
    house.lines(root);
    let told = house.ask(root, "@label=x REHASH");
    assert!(told[0].starts_with("@label=x ") && told.len() == 4, "{told:#?}");
    assert!(told[1..3].iter().all(|line| line.starts_with("@batch=")), "{told:#?}");
}

#[test]
fn lusers_counts_users_the_peak_and_unregistered_connections() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.operator("root");
    house.crazyit("li");
    house.connect();
    let half = house.connect();
    house.send(half, "NICK half");
    house.send(bob, "MODE bob +i");
    let gone = house.irc("gone");
    house.send(gone, "QUIT");
    house.forget();
    assert_eq!(
        house.ask(ana, "LUSERS"),
        [
            ":parlor.local 251 ana :There are 3 users and 1 invisible on 1 servers",
            ":parlor.local 252 ana 1 :operator(s) online",
            ":parlor.local 253 ana 2 :unregistered connection(s)",
            ":parlor.local 254 ana 2 :channel(s)",
            ":parlor.local 255 ana :I have 4 clients and 0 servers",
            ":parlor.local 265 ana 4 5 :Current local users 4, max 5",
            ":parlor.local 266 ana 4 5 :Current global users 4, max 5"
        ]
    );
}

#[test]
fn version_time_admin_info_and_links_are_answered() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    let version = house.ask(ana, "VERSION");
    let release = env!("CARGO_PKG_VERSION");
    assert!(version[0].starts_with(&format!(":parlor.local 351 ana parlor-{release} parlor.local :")));
    assert!(version.len() > 1 && version[1..].iter().all(|line| line.contains(" 005 ana ")));
    house.pass(Duration::from_secs(61));
    assert_eq!(house.ask(ana, "TIME"), [":parlor.local 391 ana parlor.local :2001-09-09T01:47:41Z"]);
    let admin = house.ask(ana, "ADMIN");
    assert_eq!(admin[0], ":parlor.local 256 ana parlor.local :Administrative info");
    let codes: Vec<_> = admin.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(codes, ["256", "257", "258", "259"]);
    let info = house.ask(ana, "INFO");
    let (end, lines) = info.split_last().unwrap();
    assert_eq!(end, ":parlor.local 374 ana :End of INFO");
    assert!(!lines.is_empty() && lines.iter().all(|line| line.starts_with(":parlor.local 371 ana :")));
    assert_eq!(
        house.ask(ana, "LINKS"),
        [
            ":parlor.local 364 ana parlor.local parlor.local :0 parlor",
            ":parlor.local 365 ana * :End of LINKS list"
        ]
    );
}

#[test]
fn queries_to_other_servers_get_402() {
    let mut house = IrcScene::new();
    let (ana, _bob) = (house.irc("ana"), house.irc("bob"));
    for query in ["MOTD", "VERSION", "TIME", "ADMIN", "INFO", "STATS u"] {
        assert_eq!(house.told(ana, &format!("{query} other.server")), "402 ana other.server", "{query}");
        // This server by its name, by a mask, or by a user on it.
        for here in ["PARLOR.local", "*.local", "bob", "BOB"] {
            let answer = house.ask(ana, &format!("{query} {here}"));
            assert!(!answer.is_empty() && !answer[0].contains(" 402 "), "{query} {here}");
        }
    }
}

#[test]
fn stats_u_shows_the_uptime() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    house.pass(Duration::from_secs(86_400 + 2 * 3600 + 3 * 60 + 4));
    assert_eq!(
        house.ask(ana, "STATS u"),
        [":parlor.local 242 ana :Server Up 1 days 2:03:04", ":parlor.local 219 ana u :End of STATS report"]
    );
}

#[test]
fn help_lists_the_commands_and_explains_each() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    let lines = house.ask(ana, "HELP");
    assert!(lines[0].starts_with(":parlor.local 704 ana * :"));
    assert_eq!(lines.last().unwrap(), ":parlor.local 706 ana * :End of HELP");
    let texts =
        lines[1..lines.len() - 1].iter().map(|line| line.strip_prefix(":parlor.local 705 ana * :").unwrap());
    let names: Vec<_> = texts.flat_map(|text| text.split(' ')).map(str::to_owned).collect();
    assert!(names.len() > 40);
    for name in names {
        let lines = house.ask(ana, &format!("help {}", name.to_lowercase()));
        assert!(
            lines[1].starts_with(&format!(":parlor.local 705 ana {} :{name}", name.to_lowercase())),
            "{lines:?}"
        );
        assert_eq!(lines.len(), 3);
    }
    assert_eq!(house.told(ana, "HELP nonsense"), "524 ana nonsense");
}

#[test]
fn unknown_commands_get_421() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for name in ["NONSENSE", "SQUIT", "001", "ÄÖ", "JOINT", "xX"] {
        assert_eq!(house.told(ana, &format!("{name} a b :c")), format!("421 ana {name}"));
    }
}

#[test]
fn another_server_name_is_used_everywhere() {
    let mut house = IrcScene::with(|config| config.server_name = "chat.example".into());
    let ana = house.connect();
    house.send(ana, "NICK ana\r\nUSER a 0 * :x\r\nPING x\r\nMOTD\r\nWHOIS ana\r\nLINKS");
    let heard = house.raw(ana);
    assert!(heard.lines().all(|line| line.starts_with(":chat.example ")) && !heard.contains("parlor.local"));
}

// RPL_ISUPPORT.

fn tokens(house: &mut IrcScene, who: Guest) -> HashMap<String, String> {
    let lines = house.ask(who, "VERSION");
    let mut tokens = HashMap::new();
    for line in lines.iter().filter(|line| line.contains(" 005 ")) {
        let (said, text) = line.split_once(" :").expect("the server says so");
        assert_eq!(text, "are supported by this server");
        let said: Vec<_> = said.split(' ').skip(3).collect();
        assert!((1..=13).contains(&said.len()), "at most 13 in a line: {line}");
        for token in said {
            let (name, value) = token.split_once('=').unwrap_or((token, ""));
            assert!(tokens.insert(name.to_owned(), value.to_owned()).is_none(), "{name} appears once");
        }
    }
    tokens
}

#[test]
fn isupport_is_complete() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    let tokens = tokens(&mut house, ana);
    for (name, value) in [
        ("BOT", "B"),
        ("CASEMAPPING", "ascii"),
        ("CHANMODES", if cfg!(feature = "store") { "beI,k,Hl,CMRimnst" } else { "beI,k,l,Cimnst" }),
        ("CHANTYPES", "#"),
        ("ELIST", "CMNTU"),
        ("EXCEPTS", "e"),
        ("INVEX", "I"),
        ("NETWORK", "parlor.local"),
        ("PREFIX", "(ov)@+"),
        ("STATUSMSG", "@+"),
        ("UTF8ONLY", ""),
        ("WHOX", ""),
    ] {
        assert_eq!(tokens.get(name).map(String::as_str), Some(value), "{name}");
    }
    for name in
        ["AWAYLEN", "CHANNELLEN", "KICKLEN", "MAXLIST", "MODES", "MONITOR", "NICKLEN", "TARGMAX", "TOPICLEN"]
    {
        assert!(tokens.contains_key(name), "{name}");
    }
}

/// The longest of `lengths` for which `holds`.
fn longest(range: std::ops::Range<usize>, mut holds: impl FnMut(usize) -> bool) -> usize {
    range.take_while(|&length| holds(length)).last().unwrap_or(0)
}

#[test]
fn every_announced_length_is_enforced() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let tokens = tokens(&mut house, ana);
    let number = |name: &str| tokens[name].parse::<usize>().unwrap();
    let nick =
        longest(1..60, |length| house.ask(ana, &format!("NICK {}", "n".repeat(length)))[0].contains("NICK"));
    assert_eq!(nick, number("NICKLEN"));
    house.send(ana, "NICK ana");
    house.forget();
    let channel = longest(2..99, |length| {
        let name = format!("#{}", "c".repeat(length - 1));
        let joined = house.ask(ana, &format!("JOIN {name}"))[0].contains("JOIN");
        house.send(ana, &format!("PART {name}"));
        house.forget();
        joined
    });
    assert_eq!(channel, number("CHANNELLEN"));
    let key = longest(1..60, |length| {
        house.ask(ana, &format!("MODE #tea +k {}", "k".repeat(length)))[0].contains("MODE")
    });
    assert_eq!(key, number("KEYLEN"));
    house.send(ana, "MODE #tea -k *");
    house.send(ana, &format!("TOPIC #tea :{}", "t".repeat(450)));
    house.forget();
    let topic = house.ask(bob, "TOPIC #tea")[0].rsplit_once(':').unwrap().1.len();
    assert_eq!(topic, number("TOPICLEN"));
    house.send(ana, &format!("AWAY :{}", "a".repeat(450)));
    house.forget();
    let away = house.ask(bob, "PRIVMSG ana :x")[0].rsplit_once(':').unwrap().1.len();
    assert_eq!(away, number("AWAYLEN"));
    house.send(ana, &format!("KICK #tea bob :{}", "k".repeat(450)));
    let kick = house.lines(bob).last().unwrap().rsplit_once(':').unwrap().1.len();
    assert_eq!(kick, number("KICKLEN"));
    house.forget();
    let name =
        longest(1..200, |length| house.ask(ana, &format!("SETNAME :{}", "r".repeat(length))).is_empty());
    assert_eq!(name, number("NAMELEN"));
    let user = house.connect();
    house.send(user, "NICK user");
    house.send(user, &format!("USER {} 0 * :x", "u".repeat(50)));
    house.forget();
    let username = house.ask(user, "WHOIS user")[0].split(' ').nth(4).unwrap().len();
    assert_eq!(username, number("USERLEN"));
}

#[test]
fn targmax_modes_maxlist_chanlimit_and_monitor_are_enforced() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    let tokens = tokens(&mut house, ana);
    let targets: HashMap<_, _> =
        tokens["TARGMAX"].split(',').filter_map(|limit| limit.split_once(':')).collect();
    let limit = |name: &str| targets[name].parse::<usize>().unwrap();
    house.send(ana, "JOIN #tea");
    house.forget();
    let others: Vec<_> = (0..=limit("PRIVMSG")).map(|n| format!("o{n}")).collect();
    let ids: HashMap<_, _> = others.iter().map(|name| (name, house.irc(name))).collect();
    let list = |n: usize| others[..n].join(",");
    for command in ["PRIVMSG", "NOTICE"] {
        others.iter().for_each(|name| drop(house.lines(ids[name])));
        house.send(ana, &format!("{command} {} :x", list(limit(command))));
        assert!(others[..limit(command)].iter().all(|name| house.lines(ids[name]).len() == 1));
        house.send(ana, &format!("{command} {} :x", list(limit(command) + 1)));
        assert!(house.lines(ana).iter().all(|line| line.contains(" 407 ")));
    }
    assert_eq!(tokens["MAXTARGETS"], targets["PRIVMSG"]);
    assert_eq!(
        house.ask(ana, &format!("USERHOST {}", ["ana"; 9].join(" ")))[0].matches("ana=").count(),
        limit("USERHOST")
    );
    let guests: Vec<_> = (0..limit("KICK") + 1).map(|n| house.irc(&format!("k{n}"))).collect();
    guests.iter().for_each(|&guest| house.send(guest, "JOIN #tea"));
    house.forget();
    let names: Vec<_> = (0..guests.len()).map(|n| format!("k{n}")).collect();
    let kicked = house.ask(ana, &format!("KICK #tea {}", names.join(",")));
    assert_eq!(kicked.iter().filter(|line| line.contains(" KICK ")).count(), limit("KICK"));
    assert!(kicked.last().unwrap().contains(" 407 "));
    let eve = house.irc("eve");
    for command in ["JOIN", "PART", "NAMES", "LIST"] {
        let list: Vec<_> = (0..=limit(command)).map(|n| format!("#none{n}@")).collect();
        let answer = house.ask(eve, &format!("{command} {}", list.join(",")));
        assert!(
            answer.iter().any(|line| line.contains(&format!(" 407 eve #none{}@ ", limit(command)))),
            "{command}"
        );
    }
    let many: Vec<_> = (0..40).map(|n| format!("#{n}")).collect();
    assert_eq!(house.ask(ana, &format!("JOIN {}", many.join(","))).len(), 3 * many.len());
    assert_eq!(house.ask(ana, &format!("NAMES {}", many.join(","))).len(), 2 * many.len());
    assert_eq!(house.ask(ana, &format!("LIST {}", many.join(","))).len(), 2 + many.len());
    assert_eq!(house.ask(ana, &format!("PART {}", many.join(","))).len(), many.len());

    let modes: usize = tokens["MODES"].parse().unwrap();
    let masks: Vec<_> = (0..=modes).map(|n| format!("{n}")).collect();
    house.send(ana, &format!("MODE #tea +{} {}", "b".repeat(modes + 1), masks.join(" ")));
    house.forget();
    assert_eq!(house.ask(ana, "MODE #tea b").len(), modes + 1);

    for limit in tokens["MAXLIST"].split(',') {
        let (letter, most) = limit.split_once(':').unwrap();
        for n in 0..=most.parse::<usize>().unwrap() {
            house.send(ana, &format!("MODE #tea +{letter} x{n}"));
        }
        house.forget();
        assert_eq!(house.ask(ana, &format!("MODE #tea {letter}")).len(), most.parse::<usize>().unwrap() + 1);
    }

    let rooms: usize = tokens["CHANLIMIT"].strip_prefix("#:").unwrap().parse().unwrap();
    for n in 0..=rooms {
        house.send(ana, &format!("JOIN #r{n}"));
    }
    assert_eq!(house.hub().rooms().len(), 1 + rooms);
    house.forget();
    let watched: usize = tokens["MONITOR"].parse().unwrap();
    for n in 0..=watched {
        house.send(ana, &format!("MONITOR + m{n}"));
    }
    assert!(house.lines(ana).last().unwrap().contains(&format!(" 734 ana {watched} m{watched} ")));
}

#[test]
fn myinfo_lists_exactly_the_existing_modes() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "NICK ana");
    let welcome = house.ask(ana, "USER a 0 * :x");
    let words: Vec<_> = welcome[3].split(' ').collect();
    let (users, channels) = (words[5], words[6]);
    house.send(ana, "JOIN #tea");
    house.forget();
    for letter in ('a'..='z').chain('A'..='Z') {
        let answer = house.ask(ana, &format!("MODE ana +{letter}"));
        assert_eq!(answer.iter().any(|line| line.contains(" 501 ")), !users.contains(letter), "{letter}");
        let answer = house.ask(ana, &format!("MODE #tea +{letter} x"));
        assert_eq!(answer.iter().any(|line| line.contains(" 472 ")), !channels.contains(letter), "{letter}");
    }
}

#[test]
fn names_are_compared_by_the_announced_case_mapping() {
    let mut house = IrcScene::new();
    house.irc("A[]{}|");
    for other in ["A{}{}|", "a[][]|", "A[]{}\\"] {
        house.irc(other);
    }
    let ana = house.connect();
    assert_eq!(house.told(ana, "NICK a[]{}|"), "433 * a[]{}|");
}
