// Elements, and what people write as elements. Nothing of it is ever markup.

export const $ = (selector) => document.querySelector(selector);
export const $$ = (selector) => document.querySelectorAll(selector);

// `name` is a tag and, behind a dot, a class.
export function el(name, ...children) {
	const [tag, className = ""] = name.split(".");
	const made = Object.assign(document.createElement(tag), { className });
	made.append(...children);
	return made;
}

export function paint(node, name) {
	const hash = [...name.toLowerCase()].reduce((hash, letter) => (hash * 31 + letter.codePointAt()) % 9973, 7);
	node.style.setProperty("--hue", hash * 137 % 360);
	return node;
}

// Shows `rows` (`{ key, sign, tag, … }`). An element stays while its key does, and is filled again when its sign changes.
export function show(parent, rows, fill) {
	const old = parent.shown ?? new Map();
	parent.shown = new Map(rows.map(({ key, tag }) => [key, old.get(key) ?? el(tag)]));
	for (const [key, node] of old) if (!parent.shown.has(key)) node.remove();
	let next = parent.firstChild;
	for (const row of rows) {
		const node = parent.shown.get(row.key);
		if (node.sign !== row.sign) {
			node.sign = row.sign;
			node.replaceChildren();
			fill(node, row);
		}
		if (node === next) next = next.nextSibling;
		else parent.insertBefore(node, next);
	}
}

const LINK = "[^\\s<>\"()\\u0000-\\u001f\\u3000-\\u303f\\uff00-\\uffef";
const TOKEN = new RegExp([
	"```(?:[\\w+#-]*\\n)?(?<block>[^]+?)\\n?```",
	"`(?<code>[^`\\n]+)`",
	// With pairs of parentheses, and without the punctuation of the sentence around it.
	`(?<link>https?://(?:\\([^\\s<>()]*\\)|${LINK}])*(?:\\([^\\s<>()]*\\)|${LINK}.,;:!?'*]))`,
	"\\x03(?<colour>\\d{1,2}(?:,\\d{1,2})?)?",
	"(?<toggle>[\\x02\\x0f\\x11\\x16\\x1d-\\x1f])",
].join("|"), "gi");

const TOGGLES = { "\x02": "bold", "\x1d": "italic", "\x1f": "underline", "\x1e": "strike", "\x11": "mono", "\x16": "reverse" };
const COLOURS = "#fff #000 #007 #090 #f00 #700 #909 #f70 #ff0 #0f0 #099 #0ff #00f #f0f #777 #ccc".split(" ");

// Control characters, and those that turn the direction of the text around them.
const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

// Pieces of a text: `{ text, bold, italic, …, colour, back, link, code, block }`, with only what applies. After many the rest is plain.
export function parse(text = "") {
	const pieces = [];
	let style = {}, at = 0;
	const add = (raw, more) => {
		const text = raw.replace(UNSEEN, "");
		if (text) pieces.push({ text, ...style, ...more });
	};
	for (const found of text.matchAll(TOKEN)) {
		if (pieces.length > 300) break;
		const { block, code, link, colour, toggle } = found.groups;
		add(text.slice(at, found.index));
		at = found.index + found[0].length;
		if (block ?? code ?? link) add(block ?? code ?? link, { block, code, link });
		else if (toggle === "\x0f") style = {};
		else if (toggle) style = { ...style, [TOGGLES[toggle]]: !style[TOGGLES[toggle]] };
		else {
			const [fore, back] = colour?.split(",").map((number) => COLOURS[Number(number)]) ?? [];
			style = { ...style, colour: fore, back: back ?? (fore && style.back) };
		}
	}
	add(text.slice(at));
	return pieces;
}

export const nodes = (text) => el("span", ...parse(text).map(({ text, link, code, block, colour, back, ...styles }) => {
	const node = el(block ? "pre" : code ? "code" : link ? "a" : "span", text);
	node.className = Object.keys(styles).filter((name) => styles[name]).join(" ");
	if (link) Object.assign(node, { href: link, target: "_blank", rel: "noopener" });
	// Without a background, a colour keeps its hue and gets a lightness that can be read.
	if (colour) node.style.color = back ? colour : `oklch(from ${colour} var(--ink-l) c h)`;
	if (back) node.style.background = back;
	return node;
}));
