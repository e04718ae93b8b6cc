"""What others write is text and nothing else, wherever they write it: markup, links that are none, letters that turn
the line around, that pile up, or that never end."""

from pathlib import Path

from browser import PHONE
from screens import Failed

FOREIGN = (Path(__file__).resolve().parent / "foreign.js").read_text()

ROOM = "#hostile"

# Each would call alert() where it is taken for markup, or leave an element behind.
MARKUP = [
    "<script>alert('script')</script>",
    "<img src=x onerror=alert('img')>",
    "<svg/onload=alert('svg')>",
    "\"><iframe src=\"javascript:alert('iframe')\"></iframe>",
    "' onmouseover='alert(1)' style='position:fixed",
    "<a href=https://evil.example/>click</a><base href=https://evil.example/>",
    "<style>*{display:none!important}</style><link rel=stylesheet href=https://evil.example/a.css>",
    "</div></main><form action=https://evil.example/><input name=password></form>",
    "&lt;b&gt;&#60;img src=x&#62; {{7*7}} ${7*7} <%= 7 %>",
    "```\n<img src=x onerror=alert('code')>\n```",
    "`<img src=x onerror=alert('code')>`",
]

LINKS = [
    "javascript:alert('link')",
    "JavaScript://evil.example/%0aalert('link')",
    "data:text/html,<script>alert('data')</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "https://evil.example/\"onmouseover=\"alert('quote')",
    "https://evil.example/'><img/src=x/onerror=alert('link')>",
    "http://javascript:alert('user')@evil.example/",
    "https://[not-an-address/",
    "https://",
]

STRANGE = [
    "\u202egnp.exe\u202c turned around \u2066\u2067\u202b",
    "never" + "ending" * 60,
    "龙" * 130,
    "".join(letter + "\u0301\u0330\u0489\u033f" * 5 for letter in "zalgo"),
    "\x03" * 50 + "\x0399,99 colours \x0304,04hidden\x03 \x04zzzzzz \x16\x16\x02",
    "\u200b\u200d\ufeff\u2028line\u2029paragraph\u00ad",
    "👩‍👩‍👧‍👦" * 12,
    "\x01DCC SEND evil.exe 2130706433 9 1\x01",
    "\x01ACTION <img src=x onerror=alert('action')>\x01",
    "``` ` `` ```",
]

# Names that may be, of users and rooms.
NICKS = ["`^[]{}|\\_", "a\\b`c", "constructor", "__proto__", "hasOwnProperty"]
ROOMS = ["#<img/src=x/onerror=alert(1)>", "#\"onclick=alert(1)//", "#__proto__", "#toString", "#%3Cb%3E&amp;"]


def hostile(browser, tmux, house):
    print("others write what is no text:", flush=True)
    house.start()
    evil = house.operator("evil", ROOM)
    evil.send(f"TOPIC {ROOM} :" + MARKUP[1] + LINKS[0])
    write_everything(evil)
    page = browser.open("vera", house.address(ROOM, *ROOMS))
    page.enter("vera")
    page.go(ROOM)
    page.see("#items .said", "last words")
    page.see("#topic", "<img src=x")
    said = page.run("() => document.querySelectorAll('#items [data-id]').length")
    if said < len(MARKUP) + len(LINKS) + len(STRANGE):
        raise Failed(f"vera shows only {said} messages")
    expect_text_only(page)
    page.shoot("hostile")
    act_everywhere(house, evil, page)
    expect_text_only(page)
    page("reload")
    page.see("#items .said", "last words")
    expect_text_only(page)
    page.expect_accessible("a hostile room")
    narrow(browser, house)
    page.close()
    evil.close()
    lured(browser, house)


def write_everything(evil):
    for text in [*MARKUP, *LINKS, *STRANGE]:
        for line in text.split("\n"):
            evil.say(line)
    evil.send("PING written")
    evil.expect("PONG")
    evil.say("last words")


def act_everywhere(house, evil, page):
    """Markup in everything that others can set: names, topics, reasons, away messages, invitations."""
    for nick in NICKS:
        other = house.peer(nick, ROOM)
        other.say(f"I am {nick} {MARKUP[1]}")
        other.send(f"PRIVMSG vera :{MARKUP[0]}", f"AWAY :{MARKUP[1]}", f"NOTICE vera :{MARKUP[2]}")
        other.send(f"PART {ROOM} :{MARKUP[1]}", f"JOIN {ROOM}", f"QUIT :{MARKUP[2]}")
        other.expect("ERROR")
        other.close()
        page.see("#talks [data-key]", nick)
    evil.send(f"TOPIC {ROOM} :{MARKUP[2]}", *(f"JOIN {room}" for room in ROOMS))
    for room in ROOMS:
        evil.send(f"TOPIC {room} :{MARKUP[1]}", f"PRIVMSG {room} :vera: {MARKUP[0]}")
    evil.send("NICK `<b>", f"KICK {ROOM} evil :\u202e{MARKUP[1]}", f"JOIN {ROOM}", f"INVITE vera {ROOMS[0]}", "NICK evil2")
    evil.say("last words, again")
    page.see("#items .said", "last words, again")
    page.see("#topic", "<svg/onload")
    page.expect("a reason turns no text around", "() => !document.querySelector('#items').textContent.includes('\\u202e')")
    page.see("#members bdi", "evil2")
    for command in ["/whois evil2", "/names", "/list", "/help"]:
        page.say(command)
    page.until("help is there", "() => document.querySelector('#items').textContent.includes('devoice')")
    expect_text_only(page)
    page.shoot("hostile-commands")
    for room in ROOMS:
        page.go(room)
        page.see("#items .said", "<script>")
        expect_text_only(page)
    for nick in NICKS:
        page.go(nick)
        page.see("#items .said", "<script>")
    page.go(ROOM)


def expect_text_only(page):
    page.expect_no_faults()
    found = page.run(FOREIGN)
    if found:
        raise Failed(f"{page.title}: " + "\n  ".join(found))


def narrow(browser, house):
    page = browser.open("phone", house.address(ROOM), **PHONE)
    page.enter("walter")
    page.see("#items .said", "last words, again")
    expect_text_only(page)
    page.shoot("phone-hostile")
    page.close()


def lured(browser, house):
    print("an address with hundreds of rooms keeps nobody busy:", flush=True)
    page = browser.open("nina", house.address(*(f"#room{number}" for number in range(300))))
    page.enter("nina")
    page.expect("few rooms are joined", "() => document.querySelectorAll('#talks [data-key^=\"#\"]').length <= 30")
    page.say("heard before long")
    page.until("the message is confirmed", "() => document.querySelector('#items .said:not(.pending)')", patience=40)
    page.close()
