// Drives Chromium for browser.py: node driver.js CHROMIUM NAME, where the name is another for this machine. Each line
// of the input is a request, each of the output its answer.
//     {"open": OPTIONS}                                       a page of a new profile → its number
//     {"page": 1, "chain": [["locator", "#x"], ["click"]]}    page.locator("#x").click() → what that gives, if JSON
//                                                             can say it
//     {"page": 1, "faults": true}                             what went wrong in the page since the last time
"use strict";

const path = require("path");
const readline = require("readline");
const { chromium } = require("playwright-core");

/** Longest wait for anything in the browser, in milliseconds. */
const PATIENCE = 20_000;

const pages = [];

async function open(browser, { origin, ...options }) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE);
    if (options.javaScriptEnabled !== false) await context.addInitScript({ path: path.join(__dirname, "watch.js") });
    const page = await context.newPage();
    const faults = [];
    page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => faults.push(`error: ${error.message} ${error.stack}`));
    page.on("crash", () => faults.push("the page crashed"));
    page.on("dialog", (dialog) => {
        faults.push(`dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
    context.on("page", (popup) => faults.push(`window: ${popup.url()}`));
    context.on("request", (request) => {
        if (new URL(request.url()).origin !== origin) faults.push(`request: ${request.url()}`);
    });
    pages.push({ page, faults });
    return pages.length - 1;
}

async function follow(page, chain) {
    let value = page;
    for (const [name, ...given] of chain) {
        value = typeof value[name] === "function" ? await value[name](...given) : value[name];
    }
    return value;
}

async function answer(browser, request) {
    if (request.open) return open(browser, request.open);
    const { page, faults } = pages[request.page];
    return request.faults ? faults.splice(0) : follow(page, request.chain);
}

function print(result) {
    let line = '{"value":null}';
    try {
        line = JSON.stringify(result);
    } catch { /* Something of the browser's, which stays here. */ }
    console.log(line);
}

async function main() {
    // Without a sandbox, which root cannot have: it only sees pages of the server under test.
    const [, , executablePath, name] = process.argv;
    const args = [`--host-resolver-rules=MAP ${name} 127.0.0.1`];
    const browser = await chromium.launch({ executablePath, args, chromiumSandbox: false });
    print({ value: browser.version() });
    for await (const line of readline.createInterface({ input: process.stdin })) {
        try {
            print({ value: (await answer(browser, JSON.parse(line))) ?? null });
        } catch (error) {
            print({ failed: error.message });
        }
    }
    await browser.close();
}

main();
