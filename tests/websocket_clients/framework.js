// Talks IRC over WebSocket with irc-framework: node framework.js PORT NAME PROTOCOL. Says in the room what comes on standard
// input, and prints what it hears there, and the end.
"use strict";

const readline = require("readline");
const { Client } = require("irc-framework");
const WebSocketTransport = require("irc-framework/src/transports/websocket");

// What browsers have. Node.js before version 22 has none of its own.
globalThis.WebSocket = require("ws");

const [port, name, protocol] = process.argv.slice(2);
const room = "#lobby";
const client = new Client({ transport: WebSocketTransport });
client.on("registered", () => client.join(room));
client.on("userlist", () => console.log(`welcome ${name}`));
client.on("privmsg", (event) => {
    if (event.target === room) console.log(`${event.nick} :${event.message}`);
});
client.on("socket close", () => console.log("closed"));
client.connect({
    host: "127.0.0.1",
    port: Number(port),
    path: "/ws",
    websocket_protocol: protocol,
    nick: name,
    auto_reconnect: false,
});
readline.createInterface({ input: process.stdin }).on("line", (line) => {
    if (line === "close") client.quit("bye");
    else client.say(room, line);
});
