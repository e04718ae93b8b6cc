// A talk: what was said, of which only a window of items exists as elements, and where one writes.
import { language, t } from "./strings.js";
import { $, el, nick, nodes, paint, show } from "./text.js";

/** Items shown at the end of a talk; how many come at once while the reader scrolls; and at most. */
const ITEMS = 150, MORE = 80, MOST = 360;
/** Messages of a speaker within this time have one heading, in milliseconds. */
const TOGETHER = 300_000;
/** So near to the end, in pixels, the page follows what is said. */
const NEAR = 40;
/** Of so many who come and go at once the names are shown. */
const NAMED = 5;
/** Earlier lines of the writer that are kept. */
const LINES = 50;

const SAID = ["message", "action", "notice", "redacted"];
const TRAFFIC = ["join", "part", "quit"];

const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const date = new Intl.DateTimeFormat(language, { dateStyle: "full" });
const timeOf = (at) => el("time", time.format(at));

/** Rows for items: dates, the line above what is new, messages, events. Those who come and go share a row. */
function rowsOf(items, newFrom) {
	const rows = [];
	let before, day;
	const add = (row) => rows.push(before = { tag: "div", ...row });
	for (const item of items) {
		const { id, at, kind, from } = item;
		const today = new Date(at).toDateString();
		if (today !== day) add({ key: today, sign: "line", text: date.format(at) });
		if (id === newFrom) add({ key: "new", sign: "line new", text: t.new });
		day = today;
		const isSaid = SAID.includes(kind), isTraffic = TRAFFIC.includes(kind);
		if (isTraffic && before.isTraffic) {
			before.items.push(item);
			before.sign = `event ${before.items.length}`;
			continue;
		}
		const isFirst = isSaid && (before.from !== from || at - before.since > TOGETHER);
		const sign = [isSaid ? "said" : "event", kind, isFirst ? "first" : ""].concat(
			["pending", "failed", "mention"].filter((name) => item[name])).join(" ");
		add({ key: id, sign, items: [item], isSaid, isTraffic, isFirst, from: isSaid && from, since: isFirst ? at : before.since });
	}
	return rows;
}

function fillSaid(node, { id, at, from, kind, text, bot, failed, data }, isFirst) {
	paint(node, from);
	node.dataset.face = [...from][0];
	if (isFirst) node.append(el("p", el("bdi.who", from), el("small", bot ? t.bot : kind === "notice" ? t.notice : ""), timeOf(at)));
	else node.append(el("span.vh", `${from}: `), timeOf(at));
	const body = el("div.text", kind === "action" ? el("bdi.who", `${from} `) : "", nodes(kind === "redacted" ? t.redacted : text));
	body.dir = "auto";
	node.append(body);
	if (!failed) return;
	const retry = el("button", t.retry);
	retry.value = id;
	node.append(el("small", `${t.failed} ${t.told[data.code]?.(data) ?? failed} `, retry));
}

function fillEvents(node, items) {
	node.append(timeOf(items[0].at));
	for (const { kind, from, text, data } of items.slice(0, NAMED)) {
		const words = [t.did[kind], data.who, data.new, data.room, data.reason && `(${data.reason})`].filter(Boolean).join(" ");
		const told = el("div.text", nodes(t.told[data.code]?.(data) ?? text));
		node.append(t.did[kind] ? el("span", nick(from), ` ${words} `, nodes(text ?? "")) : told, " ");
	}
	if (items.length > NAMED) node.append(`${t.others} ${items.length}`);
}

function fill(node, { sign, text, isSaid, isFirst, items }) {
	node.className = sign;
	if (text) return node.append(text);
	node.dataset.id = items[0].id;
	if (isSaid) fillSaid(node, items[0], isFirst);
	else fillEvents(node, items);
}

export function newLog(chat) {
	const list = $("#items"), newest = $("#newest");
	let key = null, isAtEnd = true, oldest, loud;
	/** The id of the first item of the window; null at the end, where it moves on. */
	let first = null;

	const talk = () => chat.state.talks.get(key);
	const items = () => talk()?.items ?? [];
	const place = (id) => items().findIndex((item) => item.id === id);

	function range() {
		const from = Math.max(0, first === null ? items().length - ITEMS : place(first));
		return [from, Math.min(items().length, from + MOST)];
	}

	/** What is not new is not read out. */
	function hush() {
		list.ariaLive = "off";
		clearTimeout(loud);
		loud = setTimeout(() => (list.ariaLive = "polite"), 1000);
	}

	function draw() {
		const [from, to] = range();
		const { newFrom, history, unread } = talk() ?? {};
		if (items()[0]?.id !== oldest || history === "loading") hush();
		oldest = items()[0]?.id;
		const rows = rowsOf(items().slice(from, to), newFrom);
		if (!from && t[history]) rows.unshift({ key: "top", tag: "div", sign: `line ${history}`, text: t[history] });
		// The uppermost visible element that stays keeps its place.
		const keys = new Set(rows.map((row) => row.key));
		const isSeen = ([key, node]) => node.offsetTop + node.offsetHeight > list.scrollTop && keys.has(key);
		const held = !isAtEnd && [...list.shown].find(isSeen)?.[1];
		const top = held && held.offsetTop - list.scrollTop;
		show(list, rows, fill);
		if (isAtEnd) list.scrollTop = list.scrollHeight;
		else if (held) list.scrollTop = held.offsetTop - top;
		newest.textContent = t.newest + (unread ? ` (${unread})` : "");
		extend(from, to);
	}

	/** Moves the window when the reader comes near its edge. */
	function extend(from, to) {
		newest.hidden = isAtEnd;
		const isNearTop = list.scrollTop < list.clientHeight;
		const isNearEnd = list.scrollHeight - list.scrollTop < 2 * list.clientHeight;
		if (isNearTop && !from) return key && chat.loadOlder(key);
		if (isNearTop && !isAtEnd) first = items()[Math.max(0, from - MORE)].id;
		else if (isNearEnd && to < items().length) first = items()[Math.min(items().length - to, MORE) + from].id;
		else return;
		draw();
	}

	function follow(isNowAtEnd) {
		if (isAtEnd !== isNowAtEnd) chat.seen(!document.hidden, isNowAtEnd);
		isAtEnd = isNowAtEnd;
		first = isAtEnd ? null : first ?? items()[range()[0]]?.id ?? null;
	}

	list.onscroll = () => {
		const [from, to] = range();
		follow(to === items().length && list.scrollHeight - list.scrollTop - list.clientHeight < NEAR);
		extend(from, to);
	};
	const log = {
		draw,
		isAtEnd: () => isAtEnd,
		toEnd() {
			follow(true);
			draw();
		},
		/** Shows another talk, from where it is new. */
		select(selected) {
			key = selected;
			isAtEnd = true;
			hush();
			const unread = place(talk()?.newFrom);
			first = unread >= 0 && unread < items().length - ITEMS ? items()[Math.max(0, unread - MORE)].id : null;
			draw();
			const line = $(".new");
			if (line?.offsetTop < list.scrollTop) list.scrollTop = line.offsetTop - list.clientHeight / 4;
		},
	};
	new ResizeObserver(() => isAtEnd && draw()).observe(list);
	newest.onclick = log.toEnd;
	list.onclick = ({ target }) => target.value && chat.retry(key, target.value);
	return log;
}

export function newComposer(chat, log) {
	const box = $("#composer"), form = $("#compose");
	const drafts = new Map();
	/** The talk; earlier lines; which of them is shown; and what was being written instead. */
	let key = null, lines = [], line = 0, unsent = "";
	/** The completion under way: what is before and after the word, the candidates, and which of them is shown. */
	let tab = null;

	function grow() {
		const wasAtEnd = log.isAtEnd();
		box.style.height = "auto";
		box.style.height = `${box.scrollHeight + 2}px`;
		// For a moment the log had more room, and has scrolled.
		if (wasAtEnd) log.toEnd();
	}

	function set(text, cursor = text.length) {
		box.value = text;
		box.setSelectionRange(cursor, cursor);
		grow();
	}

	function complete(by) {
		if (!tab) {
			const [, before, word] = /^(.*?)(\S*)$/s.exec(box.value.slice(0, box.selectionStart));
			tab = { before, after: box.value.slice(box.selectionStart), found: chat.complete(key, word), at: by > 0 ? -1 : 0 };
		}
		const { before, after, found } = tab;
		if (!found.length) return;
		tab.at = (tab.at + by + found.length) % found.length;
		const done = before + found[tab.at] + (before || /^[/#&]/.test(found[tab.at]) ? " " : ": ");
		set(done + after, done.length);
	}

	function bringBack(by) {
		if (line === lines.length) unsent = box.value;
		line = Math.max(0, line + by);
		set(lines[line] ?? unsent);
	}

	box.oninput = grow;
	box.onkeydown = (event) => {
		const { key, shiftKey, altKey, ctrlKey, metaKey } = event;
		// The keys belong to the input method while it composes characters. Safari tells only by the code.
		if (event.isComposing || event.keyCode === 229 || altKey || ctrlKey || metaKey) return;
		const act = {
			Enter: !shiftKey && (() => form.requestSubmit()),
			Tab: box.value && (() => complete(shiftKey ? -1 : 1)),
			ArrowUp: line && !box.value.slice(0, box.selectionStart).includes("\n") && (() => bringBack(-1)),
			ArrowDown: line < lines.length && !box.value.slice(box.selectionEnd).includes("\n") && (() => bringBack(1)),
		}[key];
		if (key !== "Tab" && key !== "Shift") tab = null;
		if (!act) return;
		event.preventDefault();
		act();
	};
	form.addEventListener("submit", (event) => {
		event.preventDefault();
		box.focus();
		const text = box.value;
		if (!text.trim()) return;
		set("");
		lines = [...lines, text].slice(-LINES);
		line = lines.length;
		chat.enter(key, text);
		log.toEnd();
	});

	return (selected, name) => {
		drafts.set(key, box.value);
		key = selected;
		line = lines.length;
		tab = null;
		set(drafts.get(key) ?? "");
		box.placeholder = `${t.write} ${name}`;
	};
}
