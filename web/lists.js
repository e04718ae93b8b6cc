// The lists beside a talk: of talks, and of members.
import { t } from "./strings.js";
import { $, el, paint, show } from "./text.js";

const PLACES = { "@": 0, "+": 1 };
// Only the visible members exist as elements, and so many around them.
const MARGIN = 10;

// The unread messages that deserve attention: in a private talk, all.
const urgent = ({ kind, unread, mentions }) => (kind === "private" ? unread : mentions);

function fill(node, { value, className, isCurrent, top, parts }) {
	if (value) paint(node, value).dataset.key = value;
	Object.assign(node, { value, className, ariaCurrent: isCurrent ? "page" : null });
	node.style.top = top;
	node.append(...parts.map((part) => el(...part)));
}

// A list of buttons. Returns what shows rows.
function newList(selector, choose) {
	const list = $(selector);
	list.onclick = ({ target }) => target.value && choose(target.value);
	return (rows) => show(list.querySelector("div"), rows.map((row) => ({ tag: "button", ...row, sign: JSON.stringify(row) })), fill);
}

export function newTalks(chat, choose) {
	const list = newList("#talks", choose);
	// Rooms come first by their sign.
	const keys = () => [...chat.state.talks.keys()].sort();

	return {
		draw() {
			let last;
			list(keys().flatMap((key) => {
				const talk = chat.state.talks.get(key), { kind, name, joined, unread } = talk, loud = urgent(talk);
				const parts = [["bdi", kind === "server" ? t.host : name]];
				if (unread) parts.push([loud ? "i.loud" : "i", `${loud || unread}`], ["span.vh", t.unread]);
				const className = kind === "room" && !joined ? "out" : "";
				const row = { key, value: key, className, isCurrent: key === chat.state.current, parts };
				if (kind === last) return row;
				last = kind;
				return [{ key: ` ${kind}`, tag: "h2", parts: [["span", t[kind]]] }, row];
			}));
		},
		next(by) {
			const all = keys();
			choose(all.at((all.indexOf(chat.state.current) + by) % all.length));
		},
	};
}

export function newMembers(chat, talkTo) {
	const show = newList("#members", talkTo), list = $("#members");
	let members = [];

	function draw() {
		const height = 2 * parseFloat(getComputedStyle(document.body).fontSize);
		const from = Math.max(0, Math.floor(list.scrollTop / height) - MARGIN);
		const to = Math.ceil((list.scrollTop + list.clientHeight) / height) + MARGIN;
		list.firstElementChild.style.height = `${members.length * height}px`;
		show(members.slice(from, to).map(({ key, member: { nick, ranks, away, bot } }, index) => ({
			key, value: nick, className: away ? "away" : "", top: `${(from + index) * height}px`,
			parts: [["i", ranks[0] ?? ""], ["bdi.who", nick], ["small", bot ? t.bot : away ? t.away : ""]],
		})));
	}

	new ResizeObserver(draw).observe(list);
	list.onscroll = draw;

	return (talk) => {
		members = Array.from(talk.members, ([key, member]) => ({ key: (PLACES[member.ranks[0]] ?? 2) + key, member }));
		members.sort((a, b) => (a.key < b.key ? -1 : 1));
		$("#people h2").textContent = `${t.people}: ${members.length}`;
		draw();
	};
}
