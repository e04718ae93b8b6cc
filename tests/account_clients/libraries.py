"""Libraries that log in to accounts, each with a small program of its own."""

import select
import shutil
import subprocess
import time
import venv
from pathlib import Path

from screens import ENVIRONMENT, PATIENCE, Failed

HERE = Path(__file__).resolve().parent

# Longest wait for packages from the network, in seconds.
FETCH_PATIENCE = 300


class Missing(Exception):
    """The library cannot be had here."""


def fetch(command, directory):
    try:
        result = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=FETCH_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as why:
        raise Missing(why) from None
    if result.returncode != 0:
        raise Missing((result.stderr.strip() or "it failed").splitlines()[0])


class Bot:
    """A program that prints one line: `welcome NAME` or `refused`."""

    def __init__(self, command, directory):
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=directory,
            env={**ENVIRONMENT, "HOME": str(directory)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def expect(self, wanted):
        deadline, heard = time.monotonic() + PATIENCE, b""
        while wanted.encode() not in heard:
            left = max(deadline - time.monotonic(), 0)
            if not select.select([self.process.stdout], [], [], left)[0]:
                raise Failed(f"{self.process.args} did not print {wanted!r} but {heard!r}")
            more = self.process.stdout.read(4096)
            if not more:
                raise Failed(f"{self.process.args} ended before it printed {wanted!r}, with {heard!r}")
            heard += more

    def expect_welcome(self, name):
        self.expect(f"welcome {name}\n")

    def expect_refusal(self):
        self.expect("refused\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Framework:
    """Of The Lounge, Kiwi IRC and many bots."""

    TITLE = "irc-framework"

    def __init__(self, directory, house):
        self.directory, self.house = directory / "framework", house
        self.directory.mkdir()
        shutil.copy(HERE / "package.json", self.directory)
        shutil.copy(HERE / "framework.js", self.directory)
        fetch(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], self.directory)

    def start(self, name, password, certificate):
        command = ["node", "framework.js", self.house.tls_port, name, password, certificate or ""]
        return Bot(command, self.directory)


class Pydle:
    """A library for bots in Python."""

    TITLE = "pydle"

    def __init__(self, directory, house):
        self.directory, self.house = directory / "pydle", house
        venv.create(self.directory, with_pip=True)
        self.python = self.directory / "bin" / "python"
        pip = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        fetch([*pip, "-r", HERE / "requirements.txt"], self.directory)

    def start(self, name, password, certificate):
        command = [self.python, HERE / "pydle_bot.py", self.house.tls_port, name, password, certificate or ""]
        return Bot(command, self.directory)
