//! Requests as commands and scripts, and answers as replies.

use std::time::{Duration, SystemTime};

use ring::rand::{SecureRandom, SystemRandom};

use super::keys;
use crate::broker::{BrokerError, Command, Script, Value};
use crate::cluster::request::{Reply, Request};
use crate::message::{Epoch, LogIndex, MOST_NODES, Node, NodeId};

/// How long a node is taken for alive that does not renew its lease, in milliseconds.
const LEASE_MS: u32 = 6_000;

/// How long a node may have the lock, in milliseconds.
const LOCK_MS: u32 = 2_000;

/// For how long the owner of the lock knows that another node waits, in milliseconds.
const WANTED_MS: u32 = 50;

/// How long a snapshot is kept, in seconds.
const SNAPSHOT_S: u32 = 60;

/// About how many entries are kept, and how many messages of each stream.
const ENTRIES: u32 = 100_000;
const MESSAGES: u32 = 10_000;

static ENROL: Script = Script::new(include_str!("scripts/enrol.lua"));
static RENEW: Script = Script::new(include_str!("scripts/renew.lua"));
static LEAVE: Script = Script::new(include_str!("scripts/leave.lua"));
static LOCK: Script = Script::new(include_str!("scripts/lock.lua"));
static UNLOCK: Script = Script::new(include_str!("scripts/unlock.lua"));
static APPEND: Script = Script::new(include_str!("scripts/append.lua"));
static CHECK: Script = Script::new(include_str!("scripts/check.lua"));

/// What an answer is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Topic {
    /// A script, whose answer tells which.
    Script,
    PutSnapshot,
    GetSnapshot,
    /// A message with this number.
    Send(u64),
}

/// The command for a request. `None` for one that the reader carries out.
pub(super) fn command(request: &Request) -> Option<(Command, Topic)> {
    let locking = [keys::LOCK, keys::WANTED, keys::ENTRIES];
    let command = match request {
        Request::Enrol { name, version, settings } => ENROL
            .command(&[keys::NODES, keys::EPOCH, keys::ID, keys::ENTRIES])
            .arg(keys::LEASES)
            .arg(name)
            .arg(*version)
            .arg(*settings)
            .arg(random_text())
            .arg(LEASE_MS)
            .arg(MOST_NODES),
        Request::Renew { name, epoch } => RENEW
            .command(&[&keys::lease(name), keys::NODES, keys::ID])
            .arg(keys::LEASES)
            .arg(name)
            .arg(epoch.0)
            .arg(LEASE_MS),
        Request::Leave { name, epoch } => LEAVE.command(&[&keys::lease(name), keys::LOCK]).arg(epoch.0),
        Request::Lock { epoch } => LOCK.command(&locking).arg(epoch.0).arg(LOCK_MS).arg(WANTED_MS),
        Request::Unlock { epoch } => UNLOCK.command(&[keys::LOCK]).arg(epoch.0),
        Request::Append { epoch, index, before, entry } => {
            let keys = [keys::LOCK, keys::WANTED, keys::ENTRIES, keys::ID];
            APPEND.command(&keys).arg(epoch.0).arg(index.0).arg(entry).arg(ENTRIES).arg(before)
        }
        Request::Check { index } => CHECK.command(&[keys::ENTRIES]).arg(index.0),
        Request::PutSnapshot { epoch, snapshot } => {
            let set = Command::new("SET").key(&keys::snapshot(*epoch)).arg(snapshot);
            return Some((set.arg("EX").arg(SNAPSHOT_S), Topic::PutSnapshot));
        }
        Request::GetSnapshot { epoch } => {
            return Some((Command::new("GET").key(&keys::snapshot(*epoch)), Topic::GetSnapshot));
        }
        Request::Send { stream, number, message } => {
            let add = Command::new("XADD").key(&keys::messages(stream)).arg("MAXLEN").arg("~").arg(MESSAGES);
            return Some((add.arg("*").arg(keys::MESSAGE).arg(message), Topic::Send(*number)));
        }
        Request::Read { .. } => return None,
    };
    Some((command, Topic::Script))
}

/// The reply that an answer means.
pub(super) fn reply(topic: Topic, answer: Value) -> Result<Reply, BrokerError> {
    match topic {
        Topic::PutSnapshot => Ok(Reply::SnapshotPut),
        Topic::GetSnapshot => {
            let snapshot = answer.optional().map(Value::into_bytes).transpose()?;
            Ok(Reply::Snapshot(snapshot))
        }
        Topic::Send(number) => Ok(Reply::Sent { number }),
        Topic::Script => {
            let mut answer = answer.into_list()?.into_iter();
            let kind = answer.next().unwrap_or(Value::Nil);
            scripted(kind.text()?, Value::List(answer.collect()))
        }
    }
}

fn scripted(kind: &str, rest: Value) -> Result<Reply, BrokerError> {
    let reply = match kind {
        "in use" => Reply::NameInUse,
        "full" => {
            Reply::NotEnrolled(format!("{MOST_NODES} nodes are up, which is the limit: stop one of them"))
        }
        "version" => {
            let [other, version] = rest.into_array()?;
            Reply::NotEnrolled(format!(
                "node {} has version {} of the protocol, which differs by more than one: update the older program first",
                other.text()?,
                version.number::<u32>()?,
            ))
        }
        "settings" => {
            let [other] = rest.into_array()?;
            Reply::NotEnrolled(format!(
                "node {} runs with other options: start all nodes with the same --shards and the same limits of rooms and history",
                other.text()?,
            ))
        }
        "enrolled" => enrolled(rest)?,
        "deposed" => Reply::Deposed,
        "renewed" => {
            let [clock, log, alive] = rest.into_array()?;
            let alive =
                alive.into_list()?.iter().map(|epoch| epoch.number().map(Epoch)).collect::<Result<_, _>>()?;
            Reply::Renewed { clock: time(clock)?, alive, log: log.text()?.into() }
        }
        "left" => Reply::Left,
        "locked" => {
            let [last] = rest.into_array()?;
            Reply::Locked { last: index(&last)? }
        }
        "not locked" => Reply::NotLocked,
        "unlocked" => Reply::Unlocked,
        "appended" => {
            let [is_wanted] = rest.into_array()?;
            Reply::Appended { is_wanted: is_wanted.number::<u8>()? != 0 }
        }
        "not appended" => {
            let [last] = rest.into_array()?;
            Reply::NotAppended { last: index(&last)? }
        }
        "checked" => {
            let [last, found] = rest.into_array()?;
            let entry = found.into_list()?.into_iter().next().map(entry).transpose()?.flatten();
            Reply::Checked { entry, last: index(&last)? }
        }
        _ => return Err(BrokerError::broken("a script has an answer that it does not give")),
    };
    Ok(reply)
}

fn enrolled(rest: Value) -> Result<Reply, BrokerError> {
    let [id, epoch, log, last, clock, others] = rest.into_array()?;
    let others = others.into_list()?.into_iter().map(|other| {
        let [name, id, epoch] = other.into_array()?;
        Ok(Node { id: node_id(&id)?, epoch: Epoch(epoch.number()?), name: name.text()?.into() })
    });
    Ok(Reply::Enrolled {
        id: node_id(&id)?,
        epoch: Epoch(epoch.number()?),
        log: log.text()?.into(),
        last: index(&last)?,
        others: others.collect::<Result<_, BrokerError>>()?,
        clock: time(clock)?,
    })
}

fn node_id(value: &Value) -> Result<NodeId, BrokerError> {
    match value.number::<u8>()? {
        id if (1..=MOST_NODES).contains(&id.into()) => Ok(NodeId(id)),
        _ => Err(BrokerError::broken("the broker has given a node a number beyond the limit")),
    }
}

/// The answer to `TIME`: seconds and microseconds.
pub(super) fn time(value: Value) -> Result<SystemTime, BrokerError> {
    let [seconds, micros] = value.into_array()?;
    let since = Duration::from_secs(seconds.number()?).checked_add(Duration::from_micros(micros.number()?));
    let time = since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    time.ok_or_else(|| BrokerError::broken("the broker's clock is beyond all limits"))
}

/// The number of an entry, from its id.
fn index(id: &Value) -> Result<LogIndex, BrokerError> {
    parse_id(id).map(|(index, _)| LogIndex(index))
}

/// The id of an entry of a stream: two numbers.
pub(super) fn parse_id(id: &Value) -> Result<(u64, u64), BrokerError> {
    let (first, second) = id.text()?.split_once('-').unwrap_or_default();
    match (first.parse(), second.parse()) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        _ => Err(BrokerError::broken("the broker has an id that is none")),
    }
}

/// The bytes of an entry of the log: `[id, [field, value, ...]]`.
fn entry(entry: Value) -> Result<Option<Vec<u8>>, BrokerError> {
    let [_, found] = entry.into_array()?;
    let [entry] = fields(found.into_list()?, [keys::ENTRY]);
    Ok(entry)
}

/// The values of these fields of an entry: `[field, value, ...]`. Of several with a name, the first.
pub(super) fn fields<const N: usize>(entry: Vec<Value>, names: [&str; N]) -> [Option<Vec<u8>>; N] {
    let (mut entry, mut found) = (entry.into_iter(), [const { None }; N]);
    while let (Some(field), Some(value)) = (entry.next(), entry.next()) {
        let place = names.iter().position(|name| field.bytes() == Ok(name.as_bytes()));
        if let Some(place) = place.map(|place| &mut found[place]).filter(|place| place.is_none()) {
            *place = value.into_bytes().ok();
        }
    }
    found
}

/// A text that no other node makes up. The script puts the epoch before it, in case that there are no random numbers.
fn random_text() -> String {
    let mut bytes = [0; 16];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => format!("{:032x}", u128::from_be_bytes(bytes)),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [&str; 14] = [
        "in use",
        "full",
        "version",
        "settings",
        "enrolled",
        "deposed",
        "renewed",
        "left",
        "locked",
        "not locked",
        "unlocked",
        "appended",
        "not appended",
        "checked",
    ];

    fn text(text: &str) -> Value {
        Value::Bytes(text.into())
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let number = prop_oneof![0..100_i64, any::<i64>()];
        let words = prop_oneof!["[0-9]{1,20}", "[0-9]{1,20}-[0-9]{1,20}", ".{0,5}", Just("e".to_owned())];
        let leaf = prop_oneof![
            Just(Value::Nil),
            number.prop_map(Value::Integer),
            words.prop_map(|words| text(&words)),
            any::<Vec<u8>>().prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(3, 32, 7, |inner| proptest::collection::vec(inner, 0..7).prop_map(Value::List))
    }

    proptest! {
        #[test]
        fn whatever_a_script_answers_is_a_reply_or_an_error(
            kind in 0..KINDS.len(),
            rest in proptest::collection::vec(any_value(), 0..7),
        ) {
            let answer = [vec![text(KINDS[kind])], rest].concat();
            if let Ok(Reply::Enrolled { id, .. }) = reply(Topic::Script, Value::List(answer)) {
                prop_assert!((1..=MOST_NODES).contains(&usize::from(id.0)));
            }
        }
    }

    #[test]
    fn answers_that_make_no_sense_are_errors() {
        let list = |values: &[&str]| Value::List(values.iter().map(|value| text(value)).collect());
        for answer in [
            Value::Nil,
            list(&[]),
            list(&["granted"]),
            list(&["locked"]),
            list(&["locked", "7"]),
            list(&["locked", "7-0", "8-0"]),
            list(&["version", "attic", "-1"]),
        ] {
            assert!(reply(Topic::Script, answer.clone()).is_err(), "{answer:?}");
        }
        let time = |seconds: &str, micros: &str| time(list(&[seconds, micros]));
        assert_eq!(time("1", "500000"), Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500)));
        assert!(time("18446744073709551615", "18446744073709551615").is_err());
    }
}
