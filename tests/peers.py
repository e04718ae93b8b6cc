"""People without programs, with whom the programs of the scripts here talk."""

import socket

from screens import PATIENCE, Failed


class Peer:
    """Somebody on IRC, in bare bytes."""

    def __init__(self, port, name, room="#lobby", password=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\r\n")
        self.room = room
        if password:
            self.send(f"PASS {password}")
        self.send(f"NICK {name}", f"USER {name} 0 * :{name}")
        self.expect(" 001 ")
        self.send(f"JOIN {room}")
        self.expect(" 366 ")

    def send(self, *lines):
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def say(self, text):
        self.send(f"PRIVMSG {self.room} :{text}")

    def expect(self, part):
        """Reads up to a line with this in it."""
        for line in self.lines:
            if line.startswith("PING"):
                self.send(line.strip().replace("PING", "PONG", 1))
            if part in line:
                return line.strip()
        raise Failed(f"the server closed before it sent {part!r}")

    def close(self):
        self.lines.close()
        self.socket.close()
