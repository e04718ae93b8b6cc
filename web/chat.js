// The chat as the page sees it: one state, methods that act, events that say what changed.
import { COMMANDS, run } from "./commands.js";
import { Connection } from "./connection.js";
import { add, drop, fail, hear, newTalk, recount } from "./model.js";
import { byteLength, fold, isRoom, split } from "./wire.js";

// Room in a line for nick, target and text: the server adds a host.
const TEXT_BYTES = 400;
const WEEK = 7 * 86_400_000;

const stamp = (at) => `timestamp=${new Date(at).toISOString()}`;
const newState = (link) => ({
	link, me: { nick: "", account: null }, talks: new Map(), current: null, held: [], ignored: new Set(),
});

export class Chat extends Connection {
	state = newState(this.link);
	changes = new Set();
	number = 0;
	isVisible = true;
	isAtEnd = true;

	connect({ nick, rooms = [], ...login }) {
		this.login = { ...login, name: nick, nick: nick.split("/")[0] };
		Object.assign(this.state, newState(this.link));
		for (const name of rooms) this.talk(name, true).wanted = true;
		this.link.attempt = 0;
		this.start();
	}

	enter(key, text) {
		text = text.trimEnd();
		const talk = this.state.talks.get(key);
		if (/^\/(?! )[^\n]*$/.test(text)) run(this, talk, text.slice(1));
		else if (text) this.say(talk, text.replace(/^\/ /, "/"));
	}

	open(name, password) {
		const talk = this.talk(name, true);
		if (talk?.kind === "room" && !talk.joined) {
			Object.assign(talk, { wanted: true, password: password ?? talk.password });
			this.send("JOIN", name, ...(talk.password ? [talk.password] : []));
		}
		return talk?.key;
	}

	close(key) {
		const { talks, current } = this.state, talk = talks.get(key);
		if (talk?.joined) this.send("PART", talk.name);
		talks.delete(key);
		if (current === key) this.select(null);
		this.changed();
	}

	select(key) {
		const isSame = this.state.current === key;
		if (this.shown && !isSame && !this.shown.unread) this.shown.newFrom = null;
		this.state.current = key;
		this.changed();
		const talk = this.shown;
		if (talk?.kind === "private" && talk.history === "unknown" && this.link.phase === "online") this.ask(talk);
		this.seen(this.isVisible, !isSame || this.isAtEnd);
	}

	seen(isVisible, isAtEnd = true) {
		Object.assign(this, { isVisible, isAtEnd });
		const talk = this.shown;
		if (!talk) return;
		if (!isVisible && !talk.unread) talk.newFrom = null;
		if (isAtEnd && talk.isBehind) this.ask(talk);
		this.read(talk);
	}

	loadOlder(key) {
		const talk = this.talk(key), first = talk.items.find(({ msgid }) => msgid);
		if (first && talk.history === "more") this.ask(talk, "BEFORE", `msgid=${first.msgid}`);
	}

	sendHeld() {
		for (const said of this.state.held.splice(0)) this.say(...said);
		this.changed();
	}

	dropHeld() {
		this.state.held = [];
		this.changed();
	}

	complete(key, word) {
		const { members, items } = this.state.talks.get(key) ?? newTalk("", "");
		const nicks = [...items.map(({ from }) => from).reverse(), ...[...members.values()].map(({ nick }) => nick).sort()];
		const names = [...nicks, ...this.talks.map(({ name }) => name), ...COMMANDS.map((name) => `/${name}`)];
		return [...new Set(names)].filter((name) => fold(name).startsWith(fold(word)) && !this.isMe(name)).slice(0, 20);
	}

	logIn(name, password) {
		this.trial = { name, password };
		this.send("AUTHENTICATE", "PLAIN");
	}

	register(password) {
		this.trial = { name: this.state.me.nick, password };
		this.send("REGISTER", "*", "*", password);
	}

	isMe(nick) {
		return fold(nick) === fold(this.state.me.nick);
	}

	get shown() {
		return this.state.talks.get(this.state.current);
	}

	get talks() {
		return [...this.state.talks.values()];
	}

	// The talk of this name, if there is one or it may begin.
	talk(name, mayBegin) {
		const { talks } = this.state, key = fold(name);
		if (!talks.has(key) && mayBegin && talks.size < 500) talks.set(key, newTalk(key, name));
		this.changed();
		return talks.get(key);
	}

	// Tells the page, once for all that happens in a turn.
	changed(what = "state") {
		const { changes } = this;
		if (!changes.size) queueMicrotask(() => {
			for (const what of changes) this.tellPage("change", { what });
			changes.clear();
		});
		changes.add(what);
	}

	tellPage(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	tell(text, kind, name = "", data = {}, from = "") {
		add(this, this.talk(name, name === "*") ?? this.shown ?? this.talk("*", true), { kind, text, data, from });
	}

	rename(nick) {
		this.login.nick = this.state.me.nick = nick;
		this.changed();
	}

	online() {
		this.become("online");
		for (const { wanted, name } of this.talks) if (wanted) this.open(name);
		this.findNews();
	}

	loggedIn(account) {
		Object.assign(this.login, this.trial, { account: true });
		this.state.me.account = account;
		this.findNews();
	}

	joined(name) {
		const talk = this.talk(name, true);
		Object.assign(talk, { name, joined: true, wanted: true, topic: "", members: new Map() });
		this.changed();
		this.ask(talk);
	}

	lost() {
		for (const talk of this.talks) {
			Object.assign(talk, { joined: false, history: "unknown" });
			for (const item of talk.items.filter(({ pending }) => pending)) fail(this, talk, item, "The connection was lost");
		}
		this.changed();
	}

	say(talk, text, kind = "message") {
		const { held } = this.state;
		this.changed();
		if (this.link.phase !== "online") return held.length < 50 && held.push([talk, text, kind]);
		if (!talk || talk.kind === "server" || (talk.kind === "room" && !talk.joined)) {
			return this.tell("Nobody here hears you", "error");
		}
		const { name, key } = talk, most = TEXT_BYTES - byteLength(this.login.nick + name);
		const lines = text.split("\n").flatMap((line) => split(line, most).map((piece, n) => [piece, n]));
		const [mostBytes, mostLines] = this.caps.get("draft/multiline")?.match(/\d+/g) ?? [0];
		const isOne = kind === "message" && lines.length > 1 && lines.length <= mostLines && byteLength(text) <= mostBytes;
		// Services confirm nothing.
		const pending = !/^((nick|chan)serv|[nc]s)$/.test(key);
		const show = (text) => add(this, talk, { kind, text, from: this.login.nick, mine: true, pending });
		if (isOne) {
			show(text);
			this.send("BATCH", "+m", "draft/multiline", name);
		}
		for (const [line, n] of lines) {
			if (isOne) this.send(`@batch=m${n ? ";draft/multiline-concat" : ""}`, "PRIVMSG", name, line);
			else if (line) {
				show(line);
				this.send("PRIVMSG", name, kind === "action" ? `\x01ACTION ${line}\x01` : line);
			}
		}
		if (isOne) this.send("BATCH", "-m");
	}

	isWatched(talk) {
		return talk === this.shown && this.isVisible && this.isAtEnd;
	}

	// What is looked at is read.
	read(talk) {
		const last = talk.items.findLast(({ pending }) => !pending)?.at ?? 0;
		if (!this.isWatched(talk) || (last <= talk.lastRead && !talk.unread)) return;
		Object.assign(talk, { lastRead: Math.max(last, talk.lastRead), unread: 0, mentions: 0 });
		this.changed();
		if (!this.state.me.account || talk.kind === "server") return;
		talk.marking ??= setTimeout(() => {
			talk.marking = null;
			this.send("MARKREAD", talk.name, stamp(talk.lastRead));
		}, 2000);
	}

	heard(m) {
		const { type, params: [name], tags, lines } = m;
		if (!type) hear(this, m);
		else if (type === "chathistory") this.hearPast(name, lines, "draft/chathistory-end" in tags);
		else if (type === "draft/chathistory-targets") this.hearNews(lines);
		else for (const { from, params } of lines) this.tell(`${from}: ${params.at(-1)}`, "info");
	}

	ask(talk, what = "LATEST", from = "*") {
		const hasPast = this.caps.has("draft/chathistory");
		const isBefore = what === "BEFORE", edge = isBefore ? talk.items[0] : talk.items.findLast(({ msgid }) => msgid);
		Object.assign(talk, { history: hasPast ? "loading" : "start", isBehind: isBefore && talk.isBehind, edge });
		this.changed();
		if (hasPast) this.send("CHATHISTORY", what, talk.name, from, "100");
	}

	hearPast(name, lines, isWhole) {
		const talk = this.talk(name), first = Date.parse(lines[0]?.tags.time);
		const older = talk.items.filter(({ pending, at }) => !pending && at < first).length;
		// There is a gap. Who reads what is above it stays there; else it can be loaded again.
		if (older && !lines.some(({ tags }) => tags.msgid === talk.edge?.msgid)) {
			if (talk === this.shown && !this.isAtEnd) return Object.assign(talk, { isBehind: true, history: "more" });
			drop(talk, 0, older);
		}
		for (const line of lines) hear(this, { ...line, past: true });
		talk.history = isWhole || !lines.length || talk.items[0] === talk.edge ? "start" : "more";
		recount(talk);
		this.changed();
		this.read(talk);
	}

	findNews() {
		if (!this.state.me.account || this.link.phase !== "online") return;
		this.send("CHATHISTORY", "TARGETS", stamp(Date.now() + WEEK), stamp(Date.now() - WEEK), "20");
	}

	hearNews(lines) {
		for (const { params: [, name] } of lines) {
			if (isRoom(name)) continue;
			const talk = this.talk(name, true);
			talk.lastRead ??= Date.now() - WEEK;
			this.send("MARKREAD", name);
			this.ask(talk);
		}
	}
}
