"""A parlord that serves the page, and can be started again where it was."""

import signal
import subprocess
from urllib.parse import quote

from peers import Peer
from screens import Failed, start_server

# Longest wait for the server after SIGTERM, in seconds.
STOP_PATIENCE = 10


class House:
    def __init__(self, programs, page, directory):
        directory.mkdir()
        self.programs, self.log = programs, directory / "parlord.log"
        self.options = ["--state", directory / "state", "--oper", "root:secret", "--allow-root"]
        self.options += ["--web-root", page] if page else []
        self.process, self.port = None, 0

    def start(self, *options):
        with self.log.open("a") as log:
            where = f"127.0.0.1:{self.port}"
            self.process, _, port = start_server(self.programs, where, *self.options, *options, log=log)
        self.port = int(port)

    def address(self, *rooms, host="127.0.0.1"):
        names = ",".join(quote(room, safe="#/?:@&=+$;!'()*") for room in rooms)
        return f"http://{host}:{self.port}/{names}"

    def peer(self, name, room="#lobby"):
        """Somebody on IRC without a program."""
        return Peer(self.port, name, room)

    def operator(self, name, room="#lobby"):
        """Somebody on IRC who may do everything."""
        peer = self.peer(name, room)
        peer.send("OPER root secret")
        peer.expect(" 381 ")
        return peer

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed(f"parlord did not end within {STOP_PATIENCE} s") from None
        if status != 0:
            raise Failed(f"parlord ended with status {status}:\n{self.log.read_text()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
