// Lines of IRC: parsed, written, cut to length.

const encoder = new TextEncoder();

/** Values of tags stay escaped: those that matter here have nothing to escape. */
export function parse(line) {
	const [, tagged = "", source = "", command, rest] = /^(?:@(\S*) +)?(?::(\S*) +)?(\S*)(.*)$/s.exec(line);
	const tags = Object.create(null);
	for (const tag of tagged.split(";")) {
		const [key, value = ""] = tag.split(/=(.*)/s);
		tags[key] = value;
	}
	const [words, last] = rest.split(/ :(.*)/s);
	const params = words.split(" ").filter(Boolean);
	if (last !== undefined) params.push(last);
	const [from] = source.split("!");
	return { tags, from, isUser: from !== source, command: command.toUpperCase(), params };
}

/** A line; nothing in its words can begin another. */
export function write(tags, ...words) {
	const tagged = Object.entries(tags).map((tag) => tag.join("=")).join(";");
	const last = words.pop().replace(/[\r\n\0]/g, " ");
	words.push(words.length && /^$|^:| /.test(last) ? `:${last}` : last);
	return (tagged && `@${tagged} `) + words.join(" ");
}

export const fold = (name) => name.toLowerCase();

export const byteLength = (text) => encoder.encode(text).length;

/** Of the text's UTF-8. */
export const base64 = (text) => btoa(String.fromCharCode(...encoder.encode(text)));

/** Cuts a text between characters into pieces of so many bytes. */
export function split(text, bytes) {
	const pieces = [];
	do {
		const { read } = encoder.encodeInto(text, new Uint8Array(bytes));
		pieces.push(text.slice(0, read));
		text = text.slice(read);
	} while (text);
	return pieces;
}
