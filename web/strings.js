// Every text of the page, in English and Chinese.
const tags = navigator.languages.filter((tag) => /^(en|zh)/.test(tag));
// The reader's variant of the language.
export const language = tags[0] ?? "en";

const strings = {
	name: ["Your name", "你的名字"],
	password: ["Password, if you have one", "密码（如果有）"],
	isAccount: ["It belongs to my account", "这是帐号密码"],
	secret: ["Password of ", "密码："],
	remember: ["Remember me on this device", "在此设备上记住我"],
	enter: ["Enter", "进入"],
	people: ["Members", "成员"],
	join: ["Join a room…", "加入聊天室…"],
	close: ["Leave this conversation", "离开此对话"],
	write: ["Message", "消息"],
	send: ["Send", "发送"],
	drop: ["Discard", "丢弃"],
	alerts: ["Notifications and sound", "通知和提示音"],
	leave: ["Log out", "退出"],
	server: ["Server", "服务器"],
	room: ["Rooms", "聊天室"],
	private: ["People", "私聊"],
	unread: [" unread", " 条未读"],
	away: ["away", "离开"],
	bot: ["bot", "机器人"],
	new: ["New", "新消息"],
	newest: ["↓ Newest", "↓ 最新"],
	failed: ["Not sent:", "未发送："],
	did: [
		{ kick: "removed", nick: "is now", topic: "set the topic:", mode: "set", invite: "invited" },
		{ kick: "移出了", nick: "改名为", topic: "设置了主题：", mode: "设置了", invite: "邀请了" },
	],
	connecting: ["Connecting…", "正在连接…"],
	waiting: ["The connection is lost.", "连接已断开。"],
	again: ["· Next attempt in seconds:", "· 重试倒计时（秒）："],
	reconnect: ["Reconnect now", "立即重连"],
	held: ["· Written meanwhile:", "· 断线时写的消息："],
	// Otherwise the server's own words are shown.
	refused: [
		{
			registered: "This name is an account: enter its password.",
			account: "The account or its password is wrong.",
			unreachable: "The server cannot be reached.",
		},
		{
			"nick-in-use": "这个名字已有人使用。",
			"nick-bad": "服务器不允许这个名字。",
			password: "需要密码，或密码错误。",
			account: "帐号或密码错误。",
			registered: "这个名字是帐号，请输入密码。",
			unreachable: "无法连接服务器。",
		},
	],
};

const column = language.startsWith("zh") ? 1 : 0;
export const t = Object.fromEntries(Object.entries(strings).map(([key, texts]) => [key, texts[column]]));
