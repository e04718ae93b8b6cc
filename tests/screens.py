"""Programs on real screens: tmux servers of our own, whose screens are read. What the scripts that type and look have in
common. Every wait has a deadline, and only what was started here is ended.
"""

import os
import re
import select
import shlex
import signal
import subprocess
import time
from pathlib import Path

# Longest wait for something to be on a screen, or for a program to end, in seconds.
PATIENCE = 60

# How often a screen is looked at meanwhile, in seconds.
GLANCE = 0.05

# How long a command is given before it is typed again, where that is needed, in seconds.
ATTEMPT = 2

# Wide enough for a line of chat to be one line.
WIDTH, HEIGHT = 200, 60

# The environment of every program: nothing of the caller's settings, and UTF-8.
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "TZ": "UTC",
}

# WeeChat, which else takes lines that are typed quickly for a paste, and asks.
WEECHAT = ["weechat", "--run-command", "/set weechat.look.paste_max_lines -1"]


class Failed(Exception):
    pass


class Tmux:
    """A tmux server of our own, with a screen for each program."""

    def __init__(self, directory):
        self.socket = directory / "tmux"
        self.environment = {**ENVIRONMENT, "HOME": str(directory)}
        self.panes = []
        # Ended programs leave their screens behind, and a screen for nobody keeps the server.
        config = directory / "tmux.conf"
        config.write_text("set -g remain-on-exit on\nset -g status off\nset -g default-terminal screen-256color\n")
        size = ["-x", str(WIDTH), "-y", str(HEIGHT)]
        self("-f", str(config), "new-session", "-d", "-s", "chat", *size, "sleep infinity")

    def __call__(self, *args):
        command = ["tmux", "-u", "-S", str(self.socket), *args]
        result = subprocess.run(
            command, env=self.environment, capture_output=True, encoding="utf-8", timeout=PATIENCE
        )
        if result.returncode != 0:
            raise Failed(f"{shlex.join(command)}: {result.stderr.strip()}")
        return result.stdout

    def start(self, title, *command):
        pane = Pane(self, title, [str(part) for part in command])
        self.panes.append(pane)
        return pane

    def end(self):
        for pane in self.panes:
            pane.kill()
        try:
            self("kill-server")
        except (Failed, OSError, subprocess.SubprocessError):
            pass


class Pane:
    """A program on a screen."""

    def __init__(self, tmux, title, command):
        self.tmux, self.title = tmux, title
        window = ["new-window", "-d", "-P", "-F", "#{pane_id} #{pane_pid}", "-t", "chat:"]
        self.id, self.pid = tmux(*window, "exec " + shlex.join(command)).split()

    def type(self, line):
        """Types a line, and the key at its end."""
        self.press(line)
        self.key("Enter")

    def press(self, text):
        """Types text, without a key at its end."""
        self.tmux("send-keys", "-t", self.id, "-l", text)

    def paste(self, text):
        """Pastes text, marked as such where the program asks for that."""
        self.tmux("set-buffer", text)
        self.tmux("paste-buffer", "-p", "-t", self.id)

    def key(self, name):
        """Presses a key, by tmux's name for it."""
        self.tmux("send-keys", "-t", self.id, name)

    def screen(self):
        return self.tmux("capture-pane", "-p", "-J", "-t", self.id)

    def has(self, pattern):
        return re.search(pattern, self.screen(), re.MULTILINE)

    def see(self, pattern, patience=PATIENCE):
        """Waits until a line of the screen matches."""
        deadline = time.monotonic() + patience
        while not (found := self.has(pattern)):
            if time.monotonic() > deadline:
                raise Failed(f"{self.title} did not show {pattern!r} within {patience} s, but:\n{self.screen()}")
            if self.is_dead() and not self.has(pattern):
                raise Failed(f"{self.title} ended before it showed {pattern!r}:\n{self.screen()}")
            time.sleep(GLANCE)
        print(f"  {self.title}: {found[0].strip()}", flush=True)
        return found

    def go(self, command, pattern):
        """Types a command that goes to another window until that shows a line that matches: a window for somebody
        who whispers is there once the whisper is."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.type(command)
            try:
                return self.see(pattern, ATTEMPT)
            except Failed:
                if time.monotonic() > deadline or self.is_dead():
                    raise

    def child(self):
        """The number of the first process that this one has started."""
        return int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])

    def is_dead(self):
        return self.tmux("display-message", "-p", "-t", self.id, "#{pane_dead}").strip() == "1"

    def expect_end(self, patience=PATIENCE):
        deadline = time.monotonic() + patience
        while not self.is_dead():
            if time.monotonic() > deadline:
                raise Failed(f"{self.title} did not end within {patience} s:\n{self.screen()}")
            time.sleep(GLANCE)
        print(f"  {self.title}: ends", flush=True)

    def kill(self):
        try:
            if not self.is_dead():
                os.kill(int(self.pid), signal.SIGKILL)
        except (Failed, OSError, subprocess.SubprocessError):
            pass


def start_server(programs, listen="127.0.0.1:0", *options, log=None, flood="off"):
    """parlord, on a port of its own if no other is wanted, and where it listens. Scripts talk faster than people."""
    command = [programs / "parlord", "--listen", listen, "--flood", flood, *options]
    # Without a buffer, in which the line behind the first would be lost to whoever waits for one.
    server = subprocess.Popen(command, bufsize=0, stdout=subprocess.PIPE, stderr=log, env=ENVIRONMENT)
    try:
        return server, *listening(server)
    except Failed:
        server.kill()
        server.wait()
        raise


def stop_server(server, patience, log):
    """Asks parlord to end, which it does within this time, in seconds, and with status 0."""
    server.send_signal(signal.SIGTERM)
    try:
        status = server.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        raise Failed(f"parlord did not end within {patience} s") from None
    if status != 0:
        raise Failed(f"parlord ended with status {status}:\n{log.read_text()}")


def end_server(server):
    """Kills parlord if it still runs."""
    if server and server.poll() is None:
        server.kill()
        server.wait()


def listening(server):
    """Host and port in the next line that a server prints, which says where it listens."""
    if not select.select([server.stdout], [], [], PATIENCE)[0]:
        raise Failed("parlord did not say where it listens")
    line = server.stdout.readline().decode()
    if not line.startswith("listening on "):
        raise Failed(f"instead of where it listens parlord printed {line!r}")
    host, port = line.split()[2].rstrip(",").rsplit(":", 1)
    print(f"  {line.strip()}", flush=True)
    return host, port


def weechat_plain():
    """What tells WeeChat not to use TLS: before version 4 nothing, which knew neither the option nor the default."""
    version = subprocess.run(
        ["weechat", "--version"], env=ENVIRONMENT, capture_output=True, encoding="utf-8", timeout=PATIENCE, check=True
    )
    return " -notls" if int(version.stdout.split(".")[0]) >= 4 else ""
