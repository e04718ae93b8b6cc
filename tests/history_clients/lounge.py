"""The Lounge, which people use in a browser: its server, and what that shows."""

import json
import os
import platform
import queue
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

from screens import ENVIRONMENT, GLANCE, PATIENCE, Failed

HERE = Path(__file__).resolve().parent

# Longest wait for packages from the network, in seconds.
FETCH_PATIENCE = 300

# The first version of Node.js that The Lounge takes. An older system gets one with it.
NODE = 22

CONFIG = 'module.exports = {public: false, host: "127.0.0.1", port: 0, prefetch: false, messageStorage: ["sqlite"]};\n'


class Missing(Exception):
    """The Lounge cannot be had here."""


class Lounge:
    """The server, with a user called alice who has one network."""

    def __init__(self, directory, host, port):
        self.directory, self.server, self.log = directory, None, directory / "log"
        self.fetch()
        self.environment = {**ENVIRONMENT, "HOME": str(directory), "THELOUNGE_HOME": str(directory / "home")}
        self.environment["NODE_PATH"] = str(directory / "node_modules")
        self.user = directory / "home" / "users" / "alice.json"
        self.user.parent.mkdir(parents=True)
        (directory / "home" / "config.js").write_text(CONFIG)
        self.run("add", "alice", "--password", "secret", "--save-logs")
        user = json.loads(self.user.read_text())
        network = {"name": "parlor", "host": host, "port": int(port), "nick": "alice", "username": "alice"}
        user["networks"] = [{**network, "realname": "alice", "channels": []}]
        self.user.write_text(json.dumps(user))

    def fetch(self):
        shutil.copy(HERE / "package.json", self.directory)
        npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            result = subprocess.run(npm, cwd=self.directory, capture_output=True, timeout=FETCH_PATIENCE, text=True)
        except (OSError, subprocess.TimeoutExpired) as why:
            raise Missing(f"npm: {why}") from None
        if result.returncode != 0:
            raise Missing((result.stderr.strip() or "npm failed").splitlines()[0])
        self.node = self.find_node()

    def find_node(self):
        machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine())
        nodes = [shutil.which("node"), self.directory / f"node_modules/node-linux-{machine}/bin/node"]
        for node in filter(None, nodes):
            if os.access(node, os.X_OK):
                version = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=PATIENCE).stdout
                if int(version.lstrip("v").split(".")[0]) >= NODE:
                    return node
        raise Missing(f"there is no Node.js {NODE} or newer")

    def command(self, *args):
        return [self.node, self.directory / "node_modules/thelounge/index.js", *args]

    def run(self, *args):
        result = subprocess.run(
            self.command(*args), env=self.environment, capture_output=True, text=True, timeout=PATIENCE
        )
        if result.returncode != 0:
            raise Failed(f"thelounge {args[0]}: {result.stderr.strip() or result.stdout.strip()}")

    def start(self):
        with self.log.open("w") as log:
            self.server = subprocess.Popen(self.command("start"), env=self.environment, stdout=log, stderr=log)
        self.url = self.expect(self.log, r"http://[\d.:]+/")

    def expect(self, file, pattern):
        """Waits until a file has this."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(pattern, file.read_text())):
            if time.monotonic() > deadline or self.server.poll() is not None:
                raise Failed(f"The Lounge did not write {pattern!r}:\n{self.log.read_text()}")
            time.sleep(GLANCE)
        return found[0]

    def expect_kept(self, channel):
        """Waits until the user's channels are saved, which takes a while."""
        self.expect(self.user, f'"{channel}"')

    def stop(self):
        if self.server:
            self.server.terminate()
            try:
                self.server.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()


class Browser:
    """What somebody sees who uses The Lounge."""

    def __init__(self, lounge, *typed):
        script = [lounge.node, HERE / "lounge.js", lounge.url, "alice", "secret", *typed]
        self.process = subprocess.Popen(script, env=lounge.environment, stdout=subprocess.PIPE, text=True)
        self.lines, self.seen = queue.Queue(), []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def see(self, channel, text):
        """Waits for a message. Returns the texts of all messages in its channel so far."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                shown = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                raise Failed(f"The Lounge did not show {text!r} within {PATIENCE} s, but {self.seen}") from None
            if shown["channel"] == channel and shown["type"] == "message":
                self.seen.append(shown)
                if shown["text"] == text:
                    print(f"  The Lounge: {channel} {shown['time']} <{shown['from']}> {text}", flush=True)
                    return [shown["text"] for shown in self.seen]

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)
