"""Who plays in the scenes of tests/terminal/run: parlor on a screen, and a server that does harm."""

import queue
import socket
import threading
from pathlib import Path

from screens import PATIENCE, Failed


class Terminal:
    """parlor on a screen, in a shell that notes how the terminal is before and after."""

    count = 0

    def __init__(self, tmux, directory, parlor, *args):
        Terminal.count += 1
        self.before, self.after = (directory / f"{when}{Terminal.count}" for when in ("before", "after"))
        command = " ".join(str(part) for part in [parlor, *args])
        script = f"stty -g >{self.before}; {command}; echo ended with $?; stty -g >{self.after}; echo gone"
        self.pane = tmux.start("parlor", "sh", "-c", f"{script}; exec sleep infinity")

    def __getattr__(self, name):
        return getattr(self.pane, name)

    def expect_gone(self, status):
        self.see(f"ended with {status}$")
        self.see("^gone$")
        if self.before.read_text() != self.after.read_text():
            raise Failed(f"the terminal was {self.before.read_text()} and is {self.after.read_text()}")

    def process(self):
        """The number of the process that runs in the shell."""
        return self.child()

    def resident_kb(self):
        status = Path(f"/proc/{self.process()}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


class Storm:
    """A server that says the same without an end, to one client, and listens meanwhile."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lines = queue.Queue()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client, _ = self.listener.accept()
        with client, client.makefile("r", encoding="utf-8", newline="\r\n") as lines:
            for line in lines:
                self.lines.put(line.strip())
                command, _, rest = line.strip().partition(" ")
                if command == "USER":
                    client.sendall(b":irc.example 001 alice :Welcome\r\n")
                elif command == "JOIN":
                    client.sendall(b":alice!a@h JOIN #lobby\r\n:irc.example 366 alice #lobby :End\r\n")
                    threading.Thread(target=self.storm, args=[client], daemon=True).start()
                elif command == "PING":
                    client.sendall(f":irc.example PONG irc.example :{rest}\r\n".encode())

    def storm(self, client):
        try:
            while True:
                client.sendall(b":bob!b@h PRIVMSG #lobby :more and more\r\n" * 100)
        except OSError:
            # The client has gone.
            pass

    def expect(self, line):
        try:
            while self.lines.get(timeout=PATIENCE) != line:
                pass
        except queue.Empty:
            raise Failed(f"{line!r} did not come within {PATIENCE} s") from None
