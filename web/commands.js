// What a typed line asks for, with the commands of parlor. One that returns false lacks something.
import { fold } from "./wire.js";

const send = (...words) => (chat, rest) => chat.send(...words, ...(rest ? [rest] : []));
const needed = (act) => (chat, rest, talk) => rest !== "" && act(chat, rest, talk);
const here = (act) => (chat, rest, talk) => Boolean(talk) && act(chat, rest, talk);
/** Sends a line made of the room, the first word and the rest. */
const inRoom = (line) => here(needed((chat, rest, { name }) => {
	const [word, more] = rest.split(/ +(.*)/);
	chat.send(...line(name, word, more ?? ""));
}));
const mode = (letters, mask = "") => inRoom((room, name) => ["MODE", room, letters, /[!@:]/.test(name) ? name : name + mask]);
const ask = (what) => (chat, rest) => chat.tellPage("ask", { what, account: rest || chat.state.me.nick });
const roomName = (name) => (name[0] === "#" ? name : `#${name}`);

const join = needed((chat, rest) => {
	const [name, key] = rest.split(/ +/);
	chat.select(chat.open(roomName(name), key));
});

const whisper = needed((chat, rest) => {
	const [name, text] = rest.split(/[ :]+(.*)/);
	chat.select(chat.open(name));
	if (text) chat.say(chat.shown, text);
});

const who = here((chat, rest, { members }) => {
	chat.tell([...members.values()].map(({ ranks, nick }) => ranks + nick).sort().slice(0, 500).join(" "), "info");
});

function ignore(chat, rest) {
	const { ignored } = chat.state;
	if (rest && !ignored.delete(fold(rest))) ignored.add(fold(rest));
	chat.changed("ignored");
	chat.tell([...ignored].join(" "), "info", "", { code: "ignored" });
}

function list(chat, rest, talk) {
	chat.state.rooms = [];
	send("LIST")(chat, rest);
	if (talk) chat.tellPage("ask", { what: "rooms" });
}

const search = here(needed((chat, rest, { name }) => {
	chat.send("SEARCH", `in=${name};text=${rest.replace(/[\\;]/g, "").replace(/ /g, "\\s")}`);
}));

function help(chat, rest) {
	const names = COMMANDS.filter((name) => !rest || name === rest);
	chat.tell(names.join(" "), "help", "", { names });
}

const TABLE = {
	msg: whisper,
	reply: needed((chat, rest) => chat.say(chat.whisperer, rest)),
	me: needed((chat, rest, talk) => chat.say(talk, rest, "action")),
	nick: needed(send("NICK")),
	join,
	part: (chat, rest, talk) => chat.close(rest ? fold(roomName(rest)) : talk?.key),
	room: join,
	who,
	topic: here((chat, rest, { name }) => send("TOPIC", name)(chat, rest)),
	ignore,
	away: (chat, rest) => send("AWAY")(chat, rest || (chat.state.me.away ? "" : "away")),
	login: ask("login"),
	register: ask("register"),
	raw: (chat, rest) => chat.raw(rest),
	clear: here((chat, rest, talk) => chat.clear(talk)),
	quit: (chat) => chat.leave(),
	help,
	names: who,
	query: whisper,
	history: here((chat, rest, { key }) => chat.loadOlder(key, true)),
	search,
	list,
	whois: needed(send("WHOIS")),
	motd: send("MOTD"),
	invite: inRoom((room, name, other) => ["INVITE", name, other || room]),
	kick: inRoom((room, name, why) => ["KICK", room, name, why]),
	ban: (chat, rest, talk) => (rest ? mode("+b", "!*@*") : here(send("MODE", talk?.name, "b")))(chat, rest, talk),
	unban: mode("-b", "!*@*"),
	op: mode("+o"), deop: mode("-o"), voice: mode("+v"), devoice: mode("-v"),
};

export const COMMANDS = Object.keys(TABLE);

/** Runs a line without its slash. */
export function run(chat, talk, line) {
	const [, typed, rest] = /^(\/|\S*)\s*(.*)$/.exec(line);
	const name = typed === "/" ? "msg" : fold(typed);
	const act = COMMANDS.includes(name) && TABLE[name];
	if (!act) chat.tell(`There is no command /${name}; nothing was sent`, "error", "", { code: "no-command", name });
	else if (act(chat, rest, talk) === false) chat.tell(`/${name} lacks something`, "error", "", { code: "usage", name });
}
