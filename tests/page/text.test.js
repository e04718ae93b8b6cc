import assert from "node:assert/strict";
import { test } from "node:test";

import { parse as parseAll } from "../../web/text.js";

/** Only the styles that apply. */
const parse = (text) => parseAll(text).map((piece) =>
    Object.fromEntries(Object.entries(piece).filter(([, value]) => value)));

const plain = (text) => parse(text).map((piece) => piece.text).join("");

test("text without formatting is one piece", () => {
    assert.deepEqual(parse("hello <b>you</b> & me"), [{ text: "hello <b>you</b> & me" }]);
    assert.deepEqual(parse(""), []);
});

test("formatting characters switch a style on and off, and 0x0f ends all", () => {
    assert.deepEqual(parse("a\x02b\x1dc\x02d\x0fe"), [
        { text: "a" }, { text: "b", bold: true }, { text: "c", bold: true, italic: true }, { text: "d", italic: true }, { text: "e" },
    ]);
    assert.deepEqual(parse("\x1fu\x1f\x1es\x1e\x11m\x11\x16r"), [
        { text: "u", underline: true }, { text: "s", strike: true }, { text: "m", mono: true }, { text: "r", reverse: true },
    ]);
});

test("colours have one or two digits, and a background only after a comma with digits", () => {
    assert.deepEqual(parse("\x034red\x03 none"), [{ text: "red", colour: "#f00" }, { text: " none" }]);
    assert.deepEqual(parse("\x0304,01x"), [{ text: "x", colour: "#f00", back: "#000" }]);
    assert.deepEqual(parse("\x034,x"), [{ text: ",x", colour: "#f00" }]);
    assert.deepEqual(parse("\x03041"), [{ text: "1", colour: "#f00" }]);
    assert.deepEqual(parse("\x034,1a\x033b"), [
        { text: "a", colour: "#f00", back: "#000" }, { text: "b", colour: "#090", back: "#000" },
    ]);
    assert.deepEqual(parse("\x0399x"), [{ text: "x" }]);
});

test("only http and https become links, without the punctuation after them", () => {
    const link = (text) => parse(text).filter((piece) => piece.link).map((piece) => piece.link);
    assert.deepEqual(link("see https://a.example/b?c=d#e."), ["https://a.example/b?c=d#e"]);
    assert.deepEqual(link("(http://a.example/x_(y))"), ["http://a.example/x_(y)"]);
    assert.deepEqual(link("看https://a.example/茶，很好 和http://b.example。好"), ["https://a.example/茶", "http://b.example"]);
    assert.deepEqual(link("javascript:alert(1) data:text/html,x ftp://a.example"), []);
    assert.deepEqual(link("\"https://a.example\"><script>"), ["https://a.example"]);
    assert.equal(plain("see https://a.example/b."), "see https://a.example/b.");
});

test("code keeps its characters and is no link", () => {
    assert.deepEqual(parse("use `a https://b` now"), [{ text: "use " }, { text: "a https://b", code: "a https://b" }, { text: " now" }]);
    assert.deepEqual(parse("```rust\nfn main() {}\n```"), [{ text: "fn main() {}", block: "fn main() {}" }]);
    assert.deepEqual(parse("a ` b"), [{ text: "a ` b" }]);
});

test("characters that nobody sees and that turn text around are left out", () => {
    assert.equal(plain("a\x00b\x1b[1mc\u202Ed\u2066e\x02f\n"), "ab[1mcdef\n");
});

test("every text is parsed in time that grows with its length", () => {
    for (const part of ["`", "```", "\x03", "\x034,", "http://(", "http://a)))", "\x02`"]) {
        const text = part.repeat(20000);
        const start = performance.now();
        parse(text);
        assert.ok(performance.now() - start < 1000, JSON.stringify(part));
    }
});

test("a text of nothing but changes of style has few pieces and loses no letter", () => {
    const pieces = parse("\x02a".repeat(4000));
    assert.ok(pieces.length < 400);
    assert.equal(pieces.map(({ text }) => text).join(""), "a".repeat(4000));
});
