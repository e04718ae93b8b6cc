// Batches (IRCv3): collects their lines, and joins messages of several lines.

const OPEN = 16, LINES = 2000;

export class Batches {
	#open = new Map();

	/** What to handle now: the message, nothing yet, or a whole batch with `type` and `lines`. */
	take(message) {
		const { command, params: [reference, type, ...params], tags } = message;
		if (command !== "BATCH") return this.#deliver(message);
		const name = reference.slice(1);
		if (reference[0] === "+") {
			if (this.#open.size < OPEN) this.#open.set(name, { ...message, type, params, lines: [] });
			return null;
		}
		const batch = this.#open.get(name);
		this.#open.delete(name);
		if (batch?.type !== "draft/multiline") return batch;
		const text = batch.lines.map(({ tags, params }, n) => (n && !("draft/multiline-concat" in tags) ? "\n" : "") + params[1]);
		return this.#deliver({ ...batch.lines[0], tags: batch.tags, params: [batch.params[0], text.join("")] });
	}

	#deliver(message) {
		const { type, tags, lines } = this.#open.get(message.tags.batch) ?? {};
		if (!type) return message;
		if (type === "labeled-response") return { ...message, tags: { ...message.tags, label: tags.label } };
		if (lines.length < LINES) lines.push(message);
		return null;
	}
}
