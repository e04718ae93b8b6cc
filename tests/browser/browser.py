"""Chromium, driven through driver.js, and its pages as the scenes use them. Every wait has a deadline."""

import json
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

from screens import ENVIRONMENT, GLANCE, PATIENCE, Failed

HERE = Path(__file__).resolve().parent

# Longest wait for packages from the network, in seconds.
FETCH_PATIENCE = 120

# What people have: a screen on a desk, and a phone in the hand.
DESKTOP = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"}
PHONE = {
    "viewport": {"width": 390, "height": 664},
    "deviceScaleFactor": 2,
    "isMobile": True,
    "hasTouch": True,
    "locale": "en-GB",
}

# The name of a machine in one's own network, for the browser alone. Without TLS its pages may do less than those of
# 127.0.0.1.
BOX = "box"

# How axe names what must not be found.
GRAVE = ["serious", "critical"]


class Browser:
    def __init__(self, directory, shots):
        self.shots, self.pages = shots, []
        home = directory / "browser"
        home.mkdir()
        for name in ["package.json", "driver.js", "watch.js"]:
            shutil.copy(HERE / name, home)
        print("fetching playwright-core and axe-core:", flush=True)
        npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(npm, cwd=home, check=True, timeout=FETCH_PATIENCE)
        self.axe = (home / "node_modules/axe-core/axe.min.js").read_text()
        chromium = shutil.which("chromium")
        if not chromium:
            raise Failed("there is no chromium")
        environment = {**ENVIRONMENT, "HOME": str(home)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "encoding": "utf-8"}
        self.driver = subprocess.Popen(["node", "driver.js", chromium, BOX], cwd=home, env=environment, **pipes)
        print(f"  Chromium {self.answer()}", flush=True)

    def ask(self, **request):
        self.driver.stdin.write(json.dumps(request) + "\n")
        self.driver.stdin.flush()
        return self.answer()

    def answer(self):
        if not select.select([self.driver.stdout], [], [], PATIENCE)[0]:
            raise Failed("the browser does not answer")
        line = self.driver.stdout.readline()
        if not line:
            raise Failed("the browser has ended")
        answer = json.loads(line)
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer["value"]

    def open(self, title, address, **options):
        """A page in a profile of its own."""
        page = Page(self, title, address, {**DESKTOP, **options})
        self.pages.append(page)
        return page

    def show_all(self):
        """Saves what every page shows, for whoever reads about a failure."""
        for page in self.pages:
            try:
                page.shoot(f"failed-{page.title}")
                page.expect_no_faults()
            except Failed as why:
                print(f"  {page.title}: {why}", flush=True)

    def end(self):
        self.driver.stdin.close()
        try:
            self.driver.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.driver.kill()
            self.driver.wait()


class Page:
    """The chat in one tab."""

    def __init__(self, browser, title, address, options):
        self.browser, self.title = browser, title
        origin = "/".join(address.split("/")[:3])
        self.number = browser.ask(open={"origin": origin, **options})
        self.forgiven = []
        self("goto", address)

    def __call__(self, *call):
        """What playwright's page does: `page("goto", address)`."""
        return self.browser.ask(page=self.number, chain=[call])

    def at(self, selector, *call, text=None):
        """What playwright's locator does, at the first element that matches and has the text."""
        locator = ["locator", selector, *([{"hasText": text}] if text else [])]
        return self.browser.ask(page=self.number, chain=[locator, ["first"], call])

    def key(self, *names):
        for name in names:
            self.browser.ask(page=self.number, chain=[["keyboard"], ["press", name]])

    def type(self, text):
        """Presses the keys of a text, wherever the focus is."""
        self.browser.ask(page=self.number, chain=[["keyboard"], ["type", text]])

    def run(self, script, given=None):
        """What a function gives that runs in the page."""
        return self("evaluate", f"({script})({json.dumps(given)})")

    def click(self, selector, text=None):
        self.at(selector, "click", text=text)

    def see(self, selector, text=None):
        """Waits until an element that matches, and has the text, is visible."""
        try:
            self.at(f"{selector} >> visible=true", "waitFor", {"state": "visible"}, text=text)
        except Failed:
            raise Failed(f"{self.title} did not show {text!r} at {selector}, but:\n{self.words()}") from None
        print(f"  {self.title}: {text or selector}", flush=True)

    def lose(self, selector, text=None):
        """Waits until no element that matches, and has the text, is visible."""
        self.at(selector, "waitFor", {"state": "hidden"}, text=text)

    def until(self, what, script, given=None, patience=20):
        """Waits until a function gives something true in the page."""
        deadline = time.monotonic() + patience
        while not (value := self.run(script, given)):
            if time.monotonic() > deadline:
                raise Failed(f"{self.title}: {what} is not so after {patience} s:\n{self.words()}")
            time.sleep(GLANCE)
        return value

    def words(self):
        return self.run("() => document.body.innerText.slice(-1200)")

    def enter(self, nick, password=None, account=False):
        """Logs in at the door."""
        self.see("#login input[name=nick]")
        self.at("#login input[name=nick]", "fill", nick)
        if password:
            self.at("#login input[name=password]", "fill", password)
        if account:
            self.at("#login input[name=account]", "check")
        self.click("#login button.main")
        self.see("#composer")

    def say(self, text):
        self.at("#composer", "fill", text)
        self.at("#composer", "press", "Enter")

    def hear(self, name, text):
        """Sees a message, under the name of its speaker."""
        self.see("#items .said", text)
        self.until(
            f"{text!r} stands under the name {name!r}",
            """([name, text]) => {
                let said = [...document.querySelectorAll("#items .said")];
                said = said.findLast((node) => node.textContent.includes(text));
                while (said && !said.querySelector("p bdi")) said = said.previousElementSibling;
                return said?.querySelector("p bdi").textContent === name;
            }""",
            [name, text],
        )

    def go(self, name):
        """Chooses a talk in the list."""
        self.click("#talks [data-key]", name)
        self.see("#title", name)

    def shoot(self, name):
        self("screenshot", {"path": str(self.browser.shots / f"{name}.png"), "animations": "disabled"})

    def expect(self, what, script, given=None):
        """A function gives something true in the page."""
        if not self.run(script, given):
            raise Failed(f"{self.title}: not so: {what}\n{self.words()}")

    def expect_at_the_end(self):
        self.until("the newest message is in sight", """() => {
            const { scrollTop, clientHeight, scrollHeight } = document.querySelector("#items");
            return scrollHeight - scrollTop - clientHeight < 3;
        }""")

    def expect_accessible(self, where):
        """axe has no serious findings."""
        self("evaluate", self.browser.axe)
        found = self.run("async () => (await axe.run()).violations")
        grave = [rule for rule in found if rule["impact"] in GRAVE]
        for rule in grave:
            print(f"  {rule['id']} ({rule['impact']}): {rule['help']}")
            for node in rule["nodes"]:
                print(f"    {node['html'][:200]} {node['failureSummary']}", flush=True)
        if grave:
            raise Failed(f"{where} keeps people out: {', '.join(rule['id'] for rule in grave)}")
        others = ", ".join(rule["id"] for rule in found)
        print(f"  axe: {where} has no serious findings" + (f", but {others}" if others else ""), flush=True)

    def forgive(self, pattern):
        """A fault that the scene causes on purpose."""
        self.forgiven.append(pattern)

    def expect_no_faults(self):
        faults = self.browser.ask(page=self.number, faults=True)
        faults = [fault for fault in faults if not any(re.search(pattern, fault) for pattern in self.forgiven)]
        if faults:
            raise Failed(f"{self.title} has faults:\n  " + "\n  ".join(faults))

    def close(self):
        self.expect_no_faults()
        self("close")
        self.browser.pages.remove(self)
