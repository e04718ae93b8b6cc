"""Everybody over TLS but one, on real screens: they come in, talk and whisper."""

import re
import subprocess
import sys
from pathlib import Path

from screens import ENVIRONMENT, PATIENCE, WEECHAT, Failed

TEXTBOOK_CLIENT = Path(__file__).resolve().parent.parent / "textbook" / "chat_client.py"


def pin(tmux, programs, directory, house):
    """Clients of a server that made its certificate itself know which one it is, and take no other."""
    wrong = "00:" * 31 + "00"
    print("a certificate that nobody vouches for is taken by who was told it:", flush=True)
    irssi = tmux.start("irssi", "irssi", "--home", directory / "irssi-pinned")
    irssi.type("/set nick erin")
    for fingerprint, shown in [(wrong, "certificate mismatch"), (house.sha256(), "Welcome to parlor.local")]:
        irssi.type(f"/connect -tls -tls_pinned_cert {fingerprint} localhost {house.tls_port}")
        irssi.see(shown)
    at = f"alice@localhost:{house.tls_port}"
    for fingerprint, shown in [(wrong, "somebody stands between you and the server"), (house.sha256(), "in #lobby")]:
        alice = tmux.start("parlor", programs / "parlor", "--fingerprint", for_parlor(fingerprint), at)
        alice.see(shown)
    alice.type("/msg erin 悄悄 parlor to irssi")
    irssi.go("/window goto alice", "<alice> 悄悄 parlor to irssi")
    for pane in [irssi, alice]:
        pane.type("/quit")
        pane.expect_end()


def for_parlor(fingerprint):
    """As openssl writes a fingerprint, and as parlor wants it."""
    return "sha256:" + fingerprint.replace(":", "").lower()


def weechat_words():
    """WeeChat's words for TLS, and for whom to trust, which are others before version 4."""
    version = subprocess.run(
        ["weechat", "--version"], env=ENVIRONMENT, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True
    )
    return "tls" if int(version.stdout.split(".")[0]) >= 4 else "ssl"


def join_with_irssi(tmux, directory, house, root):
    irssi = tmux.start("irssi", "irssi", "--home", directory / "irssi")
    # On its command line irssi takes names in ASCII only.
    irssi.type("/set nick 张三")
    irssi.type(f"/connect -tls -tls_verify localhost {house.tls_port}")
    irssi.see("could not be verified|certificate verify failed|unable to get local issuer")
    irssi.type("/disconnect")
    irssi.type(f"/connect -tls -tls_verify -tls_cafile {root.certificate} localhost {house.tls_port}")
    irssi.see("Welcome to parlor.local, 张三")
    irssi.type("/join #lobby")
    irssi.see(r"张三 \[.*\.ip\] has joined #lobby")
    return irssi


def join_with_weechat(tmux, directory, house, root):
    weechat = tmux.start("weechat", *WEECHAT, "--dir", directory / "weechat")
    weechat.see("Plugins loaded")
    tls = weechat_words()
    weechat.type(f"/server add parlor localhost/{house.tls_port} -nicks=李四 -{tls} -{tls}_verify")
    weechat.type("/connect parlor")
    weechat.see("(peer's )?certificate is NOT trusted")
    weechat.type("/disconnect parlor")
    weechat.type(f"/set weechat.network.gnutls_ca_user {root.certificate}")
    weechat.type("/connect parlor")
    weechat.see("certificate is trusted")
    weechat.see("Welcome to parlor.local, 李四")
    weechat.type("/join #lobby")
    weechat.see(r"李四 .*has joined #lobby")
    return weechat


class Chat:
    """Everybody, and what each shows of what another says."""

    def __init__(self, tmux, programs, directory, house, root):
        print("everybody connects, and joins #lobby:", flush=True)
        self.irssi = join_with_irssi(tmux, directory, house, root)
        self.weechat = join_with_weechat(tmux, directory, house, root)
        self.irssi.see(r"李四 \[.*\] has joined #lobby")
        self.python = tmux.start("python", sys.executable, TEXTBOOK_CLIENT, house.host, house.port, "bob")
        self.python.see("^logged in as bob")

        parlor, at = programs / "parlor", f"localhost:{house.tls_port}"
        stranger = tmux.start("parlor --tls", parlor, "--tls", f"alice@{at}")
        stranger.see("add --fingerprint ")
        stranger.expect_end()
        trust = ["env", f"SSL_CERT_FILE={root.certificate}", parlor, "--tls"]
        self.alice = tmux.start("parlor --tls", *trust, f"alice@{at}")
        self.alice.see(r"^\d\d:\d\d \* in #lobby: .*bob")
        self.crazyit = tmux.start("parlor --tls -w crazyit", *trust, "-w", "crazyit", f"carol@{at}")
        pinned = ["--fingerprint", for_parlor(house.sha256())]
        self.pinned = tmux.start("parlor --fingerprint", parlor, *pinned, f"dave@{at}")
        self.pinned.see(r"^\d\d:\d\d \* in #lobby: .*bob")
        for screen in [self.irssi, self.weechat]:
            for name in ["bob", "alice", "carol", "dave"]:
                screen.see(rf"{name} .*has joined #lobby")

    def everybody(self):
        irc, crazyit = [self.irssi, self.weechat], [self.python, self.alice, self.crazyit, self.pinned]
        return dict(zip(irc + crazyit, ["张三", "李四", "bob", "alice", "carol", "dave"], strict=True))

    def hear(self, name, text, but):
        """Everybody but the speaker shows a public line."""
        for pane in self.everybody():
            if pane is self.python:
                pane.see(f"^{name}说：{re.escape(text)}")
            elif pane is not but:
                pane.see(rf"{name}\W+{re.escape(text)}")


def talk_and_whisper(tmux, programs, directory, house, root):
    chat = Chat(tmux, programs, directory, house, root)
    print("everybody hears what anybody says:", flush=True)
    for pane, name in chat.everybody().items():
        text = f"大家好, this is {name} on {pane.title}"
        pane.type(text)
        chat.hear(name, text, but=pane)

    print("whispers cross, and are heard by one alone:", flush=True)
    chat.irssi.type("/msg bob 悄悄 irssi to python")
    chat.python.see("^张三悄悄地对你说：悄悄 irssi to python")
    chat.weechat.type("/msg carol 悄悄 weechat to parlor")
    chat.crazyit.see("李四.*悄悄 weechat to parlor")
    chat.python.type("//dave:悄悄 python to parlor")
    chat.pinned.see("bob.*悄悄 python to parlor")
    chat.crazyit.type("//张三:悄悄 parlor to irssi")
    chat.irssi.go("/window goto carol", "<carol> 悄悄 parlor to irssi")
    chat.irssi.type("/window goto #lobby")
    chat.pinned.type("//李四:悄悄 parlor to weechat")
    chat.weechat.go("/buffer dave", r"dave *[│|] *悄悄 parlor to weechat")
    chat.weechat.type("/buffer #lobby")
    chat.alice.type("that was all")
    chat.hear("alice", "that was all", but=chat.alice)
    if chat.alice.has("悄悄"):
        raise Failed(f"who was not whispered to shows a whisper:\n{chat.alice.screen()}")

    print("leaving:", flush=True)
    for pane in [chat.alice, chat.crazyit, chat.pinned, chat.weechat]:
        pane.type("/quit")
        pane.expect_end()
    house.stop()
    chat.python.see(r"^\* the server is shutting down")
    chat.irssi.go("/window 1", "Closing link: the server is shutting down")
    chat.irssi.type("/quit")
    chat.irssi.expect_end()
