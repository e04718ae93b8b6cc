// Lines of IRC: parsed, written, cut to length.

const encoder = new TextEncoder();

export const fold = (name) => name.toLowerCase();
export const isRoom = (name) => name[0] === "#";
export const byteLength = (text) => encoder.encode(text).length;
export const base64 = (text) => btoa(String.fromCharCode(...encoder.encode(text)));

// Values of tags stay escaped; those that matter have nothing to escape.
export function parse(line) {
	const [, tagged = "", source = "", command, rest] = /^(?:@(\S*) +)?(?::(\S*) +)?(\S*)(.*)$/s.exec(line);
	const tags = Object.fromEntries(tagged.split(";").map((tag) => tag.split(/=(.*)/s)));
	const [words, last] = rest.split(/ :(.*)/s);
	const params = words.split(" ").filter(Boolean);
	if (last !== undefined) params.push(last);
	const [from] = source.split("!");
	return { tags, from, isUser: from !== source, command: command.toUpperCase(), params };
}

// Nothing in the last word can begin another line.
export function write(...words) {
	const last = words.pop().replace(/[\r\n\0]/g, " ");
	return [...words, words.length && /^$|^:| /.test(last) ? `:${last}` : last].join(" ");
}

// Cuts a text between characters.
export function split(text, bytes) {
	const pieces = [];
	do {
		const { read } = encoder.encodeInto(text, new Uint8Array(bytes));
		pieces.push(text.slice(0, read));
		text = text.slice(read);
	} while (text);
	return pieces;
}
