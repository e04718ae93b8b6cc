// A talk: what was said, of which only a window of items exists as elements, and where one writes.
import { language, t } from "./strings.js";
import { $, el, nodes, paint, show } from "./text.js";

// Items shown at the end; how many come at once while the reader scrolls; and at most.
const ITEMS = 150, MORE = 80, MOST = 360;
// Milliseconds in which messages share a heading; pixels from the end within which the page follows; earlier lines.
const TOGETHER = 300_000, NEAR = 40, LINES = 50;

const SAID = ["message", "action", "notice"];

const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const date = new Intl.DateTimeFormat(language, { dateStyle: "full" });

// Rows for items: dates, the line above what is new, messages, and events that have words.
function rowsOf(items, newFrom) {
	const rows = [];
	let before, day;
	const add = (row) => rows.push(before = { tag: "div", ...row });
	for (const item of items) {
		const { id, at, kind, from, text } = item, isSaid = SAID.includes(kind);
		const today = new Date(at).toDateString();
		if (!text && !t.did[kind]) continue;
		if (today !== day) add({ key: day = today, sign: "line", text: date.format(at) });
		if (id === newFrom) add({ key: "new", sign: "line new", text: t.new });
		const isFirst = isSaid && (before.from !== from || at - before.since > TOGETHER);
		const flags = ["pending", "failed", "mention"].filter((name) => item[name]);
		const sign = [isSaid ? "said" : "event", kind, isFirst ? "first" : "", ...flags].join(" ");
		add({ key: id, sign, item, isSaid, isFirst, from: isSaid && from, since: isFirst ? at : before.since });
	}
	return rows;
}

function fill(node, { sign, text: line, item, isSaid, isFirst }) {
	node.className = sign;
	if (line) return node.append(line);
	const { id, at, from, kind, text, bot, failed, data } = item;
	const clock = el("time", time.format(at)), body = el("div.text"), words = kind === "action" ? "" : t.did[kind];
	paint(node, from).dataset.id = id;
	node.dataset.face = [...from][0];
	if (isFirst) node.append(el("p", el("bdi.who", from), el("small", bot ? t.bot : ""), clock));
	else node.append(clock, isSaid ? el("span.vh", `${from}: `) : "");
	if (words !== undefined) {
		body.append(el("bdi.who", from), ...[words, data.who, data.new, data.room].map((word) => (word ? ` ${word}` : "")), " ");
	}
	body.append(nodes(text));
	body.dir = "auto";
	node.append(body);
	if (failed) node.append(el("small", `${t.failed} ${failed}`));
}

export function newLog(chat) {
	const list = $("#items"), newest = $("#newest");
	let talk = { items: [] }, isAtEnd = true, oldest;
	// The id of the first item of the window; null at the end, where it moves on.
	let first = null;

	const start = () => Math.max(0, first === null ? talk.items.length - ITEMS : talk.items.findIndex(({ id }) => id === first));
	const below = () => list.scrollHeight - list.scrollTop - list.clientHeight;

	// Shows a talk; another one from where it is new.
	function draw(wanted = talk) {
		const isOther = wanted !== talk;
		if (isOther) {
			talk = wanted;
			isAtEnd = true;
			first = null;
		}
		const from = start();
		const { items, newFrom, history, unread } = talk;
		// What is not new is not read out.
		list.ariaLive = items[0]?.id === oldest && history !== "loading" ? "polite" : "off";
		oldest = items[0]?.id;
		const rows = rowsOf(items.slice(from, from + MOST), newFrom);
		// The uppermost visible element that stays keeps its place.
		const keys = new Set(rows.map((row) => row.key));
		const isSeen = ([key, node]) => node.offsetTop + node.offsetHeight > list.scrollTop && keys.has(key);
		const held = !isAtEnd && [...list.shown].find(isSeen)?.[1];
		const top = held && held.offsetTop - list.scrollTop;
		show(list, rows, fill);
		list.scrollTop = held ? held.offsetTop - top : list.scrollHeight;
		newest.textContent = t.newest + (unread ? ` (${unread})` : "");
		const line = isOther && $(".new");
		if (line?.offsetTop < list.scrollTop) {
			list.scrollTop = line.offsetTop - list.clientHeight / 4;
			follow(below() < NEAR);
		}
		extend();
	}

	// Moves the window when the reader is near its edge.
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

	function toEnd() {
		follow(true);
		draw();
	}

	list.onscroll = () => {
		follow(below() < NEAR && talk.items.length <= start() + MOST);
		extend();
	};
	new ResizeObserver(() => isAtEnd && draw()).observe(list);
	newest.onclick = toEnd;
	return { draw, toEnd, isAtEnd: () => isAtEnd };
}

export function newComposer(chat, log) {
	const box = $("#composer"), form = $("#compose");
	// Earlier lines; which of them is shown; and what was being written instead.
	let talk = null, lines = [], line = 0, unsent = "";
	// The completion under way: what is around the word, the candidates, and which of them is shown.
	let tab = null;

	function grow() {
		const wasAtEnd = log.isAtEnd();
		box.style.height = "auto";
		box.style.height = `${box.scrollHeight + 2}px`;
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
			tab = { before, after: box.value.slice(box.selectionStart), found: word && chat.complete(talk.key, word), at: by > 0 ? -1 : 0 };
		}
		const { before, after, found } = tab;
		if (!found.length) return false;
		tab.at = (tab.at + by + found.length) % found.length;
		const done = before + found[tab.at] + (before || /^[/#&]/.test(found[tab.at]) ? " " : ": ");
		set(done + after, done.length);
		return true;
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
		const isFirst = !box.value.slice(0, box.selectionStart).includes("\n"), isLast = !box.value.slice(box.selectionEnd).includes("\n");
		if (key !== "Tab" && key !== "Shift") tab = null;
		if (key === "Enter" && !shiftKey) form.requestSubmit();
		else if (key === "ArrowUp" && line && isFirst) bringBack(-1);
		else if (key === "ArrowDown" && line < lines.length && isLast) bringBack(1);
		else if (key !== "Tab" || !complete(shiftKey ? -1 : 1)) return;
		event.preventDefault();
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

	return (selected) => {
		if (talk) talk.draft = box.value;
		talk = selected;
		tab = null;
		set(talk.draft ?? "");
		box.placeholder = `${t.write} ${talk.name}`;
	};
}
