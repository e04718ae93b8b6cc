// What each message of the server changes. Those of the history have their talk in `past`, and only become items.
import { newTalk, recount } from "./model.js";
import { fold } from "./wire.js";

const MEMBERS = 20_000, ROOMS = 500;

function said(chat, m, target, text) {
	if (!m.isUser) return chat.tell(text, "info", "*");
	const action = /^\x01ACTION ([^\x01]*)/.exec(text)?.[1];
	if (text[0] === "\x01" && action === undefined) return;
	const kind = action ? "action" : m.command === "NOTICE" ? "notice" : "message";
	// A sign before the room's name means those with a rank.
	target = target.replace(/^[^#]+(?=#)/, "");
	const { tags: { account }, past } = m;
	const mine = chat.isMe(m.from) || Boolean(past && account && account === chat.state.me.account);
	const isRoom = chat.isRoom(target);
	const talk = chat.talk(isRoom || mine ? target : m.from, !isRoom);
	if (talk) chat.said(talk, m, { kind, text: action ?? text, mine });
}

function enter({ members }, nick, changes, ...event) {
	const before = members.get(fold(nick)) ?? { ranks: "", away: false, bot: false };
	if (members.size < MEMBERS) members.set(fold(nick), { ...before, ...changes, nick });
	return event;
}

function leave(chat, talk, nick, ...event) {
	talk.members.delete(fold(nick));
	if (chat.isMe(nick)) Object.assign(talk, { joined: false, wanted: false, members: new Map() });
	return event;
}

/** What happens in a room. Each changes the room, and returns what `Chat.event` takes. */
const EVENTS = {
	JOIN: (chat, talk, { from }) => enter(talk, from, {}, "join"),
	PART: (chat, talk, { from }, room, reason = "") => leave(chat, talk, from, "part", { reason }),
	KICK: (chat, talk, m, room, who, reason = "") => leave(chat, talk, who, "kick", { who, reason }),
	QUIT: (chat, talk, { from }, reason = "") => leave(chat, talk, from, "quit", { reason }),
	NICK(chat, talk, { from }, nick) {
		const found = talk.members.get(fold(from));
		talk.members.delete(fold(from));
		return enter(talk, nick, found, "nick", { new: nick });
	},
	AWAY: (chat, talk, { from }, text) => enter(talk, from, { away: Boolean(text) }),
	TOPIC(chat, talk, m, room, topic) {
		talk.topic = topic;
		return ["topic", {}, topic];
	},
	MODE(chat, { members }, m, room, letters, ...args) {
		const event = ["mode", {}, [letters, ...args].join(" ")];
		let isSet;
		for (const letter of letters) {
			const sign = { o: "@", v: "+" }[letter];
			const found = sign && members.get(fold(args[0]));
			if (found) found.ranks = [..."@+"].filter((each) => (each === sign ? isSet : found.ranks.includes(each))).join("");
			if (letter === "+" || letter === "-") isSet = letter === "+";
			else if (/[beIkov]/.test(letter) || (isSet && /[lH]/.test(letter))) args.shift();
		}
		return event;
	},
};

export function hear(chat, m) {
	const { command, params, past, from } = m, act = EVENTS[command], isMine = chat.isMe(from);
	if (!act) return OTHER[command] ? OTHER[command](chat, m, ...params) : numeric(chat, m, ...params);
	if (past) return chat.event(past, m, ...act(chat, newTalk(), m, ...params));
	if (isMine && command === "JOIN") chat.joined(params[0]);
	const isHere = /QUIT|NICK|AWAY/.test(command) ? ({ members }) => members.has(fold(from)) : (talk) => talk === chat.talk(params[0]);
	for (const talk of chat.talks.filter(isHere)) {
		chat.event(talk, m, ...act(chat, talk, m, ...params));
		chat.changed("members topic talk", talk);
	}
	if (command !== "NICK") return;
	if (isMine) chat.me({ nick: params[0] });
	else chat.rename(from, params[0]);
}

const inform = (chat, { params }) => chat.tell(params.at(-1), "info");

const OTHER = {
	PRIVMSG: said, NOTICE: said, REGISTER: inform, WARN: inform, NOTE: inform,
	"001": (chat, m, nick) => chat.me({ nick }),
	RENAME: (chat, m, old, name) => chat.rename(old, name, m),
	INVITE: (chat, m, who, room) => chat.event(chat.talk(room) ?? chat.talk("*", true), m, "invite", { who, room }),
	ACK: (chat, { tags }) => chat.settled(tags.label, {}),
	REDACT(chat, m, room, msgid) {
		const talk = chat.talk(room);
		Object.assign(talk.byId.get(msgid), { kind: "redacted", text: "" });
		chat.changed("items", talk);
	},
	MARKREAD(chat, m, target, marker) {
		const talk = chat.talk(target);
		const at = Date.parse(marker.slice("timestamp=".length));
		if (!(at > talk.lastRead)) return;
		talk.lastRead = at;
		recount(talk);
		chat.changed("talk", talk);
	},
	FAIL(chat, { tags, params }, command, code) {
		const text = params.at(-1);
		if (command === "CHATHISTORY") chat.hearPast(params[3], [], true);
		else if (!chat.settled(tags.label, { failed: text })) chat.tell(text, "error", "", { code });
	},
	"005"({ state: { server } }, { params }) {
		const name = params.find((token) => token.startsWith("NETWORK="));
		if (name) server.network = name.slice(8);
	},
	301: (chat, m, me, who, text) => chat.tell(text, "away", who, { who }),
	305: (chat) => chat.me({ away: false }),
	306: (chat) => chat.me({ away: true }),
	321() {},
	322({ state: { rooms } }, m, me, name, members) {
		if (rooms.length < ROOMS) rooms.push({ name, members: Number(members) });
	},
	323(chat) {
		chat.state.rooms.sort((a, b) => b.members - a.members);
		chat.changed("rooms");
	},
	332: (chat, m, me, room, topic) => (chat.talk(room).topic = topic),
	333() {},
	353(chat, m, me, sign, room, names) {
		for (const [, ranks, nick] of names.matchAll(/([@+]*)(\S+)/g)) enter(chat.talk(room), nick, { ranks });
	},
	366: (chat, m, me, room) => chat.changed("members topic", chat.talk(room)),
	376: (chat) => chat.online(),
	422: (chat) => chat.online(),
	900: (chat, m, me, mask, account) => chat.loggedIn(account),
	901: (chat) => chat.me({ account: null }),
};

/** Errors and information in the server's words. */
function numeric(chat, { command, tags }, me, ...words) {
	const text = words.at(-1), isError = command >= "400";
	if (!/^\d/.test(command) || (isError && chat.settled(tags.label, { failed: text })) || /^End of/i.test(text)) return;
	const room = words.find((word) => chat.isRoom(word) && chat.talk(word));
	const where = chat.link.phase === "online" ? room : "*";
	chat.tell(words.filter((word) => word !== room).join(" "), isError ? "error" : "info", where, { code: command });
}
