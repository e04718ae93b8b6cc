// The state of the chat, and how items get into it.

const SAID = ["message", "action", "notice"];
/** Items of a talk. */
export const KEPT = 1000;

/** A letter or digit, except of scripts that do not separate words. */
const WORD = /[^\P{L}\p{Ideographic}]|[\p{N}_]/u;

export const newState = (link) => ({
	link, me: { nick: "", account: null, away: false },
	server: { network: "", prefix: ["ov", "@+"] },
	talks: new Map(), current: null, held: [], rooms: null, ignored: new Set(),
});

/** `wanted`: to be joined. `isWhole`: nothing is older. `byId`: items by id and msgid. */
export const newTalk = (key, name, kind, lastRead = null) => ({
	key, name, kind, lastRead, joined: false, topic: "", members: new Map(), items: [], unread: 0, mentions: 0,
	newFrom: null, history: "unknown", wanted: false, isWhole: false, byId: new Map(), kept: KEPT,
});

/** By time; those that wait for the server are last. */
function place(items, item) {
	const order = ({ pending, at }) => (pending ? Infinity : at);
	let low = 0, high = items.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (order(items[middle]) > order(item)) high = middle;
		else low = middle + 1;
	}
	items.splice(low, 0, item);
}

/** False if the talk has it already. */
export function insert(talk, item) {
	if (talk.byId.has(item.id)) return false;
	talk.byId.set(item.id, item);
	place(talk.items, item);
	trim(talk, talk.kept);
	return true;
}

export function trim(talk, kept) {
	talk.kept = kept;
	// A tenth more than needed, so that this is rare.
	if (talk.items.length > kept) drop(talk, talk.items.length - kept * 0.9);
}

/** Drops the oldest items. They can be loaded again. */
export function drop(talk, count) {
	for (const { id, msgid } of talk.items.splice(0, count)) {
		talk.byId.delete(id);
		talk.byId.delete(msgid);
	}
	talk.isWhole = false;
	if (talk.history === "start") talk.history = "more";
}

/** It may yet arrive. */
const isOpen = (item) => item.pending || item.data.code === "lost";

export const openLike = (talk, text) => talk.items.findLast((item) => isOpen(item) && item.text === text);

/** The server has confirmed or refused a message of ours. False if that was known. */
export function settle({ items, byId }, item, known) {
	if (!isOpen(item)) return false;
	items.splice(items.indexOf(item), 1);
	Object.assign(item, { pending: false, failed: null, data: {} }, known);
	if (byId.has(item.msgid)) return true;
	if (item.msgid) byId.set(item.msgid, item);
	place(items, item);
	return true;
}

/** Counts one unread item. */
export function count(talk, { at, mention, id }) {
	talk.lastRead ??= at - 1;
	if (at <= talk.lastRead) return;
	talk.unread++;
	talk.mentions += mention;
	talk.newFrom ??= id;
}

export function recount(talk) {
	Object.assign(talk, { unread: 0, mentions: 0, newFrom: null });
	const said = talk.lastRead === null ? [] : talk.items.filter(({ kind, mine }) => !mine && SAID.includes(kind));
	for (const item of said) count(talk, item);
}

/** True if the nick is a word of the text. */
export function mentions(text, nick) {
	const parts = text.split(nick);
	return parts.some((part, n) => n && !WORD.test(parts[n - 1].slice(-1)) && !WORD.test(part.slice(0, 1)));
}
