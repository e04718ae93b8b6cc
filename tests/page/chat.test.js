import assert from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS } from "../../web/commands.js";
import { at, World } from "./server.js";

const texts = (talk) => talk.items.map(({ text }) => text);
const messages = (talk) => talk.items.filter(({ kind }) => kind === "message");
const settled = () => new Promise((done) => setImmediate(done));

function inTea() {
    const world = new World();
    world.logIn();
    const tea = world.inTea();
    world.chat.select("#tea");
    world.hear("@draft/chathistory-end :s BATCH +h chathistory #tea", ":s BATCH -h");
    world.sent();
    return { world, chat: world.chat, tea };
}

test("a login asks for capabilities, joins the rooms and is online", () => {
    const world = new World();
    world.chat.connect({ nick: "ana", rooms: ["#tea"] });
    assert.equal(world.state.link.phase, "connecting");
    world.open();
    assert.deepEqual(world.sent(), ["CAP LS 302", "NICK ana", "USER web 0 * ana"]);
    world.hear(":s CAP * LS * :batch unknown", ":s CAP * LS :sasl=PLAIN");
    assert.deepEqual(world.sent(), ["CAP REQ :batch sasl"]);
    world.hear(":s CAP * ACK :batch sasl");
    assert.deepEqual(world.sent(), ["CAP END"]);
    world.hear(":s 001 ana2 :Welcome", ":s 422 ana2 :none");
    assert.equal(world.state.link.phase, "online");
    assert.equal(world.state.me.nick, "ana2");
    assert.deepEqual(world.sent(), ["JOIN #tea"]);
});

test("an account logs in with SASL PLAIN in pieces", () => {
    const world = new World();
    world.chat.connect({ nick: "ana", password: "x".repeat(400), account: true });
    world.open();
    world.hear(":s CAP * LS :sasl=PLAIN");
    world.hear(":s CAP * ACK :sasl");
    assert.equal(world.sent().at(-1), "AUTHENTICATE PLAIN");
    world.hear("AUTHENTICATE +");
    const pieces = world.sent().map((line) => line.split(" ")[1]);
    assert.deepEqual(pieces.map((piece) => piece.length), [400, 148]);
    assert.equal(atob(pieces.join("")), `\0ana/web\0${"x".repeat(400)}`);
    world.hear(":s 900 ana ana!u@h ana :logged in", ":s 903 ana :ok");
    assert.deepEqual(world.sent(), ["CAP END"]);
    assert.equal(world.state.me.account, "ana");
});

for (const [line, code] of [
    [":s 433 * ana :Nickname is already in use", "nick-in-use"], [":s 433 * ana :the name ana is registered", "registered"],
    [":s 432 * ana :bad", "nick-bad"], [":s 464 ana :Password incorrect", "password"], [":s 904 ana :failed", "account"],
    [":s 465 ana :banned", "banned"], [":s FAIL * ACCOUNT_REQUIRED :log in", "account"],
]) {
    test(`${code} refuses the login, and nothing is retried: ${line}`, () => {
        const world = new World();
        world.chat.connect({ nick: "ana" });
        world.open();
        world.hear(line);
        assert.equal(world.state.link.phase, "refused");
        assert.equal(world.state.link.error.code, code);
        world.pass(600_000);
        assert.equal(world.sockets.length, 1);
    });
}

test("own messages are pending until their echo", () => {
    const { world, chat, tea } = inTea();
    chat.enter("#tea", "hello");
    assert.deepEqual(world.sent(), ["PRIVMSG #tea hello"]);
    let item = tea.items.at(-1);
    const { id } = item;
    assert.ok(item.pending && item.mine);
    world.hear(`@${at(5)};msgid=b :bob!u@h PRIVMSG #tea :first`);
    assert.equal(tea.items.at(-1), item);
    world.hear(`@${at(9)};msgid=m :ana!u@h PRIVMSG #tea :hello`);
    item = tea.items.at(-1);
    assert.ok(!item.pending && !item.failed);
    assert.deepEqual([item.id, item.at], [id, world.time + 9000]);
    assert.equal(item.msgid, "m");
    world.hear(`@${at(9)};msgid=m :ana!u@h PRIVMSG #tea :hello`);
    assert.equal(messages(tea).length, 2);
});

for (const line of [":s 404 ana #tea :Cannot speak", ":s FAIL PRIVMSG NO #tea :Cannot speak"]) {
    test(`a message that the server refuses has its reason: ${line}`, () => {
        const { world, chat, tea } = inTea();
        chat.enter("#tea", "hello");
        world.hear(line);
        const item = tea.items.at(-1);
        assert.equal(item.failed, "Cannot speak");
        assert.ok(!item.pending);
    });
}

test("an absence is told beside the message", () => {
    const { world, chat } = inTea();
    const key = chat.open("bob");
    chat.select(key);
    chat.enter(key, "hi");
    world.hear("@msgid=m :ana!u@h PRIVMSG bob :hi", ":s 301 ana bob :lunch");
    const talk = chat.state.talks.get(key);
    assert.deepEqual(texts(talk), ["hi", "bob lunch"]);
    assert.ok(!talk.items[0].pending);
});

test("services confirm nothing, so nothing waits", () => {
    const { world, chat } = inTea();
    chat.enter("#tea", "/msg NickServ HELP");
    assert.ok(!world.state.talks.get("nickserv").items[0].pending);
});

test("history is asked for when a room is shown, and duplicates are dropped", () => {
    const world = new World();
    world.logIn();
    world.chat.select(world.chat.open("#tea"));
    world.sent();
    const tea = world.inTea();
    assert.ok(world.sent().includes("CHATHISTORY LATEST #tea * 100"));
    assert.equal(tea.history, "loading");
    world.hear(
        `@${at(3)};msgid=c :bob!u@h PRIVMSG #tea :three`, ":s BATCH +h chathistory #tea", `@batch=h;${at(1)};msgid=a :bob!u@h PRIVMSG #tea :one`,
        `@batch=h;${at(2)};msgid=j :bob!u@h JOIN #tea`, `@batch=h;${at(3)};msgid=c :bob!u@h PRIVMSG #tea :three`, ":s BATCH -h",
    );
    assert.deepEqual(messages(tea).map(({ text }) => text), ["one", "three"]);
    assert.equal(tea.history, "more");
    world.chat.loadOlder("#tea");
    world.chat.loadOlder("#tea");
    assert.deepEqual(world.sent().filter((line) => line.includes("HISTORY")), ["CHATHISTORY BEFORE #tea msgid=a 100"]);
    world.hear("@draft/chathistory-end :s BATCH +h chathistory #tea", `@batch=h;${at(-1)};msgid=z :ana!u@h PRIVMSG #tea :zero`, ":s BATCH -h");
    assert.equal(tea.history, "start");
    assert.equal(messages(tea)[0].text, "zero");
    assert.ok(messages(tea)[0].mine);
});

test("messages of the same millisecond are in the order of their ids, so that older ones are asked for only once", () => {
    const { world, chat, tea } = inTea();
    const page = (from) => {
        world.hear(":s BATCH +h chathistory #tea");
        for (let n = from; n < from + 3; n++) world.hear(`@batch=h;${at(-5)};msgid=1a0${n} :bob!u@h PRIVMSG #tea :${n}`);
        world.hear(":s BATCH -h");
    };
    page(6);
    for (const [asked, from] of [["1a06", 3], ["1a03", 0]]) {
        chat.loadOlder("#tea");
        assert.deepEqual(world.sent(), [`CHATHISTORY BEFORE #tea msgid=${asked} 100`]);
        page(from);
    }
    assert.deepEqual(messages(tea).map(({ text }) => text), ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
});

test("a message of several lines is one batch, and comes back as one item", () => {
    const { world, chat, tea } = inTea();
    chat.enter("#tea", "one\n\ntwo");
    const sent = world.sent();
    const [, batch] = /^BATCH \+(\S+) draft\/multiline #tea$/.exec(sent[0]);
    assert.deepEqual(sent.slice(1), [`@batch=${batch} PRIVMSG #tea one`, `@batch=${batch} PRIVMSG #tea :`, `@batch=${batch} PRIVMSG #tea two`, `BATCH -${batch}`]);
    world.hear(
        `@msgid=m;${at(1)} :ana!u@h BATCH +m draft/multiline #tea`, "@batch=m :ana!u@h PRIVMSG #tea :one", "@batch=m :ana!u@h PRIVMSG #tea :",
        "@batch=m :ana!u@h PRIVMSG #tea :two", ":s BATCH -m",
    );
    assert.deepEqual(texts(tea).slice(-1), ["one\n\ntwo"]);
    assert.ok(!tea.items.at(-1).pending);
});

test("a long line is cut between characters, and no line is longer than the server takes", () => {
    const { world, chat } = inTea();
    chat.enter("#tea", "茶".repeat(500));
    const lines = world.sent();
    const pieces = lines.filter((line) => line.includes("PRIVMSG")).map((line) => /PRIVMSG #tea :?(.*)$/.exec(line)[1]);
    assert.equal(pieces.join(""), "茶".repeat(500));
    assert.ok(pieces.every((piece) => Buffer.byteLength(piece) <= 420));
    assert.equal(lines.filter((line) => line.includes("draft/multiline-concat")).length, pieces.length - 1);
});

test("members have all their prefixes, and events change them", () => {
    const { world, tea } = inTea();
    world.hear(":s 353 ana = #tea :@+dora", ":s MODE #tea +vk-o bob key ana");
    assert.deepEqual([...tea.members.values()].map(({ ranks, nick }) => ranks + nick), ["ana", "+bob", "+Carl", "@+dora"]);
    world.hear(":carl!u@h NICK :CARL", ":CARL!u@h NICK :carla", ":bob!u@h QUIT :bye", ":ana!u@h KICK #tea dora :out");
    assert.deepEqual([...tea.members.keys()], ["ana", "carla"]);
    assert.deepEqual(tea.items.slice(-3).map(({ kind }) => kind), ["nick", "nick", "kick"]);
});

test("unread messages and mentions are counted until the talk is shown", async () => {
    const { world, chat, tea } = inTea();
    chat.select(null);
    world.hear(`@${at(1)};msgid=a :bob!u@h PRIVMSG #tea :hello`, `@${at(2)};msgid=b :bob!u@h PRIVMSG #tea :Ana: tea?`, `@${at(3)};msgid=c :bob!u@h PRIVMSG #tea :banana`);
    assert.deepEqual([tea.unread, tea.mentions, tea.newFrom], [3, 1, "a"]);
    assert.deepEqual(world.events.filter(([type]) => type === "notify").map(([, { item }]) => item.id), ["b"]);
    chat.select("#tea");
    assert.deepEqual([tea.unread, tea.mentions, tea.newFrom], [0, 0, "a"]);
    chat.seen(false);
    assert.equal(tea.newFrom, null);
    world.hear(`@${at(4)};msgid=d :bob!u@h PRIVMSG #tea :more`);
    assert.deepEqual([tea.unread, tea.newFrom], [1, "d"]);
    chat.seen(true);
    assert.equal(tea.unread, 0);
});

test("a nick in a language without spaces is a mention", () => {
    const world = new World();
    world.logIn({ nick: "ana" });
    world.hear(":ana!u@h NICK 张三");
    world.hear("@msgid=x :bob!u@h PRIVMSG 张三 :张三你好");
    assert.ok(world.state.talks.get("bob").items[0].mention);
});

test("read markers are shared when there is an account", () => {
    const world = new World();
    world.chat.connect({ nick: "ana", password: "p", account: true, rooms: ["#tea"] });
    world.open();
    world.hear(":s CAP * LS :sasl draft/read-marker batch draft/chathistory server-time");
    world.hear(":s CAP * ACK :" + world.sent().at(-1).slice("CAP REQ :".length), ":s 900 ana m ana :in", ":s 903 ana :ok", ":s 001 ana :hi", ":s 422 ana :no");
    assert.ok(world.sent().some((line) => line.startsWith("CHATHISTORY TARGETS ")));
    world.chat.select("#tea");
    world.hear(":ana!u@h JOIN #tea", `:s MARKREAD #tea timestamp=2026-11-26T11:59:59.000Z`);
    world.sent();
    world.hear(`@${at(1)};msgid=a :bob!u@h PRIVMSG #tea :hello`);
    assert.deepEqual(world.sent(), []);
    world.pass(2000);
    assert.deepEqual(world.sent(), ["MARKREAD #tea timestamp=2026-11-26T12:00:01.000Z"]);
    world.chat.select(null);
    world.hear(`@${at(2)};msgid=b :bob!u@h PRIVMSG #tea :two`);
    assert.equal(world.state.talks.get("#tea").unread, 1);
    world.hear(`:s MARKREAD #tea timestamp=2026-11-26T12:00:02.000Z`);
    assert.equal(world.state.talks.get("#tea").unread, 0);
});

test("a login from the page is kept for the next connection only if it succeeds", () => {
    for (const [answer, isKept] of [[":s 900 ana m ana :in", true], [":s 904 ana :wrong", false]]) {
        const { world, chat } = inTea();
        chat.logIn("ana", "secret");
        world.hear("AUTHENTICATE +", answer);
        world.break();
        world.pass(1000);
        world.open();
        world.hear(":s CAP * LS :sasl", ":s CAP * ACK :sasl");
        assert.equal(world.sent().includes("AUTHENTICATE PLAIN"), isKept);
    }
});

test("private talks are found after the login, with their history", () => {
    const world = new World();
    world.chat.connect({ nick: "ana", password: "p", account: true });
    world.open();
    world.hear(":s CAP * LS :sasl draft/read-marker batch draft/chathistory server-time message-tags");
    world.hear(":s CAP * ACK :" + world.sent().at(-1).slice("CAP REQ :".length), ":s 900 ana m ana :in", ":s 903 ana :ok", ":s 001 ana :hi", ":s 422 ana :no");
    world.sent();
    world.hear(":s BATCH +h draft/chathistory-targets", "@batch=h :s CHATHISTORY TARGETS bob timestamp=2026-11-26T11:00:00.000Z", ":s BATCH -h");
    assert.deepEqual(world.sent(), ["MARKREAD bob", "CHATHISTORY LATEST bob * 100"]);
    world.hear(
        ":s MARKREAD bob timestamp=2026-11-26T11:59:58.000Z", ":s BATCH +h chathistory bob", `@batch=h;${at(-3)};msgid=a :bob!u@h PRIVMSG ana :one`,
        `@batch=h;${at(-1)};msgid=b :bob!u@h PRIVMSG ana :two`, ":s BATCH -h",
    );
    const bob = world.state.talks.get("bob");
    assert.deepEqual([texts(bob), bob.unread, bob.newFrom], [["one", "two"], 1, "b"]);
});

test("a lost connection comes back with its rooms and what was missed", () => {
    const { world, chat, tea } = inTea();
    world.hear(`@${at(1)};msgid=a :bob!u@h PRIVMSG #tea :one`);
    chat.enter("#tea", "lost?");
    world.sent();
    world.break();
    assert.equal(world.state.link.phase, "waiting");
    assert.equal(world.state.link.retryAt, world.time + 1000);
    assert.ok(tea.items.find(({ text }) => text === "lost?").failed);
    chat.enter("#tea", "held");
    chat.enter("#tea", "/me waits");
    chat.enter("#tea", "/msg bob psst");
    assert.deepEqual(world.state.held.map(([{ key }, text]) => [key, text]), [["#tea", "held"], ["#tea", "waits"], ["bob", "psst"]]);
    assert.deepEqual(world.state.talks.get("bob").items, []);
    world.pass(1000);
    world.register();
    assert.ok(world.sent().includes("JOIN #tea"));
    world.inTea();
    assert.ok(world.sent().includes("CHATHISTORY LATEST #tea * 100"));
    world.hear(
        "@draft/chathistory-end :s BATCH +h chathistory #tea", `@batch=h;${at(1)};msgid=a :bob!u@h PRIVMSG #tea :one`,
        `@batch=h;${at(1.5)};msgid=l :ana!u@h PRIVMSG #tea :lost?`, `@batch=h;${at(2)};msgid=b :bob!u@h PRIVMSG #tea :two`, ":s BATCH -h",
    );
    assert.deepEqual(messages(tea).map(({ text, failed }) => [text, failed]), [["one", undefined], ["lost?", undefined], ["two", undefined]]);
    chat.sendHeld();
    assert.deepEqual(world.sent(), ["PRIVMSG #tea held", "PRIVMSG #tea :\x01ACTION waits\x01", "PRIVMSG bob psst"]);
    assert.equal(world.state.held.length, 0);
});

/** Reconnects; the server then has so many messages, one a second from this second on. */
function miss(world, from, count) {
    world.break();
    world.pass(5000);
    world.register();
    world.inTea();
    world.hear(":s BATCH +h chathistory #tea");
    for (let n = from; n < from + count; n++) world.hear(`@batch=h;${at(n)};msgid=n${n} :bob!u@h PRIVMSG #tea :${n}`);
    world.hear(":s BATCH -h");
}

test("who reads above keeps the place when the connection is lost", () => {
    const { world, chat, tea } = inTea();
    for (let n = 0; n < 200; n++) world.hear(`@${at(n)};msgid=n${n} :bob!u@h PRIVMSG #tea :${n}`);
    chat.seen(true, false);
    miss(world, 110, 100);
    assert.deepEqual(messages(tea).map(({ text }) => text), Array.from({ length: 210 }, (_, n) => `${n}`));
    miss(world, 400, 100);
    assert.equal(messages(tea).length, 210);
    world.sent();
    chat.seen(true, true);
    assert.deepEqual(world.sent().slice(0, 1), ["CHATHISTORY LATEST #tea * 100"]);
});

test("a page of history that brings nothing older is the last that is asked for", () => {
    const { world, chat, tea } = inTea();
    miss(world, 0, 100);
    for (let n = 0; n < 2; n++) {
        chat.loadOlder("#tea");
        world.hear(":s BATCH +h chathistory #tea", `@batch=h;${at(0)};msgid=n0 :bob!u@h PRIVMSG #tea :0`, ":s BATCH -h");
    }
    assert.equal(tea.history, "start");
    assert.equal(world.sent().filter((line) => line.includes("BEFORE")).length, 1);
});

test("a message that is sent again after a loss does not wait for ever", () => {
    const { world, chat, tea } = inTea();
    chat.enter("#tea", "hello");
    miss(world, 0, 1);
    chat.enter("#tea", "hello");
    world.hear(`@${at(9)};msgid=m :ana!u@h PRIVMSG #tea :hello`);
    assert.deepEqual(tea.items.filter(({ text }) => text === "hello").map(({ pending, failed }) => Boolean(pending || failed)), [true, false]);
    assert.ok(!tea.items.some(({ pending }) => pending));
});

test("a failed message stays beside an earlier one with the same text", () => {
    const { world, chat, tea } = inTea();
    world.hear(`@${at(0)};msgid=b :bob!u@h PRIVMSG #tea :hi`);
    tea.history = "more";
    chat.enter("#tea", "hello");
    world.hear(":s 404 ana #tea :Cannot speak");
    chat.loadOlder("#tea");
    world.hear(":s BATCH +h chathistory #tea", `@batch=h;${at(-600)};msgid=a :ana!u@h PRIVMSG #tea :hello`, ":s BATCH -h");
    assert.deepEqual(messages(tea).map(({ failed }) => failed), [undefined, undefined, "Cannot speak"]);
});

test("/reply goes to the last who whispered", () => {
    const { world, chat, tea } = inTea();
    chat.enter("#tea", "/reply nobody");
    assert.equal(tea.items.at(-1).kind, "error");
    world.hear(":bob!u@h PRIVMSG ana :hi", ":carl!u@h PRIVMSG ana :hi", ":bob!u@h PRIVMSG #tea :all");
    chat.enter("#tea", "/reply hi carl");
    assert.deepEqual(world.sent(), ["PRIVMSG carl :hi carl"]);
});

test("what fails stays in sight, below what has been confirmed meanwhile", () => {
    const { world, chat, tea } = inTea();
    for (const text of ["one", "two"]) chat.enter("#tea", text);
    world.pass(5000);
    world.hear(`@${at(5)};msgid=a :ana!u@h PRIVMSG #tea :one`);
    world.break();
    assert.deepEqual(messages(tea).map(({ text, failed }) => [text, failed]), [["one", undefined], ["two", "The connection was lost"]]);
});

test("the key of a room is known when the connection comes back", () => {
    const { world, chat } = inTea();
    chat.enter("#tea", "/part");
    chat.enter(null, "/join #tea sesame");
    world.inTea();
    world.break();
    world.pass(1000);
    world.register();
    assert.ok(world.sent().includes("JOIN #tea sesame"));
});

test("choosing the talk that one reads above does not go to its end", () => {
    const { chat } = inTea();
    chat.seen(true, false);
    chat.select("#tea");
    assert.ok(!chat.isAtEnd);
});

test("if more was missed than fits, older items go and can be loaded again", () => {
    const { world, tea } = inTea();
    world.hear(`@${at(1)};msgid=a :bob!u@h PRIVMSG #tea :one`);
    world.break();
    world.pass(1000);
    world.register();
    world.inTea();
    world.hear(":s BATCH +h chathistory #tea");
    for (let n = 0; n < 100; n++) world.hear(`@batch=h;${at(10 + n)};msgid=n${n} :bob!u@h PRIVMSG #tea :${n}`);
    world.hear(":s BATCH -h");
    assert.equal(messages(tea).length, 100);
    assert.equal(tea.history, "more");
});

test("waits grow to a minute, and a taken nick is waited for", () => {
    const { world } = inTea();
    const waits = [];
    for (let n = 0; n < 8; n++) {
        world.break();
        waits.push(world.state.link.retryAt - world.time);
        world.pass(waits.at(-1));
        world.open();
    }
    assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000));
    world.hear(":s 433 * ana :in use");
    assert.equal(world.state.link.phase, "waiting");
    assert.equal(world.state.link.error.code, "nick-in-use");
});

test("silence is answered by a PING, and then by a new connection", () => {
    const { world } = inTea();
    world.pass(130_000);
    assert.deepEqual(world.sent(), ["PING alive"]);
    world.pass(20_000);
    assert.equal(world.state.link.phase, "online");
    world.pass(10_000);
    assert.equal(world.state.link.phase, "waiting");
});

test("a server that does not answer the login is left", () => {
    const world = new World();
    world.chat.connect({ nick: "ana" });
    world.pass(45_000);
    assert.equal(world.state.link.error.code, "unreachable");
    assert.ok(world.sockets.length >= 2);
});

test("leaving is final", () => {
    const { world, chat } = inTea();
    chat.leave();
    assert.deepEqual(world.sent(), ["QUIT"]);
    world.pass(600_000);
    assert.equal(world.sockets.length, 1);
    assert.equal(world.state.link.phase, "idle");
});

test("a redacted message goes", () => {
    const { world, tea } = inTea();
    world.hear(`@${at(1)};msgid=a :bob!u@h PRIVMSG #tea :secret`, ":bob!u@h REDACT #tea a :oops");
    assert.equal(messages(tea).length, 0);
    world.hear(":bob!u@h REDACT #tea unknown");
    world.hear(`@${at(2)};msgid=b :bob!u@h PRIVMSG #tea :stays`, ":bob!u@h REDACT #tea unknown");
    assert.equal(messages(tea).length, 1);
});

test("while somebody reads above, newer items beyond 2,000 are left out, and loaded at the end", () => {
    const { world, chat, tea } = inTea();
    chat.seen(true, false);
    for (let n = 0; n < 3000; n++) world.hear(`@${at(n)};msgid=x${n} :bob!u@h PRIVMSG #tea :${n}`);
    assert.deepEqual([tea.items.length, tea.unread, messages(tea)[0].text], [2000, 3000, "0"]);
    world.hear(":s BATCH +h chathistory #tea");
    for (let n = 0; n < 100; n++) world.hear(`@batch=h;${at(n - 200)};msgid=o${n} :bob!u@h PRIVMSG #tea :old`);
    world.hear(":s BATCH -h");
    assert.deepEqual([tea.items.length, texts(tea)[0]], [2000, "old"]);
    world.sent();
    chat.seen(true, true);
    assert.deepEqual(world.sent(), ["CHATHISTORY LATEST #tea * 100"]);
    world.hear(`@${at(3001)};msgid=live :bob!u@h PRIVMSG #tea :live`, ":s BATCH +h chathistory #tea");
    for (let n = 2900; n < 3000; n++) world.hear(`@batch=h;${at(n)};msgid=x${n} :bob!u@h PRIVMSG #tea :${n}`);
    world.hear(":s BATCH -h");
    assert.deepEqual([tea.items.length, tea.unread, texts(tea).at(-1)], [101, 0, "live"]);
});

test("10,000 names and 1,000 messages a second are linear", async () => {
    const { world, tea } = inTea();
    await settled();
    world.events.length = 0;
    const start = performance.now();
    for (let n = 0; n < 400; n++) world.hear(`:s 353 ana = #tea :${Array.from({ length: 25 }, (_, i) => `n${n * 25 + i}`).join(" ")}`);
    world.hear(":s 366 ana #tea :End");
    for (let n = 0; n < 20_000; n++) world.hear(`@${at(n / 1000)};msgid=x${n} :n${n % 10_000}!u@h PRIVMSG #tea :message ${n}`);
    await settled();
    assert.ok(performance.now() - start < 2000);
    assert.ok(tea.items.length <= 1000 && tea.byId.size <= 2000);
    assert.equal(tea.members.size, 10_003);
    assert.ok(world.events.length < 10, `${world.events.length} events`);
});

for (const [typed, line] of [
    ["/me waves", /PRIVMSG #tea :\x01ACTION waves\x01$/], ["/topic at five", /^TOPIC #tea :at five$/], ["/kick bob too loud", /^KICK #tea bob :too loud$/],
    ["/op bob", /^MODE #tea \+o bob$/], ["/ban bob", /^MODE #tea \+b bob!\*@\*$/], ["/ban", /^MODE #tea b$/], ["/nick carol", /^NICK carol$/],
    ["/away lunch", /^AWAY lunch$/], ["/msg bob hi there", /PRIVMSG bob :hi there$/], ["//bob:hi there", /PRIVMSG bob :hi there$/], ["/ etc", /PRIVMSG #tea \/etc$/],
    ["/raw VERSION", /^VERSION$/], ["/search green tea", /^SEARCH in=#tea;text=green\\stea$/], ["/list", /^LIST$/], ["/invite bob", /^INVITE bob #tea$/],
    ["/join cake key", /^JOIN #cake key$/], ["/whois bob", /^WHOIS bob$/], ["/part", /^PART #tea$/],
]) {
    test(`${typed} is sent as ${line}`, () => {
        const { world, chat } = inTea();
        chat.enter("#tea", typed);
        assert.match(world.sent().at(-1), line);
    });
}

test("commands without what they need throw nothing", () => {
    const { world, chat } = inTea();
    for (const key of ["#tea", null, "gone"]) {
        for (const name of COMMANDS) for (const rest of ["", " x", " #nowhere y z"]) if (name !== "quit") chat.enter(key, `/${name}${rest}`);
        chat.enter(key, "text");
    }
    assert.equal(world.state.link.phase, "online");
});

test("/list tells the rooms where it was typed", () => {
    const { world, chat, tea } = inTea();
    world.chat.open("#cake");
    world.hear(":ana!u@h JOIN #cake");
    chat.enter("#tea", "/list");
    world.hear(":s 321 ana Channel :Users", ":s 322 ana #tea 2 :hot", ":s 322 ana #cake 5 :", ":s 323 ana :End of LIST");
    assert.deepEqual(texts(tea), ["#tea 2 hot", "#cake 5 "]);
});

test("an unknown command is not sent", () => {
    const { world, chat, tea } = inTea();
    chat.enter("#tea", "/constructor now");
    chat.enter("#tea", "/kick");
    assert.deepEqual(world.sent(), []);
    assert.deepEqual(tea.items.slice(-2).map(({ kind, text }) => [kind, text]), [["error", "There is no /constructor"], ["error", "/kick …?"]]);
});

test("completion offers the last speakers first, rooms and commands", () => {
    const { world, chat } = inTea();
    world.hear(":s 353 ana = #tea :bea ben", "@msgid=1 :ben!u@h PRIVMSG #tea :hi");
    assert.deepEqual(chat.complete("#tea", "b"), ["ben", "bea", "bob"]);
    assert.deepEqual(chat.complete("#tea", "#t"), ["#tea"]);
    assert.deepEqual(chat.complete("#tea", "/to"), ["/topic"]);
});

test("hostile lines neither throw nor grow the state", () => {
    const { world } = inTea();
    for (const line of ["", ":", "@", "@a", ":s", "PRIVMSG", ":x!y PRIVMSG", ":s 353", ":s 353 ana = #tea", ":s 005", "BATCH", "BATCH +", ":s 333 a", "JOIN", ":ana!u@h NICK", "MODE #tea", "MODE #tea +ooo",
        ":s 301", ":s 322", "@time=x :bob!u@h PRIVMSG #tea :x", ":bob!u@h KICK #tea", "FAIL", ":s 404", "MARKREAD", "MARKREAD #tea x", "__proto__ x", "REDACT #tea", "RENAME #tea", "INVITE", "x".repeat(100_000), "CAP", "CAP * ACK", "ERROR",
        ":s 900 a", ":s 354 a 7 #tea bob", ":s 332 ana", ":s 366", "AWAY", "ACCOUNT", "TOPIC", "WARN", "QUIT", ":s 372 a", ":s 318", "AUTHENTICATE +"]) world.hear(line);
    for (let n = 0; n < 2000; n++) world.hear(`:u${n}!u@h PRIVMSG ana :hi`);
    assert.ok(world.state.talks.size <= 500);
    assert.equal({}.x, undefined);
});
