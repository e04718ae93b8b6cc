// Somebody with The Lounge in a browser, without the browser: prints what each channel shows, as one JSON object per
// line, in the order in which it is shown.
//
//     node lounge.js URL USER PASSWORD [LINE...]
//
// The lines are typed in the network's own window.

"use strict";

const {io} = require("socket.io-client");

const [url, user, password, ...lines] = process.argv.slice(2);
const names = new Map();
const shown = new Set();

function show(chan, messages) {
	for (const {id, type, text, time, from} of messages) {
		// A channel that is not open yet comes later, with its messages.
		if (names.has(chan) && !shown.has(id)) {
			shown.add(id);
			const at = new Date(time).toISOString();
			console.log(JSON.stringify({channel: names.get(chan), type, from: from && from.nick, text, time: at}));
		}
	}
}

// A channel comes with its last message; a browser asks for those before it when it shows the channel.
function open(channel) {
	names.set(channel.id, channel.name);
	socket.emit("more", {target: channel.id, lastId: -1});
}

const socket = io(url, {reconnection: false});

socket.on("auth:start", () => socket.emit("auth:perform", {user, password}));
socket.on("auth:failed", () => process.exit("the password was refused"));
socket.on("init", ({networks}) => {
	networks.forEach(({channels}) => channels.forEach(open));
	lines.forEach((text) => socket.emit("input", {target: networks[0].channels[0].id, text}));
});
socket.on("network", ({network}) => network.channels.forEach(open));
socket.on("join", ({chan}) => open(chan));
socket.on("more", ({chan, messages}) => show(chan, messages));
socket.on("msg", ({chan, msg}) => show(chan, [msg]));
socket.on("disconnect", () => process.exit(0));
socket.on("connect_error", (error) => {
	console.error(error.message);
	process.exit(1);
});
