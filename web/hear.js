// What each message of the server changes. Those of the history have their talk in `past`, and only become items.
import { recount } from "./model.js";
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

function enter({ members }, nick, changes) {
	const key = fold(nick);
	const before = members.get(key) ?? { ranks: "", away: false, bot: false };
	if (members.size < MEMBERS) members.set(key, { ...before, nick, ...changes });
}

function leave(chat, talk, nick) {
	talk.members.delete(fold(nick));
	if (!chat.isMe(nick)) return;
	Object.assign(talk, { joined: false, wanted: false, members: new Map() });
	chat.changed("talks");
}

function setModes(chat, { members }, m, room, letters, ...args) {
	let isSet;
	for (const letter of letters) {
		const sign = { o: "@", v: "+" }[letter];
		const found = sign && members.get(fold(args[0]));
		if (found) found.ranks = [..."@+"].filter((each) => (each === sign ? isSet : found.ranks.includes(each))).join("");
		if (letter === "+" || letter === "-") isSet = letter === "+";
		else if (/[beIkov]/.test(letter) || (isSet && /[lH]/.test(letter))) args.shift();
	}
}

/** What happens in a room: the item that shows it, and what it changes. */
const EVENTS = {
	JOIN: [() => ["join"], (chat, talk, { from }) => enter(talk, from)],
	PART: [(room, reason = "") => ["part", { reason }], (chat, talk, { from }) => leave(chat, talk, from)],
	KICK: [(room, who, reason = "") => ["kick", { who, reason }], (chat, talk, m, room, who) => leave(chat, talk, who)],
	QUIT: [(reason = "") => ["quit", { reason }], (chat, talk, { from }) => leave(chat, talk, from)],
	NICK: [(nick) => ["nick", { new: nick }], (chat, talk, { from }, nick) => {
		const found = talk.members.get(fold(from));
		talk.members.delete(fold(from));
		enter(talk, nick, { ...found, nick });
	}],
	TOPIC: [(room, topic) => ["topic", {}, topic], (chat, talk, m, room, topic) => (talk.topic = topic)],
	MODE: [(room, ...modes) => ["mode", {}, modes.join(" ")], setModes],
	AWAY: [null, (chat, talk, { from }, text) => enter(talk, from, { away: Boolean(text) })],
};

/** Events that concern all rooms that their author is in. */
const EVERYWHERE = ["QUIT", "NICK", "AWAY"];

export function hear(chat, m) {
	const { command, params, past, from } = m;
	const [show, act] = EVENTS[command] ?? [];
	const isMine = act && !past && chat.isMe(from);
	if (isMine && command === "JOIN") chat.joined(params[0]);
	if (act) {
		const isIn = ({ members }) => members.has(fold(from));
		const talks = EVERYWHERE.includes(command) ? chat.talks.filter(isIn) : [chat.talk(params[0])];
		for (const talk of past ? [past] : talks.filter(Boolean)) {
			if (show) chat.event(talk, m, ...show(...params));
			if (past) continue;
			act(chat, talk, m, ...params);
			chat.changed("members", talk);
			chat.changed("topic", talk);
		}
	} else if (OTHER[command]) OTHER[command](chat, m, ...params);
	else if (NUMERIC[command]) NUMERIC[command](chat, ...params.slice(1));
	else if (/^\d/.test(command)) other(chat, m, ...params.slice(1));
	if (isMine && command === "NICK") chat.me({ nick: params[0] });
	else if (command === "NICK" && !past) chat.rename(from, params[0]);
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
};

const NUMERIC = {
	"005"({ state: { server } }, ...tokens) {
		const name = tokens.find((token) => token.startsWith("NETWORK="));
		if (name) server.network = name.slice(8);
	},
	301: (chat, who, text) => chat.tell(text, "away", who, { who }),
	305: (chat) => chat.me({ away: false }),
	306: (chat) => chat.me({ away: true }),
	321() {},
	322({ state: { rooms } }, name, members, topic) {
		if (rooms.length < ROOMS) rooms.push({ name, members: Number(members), topic });
	},
	323(chat) {
		chat.state.rooms.sort((a, b) => b.members - a.members);
		chat.changed("rooms");
	},
	332: (chat, room, topic) => (chat.talk(room).topic = topic),
	333() {},
	353(chat, sign, room, names) {
		for (const [, ranks, nick] of names.matchAll(/([@+]*)(\S+)/g)) enter(chat.talk(room), nick, { ranks });
	},
	366(chat, room) {
		chat.changed("members", chat.talk(room));
		chat.changed("topic", chat.talk(room));
	},
	376: (chat) => chat.online(),
	422: (chat) => chat.online(),
	900: (chat, mask, account) => chat.loggedIn(account),
	901: (chat) => chat.me({ account: null }),
};

/** Errors and information in the server's words. */
function other(chat, { command, tags }, ...words) {
	const text = words.at(-1), isError = command >= "400";
	if ((isError && chat.settled(tags.label, { failed: text })) || /^End of/i.test(text)) return;
	const room = words.find((word) => chat.isRoom(word) && chat.talk(word));
	const where = chat.link.phase === "online" ? room : "*";
	chat.tell(words.filter((word) => word !== room).join(" "), isError ? "error" : "info", where, { code: command });
}
