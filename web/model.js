// Talks and their items, and what each message of the server changes.
import { fold, isRoom } from "./wire.js";

// Items of a talk; and while somebody reads what is above its end.
const KEPT = 1000, MOST = 2000;

// `wanted`: to be joined. `byId`: items by id and msgid. `isBehind`: the newest items are missing.
export const newTalk = (key, name) => ({
	key, name, kind: name === "*" ? "server" : isRoom(name) ? "room" : "private", joined: false, topic: "", members: new Map(),
	items: [], byId: new Map(), history: "unknown", unread: 0, mentions: 0, lastRead: null, newFrom: null,
});

const order = ({ pending, at }) => (pending ? Infinity : at);
// By time and msgid; those that wait for the server are last.
function place(items, item) {
	let low = 0, high = items.length;
	while (low < high) {
		const middle = (low + high) >> 1, after = order(items[middle]) - order(item);
		if (after > 0 || (after === 0 && items[middle].msgid > item.msgid)) high = middle;
		else low = middle + 1;
	}
	items.splice(low, 0, item);
}

// Adds an item. Null if the talk has it already.
export function add(chat, talk, fields, isPast) {
	const { items, byId } = talk, item = { at: Date.now(), from: "", data: {}, ...fields, id: fields.id ?? `p${++chat.number}` };
	if (talk.isBehind && !isPast) return item;
	if (byId.has(item.id) || byId.has(item.msgid)) return null;
	for (const id of [item.id, item.msgid]) if (id) byId.set(id, item);
	place(items, item);
	chat.changed();
	if (talk === chat.shown && !chat.isAtEnd) talk.isBehind = (items.length > MOST && drop(talk, MOST)) || talk.isBehind;
	else if (items.length > KEPT) drop(talk, 0, items.length - KEPT * 0.9);
	return item;
}

export function drop(talk, from, count = 1) {
	for (const { id, msgid } of talk.items.splice(from, count)) for (const each of [id, msgid]) talk.byId.delete(each);
	if (!from && talk.history === "start") talk.history = "more";
	return true;
}

export function fail(chat, talk, item, failed) {
	drop(talk, talk.items.indexOf(item));
	add(chat, talk, { ...item, at: Date.now(), pending: false, failed });
}

export function recount(talk) {
	const unread = talk.items.filter(({ mention, mine, at }) => mention !== undefined && !mine && at > (talk.lastRead ?? Infinity));
	talk.unread = unread.length;
	talk.mentions = unread.filter(({ mention }) => mention).length;
	if (unread.length) talk.newFrom = unread[0].id;
}

function mentions(text, nick) {
	const parts = text.split(nick);
	return parts.some((part, n) => n && !/\w$/.test(parts[n - 1]) && !/^\w/.test(part));
}

const timeOf = ({ tags: { time } }) => Date.parse(time) || Date.now();

function said(chat, m, target, text) {
	const { from, past, tags: { msgid, ...tags } } = m, { me, ignored } = chat.state;
	if (!m.isUser) return chat.tell(text, "info", "*");
	const action = /^\x01ACTION ([^\x01]*)/.exec(text)?.[1];
	if (text[0] === "\x01" && action === undefined) return;
	// A sign before the room's name means those with a rank.
	target = target.replace(/^[@+]+(?=#)/, "");
	const mine = chat.isMe(from);
	const talk = chat.talk(isRoom(target) || mine ? target : from, !isRoom(target));
	if (!talk || ignored.has(fold(from))) return;
	text = action ?? text;
	const kind = action ? "action" : m.command === "NOTICE" ? "notice" : "message", at = timeOf(m);
	// What failed lately may have arrived all the same.
	const open = mine && talk.items.findLast((item) => item.text === text && (item.pending || (item.failed && item.at - at < 300_000)));
	if (open) drop(talk, talk.items.indexOf(open));
	const mention = !mine && mentions(fold(text), fold(me.nick));
	const item = add(chat, talk, { id: open ? open.id : msgid, msgid, at, kind, from, text, mine, mention, bot: "bot" in tags }, past);
	if (!item || past) return;
	talk.lastRead ??= at - 1;
	if (!mine && !chat.isWatched(talk)) {
		talk.unread++;
		talk.mentions += mention;
		talk.newFrom ??= item.id;
	}
	chat.read(talk);
	if (!mine && talk.kind === "private") chat.whisperer = talk;
	if (!mine && kind !== "notice" && (mention || talk.kind === "private")) chat.tellPage("notify", { key: talk.key, item });
}

function enter({ members }, nick, changes) {
	if (members.size < 20_000) members.set(fold(nick), { ranks: "", ...members.get(fold(nick)), ...changes, nick });
}

function leave({ chat, talk }, nick) {
	talk.members.delete(fold(nick));
	if (chat.isMe(nick)) Object.assign(talk, { joined: false, wanted: false, members: new Map() });
}

// Each changes a room, and may return kind, text and data of an item.
const EVENTS = {
	JOIN: ({ talk, from }) => enter(talk, from),
	PART: (m) => leave(m, m.from),
	QUIT: (m) => leave(m, m.from),
	KICK(m, room, who, reason) {
		leave(m, who);
		return ["kick", reason, { who }];
	},
	NICK({ talk, from }, nick) {
		const found = talk.members.get(fold(from));
		talk.members.delete(fold(from));
		enter(talk, nick, found);
		return ["nick", "", { new: nick }];
	},
	AWAY: ({ talk, from }, text) => enter(talk, from, { away: Boolean(text) }),
	TOPIC({ talk }, room, topic = "") {
		talk.topic = topic;
		return ["topic", topic];
	},
	MODE({ talk: { members } }, room, letters, ...args) {
		const event = ["mode", [letters, ...args].join(" ")];
		let isSet;
		for (const letter of letters) {
			if (/[+-]/.test(letter)) isSet = letter === "+";
			if (!/[beIkov]/.test(letter) && !(isSet && /[lH]/.test(letter))) continue;
			const sign = { o: "@", v: "+" }[letter], found = members.get(fold(args.shift()));
			if (found) found.ranks = [..."@+"].filter((each) => (each === sign ? isSet : found.ranks.includes(each))).join("");
		}
		return event;
	},
};

export function hear(chat, m) {
	const { command, params, from } = m, act = EVENTS[command], mine = chat.isMe(from);
	if (OTHER[command]) return OTHER[command](chat, m, ...params);
	if (!act) return /^(\d|REGISTER|WARN|NOTE)/.test(command) && told(chat, m, ...params);
	if (mine && command === "JOIN") chat.joined(params[0]);
	const isHere = /QUIT|NICK|AWAY/.test(command) ? ({ members }) => members.has(fold(from)) : ({ key }) => key === fold(params[0]);
	for (const talk of chat.talks.filter(isHere)) {
		const [kind, text, data = {}] = act({ chat, talk, from }, ...params) ?? [];
		if (kind) add(chat, talk, { at: timeOf(m), kind, from, text, data, mine });
		chat.changed("members");
	}
	if (mine && command === "NICK") chat.rename(params[0]);
	else if (mine) chat.changed();
}

const OTHER = {
	PRIVMSG: said, NOTICE: said,
	INVITE: (chat, { from }, who, room) => chat.tell("", "invite", room, { who, room }, from),
	REDACT(chat, m, room, msgid) {
		const talk = chat.talk(room), item = talk.byId.get(msgid);
		if (item) drop(talk, talk.items.indexOf(item));
	},
	MARKREAD(chat, m, target, marker) {
		const talk = chat.talk(target), at = Date.parse(marker.slice("timestamp=".length));
		if (!(at > talk.lastRead)) return;
		talk.lastRead = at;
		recount(talk);
	},
	FAIL(chat, m, command, ...words) {
		if (command === "CHATHISTORY") chat.hearPast(words[2], [], true);
		else told(chat, m, ...words);
	},
	"001": (chat, m, nick) => chat.rename(nick),
	"005"() {},
	321() {},
	332: (chat, m, me, room, topic) => (chat.talk(room).topic = topic),
	333() {},
	353(chat, m, me, sign, room, names) {
		for (const [, ranks, nick] of names.matchAll(/([@+]*)(\S+)/g)) enter(chat.talk(room), nick, { ranks });
	},
	366: (chat) => chat.changed("members"),
	376: (chat) => chat.online(),
	422: (chat) => chat.online(),
	900: (chat, m, me, mask, account) => chat.loggedIn(account),
};

// Some errors are about a message that waits.
function told(chat, { command }, about, ...words) {
	const text = words.at(-1), talk = words.map((word) => chat.talk(word)).find(Boolean);
	const open = /401|404|FAIL/.test(command) && talk?.items.find(({ pending }) => pending);
	if (open) fail(chat, talk, open, text);
	else if (!/^End of/i.test(text)) {
		const kind = /^[4-9F]/.test(command) ? "error" : "info";
		chat.tell(/^[0-3]/.test(command) ? words.join(" ") : text, kind, chat.link.phase !== "online" ? "*" : kind === "error" ? talk?.name : "");
	}
}
