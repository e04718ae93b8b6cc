// Puts the page together: changes of the chat in, drawings out.
import { Chat } from "./chat.js";
import { newMembers, newTalks } from "./lists.js";
import { language, t } from "./strings.js";
import { newComposer, newLog } from "./talk.js";
import { $, $$, nodes } from "./text.js";

/** Pause between drawings of many members, or of a hidden page, in milliseconds. */
const CALM = 300;
const MANY = 500;

document.documentElement.lang = language;
for (const node of $$("[data-t]")) node.textContent = t[node.dataset.t];
for (const node of $$("[data-label]")) node.ariaLabel = t[node.dataset.label];

const chat = new Chat({ url: `${location.origin.replace("http", "ws")}${location.pathname}ws` });
const { state } = chat;
const current = () => chat.state.talks.get(chat.state.current);

const log = newLog(chat);
const selectComposer = newComposer(chat, log);
const talks = newTalks(chat, choose);
const drawMembers = newMembers(chat, (name) => choose(chat.open(name)));

function choose(key) {
	chat.select(key);
	openDrawer();
	$("#composer").focus();
}

/** What this tab remembers, or else this browser, if it may. */
function recall(name) {
	try {
		return JSON.parse(sessionStorage[name] ?? localStorage[name]);
	} catch {
		return null;
	}
}

function keep(name, value, isForLong = true) {
	try {
		sessionStorage[name] = JSON.stringify(value);
		localStorage[name] = isForLong ? sessionStorage[name] : null;
	} catch { /* Then it is forgotten. */ }
}

// The door: a name, and a password where one is needed.

const login = $("#login"), fields = [...login.elements].filter(({ name }) => name);
let isInside = false;

function enter(event) {
	event?.preventDefault();
	const known = Object.fromEntries(fields.map((field) => [field.name, field.type === "checkbox" ? field.checked : field.value.trim()]));
	const rooms = wantedRooms();
	keep("login", known, known.remember);
	chat.connect({ ...known, rooms: rooms.length ? rooms : ["#lobby"], read: recall("read") ?? {}, ignored: recall("ignored") ?? [] });
}

function drawDoor() {
	const { phase, error } = state.link;
	const wasInside = isInside;
	isInside = phase === "online" || isInside && phase !== "idle" && phase !== "refused";
	$("#door").hidden = isInside;
	$("#chat").hidden = !isInside;
	if (isInside) return;
	put("#refusal", error ? t.refused[error.code] ?? error.text : "");
	$("#login .main").disabled = phase === "connecting" || phase === "registering";
	const isPassword = ["password", "account", "registered"].includes(error?.code);
	if (isPassword) $("#login details").open = true;
	if (wasInside || error) $(`#login [name=${isPassword ? "password" : "nick"}]`).focus();
}

// The address has the rooms, the one on screen first.

function wantedRooms() {
	return decodeURI(location.hash.replace(/%(?![\da-f]{2})/gi, "%25")).split(",").filter((name) => name.length > 1);
}

function keepAddress() {
	const rooms = [...state.talks.values()].filter(({ kind, joined }) => kind === "room" && joined);
	rooms.sort((a, b) => (b.key === state.current) - (a.key === state.current));
	const hash = rooms.map(({ name }) => name.replace(/[%\s]/g, encodeURIComponent)).join();
	if (hash && hash !== location.hash) history.replaceState(null, "", hash);
}

onhashchange = () => wantedRooms().reverse().forEach((name) => choose(chat.open(name)));

// What has changed is drawn once per frame.

let isWaiting = false, hasMembers = true, membersAt = 0, shown;

function redraw() {
	if (isWaiting) return;
	isWaiting = true;
	if (document.hidden) setTimeout(draw, CALM);
	else requestAnimationFrame(draw);
}

function draw() {
	isWaiting = false;
	drawDoor();
	const all = [...state.talks.values()];
	const unread = all.reduce((sum, talk) => sum + talk.unread, 0);
	document.title = `${unread ? `(${unread}) ` : ""}${current()?.name ?? ""} parlor`;
	if (!isInside || document.hidden) return;
	if (!current() && all.length) choose((all.find(({ kind }) => kind === "room") ?? all.at(-1)).key);
	const { kind = "none", name = "", topic = "", members } = current() ?? {};
	$("#chat").dataset.kind = kind;
	put("#title", kind === "server" ? t.server : name);
	if ($("#topic").title !== topic) $("#topic").replaceChildren(nodes($("#topic").title = topic));
	drawLink();
	talks.draw();
	keepAddress();
	if (state.current === shown) {
		log.draw();
	} else {
		shown = state.current;
		selectComposer(shown, name);
		log.select(shown);
		$("#members").scrollTop = membersAt = 0;
		hasMembers = true;
	}
	if (!hasMembers) return;
	if (performance.now() - membersAt < CALM && members?.size > MANY) return setTimeout(redraw, CALM);
	hasMembers = false;
	membersAt = performance.now();
	drawMembers(current());
}

/** Changes a text only if it is another, so that it is read out once. */
function put(selector, text) {
	if ($(selector).textContent !== text) $(selector).textContent = text;
}

function drawLink() {
	const { phase, retryAt } = state.link;
	const isOnline = phase === "online", isLost = phase === "waiting", count = state.held.length;
	put("#network", state.server.network || location.hostname);
	put("#me", state.me.nick);
	put("#phase", isOnline ? `${t.held} ${count}` : t[phase] ?? "");
	put("#wait", isLost ? `${t.again} ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))}` : "");
	$("#link").hidden = isOnline && !count;
	$("#retry").hidden = !isLost;
	$("#send").hidden = $("#drop").hidden = !isOnline;
	if (isLost) setTimeout(redraw, 1000);
}

chat.addEventListener("change", ({ detail: { what, key } }) => {
	if (what === "rooms") $("#rooms").replaceChildren(...(state.rooms ?? []).map(({ name, members }) => new Option(members, name)));
	if (what === "ignored") keep("ignored", [...state.ignored]);
	if (what === "members" && key === state.current) hasMembers = true;
	if (what !== "items" && what !== "members" || key === state.current) redraw();
});

document.onvisibilitychange = onpagehide = () => {
	chat.seen(!document.hidden, log.isAtEnd());
	keep("read", Object.fromEntries([...state.talks].map(([key, { lastRead }]) => [key, lastRead])));
	isWaiting = false;
	redraw();
};

// Notifications, which only secure pages have, and a sound.

const alerts = $("#settings input");
alerts.checked = recall("alerts") ?? true;
alerts.onchange = () => keep("alerts", alerts.checked);
// The first message is the moment to ask.
$("#compose").addEventListener("submit", () => alerts.checked && globalThis.Notification?.requestPermission(), { once: true });
let audio, end = 0;

function ring() {
	audio ??= new AudioContext();
	if (audio.currentTime < end) return;
	end = audio.currentTime + 0.3;
	const tone = new OscillatorNode(audio, { frequency: 660 }), volume = new GainNode(audio, { gain: 0.1 });
	volume.gain.exponentialRampToValueAtTime(0.001, end);
	tone.connect(volume).connect(audio.destination);
	tone.start();
	tone.stop(end);
}

chat.addEventListener("notify", ({ detail: { key, item: { from, text } } }) => {
	if (!alerts.checked || document.hasFocus() && state.current === key) return;
	ring();
	if (globalThis.Notification?.permission !== "granted") return;
	new Notification(`${from} · ${state.talks.get(key).name}`, { body: nodes(text).textContent, tag: key }).onclick = () => {
		focus();
		choose(key);
	};
});

// Buttons, rooms and passwords.

const join = $("#join"), room = join.querySelector("input"), dialog = $("dialog"), secret = $("dialog input");
room.placeholder = t.join;
room.onfocus = () => chat.enter(null, "/list");
join.onsubmit = (event) => {
	event.preventDefault();
	const name = room.value.trim();
	if (name) choose(chat.open(/^[#&]/.test(name) ? name : `#${name}`));
	room.value = "";
};

chat.addEventListener("ask", ({ detail: { what, account } }) => {
	if (what === "rooms") return room.focus();
	put("dialog span", `${t.password} (${account})`);
	secret.value = "";
	$("dialog form").onsubmit = () => (what === "login" ? chat.logIn(account, secret.value) : chat.register(secret.value));
	dialog.showModal();
});

const CLICKS = {
	retry: () => chat.reconnectNow(),
	send: () => chat.sendHeld(),
	drop: () => chat.dropHeld(),
	close: () => chat.close(state.current),
	scrim: () => openDrawer(),
	leave() {
		keep("login", null);
		chat.leave();
	},
};
for (const [id, act] of Object.entries(CLICKS)) $(`#${id}`).onclick = act;

// Drawers, which hold the lists where there is no room for columns; and keys.

function openDrawer(id) {
	for (const button of $$("[data-drawer]")) {
		const { drawer } = button.dataset;
		button.onclick = () => openDrawer(drawer);
		button.ariaExpanded = drawer === id;
		$(`#${drawer}`).classList.toggle("open", drawer === id);
	}
	if (id) $(`#${id} [tabindex="0"]`)?.focus();
}

onkeydown = (event) => {
	const { key, altKey, ctrlKey, metaKey, target } = event;
	if (!isInside || event.isComposing || dialog.open) return;
	const by = altKey && { ArrowUp: -1, ArrowDown: 1 }[key];
	if (by) {
		event.preventDefault();
		talks.next(by);
	} else if (key === "Escape") {
		openDrawer();
		log.toEnd();
		$("#composer").focus();
	} else if (target === document.body && key.length === 1 && !altKey && !ctrlKey && !metaKey) {
		$("#composer").focus();
	}
};

openDrawer();
put("#login h1", location.hostname);
drawDoor();
login.onsubmit = enter;
const known = recall("login");
if (known) {
	for (const field of fields) field[field.type === "checkbox" ? "checked" : "value"] = known[field.name];
	enter();
} else {
	fields[0].focus();
}
