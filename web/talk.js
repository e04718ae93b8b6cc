// A talk: what was said, of which only a window of items exists as elements, and where one writes.
import { language, t } from "./strings.js";
import { $, el, nick, nodes, paint, show } from "./text.js";

/** Items shown at the end of a talk; how many come at once while the reader scrolls; and at most. */
const ITEMS = 150, MORE = 80, MOST = 360;
/** A speaker's messages within so many milliseconds have one heading. So near to the end, in pixels, the page follows. */
const TOGETHER = 300_000, NEAR = 40;
/** Names of those who come and go at once; earlier lines of the writer. */
const NAMED = 5, LINES = 50;

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
		const flags = ["pending", "failed", "mention"].filter((name) => item[name]);
		const sign = [isSaid ? "said" : "event", kind, isFirst ? "first" : "", ...flags].join(" ");
		add({ key: id, sign, items: [item], isSaid, isTraffic, isFirst, from: isSaid && from, since: isFirst ? at : before.since });
	}
	return rows;
}

function fillSaid(node, { id, at, from, kind, text, bot, failed }, isFirst) {
	paint(node, from).dataset.face = [...from][0];
	if (isFirst) node.append(el("p", el("bdi.who", from), el("small", bot ? t.bot : t[kind] ?? ""), timeOf(at)));
	else node.append(el("span.vh", `${from}: `), timeOf(at));
	const body = el("div.text", kind === "action" ? el("bdi.who", `${from} `) : "", nodes(text));
	node.append(body);
	body.dir = "auto";
	if (!failed) return;
	const retry = el("button", t.retry);
	retry.value = id;
	node.append(el("small", `${t.failed} ${failed} `, retry));
}

function fillEvents(node, items) {
	node.append(timeOf(items[0].at));
	for (const { kind, from, text, data } of items.slice(0, NAMED)) {
		const words = [t.did[kind], data.who, data.new, data.room, data.reason && `(${data.reason})`].filter(Boolean).join(" ");
		node.append(t.did[kind] ? el("span", nick(from), ` ${words} `, nodes(text)) : el("div.text", nodes(text)));
	}
	if (items.length > NAMED) node.append(` ${t.others} ${items.length}`);
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
	let talk = { items: [] }, isAtEnd = true, oldest;
	/** The id of the first item of the window; null at the end, where it moves on. */
	let first = null;

	const place = (id) => talk.items.findIndex((item) => item.id === id);
	const start = () => Math.max(0, first === null ? talk.items.length - ITEMS : place(first));
	const below = () => list.scrollHeight - list.scrollTop - list.clientHeight;

	function draw() {
		const from = start();
		const { items, newFrom, history, unread } = talk;
		// What is not new is not read out.
		list.ariaLive = items[0]?.id === oldest && history !== "loading" ? "polite" : "off";
		oldest = items[0]?.id;
		const rows = rowsOf(items.slice(from, from + MOST), newFrom);
		if (!from && t[history]) rows.unshift({ key: "top", tag: "div", sign: `line ${history}`, text: t[history] });
		// The uppermost visible element that stays keeps its place.
		const keys = new Set(rows.map((row) => row.key));
		const isSeen = ([key, node]) => node.offsetTop + node.offsetHeight > list.scrollTop && keys.has(key);
		const held = !isAtEnd && [...list.shown].find(isSeen)?.[1];
		const top = held && held.offsetTop - list.scrollTop;
		show(list, rows, fill);
		list.scrollTop = held ? held.offsetTop - top : list.scrollHeight;
		newest.textContent = t.newest + (unread ? ` (${unread})` : "");
		extend();
	}

	/** Moves the window when the reader comes near its edge. */
	function extend() {
		const from = start(), more = talk.items.length - from - MOST, isNearTop = list.scrollTop < list.clientHeight;
		newest.hidden = isAtEnd;
		if (isNearTop && !from) return talk.history === "more" && chat.loadOlder(talk.key);
		if (isNearTop && !isAtEnd) first = talk.items[Math.max(0, from - MORE)].id;
		else if (more > 0 && below() < list.clientHeight) first = talk.items[from + Math.min(more, MORE)].id;
		else return;
		draw();
	}

	function follow(isNowAtEnd) {
		if (isAtEnd !== isNowAtEnd) chat.seen(!document.hidden, isNowAtEnd);
		isAtEnd = isNowAtEnd;
		first = isAtEnd ? null : first ?? talk.items[start()]?.id ?? null;
	}

	list.onscroll = () => {
		follow(below() < NEAR && talk.items.length <= start() + MOST);
		extend();
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
			talk = selected;
			isAtEnd = true;
			const unread = place(talk.newFrom);
			first = unread >= 0 && unread < talk.items.length - ITEMS ? talk.items[Math.max(0, unread - MORE)].id : null;
			draw();
			const line = $(".new");
			if (line?.offsetTop < list.scrollTop) list.scrollTop = line.offsetTop - list.clientHeight / 4;
		},
	};
	new ResizeObserver(() => isAtEnd && draw()).observe(list);
	newest.onclick = log.toEnd;
	list.onclick = ({ target }) => target.value && chat.retry(talk.key, target.value);
	return log;
}

export function newComposer(chat, log) {
	const box = $("#composer"), form = $("#compose");
	/** Earlier lines; which of them is shown; and what was being written instead. */
	let talk = null, lines = [], line = 0, unsent = "";
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
			tab = { before, after: box.value.slice(box.selectionStart), found: chat.complete(talk.key, word), at: by > 0 ? -1 : 0 };
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
		chat.enter(talk.key, text);
		log.toEnd();
	});

	/** Goes to another talk. */
	return (selected) => {
		talk = selected;
		tab = null;
		box.placeholder = `${t.write} ${talk.name}`;
	};
}
