"""Too many people, and too many words: 10,000 members in a room, and 1,000 messages a second for ten seconds. The page
answers to keys, keeps what is read where it is, and does not grow."""

import resource
import socket
import threading
import time

from screens import PATIENCE, Failed

MEMBERS = 10_000

# So many log in at once.
CHUNK = 250

RATE = 1_000
SECONDS = 10

# Longest time, in milliseconds, without an answer to a key. It is a tenth of this and less where the machine has
# nothing else to do; a page that draws too much needs many seconds.
LONGEST = 1_000

# How many members the page says there are.
MEMBERS_SHOWN = "() => Number(/\\d+/.exec(document.querySelector('#people h2').textContent))"

# Elements in the page, whatever there is to show.
ELEMENTS = 5_000

# What the page's scripts may keep, in bytes.
HEAP = 64 << 20


def crowds(browser, tmux, house):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    house.start("--max-connections", str(MEMBERS + 100))
    page = browser.open("eve", house.address())
    page.enter("eve")
    many_members(page, house)
    many_messages(page, house)
    page.close()


class Crowd(threading.Thread):
    """Clients of the textbook, who log in and are silent. That they are there is told to everybody else."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.sockets, self.failed = port, [], None
        self.start()

    def run(self):
        try:
            for first in range(0, MEMBERS, CHUNK):
                chunk = [socket.create_connection(("127.0.0.1", self.port), PATIENCE) for _ in range(CHUNK)]
                self.sockets += chunk
                for number, one in enumerate(chunk, first):
                    one.sendall(f"∏∑m{number:05}∏∑".encode())
                for one in chunk:
                    if one.recv(1) != b"1":
                        raise Failed("the server did not let a member in")
        except (OSError, Failed) as why:
            self.failed = why

    def leave(self):
        for one in self.sockets:
            one.close()


def many_members(page, house):
    print(f"{MEMBERS} people come in:", flush=True)
    watch(page)
    crowd = Crowd(house.port)
    type_meanwhile(page, crowd.is_alive)
    if crowd.failed:
        raise Failed(f"the crowd: {crowd.failed}")
    see_members(page, MEMBERS + 1)
    expect_calm(page, "while they come in")
    print("all are in the list, of which only the visible part exists:", flush=True)
    page.run("() => document.querySelector('#members').scrollTo(0, 1e9)")
    page.see("#members bdi", f"m{MEMBERS - 1:05}")
    page.run("() => document.querySelector('#members').scrollTo(0, 0)")
    page.see("#members bdi", "eve")
    page.at("#composer", "fill", "m0999")
    page.at("#composer", "press", "Tab")
    page.expect("Tab completes one of them", "() => /^m0999\\d: /.test(document.querySelector('#composer').value)")
    page.shoot("crowd")
    expect_calm(page, "with all of them")
    page.at("#composer", "fill", "")
    print("a reload:", flush=True)
    page("reload")
    started = time.monotonic()
    see_members(page, MEMBERS + 1)
    print(f"  all members after {time.monotonic() - started:.1f} s", flush=True)
    expect_calm(page, "after a reload")
    print("they all leave at once:", flush=True)
    watch(page)
    crowd.leave()
    type_meanwhile(page, lambda: members(page) > 1)
    expect_calm(page, "while they leave")


def members(page):
    return page.run(MEMBERS_SHOWN)


def see_members(page, count):
    page.until(f"{count} members", f"() => ({MEMBERS_SHOWN})() === {count}")
    print(f"  {page.title}: {count} members", flush=True)


def many_messages(page, house):
    print(f"{RATE} messages a second, read at the end:", flush=True)
    page.say("before the flood")
    watch(page)
    flood = Flood(house)
    type_meanwhile(page, flood.is_alive)
    page.see("#items .said", flood.last())
    expect_calm(page, "at the end")
    page.expect_at_the_end()
    print("and read further up:", flush=True)
    page.at("#items", "hover")
    page("bringToFront")
    for _ in range(3):
        page.browser.ask(page=page.number, chain=[["mouse"], ["wheel", 0, -400]])
    page.until("the newest line is out of sight", "() => !document.querySelector('#newest').hidden")
    time.sleep(0.5)
    hold(page)
    watch(page)
    flood = Flood(house)
    type_meanwhile(page, flood.is_alive)
    expect_held(page)
    expect_calm(page, "further up")
    page.shoot("flood")
    page.click("#newest")
    page.see("#items .said", flood.last())
    page.say("said after the flood")
    page.hear("eve", "said after the flood")


class Flood(threading.Thread):
    """Somebody who says too much, with a clock."""

    count = 0

    def __init__(self, house):
        super().__init__(daemon=True)
        Flood.count += 1
        self.peer, self.number = house.peer(f"flood{Flood.count}"), Flood.count
        self.start()

    def line(self, number):
        return f"flood {self.number}, line {number} " + "and more " * (number % 9)

    def last(self):
        return f"flood {self.number}, line {RATE * SECONDS - 1} "

    def run(self):
        started, said = time.monotonic(), 0
        while said < RATE * SECONDS:
            due = min(RATE * SECONDS, int((time.monotonic() - started) * RATE))
            if due > said:
                self.peer.send(*(f"PRIVMSG #lobby :{self.line(number)}" for number in range(said, due)))
                said = due
            time.sleep(0.01)
        self.peer.send("PING said")
        self.peer.expect("PONG")
        self.peer.close()


def watch(page):
    page.run("() => Object.assign(watched, { task: 0, gap: 0, key: 0 })")


def type_meanwhile(page, is_going_on):
    """Presses keys as long as it goes on, all of which arrive."""
    while is_going_on():
        page.at("#composer", "fill", "")
        page.type("typed letters")
        page.expect("what was typed is there", "() => document.querySelector('#composer').value === 'typed letters'")
    page.at("#composer", "fill", "")


def expect_calm(page, when):
    """The page was never busy for long, and has not grown."""
    found = page.run("""() => ({
        task: watched.task, gap: watched.gap, key: watched.key,
        elements: document.querySelectorAll("*").length, heap: performance.memory.usedJSHeapSize,
    })""")
    print(
        f"  {page.title} {when}: longest task {found['task']} ms, between frames {found['gap']} ms, "
        f"for a key {found['key']} ms; {found['elements']} elements, {found['heap'] >> 20} MB",
        flush=True,
    )
    limits = {"task": LONGEST, "gap": LONGEST, "key": LONGEST, "elements": ELEMENTS, "heap": HEAP}
    for what, limit in limits.items():
        if found[what] > limit:
            raise Failed(f"{page.title} {when}: {what} is {found[what]}, more than {limit}")


def hold(page):
    """Looks, with every frame, whether a message stays where it is."""
    page.run("""() => {
        const items = document.querySelector("#items");
        const middle = items.getBoundingClientRect().top + items.clientHeight / 2;
        const find = (id) => document.querySelector(`#items [data-id="${id}"]`)?.getBoundingClientRect();
        const all = [...items.querySelectorAll("[data-id]")];
        const held = all.find((node) => node.getBoundingClientRect().bottom > middle).dataset.id;
        const { top } = find(held);
        Object.assign(watched, { drift: 0, lost: false, frame() {
            const now = find(held);
            if (now) watched.drift = Math.max(watched.drift, Math.abs(now.top - top));
            else watched.lost = true;
        } });
    }""")


def expect_held(page):
    found = page.run("() => { watched.frame = null; return { drift: watched.drift, lost: watched.lost }; }")
    print(f"  {page.title}: what is read has moved by {found['drift']:.1f} pixels", flush=True)
    if found["lost"] or found["drift"] > 2:
        raise Failed(f"{page.title}: what is read did not stay where it was: {found}")
