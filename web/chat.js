// The chat as the page sees it: one state, methods that act, events that say what changed.
import { COMMANDS, run } from "./commands.js";
import { Connection } from "./connection.js";
import { hear } from "./hear.js";
import * as model from "./model.js";
import { byteLength, fold, split, write } from "./wire.js";

const TALKS = 500, HELD = 50, PAGE = 100;
/** Talks that are loaded after the login because of news. */
const NEWS = 10;
/** Room in a line for nick, target and text: the server adds a host. */
const TEXT_BYTES = 400;
// Milliseconds.
const MINUTE = 60_000, WEEK = 7 * 86_400_000, MARKING = 2000;

const stamp = (at) => `timestamp=${new Date(at).toISOString()}`;

export class Chat extends Connection {
	state = model.newState(this.link);
	labels = new Map();
	changes = new Map();
	number = 0;
	skew = 0;
	isVisible = true;
	isAtEnd = true;

	// For the page.

	connect({ nick, rooms = [], read = {}, ignored, ...login }) {
		this.login = { ...login, read, rooms: [...rooms], name: nick, nick: nick.split("/")[0] };
		Object.assign(this.state, model.newState(this.link), { ignored: new Set(ignored) });
		this.lostAt = this.link.attempt = 0;
		this.changed("talks");
		this.start();
	}

	enter(key, text) {
		const { talks, held } = this.state;
		text = text.trimEnd();
		const isCommand = /^\/(?! )[^\n]*$/.test(text);
		if (this.link.phase !== "online" && (!isCommand || text.startsWith("/me "))) {
			if (held.length < HELD) held.push({ key, text });
			this.changed("held");
		} else if (isCommand) run(this, talks.get(key), text.slice(1));
		else if (text) this.say(talks.get(key), text.replace(/^\/ /, "/"));
	}

	retry(key, id) {
		const talk = this.state.talks.get(key), item = talk.byId.get(id);
		talk.items.splice(talk.items.indexOf(item), 1);
		talk.byId.delete(id);
		this.say(talk, item.text, item.kind);
	}

	open(name, password) {
		const talk = this.talk(name, true);
		if (talk?.kind === "room" && !talk.joined) {
			talk.wanted = true;
			this.send("JOIN", name, ...(password ? [password] : []));
		}
		return talk?.key;
	}

	close(key) {
		const { talks, current } = this.state, talk = talks.get(key);
		if (talk?.joined) this.send("PART", talk.name);
		talks.delete(key);
		if (current === key) this.select(null);
		this.changed("talks");
	}

	select(key) {
		if (this.shown && this.state.current !== key && !this.shown.unread) this.shown.newFrom = null;
		this.state.current = key;
		this.isAtEnd = true;
		this.changed("current");
		this.refresh(this.shown);
	}

	seen(isVisible, isAtEnd = true) {
		Object.assign(this, { isVisible, isAtEnd });
		const talk = this.shown;
		if (!talk) return;
		if (!isVisible && !talk.unread) talk.newFrom = null;
		if (isAtEnd) model.trim(talk, model.KEPT);
		this.read(talk);
	}

	loadOlder(key, isWanted) {
		const talk = this.state.talks.get(key);
		if (talk.asked || (talk.history !== "more" && !isWanted)) return;
		const first = talk.items.find(({ msgid }) => msgid);
		talk.kept = talk.items.length + 2 * PAGE;
		this.ask(talk, "BEFORE", first ? `msgid=${first.msgid}` : stamp(this.now()));
	}

	sendHeld() {
		for (const { key, text } of this.state.held.splice(0)) this.enter(key, text);
		this.changed("held");
	}

	dropHeld() {
		this.state.held = [];
		this.changed("held");
	}

	complete(key, word) {
		const { members = new Map(), items = [] } = this.state.talks.get(key) ?? {};
		const speakers = items.map(({ from }) => from).reverse().filter((nick) => members.has(fold(nick)));
		const nicks = [...members.values()].map(({ nick }) => nick).sort();
		const names = [...speakers, ...nicks, ...this.talks.map(({ name }) => name), ...COMMANDS.map((name) => `/${name}`)];
		return [...new Set(names)].filter((name) => fold(name).startsWith(fold(word)) && !this.isMe(name)).slice(0, 20);
	}

	logIn(name, password) {
		Object.assign(this.login, { name, password });
		this.send("AUTHENTICATE", "PLAIN");
	}

	register(password) {
		Object.assign(this.login, { name: this.state.me.nick, password });
		this.send("REGISTER", "*", "*", password);
	}

	// For messages and commands.

	/** By the server's clock. */
	now() {
		return Date.now() + this.skew;
	}

	at({ tags, past }) {
		const at = Date.parse(tags.time);
		if (at && !past) this.skew = at - Date.now();
		return at || this.now();
	}

	isMe(nick) {
		return fold(nick) === fold(this.state.me.nick);
	}

	isRoom(name) {
		return name[0] === "#";
	}

	get shown() {
		return this.state.talks.get(this.state.current);
	}

	get talks() {
		return [...this.state.talks.values()];
	}

	/** The talk of this name, if there is one or it may begin. */
	talk(name, mayBegin) {
		const { talks } = this.state, key = fold(name);
		if (!talks.has(key) && mayBegin && talks.size < TALKS) {
			const kind = name === "*" ? "server" : this.isRoom(name) ? "room" : "private";
			talks.set(key, model.newTalk(key, name, kind, this.login.read[key]));
			this.changed("talks");
		}
		return talks.get(key);
	}

	/** Tells the page, once for all that happens in a turn. */
	changed(words, talk) {
		const { changes } = this, key = talk?.key ?? null;
		if (!changes.size) queueMicrotask(() => {
			for (const change of changes.values()) this.tellPage("change", change);
			changes.clear();
		});
		for (const what of words.split(" ")) changes.set(`${what} ${key}`, { what, key });
	}

	tellPage(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	add(talk, fields) {
		const item = { at: this.now(), from: "", mine: false, pending: false, failed: null, mention: false, bot: false, data: {}, ...fields };
		item.id ??= `p${++this.number}`;
		if (!model.insert(talk, item)) return null;
		this.changed("items", talk);
		return item;
	}

	tell(text, kind, name = "", data = {}) {
		this.add(this.talk(name, name === "*") ?? this.shown ?? this.talk("*", true), { kind, text, data });
	}

	/** Its id is the same in the history, so it is shown once. */
	event(talk, m, kind, data = {}, text = "") {
		if (!kind) return;
		const at = this.at(m), { from, tags: { msgid } } = m;
		const id = [kind, from, at, text, ...Object.values(data)].join(" ");
		this.add(talk, { id, at, kind, from, text, data, mine: this.isMe(from), msgid });
	}

	said(talk, m, said) {
		const { from, past, tags: { msgid, label, ...tags } } = m, { mine, text, kind } = said;
		if (!mine && this.state.ignored.has(fold(from))) return;
		const known = { at: this.at(m), msgid };
		const open = mine && (this.labels.get(label)?.[1] ?? model.openLike(talk, text));
		if (open && this.settle(talk, open, known)) return;
		const mention = !mine && model.mentions(fold(text), fold(this.state.me.nick));
		const item = this.add(talk, { ...said, ...known, id: msgid, from, mention, bot: "bot" in tags });
		if (!item || past) return;
		const isPrivate = talk.kind === "private" && !mine;
		if (isPrivate) this.whisperer = talk;
		if (!mine && !this.isWatched(talk)) model.count(talk, item);
		this.changed("talk", talk);
		this.read(talk);
		if ((mention || isPrivate) && kind !== "notice") this.tellPage("notify", { key: talk.key, item });
	}

	settle(talk, item, known) {
		this.changed("items", talk);
		return model.settle(talk, item, known);
	}

	/** False if no message of ours waits for this. */
	settled(label, known) {
		const waiting = this.labels.get(label);
		this.labels.delete(label);
		return Boolean(waiting) && this.settle(...waiting, known);
	}

	me(changes) {
		Object.assign(this.state.me, changes);
		this.login.nick = this.state.me.nick;
		this.changed("link");
	}

	online() {
		this.become("online");
		const again = this.talks.filter(({ wanted, joined }) => wanted && !joined).map(({ name }) => name);
		for (const name of [...this.login.rooms.splice(0), ...again]) this.open(name);
		this.findNews();
	}

	loggedIn(account) {
		this.login.account = true;
		this.me({ account });
		if (this.link.phase === "online") this.findNews();
	}

	joined(name) {
		const talk = this.talk(name, true);
		Object.assign(talk, { name, joined: true, wanted: true, topic: "", members: new Map() });
		this.changed("talks");
		this.refresh(talk);
	}

	rename(from, to, m) {
		const { talks, current } = this.state, talk = this.talk(from), key = fold(to);
		if (!talk || (key !== talk.key && talks.has(key))) return;
		if (current === talk.key) this.state.current = key;
		talks.delete(talk.key);
		talks.set(key, Object.assign(talk, { key, name: to }));
		if (m) this.event(talk, m, "rename", { old: from, new: to });
		this.changed("talks current");
	}

	clear(talk) {
		model.drop(talk, talk.items.length);
		talk.history = "start";
		this.changed("items", talk);
	}

	say(talk, text, kind = "message") {
		const code = !talk || talk.kind === "server" ? "no-talk" : talk.kind === "room" && !talk.joined ? "not-joined" : "";
		if (code) return this.tell("There is nobody here who hears you", "error", "", { code });
		const most = TEXT_BYTES - byteLength(this.login.nick + talk.name);
		const lines = text.split("\n").flatMap((line) => split(line, most).map((piece, n) => [piece, n > 0]));
		const [mostBytes = 0, mostLines] = this.caps.get("draft/multiline")?.match(/\d+/g) ?? [];
		const send = (tags, words) => this.raw(write(tags, "PRIVMSG", talk.name, words));
		if (kind === "action" || lines.length < 2 || lines.length > mostLines || byteLength(text) > mostBytes) {
			for (const [line] of lines.filter(([line]) => line)) send(this.pend(talk, line, kind), kind === "action" ? `\x01ACTION ${line}\x01` : line);
			return;
		}
		const batch = String(++this.number);
		this.raw(write(this.pend(talk, text, kind), "BATCH", `+${batch}`, "draft/multiline", talk.name));
		for (const [line, continues] of lines) send(continues ? { batch, "draft/multiline-concat": "" } : { batch }, line);
		this.send("BATCH", `-${batch}`);
	}

	/** Shows a message that the server has not confirmed. Returns its tags. */
	pend(talk, text, kind) {
		const item = this.add(talk, { kind, text, from: this.login.nick, mine: true, pending: true });
		this.labels.set(item.id, [talk, item]);
		return { label: item.id };
	}

	isWatched(talk) {
		return talk === this.shown && this.isVisible && this.isAtEnd;
	}

	/** What is looked at is read. */
	read(talk) {
		const last = talk.items.findLast(({ pending }) => !pending)?.at ?? 0;
		if (!this.isWatched(talk) || (last <= talk.lastRead && !talk.unread)) return;
		Object.assign(talk, { lastRead: Math.max(last, talk.lastRead), unread: 0, mentions: 0 });
		this.changed("talk", talk);
		if (!this.state.me.account || talk.kind === "server") return;
		talk.marking ??= setTimeout(() => {
			talk.marking = null;
			this.send("MARKREAD", talk.name, stamp(talk.lastRead));
		}, MARKING);
	}

	heard(m) {
		const { type, params, tags, lines } = m;
		if (!type) hear(this, m);
		else if (type === "chathistory") this.hearPast(params[0], lines, "draft/chathistory-end" in tags);
		else if (type === "draft/chathistory-targets") this.hearNews(lines);
		else if (type === "labeled-response") this.settled(tags.label, {});
		else if (type === "soju.im/search") {
			const found = lines.map(({ tags, from, params }) => `${new Date(tags.time).toLocaleString()} ${from}: ${params.at(-1)}`);
			this.tell(found.join("\n"), "search");
		}
	}

	lost() {
		this.lostAt ||= this.now();
		for (const talk of this.talks) {
			Object.assign(talk, { joined: false, history: "unknown", asked: null });
			for (const item of talk.items.filter(({ pending }) => pending)) {
				this.settle(talk, item, { failed: "The connection was lost", data: { code: "lost" } });
			}
		}
		this.labels.clear();
		this.changed("talks");
	}

	// The history.

	/** If the talk is on screen. */
	refresh(talk) {
		if (!talk || talk !== this.shown) return;
		const isOpen = this.link.phase === "online" && (talk.joined || talk.kind === "private");
		if (isOpen && talk.history === "unknown") this.ask(talk, "LATEST", "*");
		this.read(talk);
	}

	ask(talk, what, from) {
		const hasPast = this.caps.has("draft/chathistory");
		Object.assign(talk, { asked: what, history: hasPast ? "loading" : "start" });
		this.changed("talk", talk);
		if (hasPast) this.send("CHATHISTORY", what, talk.name, from, String(PAGE));
	}

	hearPast(name, lines, isWhole) {
		const talk = this.talk(name), isNewest = talk.asked === "LATEST";
		const isKnown = isNewest && lines.some(({ tags }) => talk.byId.has(tags.msgid));
		if (isNewest && !isKnown && !isWhole && lines.length) {
			// Something between may be missing. What is older can be loaded again.
			const first = Date.parse(lines[0].tags.time);
			model.drop(talk, talk.items.filter(({ pending, at }) => !pending && at < first).length);
		}
		if (!isKnown) talk.isWhole = isWhole || !lines.length;
		for (const line of lines) hear(this, { ...line, past: talk });
		Object.assign(talk, { asked: null, history: talk.isWhole ? "start" : "more" });
		if (isNewest) model.recount(talk);
		this.changed("items talk", talk);
		this.read(talk);
	}

	/** Asks which talks have something new. */
	findNews() {
		const since = this.lostAt || (this.state.me.account && this.now() - WEEK);
		this.lostAt = 0;
		if (!since || !this.caps.has("draft/chathistory")) return;
		this.send("CHATHISTORY", "TARGETS", stamp(since - MINUTE), stamp(this.now() + MINUTE), "50");
	}

	hearNews(lines) {
		let count = 0;
		for (const { params: [, name, time] } of lines.reverse()) {
			const isRoom = this.isRoom(name), talk = this.talk(name, !isRoom);
			if (!talk || talk.asked) continue;
			if (!isRoom) {
				talk.lastRead ??= this.now() - WEEK;
				this.send("MARKREAD", name);
			}
			if ((!isRoom || talk.lastRead < Date.parse(time)) && count++ < NEWS) this.ask(talk, "LATEST", "*");
		}
	}
}
