"""Who one is: two devices of one account are one user, and the browser remembers as much as it is told to."""

import time

from browser import PHONE

PASSWORD = "öffne-dich-芝麻"


def devices(browser, tmux, house):
    print("two devices of one account:", flush=True)
    house.start()
    root = house.operator("root", "#tea")
    root.send(f"NS SAREGISTER alice {PASSWORD}")
    root.expect("The account alice exists now")
    refused(browser, house)
    remembered(browser, house)
    desk = browser.open("desk", house.address("#lobby", "#tea"))
    desk.enter("alice", PASSWORD, account=True)
    phone = browser.open("phone", house.address("#lobby", "#tea"), **PHONE)
    phone.enter("alice", PASSWORD, account=True)
    desk.go("#lobby")
    for page in [desk, phone]:
        page.see("#title", "#lobby")
        page.until("#tea is in the list", "() => document.querySelector('[data-key=\"#tea\"]')")
    print("what one says is on both:", flush=True)
    phone.say("said on the phone")
    desk.hear("alice", "said on the phone")
    desk.say("said at the desk")
    phone.hear("alice", "said at the desk")
    print("what one has read is read on the other:", flush=True)
    root.say("alice: read me once")
    for page in [desk, phone]:
        page.until("a message is unread", "() => document.title.startsWith('(1)')")
    desk.go("#tea")
    desk.see("#items .said", "read me once")
    phone.until("nothing is unread", "() => !document.title.startsWith('(')")
    phone("reload")
    phone.see("#composer")
    phone.until("#tea is in the list", "() => document.querySelector('[data-key=\"#tea\"]')")
    phone.expect("nothing is unread after a reload", "() => !document.title.startsWith('(')")
    resume(desk, root)
    root.close()
    desk.close()
    phone.close()


def resume(desk, root):
    print("one comes back to where one stopped to read, and to write:", flush=True)
    desk.go("#lobby")
    desk.at("#composer", "fill", "half a sentence")
    for number in range(60):
        root.say(f"alice: said in the other room, {number}.")
    desk.until("all are unread", "() => document.title.startsWith('(60)')")
    desk.go("#tea")
    desk.see("#items .said", "other room, 59.")
    time.sleep(0.5)
    desk.expect("the first new message is in sight, below a line", """() => {
        const items = document.querySelector("#items").getBoundingClientRect();
        const line = document.querySelector("#items .new").getBoundingClientRect();
        return line.top > items.top && line.bottom < items.bottom;
    }""")
    desk.expect("nothing is written here", "() => document.querySelector('#composer').value === ''")
    desk.go("#lobby")
    desk.expect("half is written here", "() => document.querySelector('#composer').value === 'half a sentence'")


def refused(browser, house):
    print("a wrong password is told to the person:", flush=True)
    page = browser.open("wrong", house.address())
    page.see("#login input[name=nick]")
    page.at("#login input[name=nick]", "fill", "alice")
    page.click("#login button.main")
    page.see("#refusal", "account")
    page.shoot("login-refused")
    page.expect_accessible("a refusal")
    page.at("#login input[name=password]", "fill", "open sesame")
    page.at("#login input[name=account]", "check")
    page.click("#login button.main")
    page.see("#refusal", "wrong")
    page.close()


def remembered(browser, house):
    print("the address has the rooms, and the browser remembers one who wishes it, until one leaves:", flush=True)
    page = browser.open("again", house.address("#tea"))
    page.at("#login input[name=remember]", "check")
    page.enter("paula")
    page.see("#title", "#tea")
    page.at("#answer", "fill", "later")
    page.at("#answer", "press", "Enter")
    page.see("#title", "#later")
    page.until("the address has the rooms", "() => location.hash === '#later,#tea'")
    page("goto", house.address())
    page.see("#title", "#lobby")
    page.click("#leave")
    page.see("#login")
    page.expect("who has left leaves nothing at the door", "() => document.querySelector('#login input[name=nick]').value === ''")
    page("reload")
    page.see("#login")
    page.expect("who has left stays outside", "() => !document.querySelector('#chat').checkVisibility()")
    page.close()
