"""A parlord that serves the page, and can be started again where it was."""

from urllib.parse import quote

from peers import Peer
from screens import end_server, start_server, stop_server

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
        stop_server(self.process, STOP_PATIENCE, self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_server(self.process)
