// Puts the page together: changes of the chat in, drawings out.
import { Chat } from "./chat.js";
import { newMembers, newTalks } from "./lists.js";
import { language, t } from "./strings.js";
import { newComposer, newLog } from "./talk.js";
import { $, $$, nodes } from "./text.js";

// Milliseconds between drawings of the members, or of a hidden page.
const CALM = 300;

document.documentElement.lang = language;
t.host = location.hostname;
for (const node of $$("[data-t]")) node.append(t[node.dataset.t]);
for (const node of $$("[data-label]")) node.ariaLabel = t[node.dataset.label];

const chat = new Chat({ url: location.origin.replace("http", "ws") + "/ws" });
const { state } = chat;
const NONE = { name: "", topic: "", items: [], members: new Map() };
const current = () => state.talks.get(state.current) ?? NONE;

const log = newLog(chat);
const writeTo = newComposer(chat, log);
const talks = newTalks(chat, choose);
const drawMembers = newMembers(chat, (name) => choose(chat.open(name)));

function choose(key) {
	chat.select(key);
	openDrawer();
	if (matchMedia("(hover: hover)").matches) $("#composer").focus();
}

const memory = (() => { try { return localStorage; } catch { return {}; } })();

const login = $("#login");
let isInside = false;

login.onsubmit = (event) => {
	event?.preventDefault();
	const known = Object.fromEntries(new FormData(login));
	remember(known);
	chat.connect({ ...known, nick: known.nick.trim(), rooms: wantedRooms() });
};

function remember(known) {
	history.replaceState(known, "");
	memory.login = JSON.stringify(known?.remember ? known : null);
}

function drawDoor({ phase, error }) {
	const wasInside = isInside;
	isInside = phase === "online" || isInside && phase !== "idle" && phase !== "refused";
	$("#door").hidden = isInside;
	$("#chat").hidden = !isInside;
	if (isInside) return;
	put("#login .main", /idle|refused/.test(phase) ? t.enter : t.connecting);
	const { code, text } = error ?? {};
	if (!put("#refusal", t.refused[code] ?? text ?? "") && !wasInside) return;
	if (code === "registered") login.account.checked = true;
	(["password", "account", "registered"].includes(code) ? login.password : login.nick).focus();
}

// The address has up to 30 rooms, the one on screen first.

function wantedRooms() {
	let { hash } = location;
	try { hash = decodeURI(hash); } catch { /* A name may have any %. */ }
	const names = hash.split(",").filter((name) => name[1]);
	return names[0] ? names.slice(0, 30) : ["#lobby"];
}

let kept;

function keepAddress() {
	const rooms = [...state.talks.values()].filter(({ kind, joined }) => kind === "room" && joined);
	rooms.sort((a, b) => (b.key === state.current) - (a.key === state.current));
	const hash = rooms.map(({ name }) => name.replace(/[%\s]/g, encodeURIComponent)).join();
	if (hash && hash !== kept) history.replaceState(history.state, "", kept = hash);
}

onhashchange = () => wantedRooms().reverse().map(join);

// What has changed is drawn once per frame.

let isWaiting = false, shown, members;

function redraw() {
	if (isWaiting) return;
	isWaiting = true;
	if (document.hidden) setTimeout(draw, CALM);
	else requestAnimationFrame(draw);
}

function draw() {
	isWaiting = false;
	drawDoor(state.link);
	const all = [...state.talks.values()], unread = all.reduce((sum, talk) => sum + talk.unread, 0);
	document.title = `${unread ? `(${unread}) ` : ""}${isInside ? current().name : ""} parlor`;
	if (!isInside || document.hidden) return;
	if (current() === NONE && all[0]) choose((all.find(({ kind }) => kind === "room") ?? all[0]).key);
	const talk = current(), { kind, name, topic } = talk;
	$("#chat").dataset.kind = kind;
	put("#title", kind === "server" ? t.host : name);
	if ($("#topic").title !== topic) $("#topic").replaceChildren(nodes($("#topic").title = topic));
	drawLink(state.link);
	talks.draw();
	keepAddress();
	log.draw(talk);
	if (talk === shown) return;
	shown = talk;
	writeTo(talk);
	drawMembers(talk);
	$("#members").scrollTop = 0;
}

// Changes a text only if it is another, so that it is read out once.
function put(selector, text) {
	const isOther = $(selector).textContent !== text;
	if (isOther) $(selector).textContent = text;
	return isOther;
}

function drawLink({ phase, retryAt, error }) {
	const isOnline = phase === "online", isLost = phase === "waiting", count = state.held.length;
	put("#leave", `${t.leave} (${state.me.nick})`);
	put("#phase", (isLost ? `${t.waiting} ${error.text}` : isOnline ? "" : t.connecting) + (count ? ` ${t.held} ${count}` : ""));
	put("#wait", isLost ? `${t.again} ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))}` : "");
	put("#retry", isOnline ? t.send : t.reconnect);
	$("#retry").onclick = () => (isOnline ? chat.sendHeld() : chat.reconnectNow());
	$("#drop").hidden = !isOnline;
	$("#link").hidden = isOnline && !count;
	if (isLost) setTimeout(redraw, 1000);
}

chat.addEventListener("change", ({ detail: { what } }) => {
	if (what !== "members") return redraw();
	members ??= setTimeout(() => {
		members = null;
		drawMembers(current());
	}, CALM);
});

document.onvisibilitychange = () => {
	chat.seen(!document.hidden, log.isAtEnd());
	isWaiting = false;
	redraw();
};

// Notifications (only secure pages have them) and a sound.

const alerts = $("#alerts");
let audio, end = 0;
alerts.checked = memory.alerts !== "off";
alerts.onchange = () => (memory.alerts = alerts.checked ? "on" : "off");
// The first message is the moment to ask.
$("#compose").addEventListener("submit", () => alerts.checked && globalThis.Notification?.requestPermission(), { once: true });

chat.addEventListener("notify", ({ detail: { key, item: { from, text } } }) => {
	if (!alerts.checked || document.hasFocus() && state.current === key) return;
	audio ??= new AudioContext();
	if (audio.currentTime >= end) {
		end = audio.currentTime + 0.3;
		const tone = new OscillatorNode(audio, { frequency: 660 }), volume = new GainNode(audio, { gain: 0.1 });
		volume.gain.exponentialRampToValueAtTime(0.001, end);
		tone.connect(volume).connect(audio.destination);
		tone.start();
		tone.stop(end);
	}
	if (globalThis.Notification?.permission !== "granted") return;
	new Notification(`${from} · ${state.talks.get(key).name}`, { body: nodes(text).textContent, tag: key }).onclick = () => {
		focus();
		choose(key);
	};
});

// One field joins rooms, and takes passwords.

const answer = $("#answer");
const join = (name) => choose(chat.open(/^[#&]/.test(name) ? name : `#${name}`));

function ask(type = "text", label = t.join, act = join) {
	Object.assign(answer, { type, value: "", placeholder: label, ariaLabel: label });
	answer.form.onsubmit = (event) => {
		event.preventDefault();
		if (answer.value) act(answer.value);
		ask();
	};
}

answer.onblur = () => ask();
chat.addEventListener("ask", ({ detail: { what, account } }) => {
	ask("password", t.secret + account, (it) => (what === "login" ? chat.logIn(account, it) : chat.register(it)));
	openDrawer("side");
	answer.focus();
});

function openDrawer(id) {
	for (const button of $$("[data-drawer]")) {
		const { drawer } = button.dataset;
		button.onclick = () => openDrawer(drawer);
		button.ariaExpanded = drawer === id;
		$(`#${drawer}`).classList.toggle("open", drawer === id);
	}
	if (id) $(`#${id} button`)?.focus();
}

onkeydown = (event) => {
	const by = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
	if (!isInside || event.isComposing) return;
	if (by) {
		event.preventDefault();
		talks.next(by);
	} else if (event.key === "Escape") {
		log.toEnd();
		choose(state.current);
	}
};

$("#drop").onclick = () => chat.dropHeld();
$("#close").onclick = () => chat.close(state.current);
$("#scrim").onclick = () => openDrawer();
$("#leave").onclick = () => {
	remember(null);
	login.reset();
	chat.leave();
};

chat.seen(!document.hidden, true);
openDrawer();
ask();
drawDoor(state.link);
login.nick.focus();
const known = history.state ?? JSON.parse(memory.login ?? null);
for (const [name, value] of Object.entries(known ?? {})) Object.assign(login[name], { value, checked: true });
if (known) login.onsubmit();
