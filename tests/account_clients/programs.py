"""Programs on screens that log in to accounts."""

import subprocess

from chat import for_parlor, weechat_words
from screens import ENVIRONMENT, PATIENCE, WEECHAT

HOST = "localhost"


class Irssi:
    TITLE = "irssi"

    @staticmethod
    def knows(mechanism):
        printed = subprocess.run(
            ["irssi", "--version"], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout
        major, minor = (int(number) for number in printed.split()[1].split("-")[0].split(".")[:2])
        return mechanism != "SCRAM-SHA-256" or (major, minor) >= (1, 5)

    def __init__(self, tmux, directory, house, name):
        self.pane = tmux.start(f"irssi of {name}", "irssi", "--home", directory / f"irssi-{name}")
        self.house = house
        self.pane.type(f"/set nick {name}_")

    def log_in(self, name, password, mechanism, certificate=None):
        # Before 1.5 it takes a second /network add for a change of the first.
        proof = "" if certificate else f' -sasl_username {name} -sasl_password "{password}"'
        self.pane.type(f"/network add -sasl_mechanism {mechanism}{proof} parlor")
        own = f" -tls_cert {certificate}" if certificate else ""
        pinned = f"-tls -notls_verify -tls_pinned_cert {self.house.sha256()}"
        self.pane.type(f"/server add {pinned}{own} -network parlor {HOST} {self.house.tls_port}")
        self.pane.type("/connect parlor")

    def expect_refusal(self):
        self.pane.see("Cannot authenticate via SASL")

    def expect_welcome(self, name):
        self.pane.see("SASL authentication succeeded")
        self.pane.see(f"Welcome to parlor.local, {name}!")

    def quit(self):
        self.pane.type("/quit")
        self.pane.expect_end()


class WeeChat:
    TITLE = "WeeChat"

    @staticmethod
    def knows(_):
        return True

    def __init__(self, tmux, directory, house, name, title="weechat"):
        home = directory / f"{title}-{name}"
        self.pane = tmux.start(f"{title} of {name}", *WEECHAT, "--dir", home)
        self.house = house
        self.pane.see("Plugins loaded")
        tls = weechat_words()
        pin = for_parlor(house.sha256()).removeprefix("sha256:")
        server = f"{HOST}/{house.tls_port} -nicks={name}_ -{tls} -{tls}_fingerprint={pin}"
        self.pane.type(f"/server add parlor {server}")

    def log_in(self, name, password, mechanism, certificate=None):
        settings = {"sasl_mechanism": mechanism.lower(), "sasl_username": name, "sasl_password": password}
        settings["sasl_fail"] = "disconnect"
        if certificate:
            settings[f"{weechat_words()}_cert"] = certificate
        for key, value in settings.items():
            self.pane.type(f'/set irc.server.parlor.{key} "{value}"')
        self.pane.type("/connect parlor")

    def expect_refusal(self):
        self.pane.see("SASL authentication failed")

    def expect_welcome(self, name):
        self.pane.see(f"You are now logged in as {name}")
        self.pane.see(f"Welcome to parlor.local, {name}!")

    def quit(self):
        self.pane.type("/quit")
        self.pane.expect_end()


class Parlor:
    TITLE = "parlor"

    def __init__(self, tmux, programs, directory, house, account, password=None, certificate=None):
        proof = ["--certificate", certificate]
        if password:
            file = directory / "password"
            file.write_text(f"{password}\n")
            proof = ["--account-password-file", file]
        pinned = ["--fingerprint", for_parlor(house.sha256())]
        at = f"{HOST}:{house.tls_port}"
        self.pane = tmux.start(f"parlor of {account}", programs / "parlor", "--account", account, *proof, *pinned, at)

    def expect_welcome(self, name):
        self.pane.see(f"You are {name}")

    def quit(self):
        self.pane.type("/quit")
        self.pane.expect_end()
