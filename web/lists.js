// The lists beside a talk: of talks, and of members.
import { t } from "./strings.js";
import { $, el, nick, show } from "./text.js";

const KINDS = ["server", "room", "private"];
/** Members outside the visible part that exist as elements. A room may have 10,000. */
const MARGIN = 10;

/** The unread messages that deserve attention: in a private talk, all. */
const urgent = ({ kind, unread, mentions }) => (kind === "private" ? unread : mentions);

/** A list of buttons with values; the arrow keys move the focus. */
function newList(selector, choose) {
	const list = $(selector);
	list.onclick = ({ target }) => target.value && choose(target.value);
	list.onkeydown = (event) => {
		const stops = [...list.querySelectorAll("button")];
		const to = stops[stops.indexOf(event.target) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN)];
		if (!to || event.altKey) return;
		event.preventDefault();
		to.focus();
	};
	return list;
}

export function newTalks(chat, choose) {
	const list = newList("#talks", choose);
	const sorted = () => [...chat.state.talks.values()].sort((a, b) =>
		KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.kind === "room" ? a.key.localeCompare(b.key) : 0));

	function fill(node, { talk, isCurrent, heading }) {
		if (heading) return node.append(heading);
		const { key, kind, name, joined, unread } = talk;
		const loud = urgent(talk);
		node.value = node.dataset.key = key;
		node.className = kind === "room" && !joined ? "out" : "";
		node.ariaCurrent = isCurrent ? "page" : null;
		node.tabIndex = isCurrent ? 0 : -1;
		node.append(el("bdi", kind === "server" ? t.server : name));
		if (unread) node.append(el(loud ? "i.loud" : "i", `${loud || unread}`, el("span.vh", t.unread)));
	}

	return {
		draw() {
			const talks = sorted();
			show(list, talks.flatMap((talk, index) => {
				const { key, kind, name, joined, unread, mentions } = talk;
				const isCurrent = key === chat.state.current;
				const row = { key, tag: "button", sign: `${[name, joined, unread, mentions, isCurrent]}`, talk, isCurrent };
				const heading = kind !== (talks[index - 1]?.kind ?? "server") && t[kind];
				return heading ? [{ key: ` ${kind}`, tag: "h2", sign: kind, heading }, row] : row;
			}), fill);
			$("#elsewhere").hidden = !talks.some((talk) => talk.key !== chat.state.current && urgent(talk));
		},
		/** Goes to the talk that is `by` places further down. */
		next(by) {
			const keys = sorted().map(({ key }) => key);
			choose(keys.at((keys.indexOf(chat.state.current) + by) % keys.length));
		},
	};
}

export function newMembers(chat, talkTo) {
	const list = newList("#members", talkTo), inner = $("#members > *");
	let members = [];

	function fill(node, { member: { nick: name, ranks, away, bot }, top, isStop }) {
		node.value = name;
		node.className = away ? "away" : "";
		node.tabIndex = isStop ? 0 : -1;
		node.style.top = top;
		node.append(el("i", ranks[0] ?? ""), nick(name), el("small", bot ? t.bot : away ? t.away : ""));
	}

	function draw() {
		const height = 2 * parseFloat(getComputedStyle(document.body).fontSize);
		const from = Math.max(0, Math.floor(list.scrollTop / height) - MARGIN);
		const to = Math.ceil((list.scrollTop + list.clientHeight) / height) + MARGIN;
		inner.style.height = `${members.length * height}px`;
		show(inner, members.slice(from, to).map(({ key, member }, index) => {
			const top = `${(from + index) * height}px`, isStop = !index;
			return { key, tag: "button", sign: `${[...Object.values(member), top, isStop]}`, member, top, isStop };
		}), fill);
	}

	new ResizeObserver(draw).observe(list);
	list.onscroll = draw;

	return (talk) => {
		const symbols = chat.state.server.prefix[1];
		const place = ({ ranks }) => (ranks ? symbols.indexOf(ranks[0]) : symbols.length);
		members = Array.from(talk?.members ?? [], ([key, member]) => ({ key, member, place: place(member) }));
		members.sort((a, b) => a.place - b.place || (a.key < b.key ? -1 : 1));
		$("#people h2").textContent = `${t.people}: ${members.length}`;
		draw();
	};
}
