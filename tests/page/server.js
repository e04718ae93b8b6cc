// A scripted server: a fake WebSocket, and a clock and timers that tests move.
import { Chat } from "../../web/chat.js";

export class World {
    time = Date.parse("2026-11-26T12:00:00Z");
    sockets = [];
    timers = new Map();
    events = [];
    #number = 0;

    constructor() {
        const world = this;
        class FakeSocket {
            readyState = 0;
            sent = [];
            constructor(url, protocols) {
                Object.assign(this, { url, protocols });
                world.sockets.push(this);
            }
            send(line) {
                this.sent.push(line);
            }
            close() {
                this.readyState = 3;
            }
        }
        globalThis.WebSocket = FakeSocket;
        globalThis.setTimeout = (act, wait) => {
            this.timers.set(++this.#number, { act, at: this.time + wait });
            return this.#number;
        };
        globalThis.clearTimeout = (timer) => this.timers.delete(timer);
        Date.now = () => this.time;
        Math.random = () => 1;
        this.chat = new Chat({ url: "ws://server/ws" });
        for (const type of ["change", "notify", "ask"]) {
            this.chat.addEventListener(type, ({ detail }) => this.events.push([type, detail]));
        }
    }

    get state() {
        return this.chat.state;
    }

    get socket() {
        return this.sockets.at(-1);
    }

    /** What was sent since the last call. */
    sent() {
        return this.socket.sent.splice(0);
    }

    /** Lets time pass; timers that are due act in order. */
    pass(wait) {
        const end = this.time + wait;
        for (;;) {
            const due = [...this.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
            if (!due) break;
            this.timers.delete(due[0]);
            this.time = Math.max(this.time, due[1].at);
            due[1].act();
        }
        this.time = end;
    }

    open() {
        this.socket.readyState = 1;
        this.socket.onopen({});
    }

    hear(...lines) {
        for (const line of lines) this.socket.onmessage({ data: line });
    }

    break(reason = "") {
        this.socket.readyState = 3;
        this.socket.onclose({ reason, code: 1006 });
    }

    /** Connects and logs in with these capabilities. */
    logIn(login = {}, caps = CAPS) {
        this.chat.connect({ nick: "ana", rooms: ["#tea"], ...login });
        this.register(caps);
    }

    register(caps = CAPS) {
        this.open();
        this.hear(`:s CAP * LS :${caps}`);
        for (const line of this.sent().filter((line) => line.startsWith("CAP REQ"))) {
            this.hear(`:s CAP * ACK :${line.slice("CAP REQ ".length).replace(/^:/, "")}`);
        }
        this.hear(
            ":s 001 ana :Welcome", ":s 005 ana CASEMAPPING=ascii CHANTYPES=# PREFIX=(ov)@+ CHANMODES=beI,k,l,imnst NETWORK=parlor :are supported",
            ":s 422 ana :no motd",
        );
    }

    /** The room #tea, joined, with these members. */
    inTea(names = "@ana bob +Carl") {
        this.hear(":ana!~u@h JOIN #tea * :Ana", `:s 353 ana = #tea :${names}`, ":s 366 ana #tea :End");
        return this.state.talks.get("#tea");
    }
}

export const CAPS =
    "batch labeled-response echo-message message-tags server-time draft/chathistory draft/event-playback draft/multiline=max-bytes=8192,max-lines=100 " +
    "draft/read-marker draft/message-redaction draft/channel-rename extended-join multi-prefix sasl=PLAIN soju.im/search standard-replies";

/** The time of so many seconds after noon, as a tag. */
export const at = (seconds) => `time=${new Date(Date.parse("2026-11-26T12:00:00Z") + seconds * 1000).toISOString()}`;
