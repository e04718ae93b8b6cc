// What a typed line asks for, with the commands of parlor.
import { drop } from "./model.js";
import { fold, isRoom } from "./wire.js";

// Send what was typed; or a line made of the talk's name, the first word and the rest.
const send = (...words) => (chat, rest) => chat.send(...words, ...(rest ? [rest] : []));
const line = (words) => (chat, rest, { name }) => chat.send(...words(name, ...rest.split(/ +(.*)/), ""));
const mode = (letters, mask = "") => line((room, name) => ["MODE", room, letters, /[!@:]/.test(name) ? name : name + mask]);
const ask = (what) => (chat, rest) => chat.tellPage("ask", { what, account: rest || chat.state.me.nick });
const roomName = (name) => (isRoom(name) ? name : `#${name}`);

function join(chat, rest) {
	const [name, key] = rest.split(/ +/);
	chat.select(chat.open(roomName(name), key));
}

function whisper(chat, rest) {
	const [name, text] = rest.split(/[ :]+(.*)/);
	chat.select(chat.open(name));
	if (text) chat.say(chat.shown, text);
}

const who = (chat, rest, { members }) => chat.tell([...members.values()].slice(0, 500).map(({ ranks, nick }) => ranks + nick).join(" "), "info");

function ignore(chat, rest) {
	const { ignored } = chat.state, name = fold(rest);
	if (name && !ignored.delete(name)) ignored.add(name);
	chat.tell(`/ignore: ${[...ignored].join(" ")}`, "info");
}

const search = (chat, rest, { name }) => chat.send("SEARCH", `in=${name};text=${rest.replace(/[\\;]/g, "").replace(/ /g, "\\s")}`);

const TABLE = {
	who, names: who, ignore,
	list: send("LIST"),
	part: (chat, rest, { key }) => chat.close(rest ? fold(roomName(rest)) : key),
	topic: (chat, rest, { name }) => send("TOPIC", name)(chat, rest),
	away: send("AWAY"),
	login: ask("login"), register: ask("register"),
	clear: (chat, rest, talk) => drop(talk, 0, Infinity),
	quit: (chat) => chat.leave(),
	help: (chat) => chat.tell(`/${COMMANDS.join(" /")}`, "info"),
	history: (chat, rest, { key }) => chat.loadOlder(key),
	motd: send("MOTD"),
	ban: (chat, rest, talk) => (rest ? mode("+b", "!*@*") : send("MODE", talk.name, "b"))(chat, rest, talk),
};

// With an argument.
const NEEDING = {
	msg: whisper, query: whisper, join, room: join, search,
	reply: (chat, rest) => chat.say(chat.whisperer, rest),
	me: (chat, rest, talk) => chat.say(talk, rest, "action"),
	nick: send("NICK"), raw: send(), whois: send("WHOIS"),
	invite: line((room, name, other) => ["INVITE", name, other || room]),
	kick: line((room, name, why) => ["KICK", room, name, why]),
	unban: mode("-b", "!*@*"),
	op: mode("+o"), deop: mode("-o"), voice: mode("+v"), devoice: mode("-v"),
};

export const COMMANDS = Object.keys({ ...NEEDING, ...TABLE });

export function run(chat, talk, typed) {
	const [, word, rest] = /^(\/|\S*)\s*(.*)$/.exec(typed), name = word === "/" ? "msg" : fold(word);
	if (!COMMANDS.includes(name)) chat.tell(`There is no /${name}`, "error");
	else if (!rest && NEEDING[name]) chat.tell(`/${name} …?`, "error");
	else (NEEDING[name] ?? TABLE[name])(chat, rest, talk ?? chat.talk("*", true));
}
