"""Talks IRC over WebSocket with Python's websockets: library.py PORT NAME PROTOCOL, where the protocol may be `none`. Says in
the room what comes on standard input, and prints what it hears there, and how the connection ends."""

import sys
import threading

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE = 60
ROOM = "#lobby"
LONG = 400


def show(*words):
    print(*words, flush=True)


class Talker:
    def __init__(self, socket, name):
        self.socket, self.name = socket, name
        self.binary = socket.subprotocol == "binary.ircv3.net"

    def send(self, line):
        self.socket.send(line.encode() if self.binary else line)

    def line(self):
        message = self.socket.recv(timeout=PATIENCE)
        if isinstance(message, bytes) != self.binary:
            raise SystemExit(f"the server sent {message!r}")
        return message.decode() if self.binary else message

    def expect(self, part):
        while part not in (line := self.line()):
            pass
        return line

    def enter(self):
        self.send(f"NICK {self.name}")
        self.send(f"USER {self.name} 0 * :{self.name}")
        self.expect(" 001 ")
        self.send(f"JOIN {ROOM}")
        self.expect(" 366 ")

    def check_fragments_and_pings(self):
        """A message in many frames, and pings, each of which the library matches with a pong."""
        text = "茶" * (LONG // 3)
        pieces = [f"PRIVMSG {self.name} :", *text]
        self.socket.send([piece.encode() for piece in pieces] if self.binary else pieces)
        self.expect(text)
        pongs = [self.socket.ping(), self.socket.ping(b"\xff\0"), self.socket.ping("x" * 125)]
        self.send("PING pings")
        self.expect("PONG")
        if not all(pong.wait(PATIENCE) for pong in pongs):
            raise SystemExit("a ping has no answer")

    def hear(self):
        try:
            while True:
                words = self.line().split(" ", 3)
                if words[1:3] == ["PRIVMSG", ROOM]:
                    show(words[0][1:].split("!")[0], words[3])
        except ConnectionClosed as why:
            show("closed", why.rcvd.code, why.rcvd.reason)


def main(port, name, protocol):
    wanted = None if protocol == "none" else [protocol]
    # The library offers compression, which the server need not take.
    with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=wanted, close_timeout=PATIENCE) as socket:
        if socket.subprotocol != (wanted and protocol):
            raise SystemExit(f"the server chose {socket.subprotocol}")
        talker = Talker(socket, name)
        talker.enter()
        talker.check_fragments_and_pings()
        show("welcome", name)
        ears = threading.Thread(target=talker.hear)
        ears.start()
        for line in sys.stdin:
            if line == "close\n":
                socket.close(1001, "going away")
                break
            text = line.removesuffix("\n")
            talker.send(f"PRIVMSG {ROOM} :{text}")
        ears.join()


main(*sys.argv[1:])
