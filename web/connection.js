// Login, PING, reconnecting. Other messages go to `heard`.
import { base64, parse, split, write } from "./wire.js";

const WANTED = "away-notify batch draft/account-registration draft/chathistory draft/message-redaction draft/multiline "
	+ "draft/read-marker echo-message message-tags multi-prefix sasl server-time soju.im/search standard-replies";
// Milliseconds.
const OPENING = 30_000, SILENCE = 120_000, LOST = 150_000, BACKOFF = 60_000;
const REFUSED = {
	432: "nick-bad", 433: "nick-in-use", 463: "banned", 464: "password", 465: "banned", 902: "account", 904: "account", FAIL: "account",
};

export class Connection extends EventTarget {
	caps = new Map();
	batches = new Map();
	link = { phase: "idle", error: null, retryAt: null, attempt: 0 };

	constructor({ url }) {
		super();
		this.url = url;
	}

	leave() {
		this.send("QUIT");
		this.become("idle");
	}

	reconnectNow() {
		if (this.link.phase === "waiting") this.start();
	}

	send(...words) {
		if (this.socket?.readyState === 1) this.socket.send(write(...words));
	}

	become(phase, error = null, wait = 0) {
		if (phase !== "online" && phase !== "registering") {
			const { socket } = this;
			clearTimeout(this.timer);
			this.socket = null;
			socket?.close();
		}
		Object.assign(this.link, { phase, error, retryAt: wait && Date.now() + wait });
		this.changed();
	}

	start() {
		this.become("connecting", this.link.error);
		this.caps.clear();
		this.batches.clear();
		this.heardAt = Date.now();
		this.trial = null;
		const socket = this.socket = new WebSocket(this.url, ["text.ircv3.net"]);
		const on = (type, act) => (socket[`on${type}`] = (event) => socket === this.socket && act(event));
		on("open", () => {
			const { nick, password, account } = this.login;
			this.become("registering");
			this.send("CAP", "LS", "302");
			if (password && !account) this.send("PASS", password);
			this.send("NICK", nick);
			this.send("USER", "web", "0", "*", nick);
		});
		on("message", ({ data }) => this.receive(data));
		on("close", ({ reason }) => this.reconnect(reason));
		this.watch();
	}

	watch() {
		this.timer = setTimeout(() => {
			const silence = Date.now() - this.heardAt, isOnline = this.link.phase === "online";
			if (silence > (isOnline ? LOST : OPENING)) return this.reconnect("");
			if (silence > SILENCE) this.send("PING", "alive");
			if (isOnline) this.link.attempt = 0;
			this.watch();
		}, 10_000);
	}

	reconnect(text, code = "unreachable") {
		const { link } = this;
		const wait = Math.min(BACKOFF, 1000 * 2 ** link.attempt++) * (0.5 + Math.random() / 2);
		this.become("waiting", link.error ?? { code, text }, wait);
		this.timer = setTimeout(() => this.start(), wait);
		this.lost();
	}

	receive(data) {
		this.heardAt = Date.now();
		if (data.length > 16_384) return;
		const message = parse(data);
		try {
			this.answer(message, message.params.at(-1) ?? "");
		} catch (error) {
			console.warn("malformed:", message.command, error);
		}
	}

	answer(message, text) {
		const { command, params } = message, isLogin = this.link.phase === "registering", code = isLogin && REFUSED[command];
		if (command === "PING") this.send("PONG", text);
		else if (command === "CAP") this.negotiate(params, text);
		else if (command === "AUTHENTICATE") this.authenticate(this.trial ?? this.login);
		else if (command === "903" && isLogin) this.send("CAP", "END");
		else if (command === "ERROR") this.link.error ??= { text };
		else if (command === "BATCH") this.batch(message);
		else if (!code) this.deliver(message);
		// The connection that broke may still hold our nick.
		else if (command === "433" && this.state.me.nick) this.reconnect(text, code);
		else this.become("refused", { code: command === "433" && /registered/.test(text) ? "registered" : code, text });
	}

	// Batches collect their lines. The lines of a message become one.
	batch(message) {
		const { params: [[sign, ...rest], type, ...params] } = message, name = rest.join("");
		const { batches } = this, batch = batches.get(name);
		if (sign === "+" && batches.size < 16) return batches.set(name, { ...message, type, params, lines: [] });
		batches.delete(name);
		if (batch?.type !== "draft/multiline") return batch && this.heard(batch);
		const text = batch.lines.map(({ tags, params }, n) => (n && !("draft/multiline-concat" in tags) ? "\n" : "") + params[1]);
		this.deliver({ ...batch.lines[0], tags: batch.tags, params: [batch.params[0], text.join("")] });
	}

	deliver(message) {
		const batch = this.batches.get(message.tags.batch);
		if (!batch) this.heard(message);
		else if (batch.lines.length < 2000) batch.lines.push(message);
	}

	negotiate([, subcommand, more], text) {
		if (subcommand === "LS") {
			for (const [name, value] of text.split(" ").map((word) => word.split(/=(.*)/s))) {
				if (WANTED.split(" ").includes(name)) this.caps.set(name, value);
			}
			if (more !== "*") this.send("CAP", "REQ", [...this.caps.keys()].join(" "));
		} else if (!this.login.account) this.send("CAP", "END");
		else if (this.caps.has("sasl")) this.send("AUTHENTICATE", "PLAIN");
		else this.become("refused", { text: "This server has no accounts" });
	}

	// The server remembers what each device has heard, so this one has a name.
	authenticate({ name, password }) {
		const pieces = split(base64(`\0${name.includes("/") ? name : `${name}/web`}\0${password}`), 400);
		if (pieces.at(-1).length === 400) pieces.push("+");
		for (const piece of pieces) this.send("AUTHENTICATE", piece);
	}
}
