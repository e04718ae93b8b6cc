"""Two browsers, irssi and a textbook client share a room, whisper, read what was said, and survive a restart."""

import re
import sys
from pathlib import Path

from peers import Peer

TEXTBOOK_CLIENT = Path(__file__).resolve().parent.parent / "textbook" / "chat_client.py"

# Said before anybody comes: more than is loaded at once.
PAST = 250


def meeting(browser, tmux, house):
    house.start()
    speak_before(house)
    everybody = Everybody(browser, tmux, house)
    talk(everybody)
    whisper(everybody)
    read_history(everybody)
    restart(everybody, house)
    everybody.leave()


def speak_before(house):
    """Gives the room a past and a topic."""
    carol = house.operator("carol")
    carol.send("TOPIC #lobby :Tea at four · https://tea.example/menu")
    for number in range(PAST):
        carol.say(f"said before, {number}.")
    carol.send("PING done")
    carol.expect("PONG")
    carol.close()


class Everybody:
    def __init__(self, browser, tmux, house):
        print("everybody comes into #lobby:", flush=True)
        self.ana = browser.open("ana", house.address())
        self.ana.see("#login")
        self.ana.shoot("login")
        self.ana.enter("ana")
        self.ana.see("#topic", "Tea at four")
        self.ana.see("#items .said", f"said before, {PAST - 1}.")
        self.irssi = tmux.start("irssi", "irssi", "--home", house.log.parent / "irssi")
        self.irssi.type("/set nick 张三")
        self.irssi.type(f"/connect 127.0.0.1 {house.port}")
        self.irssi.see("Welcome to parlor.local, 张三")
        self.irssi.type("/join #lobby")
        self.irssi.see("has joined #lobby")
        self.textbook = tmux.start("textbook", sys.executable, TEXTBOOK_CLIENT, "127.0.0.1", house.port, "bob")
        self.textbook.see("^logged in as bob")
        self.ben = browser.open("ben", house.address("#lobby", "#tea"))
        self.ben.enter("ben")
        for page in [self.ana, self.ben]:
            for name in ["ana", "ben", "bob", "张三"]:
                page.see("#members bdi", name)
        self.irssi.see("ben .*has joined #lobby")

    def hear(self, name, text, but):
        for page in [self.ana, self.ben]:
            page.hear(name, text)
        if but is not self.irssi:
            self.irssi.see(rf"<.?{name}> {re.escape(text)}")
        if but is not self.textbook:
            self.textbook.see(rf"^{name}说：{re.escape(text)}")

    def leave(self):
        self.textbook.kill()
        self.irssi.type("/quit")
        self.irssi.expect_end()
        self.ana.close()
        self.ben.close()


def talk(everybody):
    print("everybody hears what anybody says:", flush=True)
    everybody.ben.go("#lobby")
    for who, name in [
        (everybody.ana, "ana"),
        (everybody.ben, "ben"),
        (everybody.irssi, "张三"),
        (everybody.textbook, "bob"),
    ]:
        text = f"大家好, this is {name}"
        who.say(text) if hasattr(who, "say") else who.type(text)
        everybody.hear(name, text, but=who)
    everybody.ana.until("what ana said is confirmed", "() => !document.querySelector('#items .pending')")
    everybody.ana.say("/me pours tea")
    everybody.irssi.see(r"\* *ana pours tea")
    everybody.ben.see("#items .action", "pours tea")
    print("several lines are one message, with code in it:", flush=True)
    ana = everybody.ana
    ana.at("#composer", "focus")
    ana.type("Four lines with `code`")
    for line in ["and a link: https://tea.example/menu.", "and", "more"]:
        ana.key("Shift+Enter")
        ana.type(line)
    ana.expect_at_the_end()
    ana.key("Enter")
    everybody.ben.see("#items .said", "and a link")
    everybody.ben.see("#items .said code", "code")
    everybody.ben.see('#items .said a[href="https://tea.example/menu"][target=_blank][rel~=noopener]')
    everybody.textbook.see("and a link: https://tea.example/menu")
    print("Tab completes a name, and who is named hears of it:", flush=True)
    everybody.ana.at("#composer", "fill", "be")
    everybody.ana.key("Tab")
    everybody.ana.type("more tea?")
    everybody.ana.key("Enter")
    everybody.ben.see("#items .mention", "ben: more tea?")


def whisper(everybody):
    print("private talks:", flush=True)
    everybody.ana.run("""() => {
        globalThis.Notification = class {
            static permission = "granted";
            constructor(title) { watched.notified = title; }
        };
    }""")
    everybody.irssi.type("/msg ana 悄悄 irssi to ana")
    everybody.ana.see("#talks [data-key]", "张三")
    everybody.ana.until("a notification names who whispers", "() => watched.notified?.includes('张三')")
    everybody.ana.until("the title counts what is unread", "() => document.title.startsWith('(1)')")
    everybody.ana.go("张三")
    everybody.ana.hear("张三", "悄悄 irssi to ana")
    everybody.ana.say("悄悄 ana to irssi")
    everybody.irssi.go("/window goto ana", "<ana> 悄悄 ana to irssi")
    everybody.irssi.type("/window goto #lobby")
    everybody.ana.say("/msg bob 悄悄 ana to bob")
    everybody.textbook.see("^ana悄悄地对你说：悄悄 ana to bob")
    everybody.textbook.type("//ben:悄悄 bob to ben")
    everybody.ben.go("bob")
    everybody.ben.hear("bob", "悄悄 bob to ben")
    everybody.ben.go("#lobby")
    everybody.ana.go("#lobby")
    everybody.ana.expect("no whisper is here", "() => !document.querySelector('#items').textContent.includes('悄悄')")
    everybody.ana.shoot("desktop")


def read_history(everybody):
    print("a reload brings back what was said, and scrolling up the rest:", flush=True)
    ana = everybody.ana
    ana("reload")
    ana.see("#items .said", "and a link: https://tea.example/menu.")
    ana.hear("bob", "大家好, this is bob")
    load_to_the_start(ana, "said before, 0.")
    ana.expect(
        "every message is shown once, in order",
        """() => {
            const said = [...document.querySelectorAll("#items .said")].map((node) => node.textContent);
            const numbers = said.map((text) => /said before, (\\d+)\\./.exec(text)?.[1]).filter(Boolean).map(Number);
            return numbers.length > 50 && numbers.every((number, at) => number === numbers[0] + at);
        }""",
    )
    ana.key("Escape")
    ana.expect_at_the_end()


def load_to_the_start(page, first):
    """Scrolls up until the first message is there."""
    page.until(
        f"scrolling up shows {first!r}",
        """first => {
            const items = document.querySelector("#items");
            items.scrollTop = 0;
            return items.textContent.includes(first);
        }""",
        first,
    )
    print(f"  {page.title}: {first}", flush=True)


def restart(everybody, house):
    print("the server restarts; the page says so and comes back, and what was missed is there:", flush=True)
    ana, ben = everybody.ana, everybody.ben
    for page in [ana, ben]:
        # Chromium tells the console of every attempt that fails.
        page.forgive("WebSocket connection to .* failed")
    ben.say("/join #later")
    ben.see("#title", "#later")
    ben.go("#lobby")
    house.stop()
    ana.see("#link", "onnect")
    ana.say("typed while nobody heard it")
    ana.shoot("lost")
    house.start()
    for page in [ana, ben]:
        page.run("() => document.querySelector('#retry').click()")
    dave = Peer(house.port, "dave")
    dave.say("said while they were away")
    for page in [ana, ben]:
        page.hear("dave", "said while they were away")
    for name in ["#lobby", "#tea", "#later"]:
        ben.see("#talks [data-key]:not(.out)", name)
    for page, name in [(ana, "ana"), (ben, "ben")]:
        page.see("#members bdi", name)
    ana.see("#link", "Written meanwhile: 1")
    ben.expect("nothing is sent unasked", "() => !document.body.innerText.includes('nobody heard')")
    ana.click("#link button", "Send")
    ben.hear("ana", "typed while nobody heard it")
    dave.expect("typed while nobody heard it")
    ana.lose("#link")
    dave.close()
    everybody.irssi.type(f"/connect 127.0.0.1 {house.port}")
