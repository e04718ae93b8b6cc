"""How the page looks and is used: on a desk and on a phone, in the light and in the dark, in two languages, with keys
alone, with a screen reader, and without JavaScript."""

from browser import BOX, PHONE
from screens import Failed

ROOM = "#garden"

# Who says what in the room that is looked at.
TALK = [
    ("mira", "Morning! The tomatoes on the south bed have their first flowers"),
    ("mira", "I watered everything but the beans."),
    ("jonas", "Wonderful. I take the beans after lunch, and the hose needs a new washer anyway"),
    ("李四", "早上好！我下午带一些新的种子过来。"),
    ("jonas", "The plan for this week is at https://garden.example/plan (rows 3–5 changed)"),
    ("mira", "thanks! @robin can you read the sensor in the greenhouse?"),
    ("sensor", "greenhouse: \x0221.4 °C\x02, humidity \x0263 %\x02, soil \x0303moist\x03"),
    ("jonas", "it is just `curl sensor.local/now`, by the way"),
    ("李四", "robin: 你也来吗？"),
    ("mira", "\x01ACTION puts the kettle on\x01"),
]


def looks(browser, tmux, house):
    house.start()
    people = furnish(house)
    on_a_desk(browser, house)
    in_the_dark(browser, house)
    on_a_phone(browser, house)
    in_chinese(browser, house)
    with_keys(browser, house)
    without_javascript(browser, house)
    for peer in people.values():
        peer.close()


def furnish(house):
    """A room as people have it."""
    people = {name: house.peer(name, ROOM) for name in ["mira", "jonas", "李四", "sensor"]}
    people["mira"].send(f"TOPIC {ROOM} :What grows, who waters it, and when we meet: Saturday, ten o'clock")
    people["mira"].send(f"MODE {ROOM} +vv jonas 李四", "JOIN #market")
    people["sensor"].send("MODE sensor +B")
    people["李四"].send("AWAY :back at two")
    for name, text in TALK:
        people[name].say(text)
        people[name].send("PING said")
        people[name].expect("PONG")
    return people


def visit(browser, house, title, **options):
    """Somebody who is in two rooms, and has a private talk."""
    page = browser.open(title, house.address(ROOM, "#market", "#lobby", host=BOX), **options)
    page.see("#login")
    return page


def settle(page, house, nick):
    page.enter(nick)
    page.see("#items .said", "the kettle")
    mira = house.peer(f"{nick}s_aunt", "#market")
    mira.say("the plums are in")
    mira.say(f"{nick}: shall I keep you some?")
    mira.send(f"PRIVMSG {nick} :are you there?", "PING said")
    mira.expect("PONG")
    page.until("both are unread", "() => document.querySelectorAll('#talks [data-key] i').length === 2")
    mira.close()


def on_a_desk(browser, house):
    print("on a desk:", flush=True)
    page = visit(browser, house, "robin", colorScheme="light")
    page.expect_accessible("the door")
    settle(page, house, "robin")
    page.expect_accessible("the desktop")
    page.expect("the columns are beside each other", """() => {
        const boxes = ["#side", "#room", "#people"].map((id) => document.querySelector(id).getBoundingClientRect());
        const [side, room, people] = boxes;
        return side.right <= room.left && room.right <= people.left && people.width > 100;
    }""")
    page.at("#composer", "fill", "I am on my way")
    page.shoot("desktop-light")
    page.close()


def in_the_dark(browser, house):
    print("in the dark:", flush=True)
    page = visit(browser, house, "nora", colorScheme="dark")
    page.shoot("login-dark")
    page.expect_accessible("the dark door")
    settle(page, house, "nora")
    page.expect_accessible("the dark desktop")
    page.expect("the page is dark", """() => {
        const [red, green, blue] = getComputedStyle(document.querySelector("#room")).backgroundColor.match(/[\\d.]+/g);
        return Number(red) + Number(green) + Number(blue) < 200;
    }""")
    page.shoot("desktop-dark")
    page.close()


# Nothing sticks out of the screen to the side.
FITS = "() => document.documentElement.scrollWidth <= innerWidth && document.body.scrollWidth <= innerWidth"


def on_a_phone(browser, house):
    print("on a phone:", flush=True)
    page = visit(browser, house, "pia", **PHONE)
    page.expect_accessible("the phone's door")
    page.shoot("phone-login")
    settle(page, house, "pia")
    page.expect("nothing is wider than the phone", FITS)
    page.expect(
        "the menu shows that something is unread",
        "() => getComputedStyle(document.querySelector('[data-drawer=side]'), '::after').content !== 'none'",
    )
    page.expect_accessible("the phone")
    page.shoot("phone")
    for drawer, inside, beside in [("side", "#talks [data-key]", 375), ("people", "#members bdi", 15)]:
        page.at(f"[data-drawer={drawer}]", "tap")
        page.see(inside)
        still(page, f"#{drawer}")
        page.expect_accessible(f"the phone's drawer {drawer}")
        page.shoot(f"phone-{drawer}")
        page.at("#scrim", "tap", {"position": {"x": beside, "y": 400}})
        page.lose(inside)
    page.at("[data-drawer=side]", "tap")
    page.at("#talks [data-key]", "tap", text="#market")
    page.see("#title", "#market")
    page.lose("#talks [data-key]")
    page.at("#composer", "fill", "from the phone")
    page.at("#compose button", "tap")
    page.hear("pia", "from the phone")
    large_enough(page)
    page.close()


def still(page, selector):
    """Waits until an element has stopped moving."""
    page.until(f"{selector} stands still", """async selector => {
        const left = () => document.querySelector(selector).getBoundingClientRect().left;
        const before = left();
        await new Promise((done) => setTimeout(done, 60));
        return left() === before;
    }""", selector)


def large_enough(page):
    """What one taps is as large as a finger: 24 CSS pixels at least."""
    small = page.run("""() => [
        ...document.querySelectorAll("button, input:not([type=checkbox]), textarea, label:has([type=checkbox])")]
        .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
        .filter(([, { width, height }]) => width && (width < 24 || height < 24)).map(([html]) => html)""")
    if small:
        raise Failed(f"{page.title}: too small for a finger: {small}")


def in_chinese(browser, house):
    print("in Chinese:", flush=True)
    page = visit(browser, house, "王五", locale="zh-CN")
    page.see("#login button.main", "进入")
    page.shoot("login-chinese")
    settle(page, house, "王五")
    page.expect("the page says that it is Chinese", "() => document.documentElement.lang.startsWith('zh')")
    page.see("#people h2", "成员")
    english = page.run("""() => [
        ...document.querySelectorAll("#side h2, #compose *, #people h2, header button, [aria-label], .date")]
        .flatMap((node) => [node.ariaLabel, node.title, node.placeholder, node.children.length ? "" : node.textContent])
        .filter((text) => /[a-z]{4}/i.test(text?.replace(/#\\w+/g, "") ?? ""))""")
    page.shoot("chinese")
    if english:
        raise Failed(f"the Chinese page has English in it: {english}")
    page.close()


def with_keys(browser, house):
    print("with keys alone:", flush=True)
    page = visit(browser, house, "keys")
    page.type("kim")
    page.key("Enter")
    page.see("#items .said", "the kettle")
    page.type("typed without a mouse")
    page.key("Enter")
    page.hear("kim", "typed without a mouse")
    page.key("Alt+ArrowDown")
    page.until("another room is on the screen", f"() => document.querySelector('#title').textContent !== '{ROOM}'")
    page.key("Alt+ArrowUp")
    page.see("#title", ROOM)
    page.type("half a sentence ")
    tab_to(page, "#members button", "jonas")
    page.key("Enter")
    page.until("a private talk is on the screen", "() => document.querySelector('#chat').dataset.kind === 'private'")
    page.see("#title", "jonas")
    page.type("hello from the keys")
    page.key("Enter")
    page.hear("kim", "hello from the keys")
    tab_to(page, "#talks button", "#market")
    page.key("Enter")
    page.see("#title", "#market")
    print("keys, where the lists are drawers:", flush=True)
    page("setViewportSize", {"width": 500, "height": 700})
    tab_to(page, "[data-drawer=people]")
    page.key("Enter")
    page.until("the focus is in the list", "() => document.activeElement.closest('#people')")
    page.key("Escape")
    page.until("the focus is back", "() => document.activeElement.id === 'composer'")
    page.close()


def tab_to(page, selector, text=""):
    """Presses Tab until an element that matches, and has the text, has the focus."""
    for _ in range(40):
        page.key("Tab")
        if page.run("""([selector, text]) => {
            const { activeElement } = document;
            return activeElement.matches(selector) && activeElement.textContent.includes(text);
        }""", [selector, text]):
            return
    raise Failed(f"{page.title}: Tab does not lead to {text or selector}")


def without_javascript(browser, house):
    print("without JavaScript:", flush=True)
    page = browser.open("noscript", house.address(), javaScriptEnabled=False)
    page.expect("it says what to do", "() => /turn on JavaScript[^]*启用 JavaScript/.test(document.body.innerText)")
    page.expect_no_faults()
    page.shoot("noscript")
    page("close")
    browser.pages.remove(page)
